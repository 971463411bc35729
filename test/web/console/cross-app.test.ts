/** The console's pages of cross-app access: at an application, and at an identity provider. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import { addProvider } from '../../support/federation.ts';
import { give } from '../../support/management.ts';

describe('the console: cross-app access', () => {
  let app: TestApp;
  let owner: Awaited<ReturnType<TestApp['person']>>;
  let theirs: string;
  before(async () => {
    app = await startTestApp();
    const { id: tenantId } = await app.tenant({ slug: 'here', name: 'Here' });
    theirs = (await app.tenant({ slug: 'there', name: 'There' })).id;
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await app.relyingParty({ tenantId, clientId: 'portal', name: 'Portal' });
    await app.relyingParty({ tenantId, clientId: 'pages', name: 'Pages', kind: 'spa' });
    await addProvider(app, { key: 'other-side', name: 'The other side', issuer: app.issuer, clientId: 'us', tenantId });
    await addProvider(app, { key: 'foreign', name: 'Foreign', issuer: app.issuer, clientId: 'us', tenantId: theirs });
    const api = { identifier: 'https://stock.example/', name: 'Stock', scopes: [{ key: 'stock.read' }] };
    await createResourceServer(app.db, { tenantId, ...api }, systemCaller);
    // An owner is one from here on, with the scopes that are there.
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
  });
  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/here${path}`;

  it('lets an application get assertions for another server, and no longer', async () => {
    const browser = await signInToConsole(app, owner);
    const page = await browser.open(at('/applications/portal'));
    assert.match(page.body, /no assertion about its people/);
    assert.match(page.body, /applications\/portal\/cross-app\/new/);
    const form = await browser.open(at('/applications/portal/cross-app/new'));
    const wrong = { audience: 'no-url', audience_client_id: 'us-there', scopes: 'things.read\nthings.write' };
    const refused = await browser.submit(form, wrong, { form: 1 });
    assert.equal(refused.status, 400);
    assert.match(refused.body, /value="us-there"/);
    const done = await browser.submit(refused, { ...wrong, audience: 'https://id.example.org' }, { form: 1 });
    assert.match(done.body, /gets assertions for that server now/);
    assert.match(done.body, /https:\/\/id\.example\.org/);
    assert.match(done.body, /things\.read things\.write/);
    const [, path = ''] = /href="([^"]+\/cross-app\/[^"]+\/remove)"/.exec(done.body) ?? [];
    const deed = await browser.open(new URL(path, app.issuer).href);
    assert.match(deed.body, /two minutes at the most/);
    const removed = await browser.submit(deed, {}, { form: 1 });
    assert.match(removed.body, /no assertions for that server any more/);
    assert.doesNotMatch(removed.body, /id\.example\.org/);
  });

  it('offers it to no public client', async () => {
    const browser = await signInToConsole(app, owner);
    assert.doesNotMatch((await browser.open(at('/applications/pages'))).body, /cross-app/);
  });

  it('lets assertions of a provider count, changes what they are good for, and lets none count', async () => {
    const browser = await signInToConsole(app, owner);
    const address = at('/sign-in/providers/other-side');
    assert.match((await browser.open(address)).body, /It counts for nothing/);
    const form = await browser.open(`${address}/cross-app`);
    assert.match(form.body, /Portal \(portal\)/);
    const chosen = { 'client_ids:portal': 'yes', 'scopes:stock.read': 'yes' };
    // The provider is this very server: whose people are meant has to be said.
    const refused = await browser.submit(form, chosen, { form: 1 });
    assert.equal(refused.status, 400);
    const done = await browser.submit(refused, { ...chosen, their_tenant: theirs }, { form: 1 });
    assert.match(done.body, /Its assertions count within a second/);
    assert.match(done.body, new RegExp(theirs));
    const { crossApp } = await app.db('identity_providers').where({ key: 'other-side' }).first();
    assert.deepEqual(crossApp, { scopes: ['stock.read'], clientIds: ['portal'], theirTenant: theirs });
    const removed = await browser.submit(await browser.open(`${address}/cross-app/remove`), {}, { form: 1 });
    assert.match(removed.body, /Its assertions count no more/);
  });

  it('is not seen by who may not change sign-in, nor at a provider of another tenant', async () => {
    const browser = await signInToConsole(app, owner);
    for (const path of ['', '/cross-app', '/cross-app/remove'])
      assert.equal((await browser.open(at(`/sign-in/providers/foreign${path}`))).status, 404, path);
    const { id: tenantId } = await app.db('tenants').where({ slug: 'here' }).first();
    const member = await app.person({ tenantId });
    const theirBrowser = await signInToConsole(app, member);
    for (const path of ['/sign-in/providers/other-side/cross-app', '/applications/portal/cross-app/new'])
      assert.notEqual((await theirBrowser.open(at(path))).status, 200, path);
  });
});
