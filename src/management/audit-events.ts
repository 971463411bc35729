/** Operations on the audit trail, which is read and never changed. */
import { z } from 'zod';
import { findAuditEvent, type ListedAuditEvent, listAuditEvents } from '../domain/audit/list-audit-events.ts';
import { findClientNames } from '../domain/clients/list-clients.ts';
import { findNames } from '../domain/organisation/names.ts';
import type { Database } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { operation } from './operation.ts';
import { id, pageQuery, text, time, timeIn } from './shapes.ts';

const AuditEvent = z
  .object({
    id,
    tenant_id: id.nullable().meta({ description: 'null: an event of the server itself' }),
    actor_type: z.enum(['user', 'client', 'api_key', 'system']),
    actor_id: z.string().nullable().meta({ description: 'The id of a person, the client_id of a service' }),
    action: z.string().meta({ example: 'role.assigned' }),
    actor_name: z.string().nullable().meta({ description: 'As it is now; null: it is not known any more' }),
    entity_type: z.string().nullable(),
    entity_id: z.string().nullable(),
    entity_name: z.string().nullable(),
    ip: z.string().nullable(),
    user_agent: z.string().nullable(),
    request_id: z.string().nullable(),
    payload: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What was changed; `cause` names the operation that did it' }),
    occurred_at: time,
  })
  .meta({ id: 'AuditEvent' });

const query = pageQuery.extend({
  actor_type: z.enum(['user', 'client', 'api_key', 'system']).optional(),
  user_id: id.optional().meta({ description: 'What this person did, and what was done to them' }),
  client_id: text(255).optional().meta({ description: 'What this client did, and what was done to it' }),
  actor_id: text(100).optional().meta({ description: 'Who did it' }),
  action: z
    .string()
    .max(100)
    .regex(/^[a-z_]+(\.[a-z_]+)*\.?$/)
    .optional()
    .meta({ description: 'An action, or its beginning up to a dot: `role.`', example: 'role.assigned' }),
  entity_type: text(100).optional(),
  entity_id: text(200).optional().meta({ description: 'To what it was done' }),
  from: timeIn.optional().meta({ description: 'From this moment on' }),
  until: timeIn.optional().meta({ description: 'Before this moment' }),
});

function filterOf({
  actor_type: actorType,
  actor_id: actorId,
  entity_type: entityType,
  entity_id: entityId,
  user_id: userId,
  client_id: clientId,
  ...rest
}: z.output<typeof query>) {
  return { actorType, actorId, entityType, entityId, userId, clientId, ...rest };
}

/**
 * What those who did it and what it was done to are called now. Of people to who may see all of them alone, as the rest of the
 * names to whoever reads the trail of the whole tenant.
 */
async function withNames(
  db: Database,
  { tenantId, areShown }: { tenantId: string; areShown: boolean },
  events: readonly ListedAuditEvent[],
) {
  const ids = events.flatMap(({ actorId, entityId }) => [actorId, entityId]).filter((one) => one !== null);
  const names = await findNames(db, { tenantId, ids: ids.filter(isId), withPeople: areShown });
  const clients = await findClientNames(db, { tenantId, clientIds: ids });
  const nameOf = (one: string | null) => (one === null ? null : (names.get(one)?.name ?? clients.get(one) ?? null));
  return events.map((event) => ({ ...event, actorName: nameOf(event.actorId), entityName: nameOf(event.entityId) }));
}

export const auditEvents = [
  operation({
    id: 'audit_events.list',
    method: 'GET',
    path: '/audit-events',
    summary: 'List what was done in the tenant',
    description: 'The newest first.',
    needs: { capability: 'audit.read', at: 'root' },
    query,
    list: true,
    answer: AuditEvent,
    run: async ({ db, tenantId, query, reaches }) => {
      const { items, next } = await listAuditEvents(db, { tenantId, ...filterOf(query) });
      return { items: await withNames(db, { tenantId, areShown: reaches('users.read').everything }, items), next };
    },
  }),
  operation({
    id: 'audit_events.list_server',
    method: 'GET',
    path: '/audit-events/server',
    summary: 'List what was done to the server itself',
    description: 'Events of no tenant, such as a signing key that was rotated. The newest first.',
    needs: { capability: 'audit.read', at: 'platform' },
    query,
    list: true,
    answer: AuditEvent,
    run: ({ db, query }) => listAuditEvents(db, { tenantId: null, ...filterOf(query) }),
  }),
  // Behind it: `server` is no id.
  operation({
    id: 'audit_events.get',
    method: 'GET',
    path: '/audit-events/{audit_event_id}',
    summary: 'Show one event of the audit trail',
    needs: { capability: 'audit.read', at: 'root' },
    params: z.strictObject({ audit_event_id: id }),
    answer: AuditEvent,
    run: async ({ db, tenantId, params, reaches }) => {
      const found = await findAuditEvent(db, { tenantId, eventId: params.audit_event_id });
      if (!found) throw new DomainError('not_found', 'NOT_FOUND');
      const [named] = await withNames(db, { tenantId, areShown: reaches('users.read').everything }, [found]);
      return named ?? found;
    },
  }),
];
