/** The SQL of decisions: one statement a question. `$1` is the tenant the asker is bound to, or null for any. */
import { type Database, firstRow, prepared, runPrepared } from '../../platform/database.ts';
import { liveAt, reachable } from './effective-access-store.ts';

/** What the asker may be told of: capabilities of its own API and those of none. */
const ofAsker = (alias: string, resourceServer: string) =>
  `${alias}.deleted_at is null and (${alias}.resource_server_id is null or ${alias}.resource_server_id = ${resourceServer})`;

// A path leads from an assignment to the node, so both are of the person's own tenant.
const held = `
     from users u
     join tenants t           on t.id = u.tenant_id and t.state = 'active'
     join org_assignments a   on a.user_id = u.id
     join org_node_paths path on path.ancestor_id = a.org_node_id and path.descendant_id = $3
     join roles r             on r.id = a.role_id and r.deleted_at is null
     join role_capabilities rc on rc.role_id = r.id
     join capabilities c      on c.id = rc.capability_id and ${ofAsker('c', '$4')}
    where u.id = $2 and u.state = 'active' and u.deleted_at is null
      and ($1::uuid is null or u.tenant_id = $1)
      and ${liveAt('a', '$5')} and ${reachable('$3')}`;

const decision = prepared('decision', `select exists (select ${held} and c.key = $6) as permitted`);

export interface DecisionQuery {
  tenantId: string | null;
  userId: string;
  orgNodeId: string;
  resourceServerId: string;
  at: Date | null;
}

export async function selectDecision(db: Database, query: DecisionQuery & { capability: string }): Promise<boolean> {
  const { tenantId, userId, orgNodeId, resourceServerId, at, capability } = query;
  const values = [tenantId, userId, orgNodeId, resourceServerId, at, capability];
  return (await runPrepared<{ permitted: boolean }>(db, decision, values)).rows[0]?.permitted === true;
}

const actions = prepared('permitted-actions', `select distinct c.key ${held} and c.key > $6 order by c.key limit $7`);

export async function selectPermittedActions(
  db: Database,
  query: DecisionQuery & { after: string; limit: number },
): Promise<string[]> {
  const { tenantId, userId, orgNodeId, resourceServerId, at, after, limit } = query;
  const values = [tenantId, userId, orgNodeId, resourceServerId, at, after, limit];
  return (await runPrepared<{ key: string }>(db, actions, values)).rows.map((row) => row.key);
}

/** True if the capability exists and the asker may be told of it. */
export async function capabilityIsOfAsker(
  db: Database,
  capability: string,
  resourceServerId: string,
): Promise<boolean> {
  const found = await firstRow(db, `select 1 from capabilities c where c.key = ? and ${ofAsker('c', '?')}`, [
    capability,
    resourceServerId,
  ]);
  return found !== undefined;
}

/** The tenant of a node or a user, if the asker is bound to none or to that one. */
export async function selectTenantOf(
  db: Database,
  table: 'org_nodes' | 'users',
  id: string,
  boundTo: string | null,
): Promise<string | undefined> {
  const found = await firstRow<{ tenantId: string }>(
    db,
    `select tenant_id from ${table} where id = ? and deleted_at is null and (?::uuid is null or tenant_id = ?::uuid)`,
    [id, boundTo, boundTo],
  );
  return found?.tenantId;
}
