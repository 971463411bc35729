/**
 * What the trail alone knows of the past: that something was removed which leaves no row behind, and who did something where
 * the row names no person. Good for as long as the trail is kept.
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import type { Caller } from './audit-events.ts';

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

export interface RecordedActor {
  type: Caller['type'];
  /** users.id, or a client's `client_id`; null: the system. */
  id: string | null;
}

/** Who did something to each of these, the first time; by their ids. */
export async function findActors(
  db: Database,
  { action, entityType, entityIds }: { action: string; entityType: string; entityIds: readonly string[] },
): Promise<Map<string, RecordedActor>> {
  if (entityIds.length === 0) return new Map();
  const found = await rows<{ entityId: string; actorType: Caller['type']; actorId: string | null }>(
    db,
    `select distinct on (entity_id) entity_id, actor_type, actor_id
       from audit_events
      where entity_type = :entityType and entity_id = any(:entityIds) and action = :action
      order by entity_id, occurred_at`,
    { entityType, entityIds: [...entityIds], action },
  );
  return new Map(found.map(({ entityId, actorType, actorId }) => [entityId, { type: actorType, id: actorId }]));
}
