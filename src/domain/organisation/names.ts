/**
 * What the ids of an assignment or a grant are called, for lists that people read. Owns no rule: who may see the row may see
 * the names in it. Names nothing of another tenant.
 */
import { rows as allOf, type Database } from '../../platform/database.ts';

/** As a list shows it; a name is null where nothing is known of it any more. */
export interface Names {
  userName: string | null;
  orgNode: string | null;
  orgNodeType: string | null;
  /** Of assignments. */
  role: string | null;
}

interface NameRow {
  id: string;
  name: string | null;
  type: string | null;
}

function selectNames(
  db: Database,
  query: { tenantId: string; userIds: string[]; roleIds: string[]; orgNodeIds: string[] },
): Promise<NameRow[]> {
  return allOf<NameRow>(
    db,
    `select id, coalesce(full_name, email, phone, username) as name, null as type
       from users where tenant_id = :tenantId and id = any(:userIds::uuid[])
  union all
     select id, name, null from roles where tenant_id = :tenantId and id = any(:roleIds::uuid[])
  union all
     select id, name, type from org_nodes where tenant_id = :tenantId and id = any(:orgNodeIds::uuid[])`,
    query,
  );
}

/** The same rows, in one more statement, with the names of the person, the role and the node. */
export async function withNames<T extends { userId: string; roleId?: string; orgNodeId: string }>(
  db: Database,
  tenantId: string,
  rows: readonly T[],
): Promise<(T & Names)[]> {
  if (rows.length === 0) return [];
  const distinct = (ids: (string | undefined)[]) => [...new Set(ids.filter((id) => id !== undefined))];
  const found = await selectNames(db, {
    tenantId,
    userIds: distinct(rows.map(({ userId }) => userId)),
    roleIds: distinct(rows.map(({ roleId }) => roleId)),
    orgNodeIds: distinct(rows.map(({ orgNodeId }) => orgNodeId)),
  });
  const byId = new Map(found.map((row) => [row.id, row]));
  return rows.map((row) => ({
    ...row,
    userName: byId.get(row.userId)?.name ?? null,
    role: byId.get(row.roleId ?? '')?.name ?? null,
    orgNode: byId.get(row.orgNodeId)?.name ?? null,
    orgNodeType: byId.get(row.orgNodeId)?.type ?? null,
  }));
}
