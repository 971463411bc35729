/** Operations on the audit trail, which is read and never changed. */
import { z } from 'zod';
import { actionNamed } from '../domain/audit/actions.ts';
import { findAuditEvent, type ListedAuditEvent, listAuditEvents } from '../domain/audit/list-audit-events.ts';
import { findClientNames } from '../domain/clients/list-clients.ts';
import { findNames } from '../domain/organisation/names.ts';
import { findSealOfEvent } from '../domain/seals/event-proof.ts';
import type { Database } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { operation } from './operation.ts';
import { id, pageQuery, text, time, timeIn } from './shapes.ts';

/** An event, with the names of today. */
export const AuditEvent = z
  .object({
    id,
    tenant_id: id.nullable().meta({ description: 'null: an event of the server itself' }),
    actor_type: z.enum(['user', 'client', 'api_key', 'system']),
    actor_id: z.string().nullable().meta({ description: 'The id of a person, the client_id of a service' }),
    action: z.string().meta({ example: 'role.assigned' }),
    actor_name: z.string().nullable().meta({ description: 'As it is now; null: it is not known any more' }),
    entity_type: z.string().nullable(),
    entity_id: z.string().nullable(),
    entity_name: z.string().nullable().meta({ description: 'Of what a person holds or was sent: who that is' }),
    ip: z.string().nullable(),
    user_agent: z.string().nullable(),
    request_id: z.string().nullable(),
    payload: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What was changed; `cause` names the operation that did it' }),
    occurred_at: time,
  })
  .meta({ id: 'AuditEvent' });

const ShownAuditEvent = AuditEvent.extend({
  names: z
    .record(z.string(), z.string())
    .meta({ description: 'What the ids in the payload are called now, by id, as far as it is known' }),
  seal: z
    .object({
      id,
      number: z.number().int(),
      starts_at: time,
      ends_at: time,
      sealed_at: time,
      is_late: z.boolean().meta({ description: 'Its own hour was sealed already when it came' }),
    })
    .nullable()
    .meta({ description: 'What the event is sealed in; null: it is not sealed yet' }),
}).meta({ id: 'ShownAuditEvent' });

/** What narrows the trail, by the names of the API. */
export const auditFilter = {
  actor_type: z.enum(['user', 'client', 'api_key', 'system']).optional(),
  user_id: id.optional().meta({ description: 'What this person did, and what was done to them' }),
  client_id: text(255).optional().meta({ description: 'What this client did, and what was done to it' }),
  actor_id: text(100).optional().meta({ description: 'Who did it' }),
  action: z
    .string()
    .max(100)
    .regex(/^(?:[a-z_]+(\.[a-z_]+)*\.?|[A-Z_]+)$/)
    .transform(actionNamed)
    .optional()
    .meta({
      description: 'An action, its beginning up to a dot (`role.`), or its counterpart (`ROLE_ASSIGNED`)',
      example: 'role.assigned',
    }),
  entity_type: text(100).optional(),
  entity_id: text(200).optional().meta({ description: 'To what it was done' }),
  request_id: text(64).optional().meta({ description: 'By which request: what a page of errors shows' }),
  from: timeIn.optional().meta({ description: 'From this moment on' }),
  until: timeIn.optional().meta({ description: 'Before this moment' }),
};
const query = pageQuery.extend(auditFilter);
const filter = z.strictObject(auditFilter);

/** As the domain has it. */
export function filterOf<T extends z.output<typeof filter>>({
  actor_type: actorType,
  actor_id: actorId,
  entity_type: entityType,
  entity_id: entityId,
  user_id: userId,
  client_id: clientId,
  request_id: requestId,
  ...rest
}: T) {
  return { actorType, actorId, entityType, entityId, userId, clientId, requestId, ...rest };
}

/**
 * What those who did it and what it was done to are called now. Of people to who may see all of them alone, as the rest of the
 * names to whoever reads the trail of the whole tenant.
 */
export async function withNames(
  db: Database,
  { tenantId, areShown }: { tenantId: string; areShown: boolean },
  events: readonly ListedAuditEvent[],
) {
  const ids = events
    .flatMap(({ actorId, entityId, payload: { userId } }) => [
      actorId,
      entityId,
      typeof userId === 'string' ? userId : null,
    ])
    .filter((one) => one !== null);
  const names = await findNames(db, { tenantId, ids: ids.filter(isId), withPeople: areShown });
  const clients = await findClientNames(db, { tenantId, clientIds: ids });
  const nameOf = (one: unknown) =>
    typeof one === 'string' ? (names.get(one)?.name ?? clients.get(one) ?? null) : null;
  return events.map((event) => {
    const entityName = nameOf(event.entityId) ?? nameOf(event.payload.userId);
    return { ...event, actorName: nameOf(event.actorId), entityName };
  });
}

/** What the ids in a payload are called now. */
async function namesWithin(
  db: Database,
  { tenantId, areShown }: { tenantId: string; areShown: boolean },
  payload: Record<string, unknown>,
): Promise<Record<string, string>> {
  const texts = [...JSON.stringify(payload).matchAll(/"([^"\\]{1,255})"/g)].map(([, text = '']) => text);
  const found = await findNames(db, { tenantId, ids: texts.filter(isId), withPeople: areShown });
  const clients = typeof payload.clientId === 'string' ? [payload.clientId] : [];
  const named = [...found].flatMap(([id, { name }]) => (name === null ? [] : [[id, name] as const]));
  return Object.fromEntries([...named, ...(await findClientNames(db, { tenantId, clientIds: clients }))]);
}

export const auditEvents = [
  operation({
    id: 'audit_events.list',
    method: 'GET',
    path: '/audit-events',
    summary: 'List what was done in the tenant',
    fromReplica: true,
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
    fromReplica: true,
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
    fromReplica: true,
    needs: { capability: 'audit.read', at: 'root' },
    params: z.strictObject({ audit_event_id: id }),
    answer: ShownAuditEvent,
    run: async ({ db, tenantId, params, reaches }) => {
      const found = await findAuditEvent(db, { tenantId, eventId: params.audit_event_id });
      if (!found) throw new DomainError('not_found', 'NOT_FOUND');
      const where = { tenantId, areShown: reaches('users.read').everything };
      const [named] = await withNames(db, where, [found]);
      const held = await findSealOfEvent(db, { tenantId, eventId: found.id });
      const seal = held ? { ...held.seal, isLate: held.index < held.seal.late } : null;
      return { ...found, ...named, names: await namesWithin(db, where, found.payload), seal };
    },
  }),
];
