import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  findStanding,
  holdsAt,
  mayBecome,
  mayGiveCapability,
  mayGiveRole,
  reachesPerson,
} from '../../../src/domain/access/authorise.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';

/** How many questions are put in all; each world gets some of them. */
const questions = Number(process.env.ORACLE_OPERATIONS ?? 10_000);
const questionsOfWorld = 100;

const hours = 8;
const start = Date.UTC(2024, 0, 1);
const time = (hour: number) => new Date(start + hour * 3_600_000);
const capabilityKeys = ['oracle.a', 'oracle.b', 'oracle.c', 'oracle.d'];
const seldom = (weight: number) =>
  fc.oneof({ weight, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const period = fc.record({
  from: fc.nat(hours),
  length: fc.option(fc.integer({ min: 1, max: hours }), { nil: undefined }),
});
const index = fc.nat(60);

const worlds = fc.record({
  suspended: seldom(20),
  nodes: fc.array(fc.record({ parent: index, inactive: seldom(8) }), { minLength: 2, maxLength: 10 }),
  users: fc.array(fc.record({ inactive: seldom(8), deleted: seldom(10) }), { minLength: 2, maxLength: 6 }),
  roles: fc.array(fc.record({ carries: fc.subarray([0, 1, 2, 3]), deleted: seldom(8) }), {
    minLength: 2,
    maxLength: 5,
  }),
  owners: fc.array(fc.record({ user: index, atRoot: fc.boolean(), period }), { maxLength: 2 }),
  assignments: fc.array(fc.record({ user: index, role: index, node: index, period }), { minLength: 2, maxLength: 14 }),
  grants: fc.array(fc.record({ user: index, node: index, period }), { maxLength: 4 }),
  asked: fc.array(
    fc.record({
      what: fc.constantFrom('holds', 'reads', 'changes', 'becomes', 'gives', 'gives', 'gives', 'puts', 'puts'),
      actor: index,
      user: index,
      role: index,
      node: index,
      capability: fc.nat(3),
      at: fc.nat(hours),
      end: fc.option(fc.integer({ min: 1, max: 2 * hours }), { nil: null }),
    }),
    { minLength: questionsOfWorld, maxLength: questionsOfWorld },
  ),
});

interface Node {
  id: string;
  parent: Node | undefined;
  active: boolean;
}
interface Person {
  id: string;
  acts: boolean;
  deleted: boolean;
}
interface Role {
  id: string;
  carries: Set<string>;
  isOwner: boolean;
  deleted: boolean;
}
interface Place {
  user: Person;
  node: Node;
  startsAt: Date;
  endsAt: Date | null;
}
interface Held extends Place {
  role: Role;
}

const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;

/** The rules of docs/decisions/0018, as plainly as they can be said, about one moment of a tenant. */
class Oracle {
  readonly root: Node;
  readonly held: Held[];
  readonly grants: Place[];
  readonly at: Date;

  constructor(root: Node, held: Held[], grants: Place[], at: Date) {
    this.root = root;
    this.held = held;
    this.grants = grants;
    this.at = at;
  }

  isActive(node: Node): boolean {
    return node.active && (!node.parent || this.isActive(node.parent));
  }
  isAtOrAbove(upper: Node, node: Node): boolean {
    return upper === node || (node.parent !== undefined && this.isAtOrAbove(upper, node.parent));
  }
  hasNotEnded({ endsAt }: Place): boolean {
    return endsAt === null || this.at < endsAt;
  }
  lasts(held: Place, until: Date | null): boolean {
    return held.endsAt === null || (until !== null && until <= held.endsAt);
  }
  isOwnership({ role, node }: Held): boolean {
    return role.isOwner && node === this.root;
  }

  /** What counts of a person now: begun, not ended, of a role that is there, everything above it active. */
  of(actor: Person): Held[] {
    const counts = (it: Held) =>
      it.user === actor && it.startsAt <= this.at && this.hasNotEnded(it) && !it.role.deleted && this.isActive(it.node);
    return actor.acts ? this.held.filter(counts) : [];
  }
  /** What a person holds now or later, wherever, and whether or not they may act. */
  given(user: Person): Held[] {
    return this.held.filter((it) => it.user === user && this.hasNotEnded(it) && !it.role.deleted);
  }
  carries(it: Held, capability: string): boolean {
    return this.isOwnership(it) || it.role.carries.has(capability);
  }
  holds(actor: Person, capability: string, node: Node): boolean {
    return this.of(actor).some((it) => this.carries(it, capability) && this.isAtOrAbove(it.node, node));
  }
  isOwner(actor: Person): boolean {
    return this.of(actor).some((it) => this.isOwnership(it));
  }

  reads(actor: Person, capability: string, user: Person): boolean {
    if (user.deleted) return false;
    const places = this.places(user);
    if (places.length === 0) return this.holds(actor, capability, this.root);
    return places.some(({ node }) => this.holds(actor, capability, node));
  }
  changes(actor: Person, capability: string, user: Person): boolean {
    if (user.deleted) return false;
    const places = this.places(user);
    if (places.length === 0) return this.holds(actor, capability, this.root);
    if (this.given(user).some((it) => this.isOwnership(it)) && !this.isOwner(actor)) return false;
    return places.every(({ node }) => this.holds(actor, capability, node));
  }
  places(user: Person): Place[] {
    return [...this.given(user), ...this.grants.filter((it) => it.user === user && this.hasNotEnded(it))];
  }

  /** Whether the actor could give all of a role at a node until then. */
  couldGive(actor: Person, role: Role, node: Node, until: Date | null, asOwnership: boolean): boolean {
    const there = this.of(actor).filter((it) => this.isAtOrAbove(it.node, node));
    if (asOwnership) return there.some((it) => this.isOwnership(it) && this.lasts(it, until));
    if (there.length === 0) return false;
    return [...role.carries].every((key) => there.some((it) => this.carries(it, key) && this.lasts(it, until)));
  }
  gives(actor: Person, role: Role, node: Node, until: Date | null): boolean {
    return !role.deleted && this.couldGive(actor, role, node, until, role.isOwner);
  }
  becomes(actor: Person, user: Person): boolean {
    return this.given(user).every((it) => this.couldGive(actor, it.role, it.node, it.endsAt, this.isOwnership(it)));
  }
  puts(actor: Person, role: Role, capability: string): boolean {
    if (role.deleted || (role.isOwner && !this.isOwner(actor))) return false;
    const only: Role = { ...role, carries: new Set([capability]) };
    return this.held
      .filter((it) => it.role === role && this.hasNotEnded(it))
      .every((it) => this.couldGive(actor, only, it.node, it.endsAt, false));
  }
}

type World = typeof worlds extends fc.Arbitrary<infer W> ? W : never;

/** The same world twice: in memory, and in the database. */
async function build(db: Database, capabilityIds: Map<string, string>, world: World) {
  const { id: tenantId, rootNodeId, systemRoleIds } = await make.createTenant(db);
  const root: Node = { id: rootNodeId, parent: undefined, active: true };
  const nodes: Node[] = [root];
  for (const { parent, inactive } of world.nodes)
    nodes.push({ id: newId(), parent: pick(nodes, parent), active: !inactive });
  const people: Person[] = world.users.map(({ inactive, deleted }) => ({
    id: newId(),
    acts: !inactive && !deleted && !world.suspended,
    deleted,
  }));
  const roles: Role[] = world.roles.map(({ carries, deleted }) => ({
    id: newId(),
    carries: new Set(carries.map((n) => capabilityKeys[n] as string)),
    isOwner: false,
    deleted,
  }));
  const owner: Role = {
    id: (systemRoleIds as Record<string, string>).owner as string,
    carries: new Set(),
    isOwner: true,
    deleted: false,
  };
  const carriedByOwner = await db('role_capabilities')
    .join('capabilities', 'capabilities.id', 'role_capabilities.capabilityId')
    .where({ roleId: owner.id })
    .pluck('key');
  for (const key of carriedByOwner) owner.carries.add(key);

  const placed = (user: number, node: Node, { from, length }: { from: number; length: number | undefined }): Place => ({
    user: pick(people, user),
    node,
    startsAt: time(from),
    endsAt: length === undefined ? null : time(from + length),
  });
  const held: Held[] = [];
  // One person holds one role at one place once here: periods of one another are another rule's.
  const hold = (it: Held) => {
    if (!held.some(({ user, role, node }) => user === it.user && role === it.role && node === it.node)) held.push(it);
  };
  for (const { user, atRoot, period: when } of world.owners)
    hold({ ...placed(user, atRoot ? root : pick(nodes, user), when), role: owner });
  for (const { user, role, node, period: when } of world.assignments)
    hold({ ...placed(user, pick(nodes, node), when), role: pick(roles, role) });
  const grants: Place[] = [];
  for (const { user, node, period: when } of world.grants) {
    const it = placed(user, pick(nodes, node), when);
    if (!grants.some((other) => other.user === it.user && other.node === it.node)) grants.push(it);
  }

  const gone = new Date();
  const insert = async (table: string, values: object[]) => {
    if (values.length > 0) await db(table).insert(values);
  };
  await insert(
    'org_nodes',
    nodes.slice(1).map(({ id, parent, active }) => {
      return { id, tenantId, parentId: parent?.id, type: 'branch', name: 'Branch', active };
    }),
  );
  await insert(
    'users',
    people.map(({ id, deleted }, n) => ({
      ...{ id, tenantId, email: `${id}@example.test`, state: world.users[n]?.inactive ? 'inactive' : 'active' },
      deletedAt: deleted ? gone : null,
    })),
  );
  await insert(
    'roles',
    roles.map(({ id, deleted }) => ({ id, tenantId, name: `Role ${id}`, deletedAt: deleted ? gone : null })),
  );
  await insert(
    'role_capabilities',
    roles.flatMap(({ id: roleId, carries }) =>
      [...carries].map((key) => ({ tenantId, roleId, capabilityId: capabilityIds.get(key) })),
    ),
  );
  const rowOf = ({ user, node, startsAt, endsAt }: Place) => {
    return { id: newId(), tenantId, userId: user.id, orgNodeId: node.id, startsAt, endsAt };
  };
  await insert(
    'org_assignments',
    held.map((it) => ({ ...rowOf(it), roleId: it.role.id })),
  );
  await insert(
    'visibility_grants',
    grants.map((it) => ({ ...rowOf(it), accessScope: 'read' })),
  );
  if (world.suspended) await db('tenants').where({ id: tenantId }).update({ state: 'suspended' });

  const give = async (it: Held) => {
    hold(it);
    await insert('org_assignments', [{ ...rowOf(it), roleId: it.role.id }]);
  };
  const put = async (role: Role, capability: string) => {
    role.carries.add(capability);
    await insert('role_capabilities', [{ tenantId, roleId: role.id, capabilityId: capabilityIds.get(capability) }]);
  };
  return { tenantId, root, nodes, people, roles: [...roles, owner], held, grants, give, put };
}

describe('who may administer what, and a plain reading of its rules', () => {
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

  it(`agree on ${questions} random operations of random delegates`, async function () {
    this.timeout(60_000 + questions * 10);
    const seen: Record<string, number> = {};
    const numRuns = Math.max(1, Math.ceil(questions / questionsOfWorld));
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const made = await build(db, capabilityIds, world);
        const { tenantId, root, nodes, people, roles, held, grants } = made;
        const atFirst = held.map((it) => ({ ...it, carries: new Set(it.role.carries) }));
        // Time goes on: what has ended does not come back by an earlier question.
        const inOrder = world.asked.toSorted((a, b) => a.at - b.at);
        for (const asked of inOrder) {
          const at = time(asked.at);
          const actor = pick(people, asked.actor);
          const user = pick(people, asked.user);
          const role = pick(roles, asked.role);
          const node = pick(nodes, asked.node);
          const capability = capabilityKeys[asked.capability] as string;
          const endsAt = asked.end === null ? null : time(asked.end);
          const plain = new Oracle(root, held, grants, at);
          const standing = await findStanding(db, { tenantId, of: { person: actor.id }, at });
          assert.ok(standing);
          const answers = {
            holds: () => [plain.holds(actor, capability, node), holdsAt(db, standing, capability, node.id)],
            reads: () => [
              plain.reads(actor, capability, user),
              reachesPerson(db, standing, { capability, userId: user.id, to: 'read' }),
            ],
            changes: () => [
              plain.changes(actor, capability, user),
              reachesPerson(db, standing, { capability, userId: user.id, to: 'change' }),
            ],
            becomes: () => [plain.becomes(actor, user), mayBecome(db, standing, user.id)],
            gives: () => [
              plain.gives(actor, role, node, endsAt),
              mayGiveRole(db, standing, { roleId: role.id, orgNodeId: node.id, endsAt }),
            ],
            puts: () => [
              plain.puts(actor, role, capability),
              mayGiveCapability(db, standing, { roleId: role.id, capability }),
            ],
          };
          const [expected, answered] = await Promise.all(answers[asked.what as keyof typeof answers]());
          assert.equal(answered, expected, `${asked.what} at ${at.toISOString()}`);
          seen[`${asked.what} ${answered}`] = (seen[`${asked.what} ${answered}`] ?? 0) + 1;

          // What may be given is given, and so the world goes on.
          const isNew = !held.some((it) => it.user === user && it.role === role && it.node === node);
          if (asked.what === 'gives' && answered && isNew && !user.deleted && (endsAt === null || endsAt > at))
            await made.give({ user, role, node, startsAt: at, endsAt });
          if (asked.what === 'puts' && answered && !role.isOwner && !role.carries.has(capability))
            await made.put(role, capability);
        }
        // Nobody holds what nobody had: each capability comes from one at or above that place, which lasts as long.
        const plain = new Oracle(root, held, grants, time(inOrder.at(-1)?.at ?? 0));
        for (const it of held.filter((one) => !one.role.deleted && plain.hasNotEnded(one)))
          for (const key of it.role.carries) {
            const from = atFirst.some(
              (first) =>
                (first.carries.has(key) || plain.isOwnership(first)) &&
                plain.isAtOrAbove(first.node, it.node) &&
                plain.lasts(first, it.endsAt),
            );
            assert.ok(from, `${key} came from nowhere`);
          }
      }),
      { numRuns, seed: Number(process.env.ORACLE_SEED ?? 18), endOnFailure: true },
    );
    for (const what of ['holds', 'reads', 'changes', 'becomes', 'gives', 'puts'])
      for (const answer of [true, false]) assert.ok((seen[`${what} ${answer}`] ?? 0) > 0, `never ${what} ${answer}`);
  });
});
