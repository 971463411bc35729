import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import { type Ask, askAsService, performAs } from '../support/management.ts';

describe('the preview of a change of the tree', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let ask: Ask;
  /** root: North (School (Class)), South (Annex) */
  let nodes: Record<'North' | 'South' | 'School' | 'Class' | 'Annex', string>;
  const people: Record<string, string> = {};

  before(async () => {
    app = await startTestApp({ runJobs: false });
    ({ id: tenantId, rootNodeId: rootId } = await app.tenant());
    ask = await askAsService(app, { tenantId, capabilities: ['org.manage', 'org.read', 'users.read'] });
    const add = async (parentId: string, name: string) =>
      (await make.createNode(app.db, { tenantId, parentId, name })).id;
    const [North, South] = [await add(rootId, 'North'), await add(rootId, 'South')];
    const School = await add(North, 'School');
    nodes = { North, South, School, Class: await add(School, 'Class'), Annex: await add(South, 'Annex') };
    const teacher = await make.createRole(app.db, { tenantId, name: 'Teacher' });
    const head = await make.createRole(app.db, { tenantId, name: 'Head' });
    const holds = async (name: string, roleId: string, orgNodeId: string) => {
      people[name] ??= (await app.person({ tenantId, fullName: name })).id;
      await make.assign(app.db, { tenantId, userId: people[name], roleId, orgNodeId });
    };
    await holds('Root', head.id, rootId);
    await holds('Nora', head.id, North);
    await holds('Sven', head.id, South);
    await holds('Both', head.id, North);
    await holds('Both', head.id, South);
    await holds('Tess', teacher.id, School);
    await holds('Cleo', teacher.id, nodes.Class);
    await holds('Gone', teacher.id, nodes.Class);
    await app.db('users').where({ id: people.Gone }).update({ state: 'inactive' });
  });
  after(() => app?.stop());

  interface Person {
    user_id: string;
    full_name: string;
    gained: { role: string; org_node: string }[];
    lost: { role: string; org_node: string }[];
  }
  const told = (found: { people: Person[] }) =>
    found.people
      .map(({ full_name, gained, lost }) => [
        full_name,
        gained.map(({ role, org_node }) => `${role} at ${org_node}`),
        lost.map(({ role, org_node }) => `${role} at ${org_node}`),
      ])
      .toSorted();
  async function preview(node: keyof typeof nodes, query: string) {
    const { status, body } = await ask('GET', `/org-nodes/${nodes[node]}/preview?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }
  /** Who has a role at a node by what is effective: the answer of `users.access`, and not of the preview. */
  async function effective(node: string): Promise<Set<string>> {
    const { rows } = await app.db.raw(
      `select u.full_name || ' ' || r.name as held
         from org_node_paths p
         join org_assignments a on a.org_node_id = p.ancestor_id
         join users u on u.id = a.user_id and u.state = 'active'
         join roles r on r.id = a.role_id
        where p.descendant_id = ? and (select bool_and(n.active) from org_node_paths up join org_nodes n on n.id = up.ancestor_id
                                        where up.descendant_id = p.descendant_id)`,
      [node],
    );
    return new Set(rows.map(({ held }: { held: string }) => held));
  }

  it('of a move says who loses it and who gets it, and is what then happens', async () => {
    const found = await preview('School', `parent_id=${nodes.South}`);
    assert.deepEqual(told(found), [
      ['Nora', [], ['Head at North']],
      ['Sven', ['Head at South'], []],
    ]);
    assert.deepEqual(
      [found.gaining, found.losing, found.is_cut],
      [{ people: 1, roles: 1 }, { people: 1, roles: 1 }, false],
    );
    const before = await effective(nodes.School);
    const moved = await ask('POST', `/org-nodes/${nodes.School}/move`, { parent_id: nodes.South });
    assert.equal(moved.status, 200);
    const after = await effective(nodes.School);
    assert.deepEqual(
      [...before].filter((held) => !after.has(held)),
      ['Nora Head'],
    );
    assert.deepEqual(
      [...after].filter((held) => !before.has(held)),
      ['Sven Head'],
    );
    await ask('POST', `/org-nodes/${nodes.School}/move`, { parent_id: nodes.North });
  });

  it('of a node that is switched off says who holds something there or below, and on again who gets it back', async () => {
    const off = await preview('School', 'active=false');
    assert.deepEqual(told(off), [
      ['Cleo', [], ['Teacher at Class']],
      ['Tess', [], ['Teacher at School']],
    ]);
    assert.deepEqual([off.gaining.people, off.losing], [0, { people: 2, roles: 2 }]);
    assert.equal((await preview('School', 'active=true')).people.length, 0);
    await ask('POST', `/org-nodes/${nodes.Class}/deactivate`);
    assert.deepEqual(
      told(await preview('School', 'active=false')).map(([name]) => name),
      ['Tess'],
    );
    await ask('POST', `/org-nodes/${nodes.School}/deactivate`);
    assert.deepEqual(told(await preview('School', 'active=true')), [['Tess', ['Teacher at School'], []]]);
    await ask('POST', `/org-nodes/${nodes.School}/activate`);
    await ask('POST', `/org-nodes/${nodes.Class}/activate`);
  });

  it('of a move below what is switched off says what ends with it', async () => {
    await ask('POST', `/org-nodes/${nodes.Annex}/deactivate`);
    const found = await preview('School', `parent_id=${nodes.Annex}`);
    assert.deepEqual(
      told(found).map(([name]) => name),
      ['Both', 'Cleo', 'Nora', 'Tess'],
    );
    assert.equal(found.gaining.people, 0);
    await ask('POST', `/org-nodes/${nodes.Annex}/activate`);
  });

  it('refuses what the change itself would refuse', async () => {
    const asked = async (node: string, query: string) => {
      const { status, body } = await ask('GET', `/org-nodes/${node}/preview?${query}`);
      return [status, body.code];
    };
    assert.deepEqual(await asked(nodes.School, `parent_id=${nodes.Class}`), [409, 'ORG_CYCLE']);
    assert.deepEqual(await asked(nodes.School, `parent_id=${nodes.School}`), [409, 'ORG_CYCLE']);
    assert.deepEqual(await asked(rootId, 'active=false'), [409, 'ORG_ROOT_FIXED']);
    assert.deepEqual(await asked(nodes.School, ''), [400, 'INVALID_INPUT']);
    assert.deepEqual(await asked(nodes.School, `active=false&parent_id=${nodes.South}`), [400, 'INVALID_INPUT']);
    const { id: otherTenant } = await app.tenant();
    const elsewhere = await make.createNode(app.db, { tenantId: otherTenant });
    assert.deepEqual(await asked(nodes.School, `parent_id=${elsewhere.id}`), [404, 'NOT_FOUND']);
  });

  it('tells a delegate of people within reach alone', async () => {
    const manages = await make.createRole(app.db, { tenantId, capabilities: ['org.manage'] });
    const reads = await make.createRole(app.db, { tenantId, capabilities: ['users.read'] });
    const { id: userId } = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId, roleId: manages.id, orgNodeId: rootId });
    await make.assign(app.db, { tenantId, userId, roleId: reads.id, orgNodeId: nodes.Class });
    const params = { org_node_id: nodes.School };
    const { body } = await performAs(app, { tenantId, userId })('org_nodes.preview', {
      params,
      query: { active: 'false' },
    });
    const found = body as { people: Person[]; losing: { people: number } };
    assert.ok(!JSON.stringify(found).includes('Tess'));
    assert.ok(told(found).some(([name]) => name === 'Cleo'));
    assert.equal(found.losing.people, 2);
  });

  it('does not look at more than its bound', async () => {
    const node = await make.createNode(app.db, { tenantId, parentId: nodes.South, name: 'Crowd' });
    const { id: roleId } = await make.createRole(app.db, { tenantId });
    await app.db.raw(
      `with made as (
         insert into users (tenant_id, username) select ?, 'crowd' || i from generate_series(1, 10100) i returning id
       )
       insert into org_assignments (tenant_id, user_id, role_id, org_node_id, starts_at)
       select ?, id, ?, ?, now() - interval '1 day' from made`,
      [tenantId, tenantId, roleId, node.id],
    );
    const { status, body } = await ask('GET', `/org-nodes/${node.id}/preview?active=false`);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual([body.is_cut, body.losing.roles, body.people.length], [true, 10_000, 50]);
  });
});
