import assert from 'node:assert/strict';
import fc from 'fast-check';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import {
  activateOrgNode,
  createOrgNode,
  deactivateOrgNode,
  deleteOrgNode,
  moveOrgNode,
} from '../../../src/domain/organisation/org-nodes.ts';
import { createDatabase, type Database, firstRow, rows } from '../../../src/platform/database.ts';
import { DomainError } from '../../../src/platform/errors.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';

interface ModelNode {
  id: string;
  parent: ModelNode | undefined;
  active: boolean;
  deleted: boolean;
}

type Step =
  | { kind: 'create'; parent: number }
  | { kind: 'move'; node: number; parent: number }
  | { kind: 'activate' | 'deactivate' | 'delete'; node: number };

const place = fc.nat(60);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('create' as const), parent: place }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('move' as const), node: place, parent: place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('activate', 'deactivate', 'delete'), node: place }) },
);

function ancestors(node: ModelNode): ModelNode[] {
  return node.parent ? [node.parent, ...ancestors(node.parent)] : [];
}

describe('the paths of the organisation tree', () => {
  let database: TestDatabase;
  let db: Database;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url });
  });

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  async function paths(tenantId: string): Promise<string[]> {
    const found = await rows<{ ancestorId: string; descendantId: string; depth: number }>(
      db,
      'select ancestor_id, descendant_id, depth from org_node_paths where tenant_id = ?',
      [tenantId],
    );
    return found.map((path) => `${path.ancestorId} ${path.descendantId} ${path.depth}`).sort();
  }

  /** What the table must hold, by following `parent_id` alone. */
  async function pathsByParent(tenantId: string): Promise<string[]> {
    const found = await rows<{ path: string }>(
      db,
      `with recursive walk as (
         select id as ancestor_id, id as descendant_id, 0 as depth from org_nodes where tenant_id = :tenantId
         union all
         select n.parent_id, w.descendant_id, w.depth + 1
           from walk w join org_nodes n on n.id = w.ancestor_id
          where n.parent_id is not null
       )
       select ancestor_id || ' ' || descendant_id || ' ' || depth as path from walk`,
      { tenantId },
    );
    return found.map(({ path }) => path).sort();
  }

  it('equal the tree after each of many random changes', async () => {
    let done = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const { id: tenantId, rootNodeId } = await make.createTenant(db);
        const tree: ModelNode[] = [{ id: rootNodeId, parent: undefined, active: true, deleted: false }];
        const at = (index: number) => tree[index % tree.length] as ModelNode;

        /** What the model expects of a step, and what it then does. */
        function expected(wanted: Step): { code?: string; apply?: (id: string) => void } {
          if (wanted.kind === 'create') {
            const parent = at(wanted.parent);
            if (parent.deleted) return { code: 'ORG_PARENT_INVALID' };
            return { apply: (id) => tree.push({ id, parent, active: true, deleted: false }) };
          }
          const node = at(wanted.node);
          if (node.deleted) return wanted.kind === 'delete' ? {} : { code: 'NOT_FOUND' };
          if (wanted.kind === 'move') {
            const parent = at(wanted.parent);
            if (parent === node.parent) return {};
            if (!node.parent) return { code: 'ORG_ROOT_FIXED' };
            if (parent.deleted) return { code: 'ORG_PARENT_INVALID' };
            if (parent === node || ancestors(parent).includes(node)) return { code: 'ORG_CYCLE' };
            return {
              apply: () => {
                node.parent = parent;
              },
            };
          }
          if (wanted.kind === 'activate' && node.active) return {};
          if (wanted.kind === 'deactivate' && !node.active) return {};
          if (!node.parent) return { code: 'ORG_ROOT_FIXED' };
          if (wanted.kind === 'delete') {
            if (tree.some((child) => child.parent === node && !child.deleted)) return { code: 'ORG_HAS_CHILDREN' };
            return {
              apply: () => {
                node.deleted = true;
              },
            };
          }
          return {
            apply: () => {
              node.active = wanted.kind === 'activate';
            },
          };
        }

        async function perform(wanted: Step): Promise<string> {
          if (wanted.kind === 'create') {
            const values = { tenantId, parentId: at(wanted.parent).id, type: 'branch', name: 'Branch' };
            return (await createOrgNode(db, values, systemCaller)).id;
          }
          const orgNodeId = at(wanted.node).id;
          if (wanted.kind === 'move')
            await moveOrgNode(db, { tenantId, orgNodeId, parentId: at(wanted.parent).id }, systemCaller);
          if (wanted.kind === 'activate') await activateOrgNode(db, { tenantId, orgNodeId }, systemCaller);
          if (wanted.kind === 'deactivate') await deactivateOrgNode(db, { tenantId, orgNodeId }, systemCaller);
          if (wanted.kind === 'delete') await deleteOrgNode(db, { tenantId, orgNodeId }, systemCaller);
          return orgNodeId;
        }

        for (const wanted of steps) {
          const { code, apply } = expected(wanted);
          const outcome = await perform(wanted).catch((error: unknown) => {
            if (error instanceof DomainError) return error;
            throw error;
          });
          assert.equal(outcome instanceof DomainError ? outcome.code : undefined, code);
          if (apply) apply(outcome as string);
          done++;

          const model = tree.flatMap((node) =>
            [node, ...ancestors(node)].map((ancestor, depth) => `${ancestor.id} ${node.id} ${depth}`),
          );
          assert.deepEqual(await paths(tenantId), model.sort());
        }
        assert.deepEqual(await pathsByParent(tenantId), await paths(tenantId));
        const states = await rows<{ id: string; active: boolean; deleted: boolean }>(
          db,
          'select id, active, deleted_at is not null as deleted from org_nodes where tenant_id = ? order by id',
          [tenantId],
        );
        assert.deepEqual(
          states,
          tree.map(({ id, active, deleted }) => ({ id, active, deleted })).sort((a, b) => (a.id < b.id ? -1 : 1)),
        );
      }),
      { numRuns: 25 },
    );
    assert.ok(done > 100);
  }).timeout(120_000);

  describe('whatever is done past the domain', () => {
    let tenantId: string;
    let root: string;
    let a: string;
    let b: string;
    let c: string;

    beforeEach(async () => {
      ({ id: tenantId, rootNodeId: root } = await make.createTenant(db));
      a = (await make.createNode(db, { tenantId, name: 'A' })).id;
      b = (await make.createNode(db, { tenantId, name: 'B', parentId: a })).id;
      c = (await make.createNode(db, { tenantId, name: 'C', parentId: b })).id;
    });

    afterEach(async () => {
      assert.deepEqual(await paths(tenantId), await pathsByParent(tenantId));
    });

    const row = (id: string, parentId: string) => ({ id, tenantId, parentId, type: 'branch', name: 'New' });

    it('hold for many nodes inserted in one statement', async () => {
      const [d, e] = [newId(), newId()];
      await db('org_nodes').insert([row(d, c), row(e, d)]);
      assert.equal((await paths(tenantId)).length, 1 + 2 + 3 + 4 + 5 + 6);
    });

    it('refuse a child that is inserted before its parent', async () => {
      const [d, e] = [newId(), newId()];
      await assert.rejects(async () => db('org_nodes').insert([row(e, d), row(d, c)]), {
        constraint: 'org_nodes_parent_is_live',
      });
    });

    it('hold for several moves in one statement', async () => {
      await db.raw(
        `update org_nodes set parent_id = case id when :b::uuid then :root::uuid when :c::uuid then :a::uuid end
          where id in (:b, :c)`,
        { root, a, b, c },
      );
      const places = await db('org_nodes').select('id', 'parentId').whereIn('id', [b, c]).orderBy('name');
      assert.deepEqual(places, [
        { id: b, parentId: root },
        { id: c, parentId: a },
      ]);
    });

    it('refuse a cycle of several moves in one statement', async () => {
      const d = (await make.createNode(db, { tenantId, parentId: root })).id;
      const cross = db.raw(
        `update org_nodes set parent_id = case id when :a::uuid then :d::uuid else :a::uuid end where id in (:a, :d)`,
        { a, d },
      );
      await assert.rejects(async () => cross, { constraint: 'org_nodes_no_cycle' });
    });

    it('refuse a second root, a root that moves and a root that is switched off or deleted', async () => {
      const refused: [string, string][] = [
        ['parent_id = null where id = :b', 'org_nodes_one_root_key'],
        ['parent_id = :c where id = :root', 'org_nodes_root_stays'],
        ['parent_id = id where id = :b', 'org_nodes_not_own_parent'],
        ['active = false where id = :root', 'org_nodes_root_is_active'],
        ['deleted_at = now() where id = :root', 'org_nodes_deleted_is_childless'],
        ['deleted_at = now() where id = :a', 'org_nodes_deleted_is_childless'],
        ['id = gen_random_uuid() where id = :c', 'org_nodes_identity_is_fixed'],
        ['tenant_id = gen_random_uuid() where id = :c', 'org_nodes_identity_is_fixed'],
      ];
      for (const [change, constraint] of refused)
        await assert.rejects(async () => db.raw(`update org_nodes set ${change}`, { root, b, c, a } as never), {
          constraint,
        });
      const bare = await firstRow<{ id: string }>(
        db,
        `insert into tenants (slug, name) values ('bare-' || left(gen_random_uuid()::text, 8), 'Bare') returning id`,
      );
      const lone = { tenantId: bare?.id, type: 'tenant', name: 'Bare' };
      await db('org_nodes').insert(lone);
      await assert.rejects(async () => db('org_nodes').insert(lone), { constraint: 'org_nodes_one_root_key' });
      await assert.rejects(
        async () => db('org_nodes').where({ tenantId: bare?.id }).update({ deletedAt: new Date() }),
        {
          constraint: 'org_nodes_root_is_not_deleted',
        },
      );
    });

    it('refuse to bring a node back below one that is deleted', async () => {
      await db('org_nodes').where({ id: c }).update({ deletedAt: new Date() });
      await db('org_nodes').where({ id: b }).update({ deletedAt: new Date() });
      await assert.rejects(async () => db('org_nodes').where({ id: c }).update({ deletedAt: null }), {
        constraint: 'org_nodes_parent_is_live',
      });
      await db('org_nodes').where({ id: b }).update({ deletedAt: null });
      await db('org_nodes').where({ id: c }).update({ deletedAt: null });
    });

    it('go with a subtree that is deleted for good', async () => {
      await assert.rejects(async () => db('org_nodes').where({ id: b }).delete(), {
        constraint: 'org_nodes_parent_fk',
      });
      await db('org_nodes').whereIn('id', [a, b, c]).delete();
      assert.deepEqual(await paths(tenantId), [`${root} ${root} 0`]);
    });
  });

  it('of a large subtree are moved, also where no statistics know the tenant', async () => {
    const known = await make.createTenant(db);
    await grow(known.id, known.rootNodeId, 500);
    await db.raw('analyze');
    const { id: tenantId, rootNodeId } = await make.createTenant(db);
    // Two branches three levels deep; the subtree goes from the end of one to the end of the other.
    const ends: string[] = [];
    for (const name of ['From', 'To']) {
      let parentId = rootNodeId;
      for (let depth = 0; depth < 3; depth++) parentId = (await make.createNode(db, { tenantId, parentId, name })).id;
      ends.push(parentId);
    }
    const [from = '', to = ''] = ends;
    const top = (await make.createNode(db, { tenantId, parentId: from })).id;
    await grow(tenantId, top, 1_999);

    const move = (parentId: string) => moveOrgNode(db, { tenantId, orgNodeId: top, parentId }, systemCaller);
    await move(to);
    await move(from);
    // Now they know where the subtree is, and soon wrongly.
    await db.raw('analyze');
    for (const parentId of [to, from, to]) await move(parentId);
    const counts = await firstRow<{ below: number; former: number; depth: number }>(
      db,
      `select (select count(*) from org_node_paths where ancestor_id = :to) as below,
              (select count(*) from org_node_paths where ancestor_id = :from) as former,
              (select max(depth) from org_node_paths where ancestor_id = :rootNodeId) as depth`,
      { to, from, rootNodeId },
    );
    assert.deepEqual(counts, { below: 2_001, former: 1, depth: 8 });
  });

  /** A tree of `count` nodes below a node, ten children each. */
  async function grow(tenantId: string, rootId: string, count: number): Promise<void> {
    await db.raw(
      `insert into org_nodes (id, tenant_id, parent_id, type, name)
       select overlay(md5(:rootId || n) placing '4' from 13)::uuid, :tenantId,
              case when n <= 10 then :rootId::uuid else overlay(md5(:rootId || (n - 1) / 10) placing '4' from 13)::uuid end,
              'branch', 'Branch ' || n
         from generate_series(1, :count) n`,
      { tenantId, rootId, count },
    );
  }
});
