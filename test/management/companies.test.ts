import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Ask, askAsService } from '../support/management.ts';

describe('operations on companies', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;
  const capabilities = ['org.manage', 'org.read', 'users.read', 'roles.assign'];

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    ask = await askAsService(app, { tenantId, capabilities });
  });
  after(() => app?.stop());

  it('makes one, has people join and leave, closes it and opens it again', async () => {
    const made = await ask('POST', '/companies', { name: 'Northwind Foods' });
    assert.equal(made.status, 201);
    const path = `/companies/${made.body.id}`;
    const { id: userId } = await app.person({ tenantId, fullName: 'Ada Member' });
    const joined = await ask('POST', `${path}/members`, { user_id: userId });
    assert.equal(joined.status, 201);
    assert.equal((await ask('POST', `${path}/members`, { user_id: userId })).body.code, 'PERIOD_OVERLAP');
    const member = async () => (await ask('GET', `${path}/members`)).body.items[0];
    assert.deepEqual([(await member()).full_name, (await member()).active], ['Ada Member', true]);
    assert.equal((await ask('POST', `${path}/deactivate`)).body.active, false);
    assert.equal((await member()).active, false);
    assert.equal((await ask('POST', `${path}/activate`)).body.active, true);
    assert.equal((await ask('DELETE', `${path}/members/${userId}`)).status, 204);
    assert.notEqual((await member()).left_at, null);
    assert.equal((await ask('DELETE', `${path}/members/${userId}`)).status, 204);
    for (const action of ['company.joined', 'company.left'])
      assert.equal((await app.db('audit_events').where({ entityId: made.body.id, action })).length, 1);
  });

  it('calls no other node a company, and none of another tenant', async () => {
    const root = await app.db('org_nodes').where({ tenantId, parentId: null }).first();
    const { id: userId } = await app.person({ tenantId });
    assert.equal((await ask('POST', `/companies/${root.id}/members`, { user_id: userId })).status, 404);
    assert.equal((await ask('POST', `/companies/${root.id}/deactivate`)).status, 404);
    const elsewhere = await askAsService(app, { tenantId: (await app.tenant()).id, capabilities });
    const { body } = await ask('POST', '/companies', { name: 'Ours' });
    assert.equal((await elsewhere('GET', `/companies/${body.id}/members`)).status, 404);
    assert.equal((await elsewhere('POST', `/companies/${body.id}/deactivate`)).status, 404);
    assert.equal((await elsewhere('POST', '/companies', { name: 'Below', parent_id: root.id })).status, 404);
  });

  it('gives no role that the one who asks does not hold', async () => {
    const { body } = await ask('POST', '/companies', { name: 'Careful' });
    const { id: userId } = await app.person({ tenantId });
    const owner = await app.db('roles').where({ tenantId, name: 'owner' }).first();
    const refused = await ask('POST', `/companies/${body.id}/members`, { user_id: userId, role_id: owner.id });
    assert.equal(refused.body.code, 'PRIVILEGE_EXCEEDED');
  });
});
