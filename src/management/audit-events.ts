/** Operations on the audit trail, which is read and never changed. */
import { z } from 'zod';
import { listAuditEvents } from '../domain/audit/list-audit-events.ts';
import { operation } from './operation.ts';
import { id, pageQuery, text, time, timeIn } from './shapes.ts';

const AuditEvent = z
  .object({
    id,
    tenant_id: id.nullable().meta({ description: 'null: an event of the server itself' }),
    actor_type: z.enum(['user', 'client', 'api_key', 'system']),
    actor_id: z.string().nullable().meta({ description: 'The id of a person, the client_id of a service' }),
    action: z.string().meta({ example: 'role.assigned' }),
    entity_type: z.string().nullable(),
    entity_id: z.string().nullable(),
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
  ...rest
}: z.output<typeof query>) {
  return { actorType, actorId, entityType, entityId, ...rest };
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
    run: ({ db, tenantId, query }) => listAuditEvents(db, { tenantId, ...filterOf(query) }),
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
];
