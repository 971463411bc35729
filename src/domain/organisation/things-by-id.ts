/** What is called how in a tenant: people, nodes and roles by their ids, deleted ones too. For whoever reads what was done. */
import { type Database, rows } from '../../platform/database.ts';

/** Those that are there. @param query.withPeople whether people are told too */
export async function findNames(
  db: Database,
  { tenantId, ids, withPeople }: { tenantId: string; ids: readonly string[]; withPeople: boolean },
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const found = await rows<{ id: string; name: string | null }>(
    db,
    `select id, name from org_nodes where tenant_id = :tenantId and id = any(:ids::uuid[])
      union all
     select id, name from roles where tenant_id = :tenantId and id = any(:ids::uuid[])
      ${
        withPeople
          ? `union all
     select id, coalesce(full_name, email, phone, username) from users
      where tenant_id = :tenantId and id = any(:ids::uuid[])`
          : ''
      }`,
    { tenantId, ids: [...new Set(ids)] },
  );
  return new Map(found.flatMap(({ id, name }) => (name === null ? [] : [[id, name]])));
}
