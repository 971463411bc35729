import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

describe('the console: the overview', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;

  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant({ slug: 'here', name: 'Here' });
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
  });
  after(() => app?.stop());

  const address = () => `${app.issuer}/console/here/overview`;

  /** Holds a role that ends in some days. */
  async function leaving(fullName: string, orgNodeId: string): Promise<string> {
    const { id } = await make.createUser(app.db, { tenantId, fullName });
    const role = await make.createRole(app.db, { tenantId });
    const endsAt = new Date(Date.now() + 3 * 86_400_000);
    await make.assign(app.db, { tenantId, userId: id, roleId: role.id, orgNodeId, endsAt });
    return id;
  }

  it('leads an owner to what needs a look, and shows a month as bars and as figures', async () => {
    const owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    const userId = await leaving('Lea Leaving', rootId);
    const browser = await signInToConsole(app, owner);
    const home = await browser.open(`${app.issuer}/console`);
    assert.match(home.url, /\/console\/here\/overview$/);
    assert.match(home.body, /role(s)? ends? this week/);
    assert.match(home.body, new RegExp(`/people/${userId}/access"[^>]*><bdi>Lea Leaving`));
    assert.match(home.body, /Sign-ins[\s\S]*<svg[\s\S]*?<rect[\s\S]*As a table/);
    assert.equal([...home.body.matchAll(/<rect/g)].length, 150);
  });

  it('shows a delegate what is theirs, and no figures of the whole', async () => {
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read'] });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    await leaving('Nils Near', north.id);
    await leaving('Fay Far', rootId);
    const browser = await signInToConsole(app, delegate);
    const page = await browser.open(address());
    assert.equal(page.status, 200);
    assert.match(page.body, /Nils Near/);
    assert.doesNotMatch(page.body, /Fay Far|<rect|The last 30 days/);
  });
});
