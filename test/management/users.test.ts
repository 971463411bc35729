import assert from 'node:assert/strict';
import { createRole, grantCapabilityToRole } from '../../src/domain/access/roles.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { assignRole } from '../../src/domain/organisation/org-assignments.ts';
import { createOrgNode } from '../../src/domain/organisation/org-nodes.ts';
import { operationOf, operations } from '../../src/management/operations.ts';
import { type ManagementAnswer, perform } from '../../src/management/perform.ts';
import { managementDependencies } from '../../src/management-dependencies.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Ask, askAsService } from '../support/management.ts';

describe('operations on people', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let north: string;
  let south: string;
  let ask: Ask;
  const roleIds: Record<string, string> = {};

  before(async () => {
    app = await startTestApp({ mailbox: true });
    const tenant = await app.tenant();
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    Object.assign(roleIds, tenant.systemRoleIds);
    const node = async (name: string) =>
      (await createOrgNode(app.db, { tenantId, parentId: rootId, type: 'region', name }, systemCaller)).id;
    north = await node('North');
    south = await node('South');
    const define = async (name: string, ...capabilities: string[]) => {
      const { id } = await createRole(app.db, { tenantId, name }, systemCaller);
      for (const capability of capabilities)
        await grantCapabilityToRole(app.db, { tenantId, roleId: id, capability }, systemCaller);
      roleIds[name] = id;
    };
    await define('Head', 'users.read', 'users.manage', 'roles.assign', 'sessions.manage');
    await define('Clerk', 'users.read', 'users.manage');
    await define('Auditor', 'audit.read');
    ask = await askAsService(app, { tenantId, capabilities: ['users.read', 'users.manage', 'roles.assign'] });
  });
  after(() => app?.stop());

  async function personWith(role: string, orgNodeId: string, more: { email?: string } = {}): Promise<string> {
    const { id: userId } = await app.person({ tenantId, ...more });
    await assignRole(app.db, { tenantId, userId, roleId: roleIds[role] as string, orgNodeId }, systemCaller);
    return userId;
  }

  type Given = { params?: object; query?: object; body?: object };

  /** Performs an operation as a person who has just signed in, or did an hour ago. */
  function as(userId: string, authTime = new Date()) {
    const caller = { type: 'user', id: userId } as const;
    const standingOf = { person: userId };
    const actor = { kind: 'person', id: userId, tenantId, scopes: null, authTime, caller, standingOf } as const;
    const deps = managementDependencies(app);
    return (id: string, input: Given): Promise<ManagementAnswer> =>
      perform(
        operationOf(id),
        { actor, tenantId, params: {}, query: {}, body: undefined, ...(input as Record<string, never>) },
        deps,
        operations,
      );
  }

  const code = (expected: string) => (error: { code?: string }) => {
    assert.equal(error.code, expected);
    return true;
  };
  const eventsOf = (entityId: string, action: string) => app.db('audit_events').where({ entityId, action });

  it('makes, shows, changes and deletes a person', async () => {
    const made = await ask('POST', '/users', {
      email: 'Mia@Example.test',
      email_verified: true,
      username: 'mia.k',
      external_id: 'S-17',
      given_name: 'Mia',
      family_name: 'Keller',
      locale: 'de-CH',
      metadata: { room: '12', tags: ['a'] },
      password: 'a walk along the river',
    });
    assert.equal(made.status, 201);
    assert.equal(made.body.email, 'mia@example.test');
    assert.equal(made.body.full_name, 'Mia Keller');
    assert.notEqual(made.body.password_changed_at, null);
    const path = `/users/${made.body.id}`;
    assert.deepEqual((await ask('GET', path)).body, made.body);
    const change = { phone: '+41 79 123 45 67', given_name: null, metadata: { room: null, floor: 2 } };
    const changed = await ask('PATCH', path, change);
    assert.equal(changed.status, 200);
    assert.equal(changed.body.phone, '+41791234567');
    assert.equal(changed.body.phone_verified, false);
    assert.equal(changed.body.given_name, null);
    assert.deepEqual(changed.body.metadata, { tags: ['a'], floor: 2 });
    assert.equal((await ask('DELETE', path)).status, 204);
    assert.equal((await ask('GET', path)).status, 404);
  });

  it('has a new address proved anew, and writes what changed without what it was', async () => {
    const { id } = await app.person({ tenantId, email: 'old@example.test' });
    const { body } = await ask('PATCH', `/users/${id}`, { email: 'new@example.test', full_name: 'New Name' });
    assert.equal(body.email_verified, false);
    const [event] = await eventsOf(id, 'profile.updated');
    assert.deepEqual(event.payload.changed.sort(), ['email', 'emailVerified', 'fullName']);
    assert.deepEqual([event.payload.from, event.payload.to], [{ emailVerified: true }, { emailVerified: false }]);
    assert.doesNotMatch(JSON.stringify(event.payload), /example\.test|New Name/);
    await ask('PATCH', `/users/${id}`, { email: 'new@example.test' });
    assert.equal((await eventsOf(id, 'profile.updated')).length, 1);
    const proved = await ask('PATCH', `/users/${id}`, { email: 'newer@example.test', email_verified: true });
    assert.equal(proved.body.email_verified, true);
  });

  it('names the field that is taken, also of twenty at once', async () => {
    await ask('POST', '/users', { username: 'Taken', external_id: 'X-1', email: 'taken@example.test' });
    const { id } = await app.person({ tenantId });
    for (const [change, refused] of [
      [{ username: 'tAKEN' }, 'DUPLICATE'],
      [{ external_id: 'X-1' }, 'DUPLICATE'],
      [{ email: 'TAKEN@example.test' }, 'DUPLICATE_EMAIL'],
    ] as const) {
      const { status, body } = await ask('PATCH', `/users/${id}`, change);
      assert.deepEqual([status, body.code], [409, refused]);
    }
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('POST', '/users', { username: 'single' })));
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    assert.equal(answers.filter(({ body }) => body.code === 'DUPLICATE').length, 19);
  });

  it('refuses what is no username, no metadata, and to leave a person without anything to be found by', async () => {
    for (const username of ['a b', 'ada@example.test', '+41791234567', 'x'.repeat(65)])
      assert.match(
        (await ask('POST', '/users', { username })).body.code,
        /^(INVALID_INPUT|VALIDATION_FAILED)$/,
        username,
      );
    for (const metadata of [{ a: 'x'.repeat(20_000) }, { a: 'nul \0' }, { a: '\ud800' }, { 'k\0': 1 }])
      assert.equal((await ask('POST', '/users', { username: 'keeper', metadata })).body.code, 'INVALID_INPUT');
    const { id } = await app.person({ tenantId });
    assert.equal((await ask('PATCH', `/users/${id}`, { email: null })).body.code, 'FIELD_REQUIRED');
    const { body } = await ask('PATCH', `/users/${id}`, { email: null, username: 'only.name' });
    assert.deepEqual([body.email, body.email_verified], [null, false]);
  });

  it('finds people by a part of what they are called, sorts and pages', async () => {
    for (const name of ['Zoe Zebra', 'anna Zebra', 'Max Zebra'])
      await ask('POST', '/users', { email: `${name.split(' ')[0]}@zebra.test`, full_name: name, external_id: name });
    const names = async (query: string) =>
      (await ask('GET', `/users?${query}`)).body.items.map((user: { full_name: string }) => user.full_name);
    assert.deepEqual(await names('q=ZEBRA&sort=name'), ['anna Zebra', 'Max Zebra', 'Zoe Zebra']);
    assert.deepEqual(await names('q=ZEBRA'), ['Max Zebra', 'anna Zebra', 'Zoe Zebra']);
    assert.deepEqual(await names('q=zoe%40'), ['Zoe Zebra']);
    assert.deepEqual(await names('q=%25%25'), []);
    for (const sort of ['name', 'email', 'created_at', 'last_login_at']) {
      const seen: string[] = [];
      let next: string | null = null;
      do {
        const after: string = next ? `&after=${encodeURIComponent(next)}` : '';
        const { body }: Awaited<ReturnType<Ask>> = await ask('GET', `/users?q=zebra&limit=1&sort=${sort}${after}`);
        seen.push(...body.items.map((user: { full_name: string }) => user.full_name));
        next = body.next;
      } while (next);
      assert.deepEqual([...seen].sort(), ['Max Zebra', 'Zoe Zebra', 'anna Zebra'], sort);
    }
    assert.equal((await ask('GET', '/users?sort=password')).status, 422);
  });

  it('changes settings', async () => {
    const { id } = await app.person({ tenantId });
    const wanted = { locale: 'fr-ch', zoneinfo: 'Europe/Zurich', theme: 'dark', notify_by_email: false };
    const { body } = await ask('PATCH', `/users/${id}/settings`, wanted);
    const expected = { ...wanted, locale: 'fr-CH', notify_in_app: true };
    assert.deepEqual(body, expected);
    assert.deepEqual((await ask('GET', `/users/${id}/settings`)).body, expected);
    assert.equal((await ask('PATCH', `/users/${id}/settings`, { zoneinfo: 'Mars/Base' })).body.code, 'INVALID_INPUT');
    assert.equal((await eventsOf(id, 'settings.updated')).length, 1);
  });

  it('stops a person, lets them in again, unlocks them and sets their password', async () => {
    const { id } = await app.person({ tenantId });
    assert.equal((await ask('POST', `/users/${id}/deactivate`)).body.state, 'inactive');
    assert.equal((await ask('GET', '/users?state=inactive')).body.items[0].id, id);
    assert.equal((await ask('POST', `/users/${id}/activate`)).body.state, 'active');
    assert.equal((await ask('POST', `/users/${id}/unlock`)).status, 204);
    const short = await ask('PUT', `/users/${id}/password`, { password: 'short' });
    assert.equal(short.body.code, 'PASSWORD_TOO_SHORT');
    assert.equal((await ask('PUT', `/users/${id}/password`, { password: 'a walk along the river' })).status, 204);
    for (const action of ['user.deactivated', 'user.activated', 'user.unlocked', 'password.changed'])
      assert.equal((await eventsOf(id, action)).length, 1, action);
  });

  it('sends a link to the address that a person has, by what the server has', async () => {
    const { id } = await app.person({ tenantId });
    const sent = await ask('POST', `/users/${id}/recovery`, {});
    assert.equal(sent.status, 202);
    assert.ok(Date.parse(sent.body.expires_at) > Date.now());
    assert.equal((await ask('POST', `/users/${id}/recovery`, { channel: 'sms' })).body.code, 'CHANNEL_UNAVAILABLE');
    const { body } = await ask('POST', '/users', { username: 'unreached' });
    assert.equal((await ask('POST', `/users/${body.id}/recovery`, {})).body.code, 'EMAIL_INVALID');
  });

  it('keeps an owner', async () => {
    const ownerId = await personWith('owner', rootId);
    const owner = as(ownerId);
    await assert.rejects(owner('users.deactivate', { params: { user_id: ownerId } }), code('LAST_OWNER'));
    // A service is no owner, whatever it was given.
    assert.equal((await ask('POST', `/users/${ownerId}/deactivate`)).body.code, 'PRIVILEGE_EXCEEDED');
    assert.equal((await ask('PATCH', `/users/${ownerId}`, { email: 'mine@example.test' })).status, 403);
  });

  it('lets a delegate hire where they may, and see and change nobody else', async () => {
    const head = as(await personWith('Head', north));
    const hired = (orgNodeId: string, role = 'member') => ({
      body: {
        email: `${Math.random()}@hired.test`,
        assignments: [{ role_id: roleIds[role], org_node_id: orgNodeId }],
      },
    });
    const made = await head('users.create', hired(north));
    assert.equal(made.status, 201);
    const { id } = made.body as { id: string };
    await head('users.update', { params: { user_id: id }, body: { full_name: 'Hired Here' } });
    await assert.rejects(head('users.create', hired(south)), code('NOT_FOUND'));
    await assert.rejects(head('users.create', hired(north, 'Auditor')), code('PRIVILEGE_EXCEEDED'));
    await assert.rejects(head('users.create', { body: { email: 'free@hired.test' } }), code('FORBIDDEN'));
    await assert.rejects(as(await personWith('Clerk', north))('users.create', hired(north)), code('FORBIDDEN'));

    const elsewhere = await personWith('member', south, { email: 'south@hired.test' });
    const params = { user_id: elsewhere };
    for (const refused of ['users.get', 'users.deactivate', 'users.delete', 'users.unlock', 'users.settings.get'])
      await assert.rejects(head(refused, { params }), code('NOT_FOUND'), refused);
    await assert.rejects(head('users.update', { params, body: { full_name: 'X' } }), code('NOT_FOUND'));
    const found = (await head('users.list', { query: { q: 'hired.test' } })).body as { items: { id: string }[] };
    assert.deepEqual(
      found.items.map((user) => user.id),
      [id],
    );
  });

  it('narrows the list to a place, a role and the last sign-in, and tells nothing of what stands out of reach', async () => {
    const place = async (name: string) =>
      (await createOrgNode(app.db, { tenantId, parentId: rootId, type: 'region', name }, systemCaller)).id;
    const [east, west] = [await place('East'), await place('West')];
    const everybody = as(await personWith('owner', rootId));
    const head = as(await personWith('Head', east));
    const both = await personWith('Auditor', east);
    await assignRole(
      app.db,
      { tenantId, userId: both, roleId: roleIds.Clerk as string, orgNodeId: west },
      systemCaller,
    );
    const away = await personWith('Clerk', west);
    await app
      .db('users')
      .where({ id: both })
      .update({ lastLoginAt: new Date(Date.now() - 100 * 86_400_000) });
    const ids = async (ask: typeof head, query: object) =>
      ((await ask('users.list', { query: { limit: 200, ...query } })).body as { items: { id: string }[] }).items.map(
        ({ id }) => id,
      );
    const clerks = { role_id: roleIds.Clerk, org_node_id: west };
    assert.deepEqual((await ids(everybody, clerks)).sort(), [both, away].sort());
    assert.deepEqual(await ids(everybody, { ...clerks, last_login: 'before_90_days' }), [both]);
    assert.deepEqual(await ids(everybody, { ...clerks, last_login: 'never' }), [away]);
    assert.deepEqual(await ids(everybody, { ...clerks, last_login: 'within_30_days' }), []);
    assert.deepEqual(await ids(everybody, { role_id: roleIds.Clerk, org_node_id: east }), []);
    assert.ok((await ids(head, { org_node_id: east })).includes(both));
    for (const query of [clerks, { org_node_id: west }, { role_id: roleIds.Clerk }])
      assert.deepEqual(await ids(head, query), [], JSON.stringify(query));
  });

  it('lets nobody become somebody greater by what signs them in', async () => {
    const head = as(await personWith('Head', north));
    const auditor = await personWith('Auditor', north);
    const params = { user_id: auditor };
    await head('users.update', { params, body: { full_name: 'Renamed' } });
    for (const body of [
      { email: 'a@taken.test' },
      { phone_verified: true },
      { username: 'aud' },
      { mfa_required: false },
    ])
      await assert.rejects(head('users.update', { params, body }), code('PRIVILEGE_EXCEEDED'));
    const password = 'a walk along the river';
    await assert.rejects(head('users.set_password', { params, body: { password } }), code('PRIVILEGE_EXCEEDED'));
  });

  it('asks for a fresh authentication before what signs somebody in is changed', async () => {
    const head = as(await personWith('Head', north), new Date(Date.now() - 3_600_000));
    const params = { user_id: await personWith('member', north) };
    await head('users.update', { params, body: { full_name: 'Renamed' } });
    const stale = code('FRESH_AUTHENTICATION_REQUIRED');
    await assert.rejects(head('users.update', { params, body: { email: 'b@taken.test' } }), stale);
    await assert.rejects(head('users.set_password', { params, body: { password: 'a walk along the river' } }), stale);
  });

  it('refuses to lose an update', async () => {
    const { id } = await app.person({ tenantId });
    const etag = (await ask('GET', `/users/${id}`)).headers.get('etag') as string;
    const answers = await Promise.all(
      ['A', 'B', 'C'].map((name) => ask('PATCH', `/users/${id}`, { full_name: name }, { 'if-match': etag })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412, 412]);
  });

  it('does not leave the tenant', async () => {
    const { id: other } = await app.tenant();
    const there = await askAsService(app, { tenantId: other, capabilities: ['users.read', 'users.manage'] });
    const { id } = await app.person({ tenantId });
    for (const [method, path] of [
      ['GET', `/users/${id}`],
      ['PATCH', `/users/${id}`],
      ['DELETE', `/users/${id}`],
      ['POST', `/users/${id}/deactivate`],
    ] as const)
      assert.equal((await there(method, path, method === 'PATCH' ? { full_name: 'X' } : undefined)).status, 404, path);
    assert.deepEqual((await there('GET', '/users')).body.items, []);
  });
});
