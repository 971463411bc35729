/** The steps by which a tree becomes what the file says: nodes are made and moved from the top down, and removed from the bottom up. */
import { findWholeTree } from '../../domain/organisation/whole-tree.ts';
import { newId } from '../../platform/ids.ts';
import type { Scope } from './section.ts';
import type { Step, StepBatch } from './steps.ts';
import type { TreePlan, WantedNode } from './tree.ts';

const noun = 'node';

/** Those of nodes that are made or changed, in the order of the file's tree. */
export function treeSteps(scope: Scope, plan: TreePlan): Step[] {
  const ids = new Map<WantedNode, string>();
  const idOf = (node: WantedNode | null): string => {
    const id = node ? (node.found?.id ?? ids.get(node)) : plan.rootId;
    if (id === undefined) throw new Error('a node was to be made before what hangs below it');
    return id;
  };
  const about = (node: WantedNode) => ({ section: 'tree', noun, tenant: scope.tenant, name: plan.placeOf(node) });
  const made = new Map<Step, WantedNode>();
  const batch: StepBatch = {
    async run(steps) {
      const nodes = steps.map((step) => {
        const node = made.get(step) as WantedNode;
        const { name, type, key: externalId } = node.entry;
        const id = newId();
        const parentId = idOf(node.parent);
        ids.set(node, id);
        return { id, parentId, name, type, externalId };
      });
      await scope.makeNodes(nodes);
    },
  };
  return plan.nodes.flatMap((node): Step[] => {
    const { entry, found, changes, path } = node;
    if (!found) {
      const { name, type, key, active } = entry;
      const step: Step = {
        path,
        change: { ...about(node), action: 'add', members: [{ member: 'type', to: type }] },
        run: async () => {
          const body = { parent_id: idOf(node.parent), name, type, external_id: key };
          const made = await scope.perform('org_nodes.create', { body });
          ids.set(node, String(made.id));
          if (active === false)
            await scope.perform('org_nodes.deactivate', { params: { org_node_id: String(made.id) } });
        },
        // One that is switched off at once is told so after it was made.
        ...(active !== false && { batch }),
      };
      made.set(step, node);
      return [step];
    }
    if (changes.length === 0) return [];
    const run = () => changeNode(scope, node, () => idOf(node.parent));
    return [{ path, change: { ...about(node), action: 'change', members: changes }, run }];
  });
}

async function changeNode(scope: Scope, { entry, found, changes }: WantedNode, parentId: () => string): Promise<void> {
  const params = { org_node_id: found?.id };
  const isChanged = (member: string) => changes.some((change) => change.member === member);
  if (isChanged('parent')) await scope.perform('org_nodes.move', { params, body: { parent_id: parentId() } });
  const body = {
    ...(isChanged('name') && { name: entry.name }),
    ...(isChanged('type') && { type: entry.type }),
    ...(isChanged('key') && { external_id: entry.key }),
  };
  if (Object.keys(body).length > 0) await scope.perform('org_nodes.update', { params, body });
  if (isChanged('active'))
    await scope.perform(entry.active === false ? 'org_nodes.deactivate' : 'org_nodes.activate', { params });
}

/** Those of nodes that the file does not have. */
export function treeRemovals(scope: Scope, plan: TreePlan): Step[] {
  return plan.absent.map((node) => ({
    path: ['tenants', scope.tenant ?? '', 'tree'],
    change: {
      section: 'tree',
      noun,
      tenant: scope.tenant,
      name: plan.placeOfFound(node),
      action: 'remove',
      members: [],
    },
    run: async () => {
      await scope.perform('org_nodes.delete', { params: { org_node_id: node.id } });
    },
  }));
}

export const readTree = ({ db, tenantId }: Scope) => findWholeTree(db, tenantId);
