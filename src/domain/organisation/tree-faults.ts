/** Whether the closure of the trees is what the trees say. Reads alone: triggers make it, and nothing repairs it in passing. */
import { type Database, rows } from '../../platform/database.ts';

export interface TreeFaults {
  tenantId: string;
  /** Pairs of an ancestor and a descendant that are wanting, or too many, or at another distance. */
  count: number;
}

/** Of the whole database, or of one tenant; a sound one has none. */
export function findTreeFaults(db: Database, tenantId?: string): Promise<TreeFaults[]> {
  const ofTenant = (row: string) => (tenantId === undefined ? 'true' : `${row}.tenant_id = :tenantId`);
  return rows<TreeFaults>(
    db,
    `with recursive walked as (
       select n.tenant_id, n.id as ancestor_id, n.id as descendant_id, 0 as depth from org_nodes n where ${ofTenant('n')}
        union all
       select w.tenant_id, w.ancestor_id, n.id, w.depth + 1
         from walked w
         join org_nodes n on n.parent_id = w.descendant_id and n.tenant_id = w.tenant_id
     ) cycle ancestor_id, descendant_id set is_cycle using way
     select coalesce(w.tenant_id, p.tenant_id) as tenant_id, count(*) as count
       from (select tenant_id, ancestor_id, descendant_id, depth from walked where not is_cycle) w
       full join (select p.tenant_id, p.ancestor_id, p.descendant_id, p.depth from org_node_paths p where ${ofTenant('p')}) p
              on p.tenant_id = w.tenant_id and p.ancestor_id = w.ancestor_id and p.descendant_id = w.descendant_id
             and p.depth = w.depth
      where w.tenant_id is null or p.tenant_id is null
      group by 1
      order by 1`,
    { tenantId: tenantId ?? null },
  );
}
