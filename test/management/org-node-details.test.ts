import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import { type Ask, askAsService, performAs } from '../support/management.ts';

const dayMs = 86_400_000;

describe('the tree as it is opened branch by branch', () => {
  let app: TestApp;
  let ask: Ask;
  let tenantId: string;
  let rootId: string;
  let ids: Record<'north' | 'south' | 'school' | 'class', string>;
  let roleId: string;

  before(async () => {
    app = await startTestApp({ runJobs: false });
    ({ id: tenantId, rootNodeId: rootId } = await app.tenant());
    ask = await askAsService(app, { tenantId, capabilities: ['org.read', 'users.read'] });
    const add = async (parentId: string, name: string) =>
      (await make.createNode(app.db, { tenantId, parentId, name })).id;
    const [north, south] = [await add(rootId, 'North'), await add(rootId, 'South')];
    const school = await add(north, 'School');
    ids = { north, south, school, class: await add(school, 'Class') };
    roleId = (await make.createRole(app.db, { tenantId })).id;
    const other = (await make.createRole(app.db, { tenantId })).id;
    const [ada, bea, eve] = [
      await app.person({ tenantId }),
      await app.person({ tenantId }),
      await app.person({ tenantId }),
    ];
    const holds = (userId: string, orgNodeId: string, more: object = {}) =>
      make.assign(app.db, { tenantId, userId, roleId, orgNodeId, ...more });
    await holds(ada.id, north);
    await holds(ada.id, school, { roleId: other });
    await holds(bea.id, ids.class);
    await holds(bea.id, south, { startsAt: new Date(Date.now() + dayMs) });
    await holds(eve.id, ids.class);
    await app.db('users').where({ id: eve.id }).update({ deletedAt: new Date() });
  });
  after(() => app?.stop());

  type Node = { id: string; name: string; counts?: object; path?: { id: string; name: string }[] };
  const list = async (query: string): Promise<Node[]> => {
    const { status, body } = await ask('GET', `/org-nodes?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.items;
  };

  it('counts children, and people and roles of now at a node and below it', async () => {
    const nodes = await list(`parent_id=${rootId}&counts=true`);
    assert.deepEqual(
      nodes.map(({ name, counts }) => [name, counts]),
      [
        ['North', { children: 1, people: 2, live_roles: 3 }],
        ['South', { children: 0, people: 0, live_roles: 0 }],
      ],
    );
    assert.deepEqual((await list(`parent_id=${ids.school}&counts=true`))[0]?.counts, {
      children: 0,
      people: 1,
      live_roles: 1,
    });
  });

  it('finds by a part of the name, with the way there', async () => {
    const [node] = await list('q=clas&path=true');
    assert.deepEqual(
      node?.path?.slice(1).map(({ id, name }) => [id, name]),
      [
        [ids.north, 'North'],
        [ids.school, 'School'],
      ],
    );
    assert.equal(node?.path?.[0]?.id, rootId);
    assert.deepEqual((await list(`below=${rootId}&path=true`)).find(({ id }) => id === rootId)?.path, []);
    assert.equal((await list('q=clas'))[0]?.path, undefined);
  });

  it('counts as far as people are within reach, and tells no node above that', async () => {
    const delegate = await make.createRole(app.db, { tenantId, capabilities: ['org.read'] });
    const reader = await make.createRole(app.db, { tenantId, capabilities: ['users.read'] });
    const { id: userId } = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId, roleId: delegate.id, orgNodeId: ids.north });
    const seen = async (query: object) => {
      const { body } = await performAs(app, { tenantId, userId })('org_nodes.list', { query });
      return (body as { items: Node[] }).items;
    };
    const of = async (id: string) =>
      (await seen({ below: ids.north, counts: 'true', path: 'true' })).find((node) => node.id === id);
    assert.deepEqual((await of(ids.north))?.counts, { children: 1, people: null, live_roles: null });
    assert.deepEqual((await of(ids.north))?.path, []);
    assert.deepEqual(
      (await of(ids.class))?.path?.map(({ id }) => id),
      [ids.north, ids.school],
    );
    await make.assign(app.db, { tenantId, userId, roleId: reader.id, orgNodeId: ids.class });
    // Themselves, and one more; what stands above is counted for nobody who may not see it.
    assert.deepEqual((await of(ids.north))?.counts, { children: 1, people: 2, live_roles: 2 });
  });

  it('counts no further than a bound', async () => {
    const node = await make.createNode(app.db, { tenantId, parentId: ids.south, name: 'Crowd' });
    await app.db.raw(
      `with made as (
         insert into users (tenant_id, username) select ?, 'crowd' || i from generate_series(1, 1100) i returning id
       )
       insert into org_assignments (tenant_id, user_id, role_id, org_node_id, starts_at)
       select ?, id, ?, ?, now() - interval '1 day' from made`,
      [tenantId, tenantId, roleId, node.id],
    );
    const counts = (await list(`parent_id=${ids.south}&counts=true`))[0]?.counts;
    assert.deepEqual(counts, { children: 0, people: 1001, live_roles: 1001 });
  });
});
