import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { findEffectiveAccess } from '../../../src/domain/access/effective-access.ts';
import { listRoles } from '../../../src/domain/access/roles.ts';
import { findWholeTree, type TreeNode } from '../../../src/domain/organisation/whole-tree.ts';
import type { AppliedConfiguration } from '../../../src/management/configuration/apply-configuration.ts';
import type { NodeEntry } from '../../../src/management/configuration/tree.ts';
import { type ConfigurationBench, createConfigurationBench } from '../../support/configuration.ts';
import { assign, createUser } from '../../support/factories.ts';

interface Wanted {
  roles: Record<string, { capabilities: string[] }>;
  services: Record<string, { name: string; capabilities: string[] }>;
  tree: NodeEntry[];
}

const keys = ['a.do', 'b.do', 'c.do', 'd.do'];
const seed = randomInt(2 ** 31);

/** The same numbers for the same seed (mulberry32). */
function numbers(from: number): (below: number) => number {
  let state = from;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

describe(`random changes of a configuration (seed ${seed})`, function () {
  this.timeout(240_000);
  const below = numbers(seed);
  const some = <T>(list: readonly T[]): T[] => list.filter(() => below(2) === 0);
  const one = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  let bench: ConfigurationBench;
  let tenantId: string;
  const people: string[] = [];
  let made = 0;

  before(async () => {
    bench = await createConfigurationBench();
  });
  after(() => bench?.close());

  const newNode = (): NodeEntry => {
    made += 1;
    return { name: `Node ${below(4)}`, type: one(['school', 'region']), ...(below(4) > 0 && { key: `key-${made}` }) };
  };
  const listOf = (list: NodeEntry[]): NodeEntry[][] => [list, ...list.flatMap((node) => listOf(node.below ?? []))];

  /** Somewhere in the tree, but for what is being moved. */
  function putSomewhere(tree: NodeEntry[], node: NodeEntry): void {
    const places = listOf(tree).flat();
    const parent = below(3) === 0 || places.length === 0 ? undefined : one(places);
    if (parent) parent.below = [...(parent.below ?? []), node];
    else tree.push(node);
  }

  function changeTree(tree: NodeEntry[]): void {
    for (let times = below(4); times > 0; times -= 1) putSomewhere(tree, newNode());
    for (let times = below(5); times > 0; times -= 1) {
      const filled = listOf(tree).filter((list) => list.length > 0);
      if (filled.length === 0) return;
      const list = one(filled);
      const node = one(list);
      const kind = below(5);
      if (kind === 0) node.name = `Node ${below(4)}`;
      else if (kind === 1) node.active = below(2) === 0;
      else if (kind === 2) node.type = one(['school', 'region', 'branch']);
      else {
        list.splice(list.indexOf(node), 1);
        if (kind === 3) putSomewhere(tree, node);
      }
    }
  }

  function changed(before: Wanted): Wanted {
    const wanted = structuredClone(before);
    changeTree(wanted.tree);
    for (const name of Object.keys(wanted.roles)) {
      if (below(5) === 0) delete wanted.roles[name];
      else if (below(2) === 0) wanted.roles[name] = { capabilities: some(keys) };
    }
    wanted.roles[`Role ${below(4)}`] = { capabilities: some(keys) };
    wanted.services[`service-${below(3)}`] = { name: one(['One', 'Two']), capabilities: some(keys) };
    return wanted;
  }

  const documentOf = ({ roles, services, tree }: Wanted) => ({
    gatehouse: 1,
    capabilities: Object.fromEntries(keys.map((key) => [key, { description: key }])),
    tenants: { random: { name: 'Random', roles, services, tree } },
  });

  /** Somebody more, with a role somewhere. */
  async function settle(): Promise<void> {
    const { items: roles } = await listRoles(bench.db, { tenantId });
    const tree = await findWholeTree(bench.db, tenantId);
    const { id: userId } = await createUser(bench.db, { tenantId });
    people.push(userId);
    const places = new Set([one(tree).id, one(tree).id]);
    for (const orgNodeId of places) await assign(bench.db, { tenantId, userId, roleId: one(roles).id, orgNodeId });
  }

  /** What everybody has everywhere, by the rule that decides it. */
  async function everything(tree: readonly TreeNode[]): Promise<Map<string, Set<string>>> {
    const found = new Map<string, Set<string>>();
    for (const userId of people)
      for (const { id: orgNodeId } of tree) {
        const { capabilities } = await findEffectiveAccess(bench.db, { tenantId, userId, orgNodeId });
        found.set(`${userId} ${orgNodeId}`, new Set(capabilities));
      }
    return found;
  }

  function lineOf(tree: readonly TreeNode[], id: string): string[] {
    const node = tree.find((other) => other.id === id);
    return node ? [id, ...(node.parentId === null ? [] : lineOf(tree, node.parentId))] : [];
  }

  interface Moment {
    tree: TreeNode[];
    has: Map<string, Set<string>>;
  }

  /** What one moment has and the other has not, at nodes that both have: all of it is told, and nothing else. */
  function assertTold(told: AppliedConfiguration['access'][number]['gains'], more: Moment, less: Moment): void {
    const own = told.filter(({ kind }) => kind === 'person');
    for (const { id, orgNodeId, capabilities } of own)
      for (const capability of capabilities.filter((key) => keys.includes(key))) {
        assert.ok(
          more.has.get(`${id} ${orgNodeId}`)?.has(capability),
          'who is said to differ has it at the one moment',
        );
        assert.ok(!less.has.get(`${id} ${orgNodeId}`)?.has(capability), 'and not at the other');
      }
    for (const [at, capabilities] of more.has) {
      const [id = '', orgNodeId = ''] = at.split(' ');
      const other = less.has.get(at);
      for (const capability of other ? capabilities : []) {
        if (other?.has(capability) || !keys.includes(capability)) continue;
        const line = lineOf(more.tree, orgNodeId);
        const isTold = own.some(
          (one) => one.id === id && line.includes(one.orgNodeId ?? '') && one.capabilities.includes(capability),
        );
        assert.ok(isTold, `${id} at ${orgNodeId}: ${capability}`);
      }
    }
  }

  it('are brought about, leave nothing to do, and tell all who gain and lose something', async () => {
    let wanted: Wanted = { roles: { 'Role 0': { capabilities: keys } }, services: {}, tree: [newNode(), newNode()] };
    await bench.apply(documentOf(wanted));
    tenantId = (await bench.db('tenants').where({ slug: 'random' }).first('id')).id;
    for (let round = 0; round < 8; round += 1) {
      await settle();
      const tree = await findWholeTree(bench.db, tenantId);
      const before: Moment = { tree, has: await everything(tree) };
      wanted = changed(wanted);
      const source = documentOf(wanted);
      const planned = await bench.plan(source, { prune: true });
      assert.deepEqual(await findWholeTree(bench.db, tenantId), tree, 'a plan leaves nothing');
      const applied = await bench.apply(source, { prune: true, agreedTo: planned.digest });
      assert.equal(applied.changes.length, planned.changes.length);
      const now = await findWholeTree(bench.db, tenantId);
      const after: Moment = { tree: now, has: await everything(now) };
      const [difference = { gains: [], losses: [] }] = applied.access;
      assertTold(difference.losses, before, after);
      assertTold(difference.gains, after, before);
      assert.deepEqual((await bench.plan(source, { prune: true })).changes, []);
      assert.deepEqual((await bench.plan(await bench.export(), { prune: true })).changes, []);
    }
  });
});
