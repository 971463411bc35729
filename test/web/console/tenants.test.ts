import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { setFirstPlatformTenant } from '../../../src/domain/tenants/platform-tenant.ts';
import { ageSessions } from '../../support/aged-session.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('the console: tenants and signing keys', () => {
  let app: TestApp;
  let platformId: string;
  let otherId: string;
  let operator: Person;
  let stranger: Person;

  before(async () => {
    // Invitations are stored to be sent; nothing sends them here.
    app = await startTestApp({ env: { SMTP_URL: 'smtp://127.0.0.1:9' } });
    const platform = await app.tenant({ slug: 'platform', name: 'Platform' });
    platformId = platform.id;
    await app.db.transaction((trx) => setFirstPlatformTenant(trx, platformId, systemCaller));
    operator = await app.person({ tenantId: platformId, fullName: 'Olive Operator' });
    await give(app, { tenantId: platformId, userId: operator.id, role: 'owner' });
    const other = await app.tenant({ slug: 'other', name: 'Other School' });
    otherId = other.id;
    stranger = await app.person({ tenantId: otherId, fullName: 'Stig Stranger' });
    await give(app, { tenantId: otherId, userId: stranger.id, role: 'owner' });
  });
  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/platform${path}`;

  it('makes one with its first owner: the invitation goes to them, in the new tenant', async () => {
    const browser = await signInToConsole(app, operator);
    const form = await browser.open(at('/tenants/new'));
    const refused = await browser.submit(form, { name: 'Fjord Schools', slug: 'Fjord Schools' }, { form: 1 });
    assert.equal(refused.status, 400);
    assert.match(refused.body, /value="Fjord Schools"[\s\S]*value="Fjord Schools"/, 'what was typed is kept');
    const taken = await browser.submit(refused, { name: 'Fjord Schools', slug: 'other' }, { form: 1 });
    assert.equal(taken.status, 409);
    const made = await browser.submit(taken, { name: 'Fjord Schools', slug: 'fjord' }, { form: 1 });
    assert.match(made.url, /\/tenants\/[0-9a-f-]{36}\/owner\?notice=created/);
    const wrong = await browser.submit(made, { email: 'nobody at all', locale: 'fr' }, { form: 1 });
    assert.equal(wrong.status, 422);
    assert.match(wrong.body, /value="nobody at all"/);
    const invited = await browser.submit(wrong, { email: 'head@fjord.example', locale: 'fr' }, { form: 1 });
    assert.match(invited.body, /The invitation is on its way[\s\S]*head@fjord\.example[\s\S]*Invited/);
    const { id } = await app.db('tenants').where({ slug: 'fjord' }).first('id');
    const [row] = await app
      .db('invitations as i')
      .join('roles as r', 'r.id', 'i.role_id')
      .join('org_nodes as n', 'n.id', 'i.org_node_id')
      .where({ 'i.tenant_id': id })
      .select('i.email', 'r.name', 'n.parent_id');
    assert.deepEqual({ ...row }, { email: 'head@fjord.example', name: 'owner', parentId: null });
  });

  it('says what ends with one before it is stopped, stops it after its name, and lets it in again', async () => {
    const browser = await signInToConsole(app, operator);
    const held = await signInToConsole(app, stranger);
    const page = await browser.open(at(`/tenants/${otherId}`));
    assert.match(page.body, /Stig Stranger[\s\S]*Stop this tenant/);
    const deed = await browser.open(at(`/tenants/${otherId}/suspend`));
    assert.match(deed.body, /1 person cannot sign in any more[\s\S]*1 sign-in ends/);
    assert.equal((await browser.submit(deed, { typed: 'another' }, { form: 1 })).status, 422);
    const done = await browser.submit(deed, { typed: 'Other School' }, { form: 1 });
    assert.match(done.body, /The tenant is stopped/);
    assert.match((await held.open(`${app.issuer}/console/other`)).url, /\/interaction\//);
    const back = await browser.open(at(`/tenants/${otherId}/resume`));
    assert.match((await browser.submit(back, {}, { form: 1 })).body, /The tenant is active again/);
  });

  it('has no way to stop the one that runs the server', async () => {
    const browser = await signInToConsole(app, operator);
    assert.doesNotMatch((await browser.open(at(`/tenants/${platformId}`))).body, /Stop this tenant/);
    const deed = await browser.open(at(`/tenants/${platformId}/suspend`));
    assert.match(deed.body, /This cannot be done now/);
    const sent = await browser.send(at(`/tenants/${platformId}/suspend`), { typed: 'Platform' });
    assert.equal(sent.status, 409);
    assert.equal((await app.db('tenants').where({ id: platformId }).first('state')).state, 'active');
  });

  it('is not there for an owner of another tenant, nor for a delegate of the platform', async () => {
    const role = await make.createRole(app.db, { tenantId: platformId, capabilities: ['users.read', 'org.read'] });
    const north = await make.createNode(app.db, { tenantId: platformId, name: 'North' });
    const delegate = await app.person({ tenantId: platformId });
    await make.assign(app.db, { tenantId: platformId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    for (const [person, slug] of [
      [stranger, 'other'],
      [delegate, 'platform'],
    ] as const) {
      const browser = await signInToConsole(app, person);
      const home = await browser.open(`${app.issuer}/console/${slug}`);
      assert.doesNotMatch(home.body, /href="[^"]*\/(?:tenants|signing-keys)"/);
      for (const path of [
        '/tenants',
        '/tenants/new',
        `/tenants/${otherId}`,
        `/tenants/${otherId}/suspend`,
        '/signing-keys',
      ])
        assert.equal((await browser.open(`${app.issuer}/console/${slug}${path}`)).status, 404, path);
      for (const path of [`/tenants/${otherId}/suspend`, `/tenants/${otherId}/owner`, '/signing-keys/withdraw'])
        assert.equal((await browser.send(`${app.issuer}/console/${slug}${path}`, { typed: 'x' })).status, 404, path);
    }
    assert.equal((await app.db('tenants').where({ id: otherId }).first('state')).state, 'active');
  });

  it('answers 404 for a tenant that is not there', async () => {
    const browser = await signInToConsole(app, operator);
    for (const id of ['0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3401', 'nothing'])
      for (const path of ['', '/owner', '/suspend'])
        assert.equal((await browser.open(at(`/tenants/${id}${path}`))).status, 404, `${id}${path}`);
  });

  describe('signing keys', () => {
    const kids = async (state: string) =>
      (await app.db('signing_keys').where({ state }).select('kid')).map(({ kid }) => kid as string).sort();

    it('are listed with their state, and replaced: those that waited sign', async () => {
      const browser = await signInToConsole(app, operator);
      const page = await browser.open(at('/signing-keys'));
      const waiting = await kids('next');
      for (const kid of waiting) assert.ok(page.body.includes(kid));
      assert.match(page.body, /Signs now[\s\S]*Signs next/);
      const deed = await browser.open(at('/signing-keys/rotate'));
      assert.match(deed.body, /2 keys that wait[\s\S]*stay published for \d+ hours[\s\S]*Nobody is signed out/);
      assert.deepEqual(await kids('next'), waiting, 'looking at it changes nothing');
      const done = await browser.submit(deed, {}, { form: 1 });
      assert.match(done.body, /The next keys sign now[\s\S]*Retired/);
      assert.deepEqual(await kids('current'), waiting);
    });

    it('are withdrawn after the name of the server, and only soon after a sign-in', async () => {
      const browser = await signInToConsole(app, operator);
      const before = [...(await kids('current')), ...(await kids('next'))];
      const deed = await browser.open(at('/signing-keys/withdraw'));
      assert.match(deed.body, /Every ID token and every access token[\s\S]*cannot be undone/);
      assert.equal((await browser.submit(deed, { typed: 'elsewhere' }, { form: 1 })).status, 422);
      assert.deepEqual([...(await kids('current')), ...(await kids('next'))], before);
      const host = new URL(app.issuer).host;
      const done = await browser.submit(deed, { typed: host }, { form: 1 });
      assert.match(done.body, /no earlier one is published any more/);
      assert.doesNotMatch(done.body, /state-care/);
      for (const kid of await kids('current')) assert.ok(!before.includes(kid));
      await ageSessions(app, operator.id, 360);
      assert.match((await browser.open(at('/signing-keys/withdraw'))).url, /\/interaction\//);
    });
  });
});
