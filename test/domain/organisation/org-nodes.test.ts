import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import {
  activateOrgNode,
  createOrgNode,
  deactivateOrgNode,
  deleteOrgNode,
  findOrgNode,
  findRootNode,
  listOrgNodes,
  moveOrgNode,
  type OrgNode,
  updateOrgNode,
} from '../../../src/domain/organisation/org-nodes.ts';
import { findPlacePaths } from '../../../src/domain/organisation/place-paths.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import type { Page } from '../../../src/platform/paging.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';

describe('organisation nodes', () => {
  let database: TestDatabase;
  let db: Database;
  let tenant: NewTenant;
  let other: NewTenant;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url });
    other = await make.createTenant(db);
  });

  beforeEach(async () => {
    tenant = await make.createTenant(db);
  });

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const node = (name: string, parentId = tenant.rootNodeId) =>
    make.createNode(db, { tenantId: tenant.id, name, parentId });
  const named = (orgNodeId: string) => ({ tenantId: tenant.id, orgNodeId });

  async function events(orgNodeId: string): Promise<[string, object][]> {
    const found = await rows<{ action: string; payload: object }>(
      db,
      `select action, payload from audit_events where entity_type = 'org_node' and entity_id = ? order by occurred_at, id`,
      [orgNodeId],
    );
    return found.map(({ action, payload }) => [action, payload]);
  }

  it('are made below another, and recorded', async () => {
    const person = await make.createUser(db, { tenantId: tenant.id });
    const wanted = { tenantId: tenant.id, parentId: tenant.rootNodeId, type: ' school ', name: ' Nordics ' };
    const made = await createOrgNode(db, wanted, { type: 'user', id: person.id });
    assert.deepEqual(await findOrgNode(db, named(made.id)), made);
    assert.deepEqual(
      [made.type, made.name, made.active, made.parentId],
      ['school', 'Nordics', true, tenant.rootNodeId],
    );
    assert.deepEqual(await events(made.id), [
      ['org_node.created', { name: 'Nordics', type: 'school', parentId: tenant.rootNodeId }],
    ]);
    const [row] = await db('org_nodes').select('createdBy').where({ id: made.id });
    assert.deepEqual(row, { createdBy: person.id });
  });

  it('made by an operator of another tenant name nobody, and the trail names them', async () => {
    const operator = await make.createUser(db, { tenantId: other.id });
    const wanted = { tenantId: tenant.id, parentId: tenant.rootNodeId, type: 'branch', name: 'North' };
    const { id } = await createOrgNode(db, wanted, { type: 'user', id: operator.id });
    const [row] = await db('org_nodes').select('createdBy').where({ id });
    assert.deepEqual(row, { createdBy: null });
    const [event] = await db('audit_events').select('actorId').where({ entityId: id });
    assert.deepEqual(event, { actorId: operator.id });
  });

  it('need a parent that is there, alive and in the same tenant', async () => {
    const gone = await node('Gone');
    await deleteOrgNode(db, named(gone.id), systemCaller);
    for (const parentId of [newId(), 'not-an-id', gone.id, other.rootNodeId]) {
      const refused = { kind: 'invalid', code: 'ORG_PARENT_INVALID' };
      await assert.rejects(node('Orphan', parentId), refused);
      const lost = await node('Lost');
      await assert.rejects(moveOrgNode(db, { ...named(lost.id), parentId }, systemCaller), refused);
    }
    await assert.rejects(make.createNode(db, { tenantId: newId(), parentId: newId() }), { code: 'ORG_PARENT_INVALID' });
  });

  it('need a name and a type', async () => {
    await assert.rejects(node('  '), { code: 'FIELD_REQUIRED', params: { field: 'name' } });
    const nameless = { tenantId: tenant.id, parentId: tenant.rootNodeId, name: 'A', type: '' };
    await assert.rejects(createOrgNode(db, nameless, systemCaller), {
      code: 'FIELD_REQUIRED',
      params: { field: 'type' },
    });
    const { id } = await node('A');
    await assert.rejects(updateOrgNode(db, { ...named(id), name: '\u0007' }, systemCaller), { code: 'INVALID_INPUT' });
  });

  it('are renamed, moved, switched off and on and deleted, each recorded once', async () => {
    const [from, to] = [await node('From'), await node('To')];
    const { id } = await node('A', from.id);
    for (let twice = 0; twice < 2; twice++) {
      assert.equal((await updateOrgNode(db, { ...named(id), name: 'B' }, systemCaller)).name, 'B');
      assert.equal((await moveOrgNode(db, { ...named(id), parentId: to.id }, systemCaller)).parentId, to.id);
    }
    for (let twice = 0; twice < 2; twice++)
      assert.equal((await deactivateOrgNode(db, named(id), systemCaller)).active, false);
    for (let twice = 0; twice < 2; twice++)
      assert.equal((await activateOrgNode(db, named(id), systemCaller)).active, true);
    await deleteOrgNode(db, named(id), systemCaller);
    assert.equal(await findOrgNode(db, named(id)), undefined);
    assert.deepEqual(await events(id), [
      ['org_node.created', { name: 'A', type: 'branch', parentId: from.id }],
      ['org_node.renamed', { from: { name: 'A' }, to: { name: 'B' } }],
      ['org_node.moved', { from: from.id, to: to.id }],
      ['org_node.deactivated', {}],
      ['org_node.activated', {}],
      ['org_node.deleted', { name: 'B', parentId: to.id }],
    ]);
  });

  it('are not moved below themselves', async () => {
    const a = await node('A');
    const b = await node('B', a.id);
    const c = await node('C', b.id);
    for (const parentId of [a.id, b.id, c.id])
      await assert.rejects(moveOrgNode(db, { ...named(a.id), parentId }, systemCaller), {
        kind: 'conflict',
        code: 'ORG_CYCLE',
      });
    assert.equal((await events(a.id)).length, 1);
  });

  it('are not deleted while something stands below them', async () => {
    const a = await node('A');
    const b = await node('B', a.id);
    const refused = { kind: 'conflict', code: 'ORG_HAS_CHILDREN' };
    await assert.rejects(deleteOrgNode(db, named(a.id), systemCaller), refused);
    await deactivateOrgNode(db, named(b.id), systemCaller);
    await assert.rejects(deleteOrgNode(db, named(a.id), systemCaller), refused);
    await deleteOrgNode(db, named(b.id), systemCaller);
    await deleteOrgNode(db, named(a.id), systemCaller);
    await deleteOrgNode(db, named(a.id), systemCaller);
    assert.equal((await events(a.id)).filter(([action]) => action === 'org_node.deleted').length, 1);
    await assert.rejects(deleteOrgNode(db, named(newId()), systemCaller), { kind: 'not_found', code: 'NOT_FOUND' });
  });

  it('leave the root as it is', async () => {
    const root = named(tenant.rootNodeId);
    const child = await node('Child');
    const refused = { kind: 'conflict', code: 'ORG_ROOT_FIXED' };
    await assert.rejects(moveOrgNode(db, { ...root, parentId: child.id }, systemCaller), refused);
    await assert.rejects(updateOrgNode(db, { ...root, name: 'Elsewhere' }, systemCaller), refused);
    await assert.rejects(deactivateOrgNode(db, root, systemCaller), refused);
    await assert.rejects(deleteOrgNode(db, root, systemCaller), refused);
    const kept = await findRootNode(db, tenant.id);
    assert.deepEqual([kept?.name, kept?.active, kept?.parentId], [tenant.name, true, null]);
  });

  it('of another tenant are not found', async () => {
    const theirs = await make.createNode(db, { tenantId: other.id });
    const missing = { kind: 'not_found', code: 'NOT_FOUND', params: { entity: 'org_node' } };
    for (const orgNodeId of [theirs.id, other.rootNodeId, newId(), 'not-an-id', '']) {
      assert.equal(await findOrgNode(db, named(orgNodeId)), undefined);
      await assert.rejects(updateOrgNode(db, { ...named(orgNodeId), name: 'Mine' }, systemCaller), missing);
      await assert.rejects(
        moveOrgNode(db, { ...named(orgNodeId), parentId: tenant.rootNodeId }, systemCaller),
        missing,
      );
      await assert.rejects(activateOrgNode(db, named(orgNodeId), systemCaller), missing);
      await assert.rejects(deactivateOrgNode(db, named(orgNodeId), systemCaller), missing);
      await assert.rejects(deleteOrgNode(db, named(orgNodeId), systemCaller), missing);
    }
    assert.deepEqual(await findOrgNode(db, { tenantId: other.id, orgNodeId: theirs.id }), theirs);
  });

  describe('listing nodes', () => {
    it('gives page after page in the order of ids, without what is deleted', async () => {
      const made = [];
      for (let n = 0; n < 5; n++) made.push((await node(`Page ${n}`)).id);
      await deleteOrgNode(db, named(made[2] ?? ''), systemCaller);
      await deactivateOrgNode(db, named(made[3] ?? ''), systemCaller);
      const expected = [tenant.rootNodeId, ...made.filter((_, n) => n !== 2)].sort();
      const found: string[] = [];
      let after: string | null = null;
      do {
        const page: Page<OrgNode> = await listOrgNodes(db, { tenantId: tenant.id, limit: 2, after });
        assert.ok(page.items.length <= 2);
        found.push(...page.items.map(({ id }) => id));
        after = page.next;
      } while (after !== null);
      assert.deepEqual(found, expected);
    });

    it('of a subtree or of the children of one node', async () => {
      const a = await node('A');
      const b = await node('B', a.id);
      const c = await node('C', b.id);
      await node('Aside');
      const ids = async (query: object) =>
        (await listOrgNodes(db, { tenantId: tenant.id, ...query })).items.map(({ name }) => name);
      assert.deepEqual(await ids({ below: a.id }), ['A', 'B', 'C']);
      assert.deepEqual(await ids({ below: a.id, after: a.id }), ['B', 'C']);
      assert.deepEqual(await ids({ parentId: a.id }), ['B']);
      assert.deepEqual(await ids({ below: a.id, parentId: b.id }), ['C']);
      assert.deepEqual(await ids({ parentId: tenant.rootNodeId }), ['A', 'Aside']);
      assert.deepEqual(await ids({ parentId: c.id }), []);
      assert.deepEqual(await ids({ below: other.rootNodeId }), []);
      assert.deepEqual(await ids({ parentId: other.rootNodeId }), []);
      assert.deepEqual(await ids({ below: 'not-an-id' }), []);
    });
  });

  it('say where they stand', async () => {
    const a = await node('A');
    const b = await node('B', a.id);
    const theirs = await make.createNode(db, { tenantId: other.id });
    const paths = await findPlacePaths(db, tenant.id, [b.id, a.id, tenant.rootNodeId, b.id, theirs.id]);
    assert.deepEqual(
      paths,
      new Map([
        [a.id, [tenant.name]],
        [b.id, [tenant.name, 'A']],
      ]),
    );
    assert.deepEqual(await findPlacePaths(db, tenant.id, []), new Map());
  });

  describe('changing a tree from two sides at once', () => {
    async function cycles(): Promise<number> {
      const found = await rows(
        db,
        `select from org_node_paths above
           join org_node_paths below on below.ancestor_id = above.descendant_id and below.descendant_id = above.ancestor_id
          where above.depth > 0 and above.tenant_id = ?`,
        [tenant.id],
      );
      return found.length;
    }

    it('never closes a cycle', async () => {
      for (let round = 0; round < 10; round++) {
        const [a, b] = [await node('A'), await node('B')];
        const moves = await Promise.allSettled([
          moveOrgNode(db, { ...named(a.id), parentId: b.id }, systemCaller),
          moveOrgNode(db, { ...named(b.id), parentId: a.id }, systemCaller),
        ]);
        const refused = moves.filter(({ status }) => status === 'rejected');
        assert.equal(refused.length, 1);
        assert.equal((refused[0] as PromiseRejectedResult).reason.code, 'ORG_CYCLE');
        assert.equal(await cycles(), 0);
      }
    });

    it('never closes a cycle, even past the domain', async () => {
      const [a, b] = [await node('A'), await node('B')];
      const [first, second] = [await db.transaction(), await db.transaction()];
      await first('org_nodes').where({ id: a.id }).update({ parentId: b.id });
      // Waits for the lock until the first commits, and must then see what it did.
      const waiting = assert.rejects(async () => second('org_nodes').where({ id: b.id }).update({ parentId: a.id }), {
        constraint: 'org_nodes_no_cycle',
      });
      await first.commit();
      await waiting;
      await second.rollback();
      assert.equal(await cycles(), 0);
    });

    it('leaves nothing alive below what is deleted', async () => {
      for (let round = 0; round < 10; round++) {
        const a = await node('A');
        const [made, deleted] = await Promise.allSettled([
          node('Child', a.id),
          deleteOrgNode(db, named(a.id), systemCaller),
        ]);
        assert.notEqual(made.status, deleted.status);
        const reason = (made.status === 'rejected' ? made : (deleted as PromiseRejectedResult)).reason;
        assert.equal(reason.code, made.status === 'rejected' ? 'ORG_PARENT_INVALID' : 'ORG_HAS_CHILDREN');
      }
    });

    it('is refused under a snapshot that hides what others did', async () => {
      const [a, b] = [await node('A'), await node('B')];
      for (const isolationLevel of ['repeatable read', 'serializable'] as const) {
        const move = db.transaction((trx) => trx('org_nodes').where({ id: a.id }).update({ parentId: b.id }), {
          isolationLevel,
        });
        await assert.rejects(move, { code: '25000' });
      }
    });

    it('does not hold up another tenant', async () => {
      const held = await db.transaction();
      await held('org_nodes').insert({
        tenantId: tenant.id,
        parentId: tenant.rootNodeId,
        type: 'branch',
        name: 'Held',
      });
      await make.createNode(db, { tenantId: other.id });
      await held.rollback();
    });
  });
});
