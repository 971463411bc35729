import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { completeSetup, createSetupLink } from '../../src/domain/setup/setup-links.ts';
import { findPlatformTenantId, setPlatformTenant } from '../../src/domain/tenants/platform-tenant.ts';
import { findTenantById } from '../../src/domain/tenants/tenants.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Ask, askAsService, give, performAs } from '../support/management.ts';

describe('operations on tenants', () => {
  let app: TestApp;
  let platformId: string;
  let platform: Ask;

  before(async () => {
    app = await startTestApp();
    platformId = (await app.tenant()).id;
    await setPlatformTenant(app.db, platformId, systemCaller);
    platform = await askAsService(app, { tenantId: null, capabilities: ['tenants.manage', 'tenant.manage'] });
  });
  after(() => app?.stop());

  const eventsOf = async (tenantId: string, action: string) =>
    (await app.db('audit_events').where({ tenantId, action })) as { payload: Record<string, unknown> }[];

  it('makes, lists, shows, stops and lets in again', async () => {
    const made = await platform('POST', '/tenants', { slug: 'hillside', name: 'Hillside' });
    assert.equal(made.status, 201);
    assert.match(made.body.root_node_id, /^[0-9a-f-]{36}$/);
    assert.equal((await platform('POST', '/tenants', { slug: 'hillside', name: 'Again' })).body.code, 'DUPLICATE');
    const { body } = await platform('GET', '/tenants');
    const listed = body.items.find(({ slug }: { slug: string }) => slug === 'hillside');
    assert.equal(listed.users, 0);
    assert.equal(listed.is_platform, false);
    assert.equal((await platform('GET', `/tenants/${made.body.id}`)).body.slug, 'hillside');
    const service = await askAsService(app, { tenantId: made.body.id, capabilities: ['roles.read'] });
    assert.equal((await service('GET', '/roles')).status, 200);
    const stopped = await platform('POST', '/tenants/hillside/suspend');
    assert.equal(stopped.body.state, 'suspended');
    assert.equal((await service('GET', '/roles')).status, 401);
    assert.equal((await platform('POST', '/tenants/hillside/suspend')).body.state, 'suspended');
    assert.equal((await platform('POST', '/tenants/hillside/resume')).body.state, 'active');
    const [event, more] = await eventsOf(made.body.id, 'tenant.suspended');
    assert.equal(event?.payload.cause, 'tenants.suspend');
    assert.equal(more, undefined);
    assert.equal((await platform('GET', '/tenants/nowhere')).status, 404);
  });

  it('tells in which tenants an address is somebody’s, to who may see people of all', async () => {
    const [one, other] = [await app.tenant(), await app.tenant()];
    const email = 'twice@example.test';
    for (const { id: tenantId } of [one, other]) await app.person({ tenantId, email });
    const gone = await app.person({ tenantId: (await app.tenant()).id, email });
    await app.db('users').where({ id: gone.id }).update({ deletedAt: new Date() });
    await app.person({ tenantId: other.id, phone: '+41791234588' });
    const sees = await askAsService(app, { tenantId: null, capabilities: ['tenants.manage', 'users.read'] });
    const idsOf = async (address: string) => {
      const { status, body } = await sees('GET', `/tenants?address=${encodeURIComponent(address)}`);
      assert.equal(status, 200);
      return body.items.map(({ id }: { id: string }) => id).sort();
    };
    assert.deepEqual(await idsOf(' Twice@EXAMPLE.test'), [one.id, other.id].sort());
    assert.deepEqual(await idsOf('+41 79 123 45 88'), [other.id]);
    assert.deepEqual(await idsOf('nobody@example.test'), []);
    assert.deepEqual(await idsOf("' or true --"), []);
    const blind = await platform('GET', `/tenants?address=${email}`);
    assert.deepEqual([blind.status, blind.body.code], [403, 'FORBIDDEN']);
  });

  it('does not stop the tenant whose owners run the server', async () => {
    const { status, body } = await platform('POST', `/tenants/${platformId}/suspend`);
    assert.deepEqual([status, body.code], [409, 'PLATFORM_TENANT_NEEDED']);
    assert.equal((await findTenantById(app.db, platformId))?.state, 'active');
  });

  it('is for the platform alone', async () => {
    const { id: tenantId } = await app.tenant();
    const other = await askAsService(app, { tenantId, capabilities: ['tenants.manage'] });
    for (const [method, path, sent] of [
      ['GET', '/tenants'],
      ['POST', '/tenants', { slug: 'mine', name: 'Mine' }],
      ['GET', `/tenants/${platformId}`],
      ['POST', `/tenants/${platformId}/suspend`],
    ] as const)
      assert.equal((await other(method, path, sent)).status, 403, path);
    assert.equal((await other('GET', `/tenants?tenant=${platformId}`)).status, 404);
  });

  describe('on its own', () => {
    let tenantId: string;
    let ask: Ask;
    before(async () => {
      tenantId = (await app.tenant()).id;
      ask = await askAsService(app, { tenantId, capabilities: ['tenant.manage'] });
    });

    it('gives the tenant and the root of its tree another name', async () => {
      const renamed = await ask('PATCH', '/tenant', { name: 'Lakeside' });
      assert.equal(renamed.body.name, 'Lakeside');
      const [root] = await app.db('org_nodes').where({ tenantId, parentId: null });
      assert.equal(root.name, 'Lakeside');
      assert.equal((await eventsOf(tenantId, 'tenant.renamed')).length, 1);
      assert.equal((await ask('GET', '/tenants')).status, 403);
    });

    it('changes what is named of its settings, and refuses to lose an update', async () => {
      const { body, headers } = await ask('GET', '/tenant/settings');
      assert.equal(body.self_sign_up, false);
      assert.equal((await ask('PATCH', '/tenant/settings', { self_sign_up: true })).status, 428);
      const match = { 'if-match': headers.get('etag') as string };
      const wanted = {
        self_sign_up: true,
        branding: { accent_color: '#123456', support_url: 'https://help.example.org/' },
        federation: { google: { trusted_email_domains: ['example.org'] } },
      };
      const changed = await ask('PATCH', '/tenant/settings', wanted, match);
      assert.equal(changed.status, 200);
      assert.equal(changed.body.self_sign_up, true);
      assert.deepEqual(changed.body.branding, {
        logo_url: null,
        accent_color: '#123456',
        support_url: 'https://help.example.org/',
      });
      assert.deepEqual(changed.body.federation, {
        google: { required_hosted_domain: null, trusted_email_domains: ['example.org'] },
      });
      assert.deepEqual(changed.body.sign_in_methods, body.sign_in_methods);
      assert.equal((await ask('PATCH', '/tenant/settings', { session_hours: 8 }, match)).status, 412);
      const again = { 'if-match': changed.headers.get('etag') as string };
      const gone = await ask('PATCH', '/tenant/settings', { federation: { google: null } }, again);
      assert.deepEqual(gone.body.federation, {});
      const [event] = await eventsOf(tenantId, 'tenant.settings_changed');
      assert.equal(event?.payload.cause, 'tenants.settings.update');
    });

    it('names the field of a value that is none', async () => {
      const match = { 'if-match': '*' };
      const { status, body } = await ask('PATCH', '/tenant/settings', { session_hours: 0, colour: 'red' }, match);
      assert.equal(status, 422);
      assert.deepEqual(body.fields.map(({ field }: { field: string }) => field).sort(), [
        'body.colour',
        'body.session_hours',
      ]);
      const method = await ask('PATCH', '/tenant/settings', { sign_in_methods: ['elsewhere'] }, match);
      assert.equal(method.status, 404);
    });

    it('is changed by an owner of the platform who names it, and not by a service of all tenants', async () => {
      assert.equal((await platform('GET', `/tenant/settings?tenant=${tenantId}`)).status, 404);
      const { id: userId } = await app.person({ tenantId: platformId });
      await give(app, { tenantId: platformId, userId, role: 'owner' });
      const owner = performAs(app, { tenantId: platformId, userId, actsIn: tenantId });
      await owner('tenants.settings.update', { body: { session_hours: 9 } });
      const [event] = (await eventsOf(tenantId, 'tenant.settings_changed')).filter(
        ({ payload }) => payload.actorTenantId === platformId,
      );
      assert.ok(event);
    });
  });
});

describe('the tenant that runs the server', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startTestApp();
  });
  afterEach(() => app?.stop());

  async function setUp(name: string): Promise<string> {
    const { token } = await createSetupLink(app.db, { email: `${name}@example.test` }, systemCaller);
    const person = { email: `${name}@example.test`, fullName: name, password: 'a walk along the river' };
    const deps = { passwords: app.passwords, caller: systemCaller };
    return (await completeSetup(app.db, { token, tenantName: name, ...person }, deps)).tenantId;
  }

  it('is the first one that was set up, also of several at once', async () => {
    const made = await Promise.all(['ada', 'bea', 'cleo'].map(setUp));
    const platformId = await findPlatformTenantId(app.db);
    assert.ok(platformId && made.includes(platformId));
    await setUp('dora');
    assert.equal(await findPlatformTenantId(app.db), platformId);
  });

  it('is none where people were there before the link was used', async () => {
    await app.person();
    await setUp('eve');
    assert.equal(await findPlatformTenantId(app.db), undefined);
  });

  it('is an active one', async () => {
    const { id } = await app.tenant();
    await app.db('tenants').where({ id }).update({ state: 'suspended' });
    await assert.rejects(setPlatformTenant(app.db, id, systemCaller), { code: 'TENANT_SUSPENDED' });
  });
});
