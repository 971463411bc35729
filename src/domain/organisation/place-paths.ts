/** Where a place is, in words: the names from the tenant's root down to it. */
import { type Database, rows } from '../../platform/database.ts';

/** The names of the nodes above each given one, root first. Nodes of another tenant are left out. */
export async function findPlacePaths(
  db: Database,
  tenantId: string,
  orgNodeIds: readonly string[],
): Promise<Map<string, string[]>> {
  if (orgNodeIds.length === 0) return new Map();
  const found = await rows<{ id: string; names: string[] }>(
    db,
    `select p.descendant_id as id, array_agg(n.name order by p.depth desc) as names
       from org_node_paths p
       join org_nodes n on n.tenant_id = p.tenant_id and n.id = p.ancestor_id
      where p.tenant_id = ? and p.descendant_id = any(?) and p.depth > 0
      group by p.descendant_id`,
    [tenantId, [...new Set(orgNodeIds)]],
  );
  return new Map(found.map((row) => [row.id, row.names]));
}

/** True where `orgNodeId` is `withinId` or below it. */
export async function isWithin(db: Database, withinId: string, orgNodeId: string): Promise<boolean> {
  const found = await rows(db, 'select 1 from org_node_paths where ancestor_id = ? and descendant_id = ?', [
    withinId,
    orgNodeId,
  ]);
  return found.length > 0;
}
