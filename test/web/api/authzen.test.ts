import assert from 'node:assert/strict';
import { defineCapability } from '../../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { disableClient } from '../../../src/domain/lifecycle/end-client.ts';
import { assignRole } from '../../../src/domain/organisation/org-assignments.ts';
import { createOrgNode, deactivateOrgNode, type OrgNode } from '../../../src/domain/organisation/org-nodes.ts';
import { createResourceServer, type ResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { createRole, createUser } from '../../support/factories.ts';

interface Credentials {
  clientId: string;
  clientSecret: string;
}

describe('the AuthZEN authorization API', () => {
  let app: TestApp;
  let tenant: NewTenant;
  let other: NewTenant;
  let stock: ResourceServer;
  let api: Credentials;
  let region: OrgNode;
  let school: OrgNode;
  let keeper: string;
  let stranger: string;

  before(async () => {
    app = await startTestApp();
    [tenant, other] = [await app.tenant(), await app.tenant()];
    stock = await createResourceServer(
      app.db,
      { tenantId: null, identifier: 'https://stock.example/', name: 'Stock' },
      systemCaller,
    );
    const grades = await createResourceServer(
      app.db,
      { tenantId: null, identifier: 'https://grades.example/', name: 'Grades' },
      systemCaller,
    );
    await defineCapability(app.db, { key: 'stock.read', resourceServerId: stock.id }, systemCaller);
    await defineCapability(app.db, { key: 'grades.read', resourceServerId: grades.id }, systemCaller);
    api = await app.service({ tenantId: tenant.id, resourceServerId: stock.id });
    region = await node(tenant, tenant.rootNodeId, 'Region');
    school = await node(tenant, region.id, 'School');
    keeper = (await createUser(app.db, { tenantId: tenant.id })).id;
    const role = await createRole(app.db, { tenantId: tenant.id, capabilities: ['stock.read', 'grades.read'] });
    await assign(tenant, keeper, role.id, region.id);
    stranger = (await createUser(app.db, { tenantId: other.id })).id;
    const theirs = await createRole(app.db, { tenantId: other.id, capabilities: ['stock.read'] });
    await assign(other, stranger, theirs.id, other.rootNodeId);
  });
  after(() => app?.stop());

  function node(of: NewTenant, parentId: string, name: string): Promise<OrgNode> {
    return createOrgNode(app.db, { tenantId: of.id, parentId, type: 'place', name }, systemCaller);
  }

  async function assign(of: NewTenant, userId: string, roleId: string, orgNodeId: string): Promise<void> {
    await assignRole(app.db, { tenantId: of.id, userId, roleId, orgNodeId }, systemCaller);
  }

  async function ask(
    path: string,
    body: unknown,
    { by = api, headers = {} }: { by?: Credentials | null; headers?: Record<string, string> } = {},
  ) {
    const basic =
      by &&
      `Basic ${Buffer.from(`${encodeURIComponent(by.clientId)}:${encodeURIComponent(by.clientSecret)}`).toString('base64')}`;
    const reply = await fetch(`${app.issuer}/access/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(basic && { authorization: basic }), ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: reply.status, headers: reply.headers, body: await reply.json() };
  }

  const user = (id: string) => ({ type: 'user', id });
  const place = (id: string) => ({ type: 'org_node', id });
  const read = { name: 'stock.read' };

  async function decision(userId: string, nodeId: string, name = 'stock.read'): Promise<boolean> {
    const { status, body } = await ask('evaluation', {
      subject: user(userId),
      action: { name },
      resource: place(nodeId),
    });
    assert.equal(status, 200);
    return body.decision;
  }

  it('says where it is', async () => {
    const metadata = await (await fetch(`${app.issuer}/.well-known/authzen-configuration`)).json();
    assert.equal(metadata.policy_decision_point, app.issuer);
    assert.equal(metadata.access_evaluation_endpoint, `${app.issuer}/access/v1/evaluation`);
    assert.equal(metadata.search_action_endpoint, `${app.issuer}/access/v1/search/action`);
  });

  it('permits what is held at the node or above it, and nothing else', async () => {
    assert.equal(await decision(keeper, school.id), true);
    assert.equal(await decision(keeper, region.id), true);
    assert.equal(await decision(keeper, tenant.rootNodeId), false);
    assert.equal(await decision(keeper, school.id, 'stock.write'), false);
    assert.equal(await decision('nobody', school.id), false);
  });

  it('denies at once below a node that was deactivated', async () => {
    const closed = await node(tenant, region.id, 'Closed');
    assert.equal(await decision(keeper, closed.id), true);
    await deactivateOrgNode(app.db, { tenantId: tenant.id, orgNodeId: closed.id }, systemCaller);
    assert.equal(await decision(keeper, closed.id), false);
  });

  it('tells nothing of other tenants and of what other APIs guard', async () => {
    assert.equal(await decision(stranger, other.rootNodeId), false);
    assert.equal(await decision(keeper, school.id, 'grades.read'), false);
    for (const [path, question] of [
      ['search/subject', { subject: { type: 'user' }, action: read, resource: place(other.rootNodeId) }],
      ['search/resource', { subject: user(stranger), action: read, resource: { type: 'org_node' } }],
      ['search/action', { subject: user(stranger), resource: place(other.rootNodeId) }],
      ['search/resource', { subject: user(keeper), action: { name: 'grades.read' }, resource: { type: 'org_node' } }],
    ] as const) {
      const { status, body } = await ask(path, question);
      assert.deepEqual([status, body.results], [200, []], path);
    }
    const everywhere = await app.service({ tenantId: null, resourceServerId: stock.id });
    const question = { subject: user(stranger), action: read, resource: place(other.rootNodeId) };
    assert.equal((await ask('evaluation', question, { by: everywhere })).body.decision, true);
  });

  it('evaluates many at once, with defaults and the three semantics', async () => {
    const question = (semantic?: string) => ({
      subject: user(keeper),
      action: read,
      evaluations: [tenant.rootNodeId, region.id, school.id].map((id) => ({ resource: place(id) })),
      ...(semantic && { options: { evaluations_semantic: semantic } }),
    });
    const decisions = async (semantic?: string) =>
      (await ask('evaluations', question(semantic))).body.evaluations.map((one: { decision: boolean }) => one.decision);
    assert.deepEqual(await decisions(), [false, true, true]);
    assert.deepEqual(await decisions('deny_on_first_deny'), [false]);
    assert.deepEqual(await decisions('permit_on_first_permit'), [false, true]);
    const single = await ask('evaluations', { subject: user(keeper), action: read, resource: place(school.id) });
    assert.deepEqual(single.body, { decision: true });
    const missing = await ask('evaluations', { subject: user(keeper), evaluations: [{ resource: place(school.id) }] });
    assert.equal(missing.status, 200);
    assert.equal(missing.body.evaluations[0].decision, false);
  });

  it('searches subjects, resources and actions, a page at a time', async () => {
    const role = await createRole(app.db, { tenantId: tenant.id, capabilities: ['stock.read'] });
    const people = [];
    for (let n = 0; n < 5; n++) {
      const { id } = await createUser(app.db, { tenantId: tenant.id });
      await assign(tenant, id, role.id, school.id);
      people.push(id);
    }
    const question = { subject: { type: 'user' }, action: read, resource: place(school.id) };
    const found: string[] = [];
    let token: string | undefined;
    for (let pages = 0; pages < 10 && token !== ''; pages++) {
      const { body } = await ask('search/subject', { ...question, page: token ? { token } : { limit: 2 } });
      assert.ok(body.results.length <= 2 && body.page.count === body.results.length);
      found.push(...body.results.map((one: { id: string }) => one.id));
      token = body.page.next_token;
    }
    assert.deepEqual(found.toSorted(), [keeper, ...people].toSorted());
    const nodes = await ask('search/resource', { subject: user(keeper), action: read, resource: { type: 'org_node' } });
    assert.deepEqual(nodes.body.results.map((one: { id: string }) => one.id).sort(), [region.id, school.id].sort());
    const actions = await ask('search/action', { subject: user(keeper), resource: place(school.id) });
    assert.deepEqual(actions.body.results, [{ name: 'stock.read' }]);
  });

  it('takes a page token for the search that gave it alone', async () => {
    const question = { subject: { type: 'user' }, action: read, resource: place(school.id) };
    const first = await ask('search/subject', { ...question, page: { limit: 1 } });
    const token = first.body.page.next_token;
    assert.ok(token);
    for (const changed of [
      { ...question, resource: place(region.id), page: { limit: 1, token } },
      { ...question, page: { limit: 2, token } },
      { ...question, page: { limit: 1, token: `${token}x` } },
      { ...question, page: { limit: 1, token: Buffer.from('["0","0"]').toString('base64url') } },
    ])
      assert.equal((await ask('search/subject', changed)).status, 400);
  });

  it('answers registered APIs alone', async () => {
    const question = { subject: user(keeper), action: read, resource: place(school.id) };
    assert.equal((await ask('evaluation', question, { by: null })).status, 401);
    assert.match((await ask('evaluation', question, { by: null })).headers.get('www-authenticate') ?? '', /^Basic/);
    assert.equal((await ask('evaluation', question, { by: { ...api, clientSecret: 'wrong' } })).status, 401);
    const service = await app.service({ tenantId: tenant.id });
    assert.equal((await ask('evaluation', question, { by: service })).status, 403);
    const gone = await app.service({ tenantId: tenant.id, resourceServerId: stock.id });
    await disableClient(app.db, gone.clientId, systemCaller);
    assert.equal((await ask('evaluation', question, { by: gone })).status, 401);
  });

  it('refuses what is malformed, and gives the request id back', async () => {
    for (const body of [
      '',
      '{',
      '[]',
      'null',
      '{"subject":1}',
      { subject: user(keeper), action: read },
      { subject: user(keeper), action: { name: '' }, resource: place(school.id) },
      `{"subject":{"type":"user","id":"\\u0000"},"action":{"name":"stock.read"},"resource":{"type":"org_node","id":"x"}}`,
    ])
      assert.equal((await ask('evaluation', body)).status, 400, JSON.stringify(body));
    const asForm = await ask('evaluation', 'a=b', { headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    assert.equal(asForm.status, 400);
    const question = { subject: user(keeper), action: read, resource: place(school.id), more: 'ignored' };
    const reply = await ask('evaluation', question, { headers: { 'x-request-id': 'bfe9eb29-ab87' } });
    assert.deepEqual([reply.status, reply.headers.get('x-request-id')], [200, 'bfe9eb29-ab87']);
    const unknownType = { subject: { type: 'robot', id: keeper }, action: read, resource: place(school.id) };
    assert.deepEqual((await ask('evaluation', unknownType)).body, { decision: false });
  });
});
