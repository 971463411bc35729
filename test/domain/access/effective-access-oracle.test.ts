import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type AccessChain,
  findAccessOfPerson,
  listAccessChains,
  listHolders,
} from '../../../src/domain/access/access-chains.ts';
import { selectPermittedNodes, selectPermittedUsers } from '../../../src/domain/access/decision-store.ts';
import { findEffectiveAccess } from '../../../src/domain/access/effective-access.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import type { Page } from '../../../src/platform/paging.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';

/** Times are whole hours, few of them: periods touch, and questions fall on their ends. */
const hours = 8;
const start = Date.UTC(2024, 0, 1);
const time = (hour: number) => new Date(start + hour * 3_600_000);

/** An API that asks: of capabilities that are of none, as these are. */
const resourceServerId = newId();
const named = (name: string) => ({ name, properties: {} });

const capabilityKeys = ['oracle.a', 'oracle.b', 'oracle.c', 'oracle.d'];
const sometimes = (weight: number) =>
  fc.oneof({ weight, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const period = fc.record({
  from: fc.nat(hours),
  length: fc.option(fc.integer({ min: 1, max: hours }), { nil: undefined }),
});

const worlds = fc.record({
  suspended: sometimes(12),
  nodes: fc.array(fc.record({ parent: fc.nat(20), inactive: sometimes(6), deleted: sometimes(8) }), { maxLength: 12 }),
  users: fc.array(fc.record({ inactive: sometimes(6), deleted: sometimes(6) }), { minLength: 1, maxLength: 4 }),
  roles: fc.array(fc.record({ carries: fc.subarray([0, 1, 2, 3]), deleted: sometimes(5) }), {
    minLength: 1,
    maxLength: 4,
  }),
  assignments: fc.array(fc.record({ user: fc.nat(9), role: fc.nat(9), node: fc.nat(20), period }), { maxLength: 16 }),
  grants: fc.array(
    fc.record({
      user: fc.nat(9),
      node: fc.nat(20),
      scope: fc.constantFrom('read' as const, 'analyze' as const),
      period,
    }),
    { maxLength: 6 },
  ),
  questions: fc.uniqueArray(fc.nat(2 * hours), { minLength: 1, maxLength: 3 }),
});

interface Node {
  id: string;
  parent: Node | undefined;
  active: boolean;
  deleted: boolean;
}
interface Period {
  startsAt: Date;
  endsAt: Date | null;
}
interface Person {
  id: string;
  acts: boolean;
}
interface Role {
  id: string;
  name: string;
  carries: string[];
  deleted: boolean;
}
interface Assignment extends Period {
  id: string;
  user: Person;
  role: Role;
  node: Node;
}
interface Grant extends Period {
  id: string;
  user: Person;
  node: Node;
  scope: 'read' | 'analyze';
}

function pick<T>(list: T[], index: number): T {
  return list[index % list.length] as T;
}

function ids(list: { id: string }[]): string[] {
  return list.map(({ id }) => id).sort();
}

/** The rules of docs/access-model.md, as plainly as they can be said. */
const oracle = {
  isReachable(node: Node): boolean {
    return node.active && !node.deleted && (!node.parent || oracle.isReachable(node.parent));
  },
  isAtOrAbove(upper: Node, node: Node): boolean {
    return upper === node || (node.parent !== undefined && oracle.isAtOrAbove(upper, node.parent));
  },
  isLive({ startsAt, endsAt }: Period, at: Date): boolean {
    return startsAt <= at && (endsAt === null || at < endsAt);
  },
  overlap(a: Period, b: Period): boolean {
    return (a.endsAt === null || b.startsAt < a.endsAt) && (b.endsAt === null || a.startsAt < b.endsAt);
  },
  counts(held: Assignment, at: Date): boolean {
    return held.user.acts && !held.role.deleted && oracle.isLive(held, at) && oracle.isReachable(held.node);
  },
};

describe('effective access and a plain reading of its rules', () => {
  let database: TestDatabase;
  let db: Database;
  const capabilityIds = new Map(capabilityKeys.map((key) => [key, newId()]));

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url });
    await db('capabilities').insert([...capabilityIds].map(([key, id]) => ({ id, key })));
  });

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  it('agree on random trees, at random times', async () => {
    const seen = { held: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const { id: tenantId, rootNodeId } = await make.createTenant(db);

        const nodes: Node[] = [{ id: rootNodeId, parent: undefined, active: true, deleted: false }];
        for (const { parent, inactive, deleted } of world.nodes) {
          const above = pick(nodes, parent);
          nodes.push({ id: newId(), parent: above, active: !inactive, deleted: deleted || above.deleted });
        }
        const people: Person[] = world.users.map(({ inactive, deleted }) => ({
          id: newId(),
          acts: !inactive && !deleted && !world.suspended,
        }));
        const roles: Role[] = world.roles.map(({ carries, deleted }, n) => ({
          id: newId(),
          name: `Role ${n}`,
          carries: carries.map((index) => capabilityKeys[index] ?? ''),
          deleted,
        }));
        const periodOf = ({ from, length }: { from: number; length: number | undefined }): Period => ({
          startsAt: time(from),
          endsAt: length === undefined ? null : time(from + length),
        });
        const assignments: Assignment[] = [];
        for (const wanted of world.assignments) {
          const [user, role, node] = [pick(people, wanted.user), pick(roles, wanted.role), pick(nodes, wanted.node)];
          const made = { id: newId(), user, role, node, ...periodOf(wanted.period) };
          const isTaken = assignments.some(
            (it) => it.user === user && it.role === role && it.node === node && oracle.overlap(it, made),
          );
          if (!isTaken) assignments.push(made);
        }
        const grants: Grant[] = [];
        for (const wanted of world.grants) {
          const [user, node, scope] = [pick(people, wanted.user), pick(nodes, wanted.node), wanted.scope];
          const made = { id: newId(), user, node, scope, ...periodOf(wanted.period) };
          const isTaken = grants.some(
            (it) => it.user === user && it.node === node && it.scope === scope && oracle.overlap(it, made),
          );
          if (!isTaken) grants.push(made);
        }

        const gone = new Date();
        const insert = async (table: string, values: object[]) => {
          if (values.length > 0) await db(table).insert(values);
        };
        await insert(
          'org_nodes',
          nodes.slice(1).map(({ id, parent, active, deleted }) => ({
            ...{ id, tenantId, parentId: parent?.id, type: 'branch', name: 'Branch', active },
            deletedAt: deleted ? gone : null,
          })),
        );
        await insert(
          'users',
          people.map(({ id }, n) => ({
            ...{ id, tenantId, email: `${id}@example.test`, state: world.users[n]?.inactive ? 'inactive' : 'active' },
            deletedAt: world.users[n]?.deleted ? gone : null,
          })),
        );
        await insert(
          'roles',
          roles.map(({ id, name, deleted }) => ({ id, tenantId, name, deletedAt: deleted ? gone : null })),
        );
        await insert(
          'role_capabilities',
          roles.flatMap(({ id: roleId, carries }) =>
            carries.map((key) => ({ tenantId, roleId, capabilityId: capabilityIds.get(key) })),
          ),
        );
        await insert(
          'org_assignments',
          assignments.map(({ id, user, role, node, startsAt, endsAt }) => ({
            ...{ id, tenantId, userId: user.id, roleId: role.id, orgNodeId: node.id, startsAt, endsAt },
          })),
        );
        await insert(
          'visibility_grants',
          grants.map(({ id, user, node, scope, startsAt, endsAt }) => ({
            ...{ id, tenantId, userId: user.id, orgNodeId: node.id, accessScope: scope, startsAt, endsAt },
          })),
        );
        if (world.suspended) await db('tenants').where({ id: tenantId }).update({ state: 'suspended' });

        for (const at of world.questions.map(time)) {
          for (const user of people) {
            const held = assignments.filter((it) => it.user === user && oracle.counts(it, at));
            const seeing = grants.filter(
              (it) => it.user === user && user.acts && oracle.isLive(it, at) && oracle.isReachable(it.node),
            );
            const access = await findEffectiveAccess(db, { tenantId, userId: user.id, at });
            assert.deepEqual(ids(access.assignments), ids(held));
            assert.deepEqual(ids(access.visibilityGrants), ids(seeing));
            assert.deepEqual(access.roles, [...new Set(held.map(({ role }) => role.name))].sort());
            assert.deepEqual(access.capabilities, [...new Set(held.flatMap(({ role }) => role.carries))].sort());
            const ends = [...held, ...seeing].flatMap(({ endsAt }) => (endsAt ? [endsAt.getTime()] : []));
            assert.equal(access.earliestEnd?.getTime(), ends.length > 0 ? Math.min(...ends) : undefined);
            seen[held.length > 0 ? 'held' : 'refused']++;

            // The person who asks reaches what stands at or below one node; the last ones are leaves, the first is the root.
            for (const top of [nodes[0], nodes.at(-1)] as Node[]) {
              const reached = (it: Assignment | Grant) => oracle.isAtOrAbove(top, it.node);
              const question = { tenantId, userId: user.id, at, within: [top.id] };
              const shown = await findAccessOfPerson(db, question);
              assert.deepEqual(ids(shown.assignments), ids(held.filter(reached)));
              assert.deepEqual(ids(shown.visibilityGrants), ids(seeing.filter(reached)));
              const carried = held.filter(reached).flatMap(({ role }) => role.carries);
              assert.deepEqual(shown.capabilities, [...new Set(carried)].sort());
              assert.equal(shown.mayAct, user.acts);
              const chains = await everyChain((after) => listAccessChains(db, { ...question, limit: 2, after }));
              assert.deepEqual(chains.map(({ assignmentId }) => assignmentId).sort(), ids(held.filter(reached)));
              for (const { assignmentId, capabilities } of chains)
                assert.deepEqual(
                  capabilities.map(({ key }) => key),
                  held.find(({ id }) => id === assignmentId)?.role.carries.toSorted(),
                );
            }

            const may = (node: Node, key: string) =>
              oracle.isReachable(node) &&
              held.some((it) => oracle.isAtOrAbove(it.node, node) && it.role.carries.includes(key));
            for (const node of nodes)
              assert.deepEqual(
                (await findEffectiveAccess(db, { tenantId, userId: user.id, orgNodeId: node.id, at })).capabilities,
                capabilityKeys.filter((key) => may(node, key)),
              );
            for (const node of nodes.slice(-3)) {
              const there = await findEffectiveAccess(db, { tenantId, userId: user.id, orgNodeId: node.id, at });
              const countsHere = (it: Assignment | Grant) =>
                oracle.isReachable(node) && oracle.isAtOrAbove(it.node, node);
              assert.deepEqual(ids(there.assignments), ids(held.filter(countsHere)));
              assert.deepEqual(ids(there.visibilityGrants), ids(seeing.filter(countsHere)));
            }
            for (const capability of capabilityKeys.slice(0, 2)) {
              const query = { tenantId, userId: user.id, action: named(capability), at, resourceServerId, type: null };
              const found = await everyPage((page) => selectPermittedNodes(db, { ...query, ...page }));
              assert.deepEqual(found, ids(nodes.filter((node) => may(node, capability))));
            }
          }
          for (const node of nodes.slice(0, 4)) {
            const query = {
              tenantId,
              orgNodeId: node.id,
              capability: pick(capabilityKeys, nodes.length),
              at,
              limit: 2,
            };
            const who = { tenantId, orgNodeId: node.id, action: named(query.capability), at, resourceServerId };
            const found = await everyPage((page) => selectPermittedUsers(db, { ...who, ...page }));
            const holders = assignments.filter(
              (it) =>
                oracle.counts(it, at) &&
                oracle.isReachable(node) &&
                oracle.isAtOrAbove(it.node, node) &&
                it.role.carries.includes(query.capability),
            );
            assert.deepEqual(found, ids([...new Set(holders.map(({ user }) => user))]));
            for (const top of [nodes[0], nodes[1] ?? nodes[0]] as Node[]) {
              const asked = { ...query, within: [top.id] };
              const chains = await everyChain((after) => listHolders(db, { ...asked, after }));
              const reached = holders.filter((it) => oracle.isAtOrAbove(top, it.node));
              assert.deepEqual(chains.map(({ assignmentId }) => assignmentId).sort(), ids(reached));
              assert.deepEqual(
                chains.map(({ user }) => user.id),
                chains.map(({ user }) => user.id).sort(),
              );
            }
          }
        }
      }),
      { numRuns: 60 },
    );
    // Neither answer is so rare that the agreement says nothing.
    assert.ok(seen.held > 20 && seen.refused > 20, JSON.stringify(seen));
  }).timeout(120_000);

  async function everyChain(page: (after: string | null) => Promise<Page<AccessChain>>): Promise<AccessChain[]> {
    const found: AccessChain[] = [];
    let after: string | null = null;
    do {
      const { items, next }: Page<AccessChain> = await page(after);
      assert.ok(items.length <= 2);
      found.push(...items);
      after = next;
    } while (after !== null);
    return found;
  }

  async function everyPage(
    page: (of: { after: string; limit: number }) => Promise<{ id: string }[]>,
  ): Promise<string[]> {
    const found: string[] = [];
    let items: { id: string }[];
    do {
      items = await page({ after: found.at(-1) ?? '00000000-0000-0000-0000-000000000000', limit: 2 });
      assert.ok(items.length <= 2);
      found.push(...items.map(({ id }) => id));
    } while (items.length > 0);
    return found;
  }
});
