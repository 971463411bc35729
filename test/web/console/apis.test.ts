import assert from 'node:assert/strict';
import { findCapability } from '../../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createResourceServer, findResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import { setFirstPlatformTenant } from '../../../src/domain/tenants/platform-tenant.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

describe('the console: APIs', () => {
  let app: TestApp;
  let tenantId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;
  let otherId: string;
  let otherOwner: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant({ slug: 'here', name: 'Here' })).id;
    await app.db.transaction((trx) => setFirstPlatformTenant(trx, tenantId, systemCaller));
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    otherId = (await app.tenant({ slug: 'there', name: 'There' })).id;
    otherOwner = await app.person({ tenantId: otherId, fullName: 'Otto Other' });
    await give(app, { tenantId: otherId, userId: otherOwner.id, role: 'owner' });
  });
  after(() => app?.stop());

  const at = (path: string, slug = 'here') => `${app.issuer}/console/${slug}${path}`;

  it('shows and changes what an API asks of people', async () => {
    const browser = await signInToConsole(app, owner);
    const wanted = { tenantId, identifier: 'https://payroll.example/', name: 'Payroll' };
    const { id } = await createResourceServer(app.db, wanted, systemCaller);
    const shown = await browser.open(at(`/apis/${id}`));
    assert.match(shown.body, /No token is refused for it[\s\S]*use it without asking/);
    const values = { name: 'Payroll', token_format: 'jwt', signing_alg: 'ES256', access_token_ttl: '600' };
    const save = async (more: Record<string, string>) =>
      browser.submit(await browser.open(at(`/apis/${id}/edit`)), { ...values, ...more }, { form: 1 });
    assert.match((await save({ sign_in: 'two' })).body, /By two factors[\s\S]*People are asked by every application/);
    const stored = await app.db('resource_servers').where({ id }).first('requiredAcr', 'skipConsent');
    assert.deepEqual(stored, { requiredAcr: 'urn:gatehouse:acr:aal2', skipConsent: false });
    assert.match((await save({ sign_in: 'none', skip_consent: 'yes' })).body, /No token is refused for it/);
  });

  it('registers one, defines its scopes, says who may call it, and deletes it once nothing belongs to it', async () => {
    const browser = await signInToConsole(app, owner);
    const values = {
      name: 'Stock',
      identifier: 'https://stock.example/',
      token_format: 'jwt',
      signing_alg: 'RS256',
      access_token_ttl: '120',
    };
    const made = await browser.submit(await browser.open(at('/apis/new')), values, { form: 1 });
    assert.match(made.body, /Its scopes come next[\s\S]*No scopes yet/);
    const path = new URL(made.url).pathname.replace('/scopes', '');
    const form = await browser.open(`${app.issuer}${path}/scopes/new`);
    const wrong = await browser.submit(form, { capability: 'Stock' }, { form: 1 });
    assert.equal(wrong.status, 422);
    assert.match(wrong.body, /href="#capability"[\s\S]*value="Stock"/);
    const scope = { capability: 'stock.read', description: 'See what is in stock' };
    const defined = await browser.submit(form, scope, { form: 1 });
    assert.match(defined.body, /stock\.read[\s\S]*See what is in stock/);
    assert.deepEqual((await findResourceServer(app.db, values.identifier))?.scopes, ['stock.read']);

    await app.service({ tenantId, name: 'Nightly sync', capabilities: ['stock.read'] });
    const callers = await browser.open(`${app.issuer}${path}/callers`);
    assert.match(callers.body, /Nightly sync/);
    const refused = await browser.open(`${app.issuer}${path}/delete`);
    assert.match(refused.body, /This cannot be done now/);
    const gone = await browser.submit(
      await browser.open(`${app.issuer}${path}/scopes/stock.read/delete`),
      { typed: 'stock.read' },
      { form: 1 },
    );
    assert.match(gone.body, /The scope is deleted/);
    const deleted = await browser.submit(
      await browser.open(`${app.issuer}${path}/delete`),
      { typed: 'Stock' },
      { form: 1 },
    );
    assert.match(deleted.body, /The API is deleted/);
    assert.equal((await browser.open(`${app.issuer}${path}`)).status, 404);
  });

  it('changes how its tokens are, and refuses a lifetime that is none', async () => {
    const { id } = await createResourceServer(
      app.db,
      { tenantId, identifier: 'https://changed.example/', name: 'Changed' },
      systemCaller,
    );
    const browser = await signInToConsole(app, owner);
    const form = await browser.open(at(`/apis/${id}/edit`));
    const values = { name: 'Changed', token_format: 'opaque', signing_alg: 'ES256', access_token_ttl: 'soon' };
    const refused = await browser.submit(form, values, { form: 1 });
    assert.match(refused.body, /href="#access_token_ttl"[\s\S]*value="soon"/);
    const saved = await browser.submit(form, { ...values, access_token_ttl: '60' }, { form: 1 });
    assert.match(saved.body, /It applies to new tokens[\s\S]*Opaque[\s\S]*60 seconds/);
  });

  it('moves a scope, having said whom it breaks', async () => {
    const [from, to] = await Promise.all(
      ['https://from.example/', 'https://to.example/'].map((identifier, index) =>
        createResourceServer(
          app.db,
          { tenantId, identifier, name: `API ${index}`, scopes: index === 0 ? [{ key: 'move.me' }] : [] },
          systemCaller,
        ),
      ),
    );
    const { clientId } = await app.service({ tenantId, name: 'Broken', capabilities: ['move.me'] });
    const browser = await signInToConsole(app, owner);
    const choose = await browser.open(at(`/apis/${from?.id}/scopes/move.me/move`));
    assert.match(choose.body, new RegExp(`move/${to?.id}`));
    const deed = await browser.open(at(`/apis/${from?.id}/scopes/move.me/move/${to?.id}`));
    assert.match(deed.body, new RegExp(`1 service has to ask the other API for it from now on: ${clientId}`));
    assert.equal((await findCapability(app.db, 'move.me'))?.resourceServerId, from?.id, 'looking moved it');
    await browser.submit(deed, {}, { form: 1 });
    assert.equal((await findCapability(app.db, 'move.me'))?.resourceServerId, to?.id);
  });

  it('lets an owner of another tenant register APIs, and define no scopes', async () => {
    const shared = await createResourceServer(
      app.db,
      { tenantId, identifier: 'https://ours.example/', name: 'Ours', scopes: [{ key: 'ours.read' }] },
      systemCaller,
    );
    const theirs = await createResourceServer(
      app.db,
      { tenantId: otherId, identifier: 'https://theirs.example/', name: 'Theirs' },
      systemCaller,
    );
    const browser = await signInToConsole(app, otherOwner);
    const scopes = await browser.open(at(`/apis/${theirs.id}/scopes`, 'there'));
    assert.match(scopes.body, /those who run the server define them/);
    assert.doesNotMatch(scopes.body, /Define a scope</);
    const define = await browser.send(at(`/apis/${theirs.id}/scopes/new`, 'there'), { capability: 'a.b' });
    assert.equal(define.status, 403);
    assert.equal(await findCapability(app.db, 'a.b'), undefined);
    for (const path of ['', '/scopes', '/callers', '/edit', '/delete'])
      assert.equal((await browser.open(at(`/apis/${shared.id}${path}`, 'there'))).status, 404, path);
    const create = await browser.open(at('/services/new', 'there'));
    assert.doesNotMatch(create.body, /Ours|ours\.read/);
  });

  it('is not for a delegate', async () => {
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read', 'apis.manage'] });
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    const browser = await signInToConsole(app, delegate);
    for (const path of ['', '/new']) assert.equal((await browser.open(at(`/apis${path}`))).status, 404, path);
  });
});
