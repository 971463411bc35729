import assert from 'node:assert/strict';
import {
  answerOf,
  createManagementClient,
  everyItem,
  type ManagementClient,
  ManagementError,
} from '../../examples/management-client/client.ts';
import { describeTree } from '../../examples/management-client/start.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

const capabilities = ['org.read', 'org.manage', 'roles.read', 'roles.manage', 'users.read', 'users.manage'];

describe('the sample client of the management API', () => {
  let app: TestApp;
  let tenantId: string;
  let client: ManagementClient;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    const service = await app.service({ tenantId, capabilities: [...capabilities, 'roles.assign'] });
    client = await createManagementClient({ issuer: app.issuer, ...service });
  });
  after(() => app?.stop());

  it('builds a place, gives a person a role there, and prints the tree', async () => {
    const [root] = (await answerOf(client.GET('/org-nodes', {}))).items;
    const node = { name: 'North Region', type: 'region', parent_id: root?.id as string };
    const region = await answerOf(client.POST('/org-nodes', { body: node }));
    const role = await answerOf(client.POST('/roles', { body: { name: 'Teacher' } }));
    const user = await answerOf(client.POST('/users', { body: { email: 'ada@example.org', full_name: 'Ada' } }));
    const body = { user_id: user.id, role_id: role.id, org_node_id: region.id, ends_at: '2099-01-01T00:00:00Z' };
    await answerOf(client.POST('/assignments', { body }));
    const lines: string[] = [];
    for await (const line of describeTree(client)) lines.push(line);
    assert.ok(lines.includes('North Region (region)'));
    assert.ok(lines.includes(`  role ${role.id}: user ${user.id} until 2099-01-01T00:00:00.000Z`));
  });

  it('reads a list of several pages whole', async () => {
    const names = Array.from({ length: 7 }, (_, n) => `Role ${n}`);
    for (const name of names) await answerOf(client.POST('/roles', { body: { name } }));
    const found: string[] = [];
    const roles = everyItem((after) => client.GET('/roles', { params: { query: { limit: 2, after } } }));
    for await (const { name } of roles) found.push(name);
    assert.deepEqual(found.filter((name) => name.startsWith('Role ')).sort(), names);
  });

  it('changes what it has read, and is told by code when somebody else was faster', async () => {
    const { id } = await answerOf(client.POST('/roles', { body: { name: 'Bursar' } }));
    const path = { role_id: id };
    const { response } = await client.GET('/roles/{role_id}', { params: { path } });
    const header = { 'If-Match': response.headers.get('etag') as string };
    const change = (description: string) =>
      answerOf(client.PATCH('/roles/{role_id}', { params: { path, header }, body: { description } }));
    assert.equal((await change('Pays')).description, 'Pays');
    await assert.rejects(change('Pays less'), (error: ManagementError) => {
      assert.ok(error instanceof ManagementError);
      return error.failure.code === 'PRECONDITION_FAILED' && error.failure.statusCode === 412;
    });
  });

  it('gets what its service may do, and no more', async () => {
    const asked = answerOf(client.GET('/clients', {}));
    await assert.rejects(asked, (error: ManagementError) => error.failure.code === 'FORBIDDEN');
  });
});
