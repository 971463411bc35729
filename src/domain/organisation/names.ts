/**
 * What people, roles and nodes of a tenant are called, by their ids, deleted ones too: for lists that people read. Owns no
 * rule: who may see a row may see the names in it. Names nothing of another tenant.
 */
import { type Database, rows } from '../../platform/database.ts';

/** As a list shows it; a name is null where nothing is known of it any more. */
export interface Names {
  userName: string | null;
  orgNode: string | null;
  orgNodeType: string | null;
  /** Of assignments. */
  role: string | null;
}

interface Named {
  id: string;
  name: string | null;
  /** Of a node. */
  type: string | null;
}

const people = `select id, coalesce(full_name, email, phone, username) as name, null as type
       from users where tenant_id = :tenantId and id = any(:ids::uuid[])
  union all
     `;

/** Those that are there, in one statement. @param query.withPeople whether people are told too */
export async function findNames(
  db: Database,
  { tenantId, ids, withPeople }: { tenantId: string; ids: readonly string[]; withPeople: boolean },
): Promise<Map<string, Named>> {
  if (ids.length === 0) return new Map();
  const found = await rows<Named>(
    db,
    `${withPeople ? people : ''}select id, name, null as type from roles where tenant_id = :tenantId and id = any(:ids::uuid[])
  union all
     select id, name, type from org_nodes where tenant_id = :tenantId and id = any(:ids::uuid[])`,
    { tenantId, ids: [...new Set(ids)] },
  );
  return new Map(found.map((row) => [row.id, row]));
}

/** The same rows, with the names of the person, the role and the node. */
export async function withNames<T extends { userId: string | null; roleId?: string; orgNodeId: string }>(
  db: Database,
  tenantId: string,
  listed: readonly T[],
): Promise<(T & Names)[]> {
  const ids = listed.flatMap(({ userId, roleId = [], orgNodeId }) => [orgNodeId].concat(userId ?? [], roleId));
  const found = await findNames(db, { tenantId, ids, withPeople: true });
  const nameOf = (id: string | null = null) => (id === null ? null : (found.get(id)?.name ?? null));
  return listed.map((row) => ({
    ...row,
    userName: nameOf(row.userId),
    role: nameOf(row.roleId),
    orgNode: nameOf(row.orgNodeId),
    orgNodeType: found.get(row.orgNodeId)?.type ?? null,
  }));
}
