import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import { type Ask, askAsService } from '../support/management.ts';

describe('operations on what roles carry', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;
  let count = 0;
  const capabilities = ['roles.manage', 'roles.read', 'users.read', 'org.read', 'audit.read'];

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    ask = await askAsService(app, { tenantId, capabilities });
  });
  after(() => app?.stop());

  async function made(...items: string[]) {
    count += 1;
    const { body } = await ask('POST', '/roles', { name: `Role ${count}` });
    const path = `/roles/${body.id}/capabilities`;
    for (const capability of items) assert.equal((await ask('PUT', `${path}/${capability}`)).status, 204);
    const version = async () => (await ask('GET', path)).headers.get('etag') ?? '';
    return { id: body.id as string, path, version };
  }

  it('replaces them in one step, and records each that comes and goes', async () => {
    const { id, path, version } = await made('users.read', 'org.read');
    const replaced = await ask(
      'PUT',
      path,
      { items: ['org.read', 'audit.read', 'audit.read'] },
      { 'if-match': await version() },
    );
    assert.equal(replaced.status, 200);
    assert.deepEqual(replaced.body.items, ['audit.read', 'org.read']);
    const events = await app.db('audit_events').where({ entityId: id }).whereLike('action', 'role.capability%');
    const told = events.map(({ action, payload }) => `${action} ${payload.capability}`).sort();
    assert.deepEqual(told, [
      'role.capability_granted audit.read',
      'role.capability_granted org.read',
      'role.capability_granted users.read',
      'role.capability_revoked users.read',
    ]);
    const listed = (await ask('GET', '/roles')).body.items.find((role: { id: string }) => role.id === id);
    assert.deepEqual(listed.capabilities, ['audit.read', 'org.read']);
  });

  it('is asked for the version that was seen, and keeps what somebody else changed since', async () => {
    const { path, version } = await made('users.read');
    const seen = await version();
    assert.equal((await ask('PUT', path, { items: [] })).body.code, 'PRECONDITION_REQUIRED');
    await ask('PUT', `${path}/org.read`);
    const late = await ask('PUT', path, { items: [] }, { 'if-match': seen });
    assert.equal(late.body.code, 'PRECONDITION_FAILED');
    assert.deepEqual((await ask('GET', path)).body.items, ['org.read', 'users.read']);
  });

  it('neither puts in nor takes out what the one who asks does not hold; what stays is not asked for', async () => {
    const { id, path, version } = await made('users.read');
    const strong = await askAsService(app, { tenantId, capabilities: [...capabilities, 'tenant.manage'] });
    assert.equal((await strong('PUT', `${path}/tenant.manage`)).status, 204);
    // What nobody holds may be filled with anything.
    const { id: userId } = await app.person({ tenantId });
    const { rootNodeId } = await rolesOf(app, tenantId);
    await make.assign(app.db, { tenantId, userId, roleId: id, orgNodeId: rootNodeId });
    const refused = async (items: string[]) =>
      (await ask('PUT', path, { items }, { 'if-match': await version() })).body.code;
    assert.equal(await refused(['users.read']), 'PRIVILEGE_EXCEEDED');
    assert.equal(await refused(['users.read', 'tenant.manage', 'clients.manage']), 'PRIVILEGE_EXCEEDED');
    assert.equal(await refused(['users.read', 'tenant.manage', 'no.such']), 'PRIVILEGE_EXCEEDED');
    const kept = await ask('PUT', path, { items: ['tenant.manage', 'org.read'] }, { 'if-match': await version() });
    assert.deepEqual(kept.body.items, ['org.read', 'tenant.manage']);
    const elsewhere = await askAsService(app, { tenantId: (await app.tenant()).id, capabilities });
    assert.equal((await elsewhere('PUT', path, { items: [] }, { 'if-match': '"x"' })).status, 404);
    assert.equal((await ask('GET', `/roles/${id}`)).status, 200);
  });

  it('names the person, the role and the place of what is listed', async () => {
    const { id: userId } = await app.person({ tenantId, fullName: 'Nora Named' });
    const { rootNodeId, roleId } = await rolesOf(app, tenantId);
    await make.assign(app.db, { tenantId, userId, roleId, orgNodeId: rootNodeId });
    const { items } = (await ask('GET', `/assignments?user_id=${userId}`)).body;
    assert.equal(items.length, 1);
    const { name } = await app.db('org_nodes').where({ id: rootNodeId }).first('name');
    assert.deepEqual([items[0].user_name, items[0].role, items[0].org_node], ['Nora Named', 'member', name]);
  });
});

async function rolesOf(app: TestApp, tenantId: string) {
  const root = await app.db('org_nodes').where({ tenantId, parentId: null }).first('id');
  const member = await app.db('roles').where({ tenantId, name: 'member' }).first('id');
  return { rootNodeId: root.id as string, roleId: member.id as string };
}
