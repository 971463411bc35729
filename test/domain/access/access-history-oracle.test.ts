/** Random pasts, replayed: what is answered about a moment is what an oracle reads in a snapshot that it took then. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findAccessOfPerson, listAccessChains, listHolders } from '../../../src/domain/access/access-chains.ts';
import { findEffectiveAccess } from '../../../src/domain/access/effective-access.ts';
import { createDatabase, type Database, firstRow } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type Deed, deedKinds, performDeeds, startPast } from '../../support/past/deeds.ts';
import { Snapshot } from '../../support/past/snapshot.ts';

const deeds = fc.array(
  fc.record({
    // What is done in one transaction becomes visible at one moment.
    together: fc.boolean(),
    deeds: fc.array(
      fc.record({ kind: fc.constantFrom(...deedKinds), a: fc.nat(50), b: fc.nat(50), c: fc.nat(50), from: fc.nat(30) }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  { minLength: 8, maxLength: 22 },
);

const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id).sort();

describe('access in the past and snapshots of it', () => {
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

  /** A whole millisecond that nothing happens in: later than what was done, and sooner than what comes. */
  async function quietMoment(): Promise<Date> {
    await db.raw('select pg_sleep(0.002)');
    const row = await firstRow<{ moment: Date }>(db, `select date_trunc('milliseconds', clock_timestamp()) as moment`);
    await db.raw('select pg_sleep(0.002)');
    return (row as { moment: Date }).moment;
  }

  it('agree through moves, renames, changes of roles, deactivations, dates and deletions', async () => {
    const seen = { held: 0, nothing: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(deeds, fc.nat(100), async (groups, seed) => {
        const past = await startPast(db);
        const snapshots: Snapshot[] = [await Snapshot.take(db, past.tenantId, await quietMoment())];
        for (const { together, deeds: some } of groups) {
          for (const group of together ? [some] : some.map((deed: Deed) => [deed])) {
            const done = await performDeeds(db, past, group);
            if (!done) seen.refused++;
            snapshots.push(await Snapshot.take(db, past.tenantId, await quietMoment()));
          }
        }
        const today = snapshots.at(-1) as Snapshot;
        const step = Math.ceil(snapshots.length / 8);
        const asked = snapshots.filter((_, index) => (index + seed) % step === 0);
        for (const snapshot of asked) await compare(past, snapshot, today, seed, seen);
      }),
      { numRuns: 12 },
    );
    assert.ok(seen.held > 50 && seen.nothing > 50 && seen.refused > 0, JSON.stringify(seen));
  }).timeout(300_000);

  async function compare(
    past: Awaited<ReturnType<typeof startPast>>,
    snapshot: Snapshot,
    today: Snapshot,
    seed: number,
    seen: { held: number; nothing: number },
  ): Promise<void> {
    const { tenantId } = past;
    const moment = { past: snapshot.moment };
    const nodes = today.nodes();
    const node = nodes[seed % nodes.length] as string;
    for (const userId of past.people) {
      const question = { tenantId, userId, ...moment };
      const expected = snapshot.accessOf(userId);
      seen[expected.assignments.length > 0 ? 'held' : 'nothing']++;
      const access = await findAccessOfPerson(db, question);
      assert.equal(access.mayAct, expected.mayAct);
      assert.deepEqual(access.roles, expected.roles);
      assert.deepEqual(access.capabilities, expected.capabilities);
      assert.deepEqual(
        access.assignments.map(({ id, role, orgNode, startsAt, endsAt, assignedBy }) => [
          ...[id, role, orgNode, startsAt.getTime(), endsAt?.getTime(), assignedBy],
        ]),
        expected.assignments.map(({ id, role, orgNode, startsAt, endsAt, assignedBy }) => [
          ...[id, role, orgNode, startsAt.getTime(), endsAt?.getTime(), assignedBy],
        ]),
      );
      assert.deepEqual(ids(access.visibilityGrants), ids(expected.grants));

      // What tokens are made of.
      const claims = await findEffectiveAccess(db, question);
      assert.deepEqual(ids(claims.assignments), ids(expected.assignments));
      assert.deepEqual(claims.roles, expected.roles);
      assert.deepEqual(ids(claims.visibilityGrants), ids(expected.grants));
      assert.equal(claims.earliestEnd?.getTime(), expected.earliestEnd);
      const there = await findEffectiveAccess(db, { ...question, orgNodeId: node });
      assert.deepEqual(ids(there.assignments), ids(expected.assignments.filter((it) => snapshot.counts(it, node))));

      // Reach is of today: what stands below one node now.
      const within = [nodes[(seed * 7) % nodes.length] as string];
      const reached = expected.assignments.filter((it) => today.isAtOrBelow(it.orgNodeId, within));
      const chains = await listAccessChains(db, { ...question, within, limit: 100, after: null });
      assert.deepEqual(
        chains.items.map(({ assignmentId, role, orgNode, capabilities }) => [
          ...[assignmentId, role.name, orgNode.name, capabilities.map(({ key }) => key)],
        ]),
        reached.map(({ id, role, orgNode, roleId }) => [id, role, orgNode, snapshot.carriedBy(roleId)]),
      );
    }
    for (const capability of past.capabilities) {
      const { items } = await listHolders(db, {
        tenantId,
        orgNodeId: node,
        capability,
        ...moment,
        limit: 100,
        after: null,
      });
      assert.deepEqual(
        items.map(({ assignmentId }) => assignmentId).sort(),
        ids(snapshot.holdersAt(node, capability)),
        `who could ${capability} at ${node}`,
      );
    }
  }

  it('keep no version that overlaps another, ends before it begins, or differs from what is there', async () => {
    const tables = {
      tenants: ['id'],
      users: ['id'],
      org_nodes: ['id'],
      roles: ['id'],
      capabilities: ['id'],
      role_capabilities: ['role_id', 'capability_id'],
      org_assignments: ['id'],
      visibility_grants: ['id'],
    };
    for (const [table, key] of Object.entries(tables)) {
      const same = key.map((column) => `a.${column} = b.${column}`).join(' and ');
      const overlaps = await db.raw(
        `select 1 from ${table}_history a join ${table}_history b on ${same} and a.ctid <> b.ctid
          where tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)`,
      );
      assert.equal(overlaps.rows.length, 0, `${table} overlap`);
      const isSoft = ['users', 'org_nodes', 'roles', 'capabilities'].includes(table);
      const counted = await firstRow<{ live: number; open: number }>(
        db,
        `select (select count(*) from ${table} ${isSoft ? 'where deleted_at is null' : ''}) as live,
                (select count(*) from ${table}_history where valid_to is null) as open`,
      );
      assert.equal(counted?.open, counted?.live, table);
      assert.ok((counted?.live ?? 0) > 0 || table === 'visibility_grants');
    }
  });
});
