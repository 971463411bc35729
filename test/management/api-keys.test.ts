import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { mayInviterGive } from '../../src/domain/invitations/inviter.ts';
import { activateUser, deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { activateTenant, suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { basic, createApi, introspect, post } from '../support/endpoints.ts';
import * as make from '../support/factories.ts';
import { asking, give, performAs } from '../support/management.ts';

const dayMs = 86_400_000;
/** As docs/api-keys.md has it. */
const pattern = /\bgk_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}\b/;

describe('API keys', () => {
  let app: TestApp;
  let other: string;
  let tenantId: string;
  let rootId: string;
  let north: string;
  let school: string;
  let south: string;
  let owner: string;

  before(async () => {
    app = await startTestApp({ mailbox: true, runJobs: false });
    other = await app.startProcess();
    const tenant = await app.tenant();
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    const add = async (parentId: string, name: string) =>
      (await make.createNode(app.db, { tenantId, parentId, name })).id;
    north = await add(rootId, 'North');
    school = await add(north, 'Lakeside');
    south = await add(rootId, 'South');
    owner = (await app.person({ tenantId })).id;
    await give(app, { tenantId, userId: owner, role: 'owner' });
  });
  after(() => app?.stop());

  async function personWith(orgNodeId: string, ...capabilities: string[]): Promise<string> {
    const { id } = await app.person({ tenantId });
    const role = await make.createRole(app.db, { tenantId, capabilities });
    await make.assign(app.db, { tenantId, userId: id, roleId: role.id, orgNodeId });
    return id;
  }

  interface Made {
    id: string;
    key: string;
    prefix: string;
    expires_at: string;
  }

  const as = (userId: string) => performAs(app, { tenantId, userId });
  const wanted = (more: object) => ({ name: 'A key', org_node_id: north, capabilities: ['org.read'], ...more });
  async function made(more: object = {}, by = owner): Promise<Made> {
    return (await as(by)('api_keys.create', { body: wanted(more) })).body as Made;
  }
  const refusal = (code: string) => (error: { code?: string }) => {
    assert.equal(error.code, code);
    return true;
  };
  const status = async (key: string, path = `/org-nodes/${north}`, at = app.issuer) => {
    const answer = await fetch(`${at}/api/v1${path}`, { headers: { authorization: `Bearer ${key}` } });
    await answer.arrayBuffer();
    return answer.status;
  };

  it('are shown once, found by the documented pattern, kept as a hash, and end after 90 days', async () => {
    const { id, key, prefix, expires_at } = await made();
    assert.match(key, pattern);
    assert.equal(key.slice(3, 11), prefix);
    const left = Date.parse(expires_at) - Date.now();
    assert.ok(left > 89.9 * dayMs && left <= 90 * dayMs);
    const shown = await as(owner)('api_keys.get', { params: { api_key_id: id } });
    assert.ok(!JSON.stringify(shown).includes(key.slice(12)));
    const row = await app.db('api_keys').where({ id }).first();
    assert.ok(!JSON.stringify(row).includes(key.slice(12, 55)));
    const [event] = await app.db('audit_events').where({ entityId: id, action: 'api_key.created' });
    assert.equal(event.payload.prefix, prefix);
    assert.ok(!JSON.stringify(event).includes(key.slice(12)));
  });

  it('of a place count there and below, for what they were made for, and the trail names the key', async () => {
    const { id, key } = await made({ capabilities: ['org.read', 'org.manage'] });
    assert.equal(await status(key), 200);
    assert.equal(await status(key, `/org-nodes/${school}`), 200);
    for (const elsewhere of [rootId, south]) assert.equal(await status(key, `/org-nodes/${elsewhere}`), 404);
    assert.equal(await status(key, '/roles'), 403);
    const ask = asking(app, key);
    const { body, status: created } = await ask('POST', '/org-nodes', {
      parent_id: north,
      type: 'room',
      name: 'By a key',
    });
    assert.equal(created, 201);
    const [event] = await app.db('audit_events').where({ entityId: body.id, action: 'org_node.created' });
    assert.deepEqual([event.actorType, event.actorId], ['api_key', id]);
  });

  it('of a person count for what the person holds there now, and act as the person', async () => {
    const userId = await personWith(rootId, 'org.read', 'org.manage', 'api_keys.manage');
    const { id, key } = await made({ user_id: userId, capabilities: ['org.read', 'org.manage'] }, userId);
    assert.equal(await status(key), 200);
    assert.equal(await status(key, `/org-nodes/${south}`), 404);
    const { body } = await asking(app, key)('POST', '/org-nodes', { parent_id: school, type: 'room', name: 'Room' });
    const [event] = await app.db('audit_events').where({ entityId: body.id, action: 'org_node.created' });
    assert.deepEqual([event.actorType, event.actorId, event.payload.keyId], ['user', userId, id]);
    await app.db('org_assignments').where({ userId }).update({ orgNodeId: south });
    assert.equal(await status(key), 403);
    await app.db('org_assignments').where({ userId }).update({ orgNodeId: school });
    assert.equal(await status(key), 404);
    assert.equal(await status(key, `/org-nodes/${school}`), 200);
    const { roleId } = await app.db('org_assignments').where({ userId }).first('roleId');
    await app.db('role_capabilities').where({ roleId }).delete();
    assert.equal(await status(key, `/org-nodes/${school}`), 403);
  });

  it('carry no more than the one who makes them holds at that place, for as long', async () => {
    const delegate = await personWith(north, 'api_keys.manage', 'org.read');
    const create = (more: object) => as(delegate)('api_keys.create', { body: wanted(more) });
    assert.equal((await create({ org_node_id: school })).status, 201);
    await assert.rejects(create({ org_node_id: south }), refusal('NOT_FOUND'));
    await assert.rejects(create({ org_node_id: rootId }), refusal('NOT_FOUND'));
    await assert.rejects(create({ capabilities: ['org.read', 'users.read'] }), refusal('PRIVILEGE_EXCEEDED'));
    const endsAt = new Date(Date.now() + 10 * dayMs);
    await app.db('org_assignments').where({ userId: delegate }).update({ endsAt });
    await assert.rejects(create({}), refusal('PRIVILEGE_EXCEEDED'));
    assert.equal((await create({ expires_at: new Date(Date.now() + 9 * dayMs).toISOString() })).status, 201);
  });

  it('are no owners, and give nothing that outlives them', async () => {
    const userId = owner;
    const { key } = await made({ user_id: userId, org_node_id: rootId, capabilities: ['users.manage', 'users.read'] });
    const another = await app.person({ tenantId });
    await give(app, { tenantId, userId: another.id, role: 'owner' });
    const { status: refused, body } = await asking(app, key)('POST', `/users/${another.id}/deactivate`);
    assert.deepEqual([refused, body.code], [403, 'PRIVILEGE_EXCEEDED']);
    const role = await make.createRole(app.db, { tenantId, capabilities: ['org.read'] });
    const place = await made({ capabilities: ['roles.assign', 'users.read', 'org.read'] });
    const person = await personWith(north, 'org.read');
    const assign = (ends_at?: string) =>
      asking(app, place.key)('POST', '/assignments', {
        user_id: person,
        role_id: role.id,
        org_node_id: school,
        ends_at,
      });
    assert.equal((await assign()).status, 403);
    assert.equal((await assign(new Date(Date.now() + 5 * dayMs).toISOString())).status, 201);
  });

  it('of a person are made, and made good for more, by that person alone', async () => {
    const userId = await personWith(north, 'api_keys.manage', 'org.read', 'users.read');
    for (const whose of [userId, crypto.randomUUID()])
      await assert.rejects(made({ user_id: whose }), refusal('PRIVILEGE_EXCEEDED'));
    const { id, key } = await made({ user_id: userId }, userId);
    const change = (by: string, body: object) => as(by)('api_keys.update', { params: { api_key_id: id }, body });
    await assert.rejects(change(owner, { capabilities: ['users.read'] }), refusal('PRIVILEGE_EXCEEDED'));
    await change(owner, { active: false });
    assert.equal(await status(key), 401);
    await assert.rejects(change(owner, { active: true }), refusal('PRIVILEGE_EXCEEDED'));
    await change(userId, { active: true, capabilities: ['users.read'] });
    assert.equal(await status(key), 403);
    assert.equal(await status(key, '/users'), 200);
  });

  it('make no keys, and do nothing that asks for a sign-in of this moment', async () => {
    const userId = await personWith(rootId, 'api_keys.manage', 'org.read', 'users.manage', 'users.read');
    const capabilities = ['api_keys.manage', 'org.read', 'users.manage', 'users.read'];
    const keys = [
      await made({ user_id: userId, org_node_id: rootId, capabilities }, userId),
      await made({ org_node_id: rootId, capabilities }),
    ];
    const { id } = await app.person({ tenantId });
    for (const { key, id: own } of keys) {
      const ask = asking(app, key);
      for (const answer of [
        await ask('POST', '/api-keys', wanted({})),
        await ask('PATCH', `/api-keys/${own}`, { expires_at: new Date(Date.now() + 100 * dayMs).toISOString() }),
        await ask('PUT', `/users/${id}/password`, { password: 'a walk along the river' }),
        await ask('POST', `/users/${id}/erase`),
      ])
        assert.deepEqual([answer.status, answer.body.code], [401, 'FRESH_AUTHENTICATION_REQUIRED']);
      assert.equal((await ask('DELETE', `/api-keys/${own}`)).status, 204);
      assert.equal(await status(key, '/users'), 401);
    }
  });

  it('take no token’s scopes for more than they are, and neither do services', async () => {
    const capabilities = ['api_keys.manage', 'services.manage', 'org.read'];
    const { clientId, clientSecret } = await app.service({ tenantId, capabilities });
    const scope = 'api_keys.manage services.manage';
    const response = await post(
      `${app.issuer}/token`,
      { grant_type: 'client_credentials', resource: `${app.issuer}/api/v1`, scope },
      basic({ clientId, clientSecret }),
    );
    const ask = asking(app, response.body.access_token);
    for (const { status: refused, body } of [
      await ask('POST', '/api-keys', wanted({})),
      await ask('POST', '/services', { name: 'Wider', capabilities: ['org.read'] }),
    ])
      assert.deepEqual([refused, body.code], [403, 'PRIVILEGE_EXCEEDED']);
    const within = wanted({ org_node_id: rootId, capabilities: ['services.manage'] });
    assert.equal((await ask('POST', '/api-keys', within)).status, 201);
  });

  it('are refused by every process once they are revoked, and stay so', async () => {
    const { id, key } = await made();
    for (const at of [app.issuer, other]) assert.equal(await status(key, undefined, at), 200);
    const revoke = () => as(owner)('api_keys.revoke', { params: { api_key_id: id } });
    await revoke();
    for (const at of [app.issuer, other]) assert.equal(await status(key, undefined, at), 401);
    await revoke();
    const events = await app.db('audit_events').where({ entityId: id, action: 'api_key.revoked' });
    assert.equal(events.length, 1);
    const back = as(owner)('api_keys.update', { params: { api_key_id: id }, body: { active: true } });
    await assert.rejects(back, refusal('API_KEY_ENDED'));
  });

  it('end with their time, their person, their place and their tenant', async () => {
    const late = await made();
    await app
      .db('api_keys')
      .where({ id: late.id })
      .update({ createdAt: new Date(0), expiresAt: new Date(1000) });
    assert.equal(await status(late.key), 401);

    const userId = await personWith(north, 'api_keys.manage', 'org.read');
    const own = await made({ user_id: userId }, userId);
    const ofPlace = await made({}, userId);
    await deactivateUser(app.db, { tenantId, userId }, systemCaller);
    await activateUser(app.db, { tenantId, userId }, systemCaller);
    assert.deepEqual([await status(own.key), await status(ofPlace.key)], [401, 200]);

    const room = (await make.createNode(app.db, { tenantId, parentId: school, name: 'Room' })).id;
    const there = await made({ org_node_id: room });
    const named = { params: { org_node_id: room } };
    await as(owner)('org_nodes.deactivate', named);
    assert.equal(await status(there.key, `/org-nodes/${room}`), 401);
    await as(owner)('org_nodes.activate', named);
    assert.equal(await status(there.key, `/org-nodes/${room}`), 200);
    await as(owner)('org_nodes.delete', named);
    assert.equal(await status(there.key, `/org-nodes/${room}`), 401);
    assert.ok((await app.db('api_keys').where({ id: there.id }).first('revokedAt')).revokedAt);

    const elsewhere = await app.tenant();
    const { id: boss } = await app.person({ tenantId: elsewhere.id });
    await give(app, { tenantId: elsewhere.id, userId: boss, role: 'owner' });
    const act = performAs(app, { tenantId: elsewhere.id, userId: boss });
    const { body } = await act('api_keys.create', { body: wanted({ org_node_id: elsewhere.rootNodeId }) });
    const { key } = body as Made;
    assert.equal(await status(key, '/org-nodes'), 200);
    await suspendTenant(app.db, elsewhere.id, systemCaller);
    await activateTenant(app.db, elsewhere.id, systemCaller);
    assert.equal(await status(key, '/org-nodes'), 401);
  });

  it('of a person are told with all that is held on them, without what they are, and erased', async () => {
    const userId = await personWith(north, 'api_keys.manage', 'org.read');
    const { id, key, prefix } = await made({ user_id: userId, name: 'Of Ada' }, userId);
    const { body } = await as(owner)('users.export', { params: { user_id: userId } });
    const told = body as { api_keys: { id: string; prefix: string; name: string }[] };
    assert.deepEqual([told.api_keys[0]?.id, told.api_keys[0]?.prefix, told.api_keys[0]?.name], [id, prefix, 'Of Ada']);
    assert.ok(!JSON.stringify(body).includes(key.slice(12)));
    await as(owner)('users.erase', { params: { user_id: userId } });
    assert.deepEqual(await app.db('api_keys').where({ id }), []);
    assert.equal(await status(key), 401);
    const events = await app.db('audit_events').where({ entityId: id });
    assert.ok(events.length > 0 && !JSON.stringify(events).includes('Of Ada'));
  });

  it('let a place invite for as long as they count', async () => {
    const { id, key } = await made({ capabilities: ['invitations.manage', 'org.read', 'roles.read'] });
    const role = await make.createRole(app.db, { tenantId, capabilities: [] });
    const wish = { email: 'invited-by-a-key@example.test', role_id: role.id, org_node_id: school };
    const { status: created, body } = await asking(app, key)('POST', '/invitations', wish);
    assert.equal(created, 201, JSON.stringify(body));
    const row = await app.db('invitations').where({ id: body.id }).first('inviterType', 'inviterId');
    assert.deepEqual({ ...row }, { inviterType: 'api_key', inviterId: id });
    const inviter = { ...row, inviterTenantId: null, tenantId, roleId: role.id, orgNodeId: school };
    assert.equal(await mayInviterGive(app.db, inviter), true);
    await as(owner)('api_keys.revoke', { params: { api_key_id: id } });
    assert.equal(await mayInviterGive(app.db, inviter), false);
  });

  it('say when they were used last, written once a minute however many come', async () => {
    const { id, key } = await made();
    const use = () =>
      Promise.all(Array.from({ length: 20 }, (_, n) => status(key, undefined, n % 2 ? app.issuer : other)));
    const versionOf = async () =>
      (await app.db('api_keys').where({ id }).first('lastUsedAt', app.db.raw('xmin::text as version'))) as {
        lastUsedAt: Date;
        version: string;
      };
    await use();
    const first = await versionOf();
    assert.ok(first.lastUsedAt);
    await use();
    assert.deepEqual(await versionOf(), first);
    await app
      .db('api_keys')
      .where({ id })
      .update({ lastUsedAt: new Date(Date.now() - 61_000) });
    await use();
    assert.ok((await versionOf()).lastUsedAt.getTime() >= first.lastUsedAt.getTime());
  });

  it('are bearer credentials of the header alone, whole, and of this API', async () => {
    const { key } = await made();
    const changed = `${key.slice(0, 20)}${key[20] === 'a' ? 'b' : 'a'}${key.slice(21)}`;
    for (const wrong of [key.slice(0, -1), `${key}0`, changed, key.toLowerCase(), `gk_${key.slice(3, 11)}_`])
      assert.equal(await status(wrong), 401, wrong);
    for (const scheme of ['Basic', 'DPoP', 'Token']) {
      const answer = await fetch(`${app.issuer}/api/v1/org-nodes/${north}`, {
        headers: { authorization: `${scheme} ${key}` },
      });
      assert.equal(answer.status, 401, scheme);
    }
    assert.equal((await fetch(`${app.issuer}/api/v1/org-nodes/${north}?access_token=${key}`)).status, 401);
    for (const path of ['/userinfo', '/access-claims'])
      assert.equal(
        (await fetch(`${app.issuer}${path}`, { headers: { authorization: `Bearer ${key}` } })).status,
        401,
        path,
      );
  });

  it('refuse a life that is over or too long, an unknown capability, and a place of another tenant', async () => {
    const elsewhere = (await app.tenant()).rootNodeId;
    const at = (days: number) => ({ expires_at: new Date(Date.now() + days * dayMs).toISOString() });
    await assert.rejects(made(at(-1)), refusal('PERIOD_INVALID'));
    await assert.rejects(made(at(367)), refusal('PERIOD_INVALID'));
    await assert.rejects(made({ capabilities: ['no.such'] }), refusal('INVALID_INPUT'));
    await assert.rejects(made({ org_node_id: elsewhere }), refusal('NOT_FOUND'));
    await assert.rejects(made({ capabilities: [] }), refusal('VALIDATION_FAILED'));
  });

  it('are listed as far as one reaches', async () => {
    const delegate = await personWith(school, 'api_keys.manage', 'org.read');
    const below = await made({ org_node_id: school });
    const above = await made();
    const { items } = (await as(delegate)('api_keys.list')).body as { items: Made[] };
    const ids = items.map(({ id }) => id);
    assert.ok(ids.includes(below.id) && !ids.includes(above.id));
    assert.ok(items.every((item) => !('key' in item)));
    for (const id of ['api_keys.get', 'api_keys.revoke'])
      await assert.rejects(as(delegate)(id, { params: { api_key_id: above.id } }), refusal('NOT_FOUND'));
  });

  describe('at the introspection endpoint', () => {
    let api: Awaited<ReturnType<typeof createApi>>;
    let apiItself: { clientId: string; clientSecret: string };
    let capability: string;

    before(async () => {
      api = await createApi(app);
      apiItself = await app.service({ resourceServerId: api.id });
      capability = api.capabilities[0] as string;
    });

    const ask = async (key: string, by = apiItself) => (await introspect(app.issuer, by, key)).body;

    it('are told to the API that they are meant for, by whom and where and for what', async () => {
      const { id, key, expires_at } = await made({ capabilities: [capability, 'org.read'] });
      const body = await ask(key);
      const { slug, name } = await app.db('tenants').where({ id: tenantId }).first('slug', 'name');
      const exp = Math.floor(Date.parse(expires_at) / 1000);
      const { iat: _, iss: __, ...told } = body;
      assert.deepEqual(told, {
        active: true,
        sub: north,
        tenant: { id: tenantId, slug, name },
        org_node_id: north,
        scope: capability,
        aud: api.identifier,
        exp,
        jti: id,
        token_type: 'Bearer',
      });
      assert.ok((await app.db('api_keys').where({ id }).first('lastUsedAt')).lastUsedAt);
      await as(owner)('api_keys.revoke', { params: { api_key_id: id } });
      assert.deepEqual(await ask(key), { active: false });
    });

    it('of a person say what the person holds now', async () => {
      const userId = await personWith(north, 'api_keys.manage', capability);
      const { key } = await made({ user_id: userId, capabilities: [capability] }, userId);
      const { active, sub, scope } = await ask(key);
      assert.deepEqual([active, sub, scope], [true, userId, capability]);
      const { roleId } = await app.db('org_assignments').where({ userId }).first('roleId');
      await app.db('role_capabilities').where({ roleId }).delete();
      assert.deepEqual(await ask(key), { active: false });
      const boss = await made({ user_id: owner, capabilities: [capability] });
      assert.deepEqual(await ask(boss.key), { active: false }, 'ownership is of administration alone');
    });

    it('are told to nobody else: another API, a client, an API of another tenant', async () => {
      const { key } = await made({ capabilities: [capability] });
      const stranger = await createApi(app);
      const others = [
        await app.service({ resourceServerId: stranger.id }),
        await app.service({ tenantId }),
        await app.relyingParty(),
        await app.service({ tenantId: (await app.tenant()).id, resourceServerId: api.id }),
      ];
      for (const by of others) assert.deepEqual(await ask(key, by), { active: false });
      const { key: withoutAny } = await made();
      assert.deepEqual(await ask(withoutAny), { active: false });
      assert.equal((await ask(key)).active, true);
      const nobody = await post(`${app.issuer}/introspect`, { token: key });
      assert.ok(nobody.status >= 400);
    });
  });
});
