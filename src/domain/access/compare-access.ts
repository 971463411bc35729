/**
 * Who gains and who loses what between two moments of a tenant. Pure. What is held at a node counts there and below it, where every
 * node from the root down is active. So whether somebody has something at a node differs from whether they have it at the node above
 * only where something is held, hung otherwise or switched: at these nodes alone the two moments are compared.
 */
import type { TreeNode } from '../organisation/whole-tree.ts';
import type { Held, HeldAccess } from './held-access.ts';

/** A tenant at one moment. */
export interface TenantAccess extends HeldAccess {
  tree: readonly TreeNode[];
}

export interface AccessChange {
  kind: 'person' | 'service';
  /** users.id, or a `client_id`. */
  id: string;
  /** Of a person: at this node, and below it. */
  orgNodeId: string | null;
  /** Sorted. */
  capabilities: string[];
}

export interface AccessDifference {
  gains: AccessChange[];
  losses: AccessChange[];
}

/** One moment, ready to be asked. */
class Moment {
  readonly nodes: Map<string, TreeNode>;
  readonly carried: HeldAccess['carried'];
  readonly #ofUser: Map<string, Held[]>;
  readonly #atNode: Map<string, Held[]>;

  constructor({ tree, held, carried }: TenantAccess) {
    this.nodes = new Map(tree.map((node) => [node.id, node]));
    this.carried = carried;
    this.#ofUser = Map.groupBy(held, ({ userId }) => userId);
    this.#atNode = Map.groupBy(held, ({ orgNodeId }) => orgNodeId);
  }

  heldBy(userId: string): readonly Held[] {
    return this.#ofUser.get(userId) ?? [];
  }

  heldAt(orgNodeId: string): readonly Held[] {
    return this.#atNode.get(orgNodeId) ?? [];
  }

  /** The node and those above it, up to the root; empty for one that is not there. */
  line(orgNodeId: string): TreeNode[] {
    const found: TreeNode[] = [];
    for (let node = this.nodes.get(orgNodeId); node; node = this.#parent(node)) found.push(node);
    return found;
  }

  #parent({ parentId }: TreeNode): TreeNode | undefined {
    return parentId === null ? undefined : this.nodes.get(parentId);
  }

  /** What somebody may do at a node. */
  capabilitiesAt(userId: string, orgNodeId: string): ReadonlySet<string> {
    const line = this.line(orgNodeId);
    if (line.length === 0 || line.some(({ active }) => !active)) return nothing;
    const above = new Set(line.map(({ id }) => id));
    const held = this.heldBy(userId).filter((one) => above.has(one.orgNodeId));
    return new Set(held.flatMap(({ by }) => this.carried.get(by) ?? []));
  }
}

const nothing: ReadonlySet<string> = new Set();

/** Nodes that hang otherwise, or were switched; with all below them where something stands, if they were switched or hang below what is. */
function changedNodes(before: Moment, after: Moment): Set<string> {
  const changed = new Set<string>();
  for (const [id, then] of before.nodes) {
    const now = after.nodes.get(id);
    if (now && (now.parentId !== then.parentId || now.active !== then.active)) changed.add(id);
  }
  return changed;
}

/** Roles that carry something else than before, or are not there any more. */
function changedRoles(before: Moment, after: Moment): Set<string> {
  const all = new Set([...before.carried.keys(), ...after.carried.keys()]);
  const text = ({ carried }: Moment, role: string) => (carried.get(role) ?? []).join(' ');
  return new Set([...all].filter((role) => text(before, role) !== text(after, role)));
}

const keyOf = ({ userId, orgNodeId, by }: Held) => `${userId} ${orgNodeId} ${by}`;

/** Whom to ask about, and at which nodes. */
class Questions {
  readonly nodesOf = new Map<string, Set<string>>();

  add(userId: string, orgNodeId: string): void {
    const nodes = this.nodesOf.get(userId);
    if (nodes) nodes.add(orgNodeId);
    else this.nodesOf.set(userId, new Set([orgNodeId]));
  }
}

function questionsOf(then: TenantAccess, now: TenantAccess, before: Moment, after: Moment): Questions {
  const questions = new Questions();
  const nodes = changedNodes(before, after);
  const roles = changedRoles(before, after);
  const heldBefore = new Set(then.held.map(keyOf));
  const heldAfter = new Set(now.held.map(keyOf));
  for (const [moment, held, other] of [
    [before, then.held, heldAfter],
    [after, now.held, heldBefore],
  ] as const)
    for (const one of held) {
      const isTouched =
        roles.has(one.by) || !other.has(keyOf(one)) || moment.line(one.orgNodeId).some(({ id }) => nodes.has(id));
      if (isTouched || before.nodes.has(one.orgNodeId) !== after.nodes.has(one.orgNodeId))
        questions.add(one.userId, one.orgNodeId);
    }
  for (const id of nodes)
    for (const moment of [before, after])
      for (const above of moment.line(id)) for (const { userId } of moment.heldAt(above.id)) questions.add(userId, id);
  return questions;
}

/** Without what says the same as a node above it. */
function topmost(found: Map<string, string[]>, moment: Moment): { orgNodeId: string; capabilities: string[] }[] {
  return [...found].flatMap(([orgNodeId, capabilities]) => {
    const above = moment.line(orgNodeId).slice(1);
    const told = new Set(above.flatMap(({ id }) => found.get(id) ?? []));
    const own = capabilities.filter((capability) => !told.has(capability)).sort();
    return own.length === 0 ? [] : [{ orgNodeId, capabilities: own }];
  });
}

/** Of people at nodes that were there before, or are there where they hold something; and of services. */
export function compareAccess(then: TenantAccess, now: TenantAccess): AccessDifference {
  const before = new Moment(then);
  const after = new Moment(now);
  const gains: AccessChange[] = [];
  const losses: AccessChange[] = [];
  for (const [id, nodeIds] of questionsOf(then, now, before, after).nodesOf) {
    const gained = new Map<string, string[]>();
    const lost = new Map<string, string[]>();
    for (const orgNodeId of nodeIds) {
      const had = before.capabilitiesAt(id, orgNodeId);
      const has = after.capabilitiesAt(id, orgNodeId);
      gained.set(
        orgNodeId,
        [...has].filter((capability) => !had.has(capability)),
      );
      lost.set(
        orgNodeId,
        [...had].filter((capability) => !has.has(capability)),
      );
    }
    for (const change of topmost(gained, after)) gains.push({ kind: 'person', id, ...change });
    for (const change of topmost(lost, before)) losses.push({ kind: 'person', id, ...change });
  }
  compareServices(then.services, now.services, { gains, losses });
  return { gains, losses };
}

function compareServices(
  then: HeldAccess['services'],
  now: HeldAccess['services'],
  { gains, losses }: AccessDifference,
): void {
  for (const id of new Set([...then.keys(), ...now.keys()])) {
    const had = then.get(id) ?? nothing;
    const has = now.get(id) ?? nothing;
    const service = { kind: 'service', id, orgNodeId: null } as const;
    const gained = [...has].filter((capability) => !had.has(capability)).sort();
    const lost = [...had].filter((capability) => !has.has(capability)).sort();
    if (gained.length > 0) gains.push({ ...service, capabilities: gained });
    if (lost.length > 0) losses.push({ ...service, capabilities: lost });
  }
}
