/**
 * Whether the trail tells of a removal: for what leaves no row behind, so that removing it once more can be told apart from
 * removing what never was. Good for as long as the trail is kept.
 */
import { type Database, firstRow } from '../../platform/database.ts';

export interface Removal {
  /** `resource_server.deleted` */
  action: string;
  entityType: string;
  /** The id, or the `key` of the event's payload; or what was taken from the entity, by a member of the payload. */
  by: { entityId: string } | { key: string } | { entityId: string; member: string; value: string };
  /** Where it stood; null: of all tenants. */
  tenantIds: readonly (string | null)[];
}

/** Where it stood when it was removed last. */
export async function findRemoval(
  db: Database,
  { action, entityType, by, tenantIds }: Removal,
): Promise<{ tenantId: string | null } | undefined> {
  return firstRow<{ tenantId: string | null }>(
    db,
    `select tenant_id
       from audit_events
      where entity_type = :entityType and action = :action
        and ${'key' in by ? `payload->>'key' = :key` : 'entity_id = :entityId'}
        ${'member' in by ? 'and payload->>:member = :value' : ''}
        and (tenant_id = any(:named) or (:shared and tenant_id is null))
      order by occurred_at desc
      limit 1`,
    {
      entityType,
      action,
      ...by,
      named: tenantIds.filter((id) => id !== null),
      shared: tenantIds.includes(null),
    },
  );
}
