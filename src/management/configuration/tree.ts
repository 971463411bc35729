/**
 * The organisation tree in the configuration file: which node of the file is which that is there, and what has to be done. A node
 * with a `key` (its external id) is known by it wherever it hangs, so that it can be renamed and moved; one without is known by its
 * name below its parent. Pure. Refuses keys that are said twice, a parent that is nowhere, and circles.
 */
import { z } from 'zod';
import type { TreeNode } from '../../domain/organisation/whole-tree.ts';
import { name as displayName, externalId, text } from '../shapes.ts';
import { ConfigurationFault, type Path } from './fault.ts';
import type { MemberChange } from './section.ts';

/** A node as the file says it. */
export interface NodeEntry {
  name: string;
  type: string;
  key?: string;
  active?: boolean;
  /** The key of the node that it hangs below; of the entries at the top alone. Absent: the root. */
  parent?: string;
  below?: NodeEntry[];
}

const node: z.ZodType<NodeEntry> = z.lazy(() => z.strictObject(members));
const members = {
  name: displayName,
  type: text(60).meta({ description: 'What it is', example: 'school' }),
  key: externalId.optional(),
  active: z.boolean().optional().meta({ description: 'Nothing held at or below an inactive node counts' }),
  below: z.array(node).optional().meta({ description: 'The nodes below it' }),
};
const topNode = z.strictObject({
  ...members,
  parent: externalId.optional().meta({ description: 'The key of the node that it hangs below; absent: the root' }),
});

/** The shape of `tree`. Of a node the type and the name are said in any case: they are what a reader looks for. */
export const treeShape = z.array(topNode).max(1_000_000).meta({ description: 'The nodes below the root' });

export interface WantedNode {
  entry: NodeEntry;
  path: Path;
  /** null: the root. */
  parent: WantedNode | null;
  /** What it is; undefined: it is to be made. */
  found?: TreeNode;
  changes: MemberChange[];
}

export interface TreePlan {
  rootId: string;
  /** In an order in which each comes after its parent. */
  nodes: WantedNode[];
  /** Nodes that are in the database alone, the lowest first. */
  absent: TreeNode[];
  /** Names from the root down, as a reference has them. */
  placeOf(node: WantedNode): string;
  placeOfFound(node: TreeNode): string;
}

/** A step of a place: as RFC 6901 escapes what separates. */
const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** What a node is called where another part of the file speaks of it: its names from the root down. */
export function placesOf(nodes: readonly TreeNode[]): (node: TreeNode) => string {
  const byId = new Map(nodes.map((one) => [one.id, one]));
  const known = new Map<string, string>();
  const placeOf = (one: TreeNode): string => {
    if (one.parentId === null) return '';
    const before = known.get(one.id);
    if (before !== undefined) return before;
    const parent = byId.get(one.parentId);
    const place = `${parent ? placeOf(parent) : ''}/${escaped(one.name)}`;
    known.set(one.id, place);
    return place;
  };
  return (one) => placeOf(one) || '/';
}

function flattened(entries: readonly NodeEntry[], path: Path): WantedNode[] {
  const nodes: WantedNode[] = [];
  const visit = (list: readonly NodeEntry[], at: Path, parent: WantedNode | null) => {
    list.forEach((entry, index) => {
      const one: WantedNode = { entry, path: [...at, index], parent, changes: [] };
      nodes.push(one);
      if (entry.below) visit(entry.below, [...one.path, 'below'], one);
    });
  };
  visit(entries, path, null);
  return nodes;
}

/** @throws ConfigurationFault for a key that is said twice */
function byKeyOf(nodes: readonly WantedNode[]): Map<string, WantedNode> {
  const byKey = new Map<string, WantedNode>();
  for (const one of nodes) {
    const { key } = one.entry;
    if (key === undefined) continue;
    if (byKey.has(key)) throw new ConfigurationFault([...one.path, 'key'], `the key ${key} is said twice`);
    byKey.set(key, one);
  }
  return byKey;
}

/** Those that hang below a node by its key. Where the file does not have that node, it is one that is there. */
function hangBelowNamed(
  nodes: readonly WantedNode[],
  byKey: ReadonlyMap<string, WantedNode>,
  found: ReadonlyMap<string, TreeNode>,
): WantedNode[] {
  const anchors = new Map<string, WantedNode>();
  for (const one of nodes) {
    const { parent: key } = one.entry;
    if (key === undefined) continue;
    const path = [...one.path, 'parent'];
    const known = found.get(key);
    const parent = byKey.get(key) ?? anchors.get(key) ?? (known && anchorOf(known));
    if (!parent) throw new ConfigurationFault(path, `there is no node with the key ${key}`);
    if (!byKey.has(key)) anchors.set(key, parent);
    one.parent = parent;
    for (let above: WantedNode | null = parent; above; above = above.parent)
      if (above === one) throw new ConfigurationFault(path, 'the node would come to lie below itself');
  }
  return [...anchors.values()];
}

/** A node that the file only speaks of stays as it is. */
function anchorOf(found: TreeNode): WantedNode {
  const { name, type } = found;
  return { entry: { name, type }, path: [], parent: null, found, changes: [] };
}

/** Each after its parent. */
function inOrder(nodes: readonly WantedNode[], anchors: readonly WantedNode[]): WantedNode[] {
  const ordered = new Set<WantedNode>(anchors);
  const place = (one: WantedNode) => {
    if (ordered.has(one)) return;
    if (one.parent) place(one.parent);
    ordered.add(one);
  };
  for (const one of nodes) place(one);
  for (const anchor of anchors) ordered.delete(anchor);
  return [...ordered];
}

/** Which are which: by the key first, then by the name below the parent, of the same type if there are several. */
function match(nodes: readonly WantedNode[], tree: readonly TreeNode[], rootId: string, claimed: Set<TreeNode>): void {
  const byKey = new Map(tree.flatMap((one) => (one.externalId === null ? [] : [[one.externalId, one] as const])));
  for (const one of nodes) {
    const known = one.entry.key === undefined ? undefined : byKey.get(one.entry.key);
    if (!known) continue;
    one.found = known;
    claimed.add(known);
  }
  const children = Map.groupBy(tree, ({ parentId, name }) => `${parentId}\0${name}`);
  for (const one of nodes) {
    if (one.found) continue;
    const parentId = one.parent ? one.parent.found?.id : rootId;
    if (parentId === undefined) continue;
    const free = (children.get(`${parentId}\0${one.entry.name}`) ?? []).filter(
      (child) => !claimed.has(child) && (one.entry.key === undefined || child.externalId === null),
    );
    const known = free.find(({ type }) => type === one.entry.type) ?? free[0];
    if (!known) continue;
    one.found = known;
    claimed.add(known);
  }
}

/**
 * Holds the tree of the file against the one that is there.
 * @param path where `tree` stands in the file
 * @throws ConfigurationFault
 */
export function planTree(entries: readonly NodeEntry[], tree: readonly TreeNode[], path: Path): TreePlan {
  const root = tree.find(({ parentId }) => parentId === null);
  if (!root) throw new Error('the tree has no root');
  const flat = flattened(entries, path);
  const found = new Map(tree.flatMap((one) => (one.externalId === null ? [] : [[one.externalId, one] as const])));
  const anchors = hangBelowNamed(flat, byKeyOf(flat), found);
  const nodes = inOrder(flat, anchors);
  const byId = new Map(tree.map((one) => [one.id, one]));
  const claimed = new Set<TreeNode>([root]);
  // What the file only speaks of stays, with all that it hangs on.
  for (const { found: anchor } of anchors)
    for (let one = anchor; one; one = one.parentId === null ? undefined : byId.get(one.parentId)) claimed.add(one);
  match(nodes, tree, root.id, claimed);
  const placeOfFound = placesOf(tree);
  const placeOf = (one: WantedNode): string =>
    one.path.length === 0
      ? placeOfFound(one.found as TreeNode)
      : `${one.parent ? placeOf(one.parent) : ''}/${escaped(one.entry.name)}`;
  for (const one of nodes) one.changes = changesOf(one, root.id, placeOf, (id) => placeOfFound(byId.get(id) ?? root));
  const absent = lowestFirst(tree.filter((one) => !claimed.has(one)));
  return { rootId: root.id, nodes, absent, placeOf, placeOfFound };
}

function changesOf(
  { entry, found, parent }: WantedNode,
  rootId: string,
  placeOf: (node: WantedNode) => string,
  placeOfId: (id: string) => string,
): MemberChange[] {
  if (!found) return [];
  const changes: MemberChange[] = [];
  if (entry.name !== found.name) changes.push({ member: 'name', from: found.name, to: entry.name });
  if (entry.type !== found.type) changes.push({ member: 'type', from: found.type, to: entry.type });
  if (entry.key !== undefined && entry.key !== found.externalId)
    changes.push({ member: 'key', ...(found.externalId !== null && { from: found.externalId }), to: entry.key });
  if (entry.active !== undefined && entry.active !== found.active)
    changes.push({ member: 'active', from: found.active, to: entry.active });
  if (found.parentId !== null && found.parentId !== (parent ? parent.found?.id : rootId))
    changes.push({ member: 'parent', from: placeOfId(found.parentId), to: parent ? placeOf(parent) : '/' });
  return changes;
}

/** Nothing is removed while something hangs below it. */
function lowestFirst(nodes: readonly TreeNode[]): TreeNode[] {
  const byId = new Map(nodes.map((one) => [one.id, one]));
  const depth = (one: TreeNode): number => {
    const parent = one.parentId === null ? undefined : byId.get(one.parentId);
    return parent ? depth(parent) + 1 : 0;
  };
  return nodes
    .map((one) => ({ one, depth: depth(one) }))
    .toSorted((left, right) => right.depth - left.depth)
    .map(({ one }) => one);
}

/** The tree as a file says it. */
export function entriesOfTree(tree: readonly TreeNode[]): NodeEntry[] {
  const children = Map.groupBy(tree, ({ parentId }) => parentId);
  const below = (parentId: string): NodeEntry[] =>
    (children.get(parentId) ?? []).map(({ id, name, type, externalId: key, active }) => ({
      name,
      type,
      ...(key !== null && { key }),
      ...(!active && { active }),
      ...(children.has(id) && { below: below(id) }),
    }));
  const root = children.get(null)?.[0];
  return root ? below(root.id) : [];
}
