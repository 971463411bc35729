/** The audit trail as it is read: the newest first, within one tenant or of the server itself. Changes nothing. */
import { type Database, firstRow } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { emptyPage, type Keyset, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import type { Caller } from './audit-events.ts';

export interface ListedAuditEvent {
  id: string;
  /** null: of the server, such as a signing key. */
  tenantId: string | null;
  actorType: Caller['type'];
  actorId: string | null;
  action: string;
  entityType: string | null;
  entityId: string | null;
  ip: string | null;
  userAgent: string | null;
  requestId: string | null;
  payload: Record<string, unknown>;
  occurredAt: Date;
}

export interface AuditEventFilter {
  actorType?: Caller['type'];
  /** What a person did, and what was done to them. */
  userId?: string;
  /** What a client did, and what was done to it; as the protocol has it. */
  clientId?: string;
  /** users.id, or a client's `client_id`. */
  actorId?: string;
  /** The whole action, `role.assigned`, or the beginning of it up to a dot: `role.` */
  action?: string;
  entityType?: string;
  entityId?: string;
  /** Of the request that did it: what a page of errors shows. */
  requestId?: string;
  /** From this moment on. */
  from?: Date;
  /** Before this moment. */
  until?: Date;
}

const newestFirst: Keyset = {
  columns: [
    { expression: 'e.occurred_at', type: 'timestamptz' },
    { expression: 'e.id', type: 'uuid' },
  ],
  descending: true,
};

const conditions: Record<keyof AuditEventFilter, string> = {
  actorType: 'e.actor_type = :actorType',
  userId: `(e.actor_id = :userId and e.actor_type = 'user' or e.entity_id = :userId and e.entity_type = 'user')`,
  clientId: `(e.actor_id = :clientId and e.actor_type = 'client' or e.entity_id = :clientId and e.entity_type = 'client')`,
  actorId: 'e.actor_id = :actorId',
  action: `case when right(:action, 1) = '.' then starts_with(e.action, :action) else e.action = :action end`,
  entityType: 'e.entity_type = :entityType',
  entityId: 'e.entity_id = :entityId',
  requestId: 'e.request_id = :requestId',
  from: 'e.occurred_at >= :from',
  until: 'e.occurred_at < :until',
};

const columns = `e.id, e.tenant_id, e.actor_type, e.actor_id, e.action, e.entity_type, e.entity_id, host(e.ip) as ip,
              e.user_agent, e.request_id, e.payload, e.occurred_at`;

/** Undefined for an event of another tenant. */
export async function findAuditEvent(
  db: Database,
  { tenantId, eventId }: { tenantId: string; eventId: string },
): Promise<ListedAuditEvent | undefined> {
  if (!isId(tenantId) || !isId(eventId)) return undefined;
  const sql = `select ${columns} from audit_events e where e.id = :eventId and e.tenant_id = :tenantId`;
  return firstRow<ListedAuditEvent>(db, sql, { tenantId, eventId });
}

/**
 * @param query.tenantId null: events of no tenant
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listAuditEvents(
  db: Database,
  { tenantId, limit, after, ...filter }: PageRequest & AuditEventFilter & { tenantId: string | null },
): Promise<Page<ListedAuditEvent>> {
  if (tenantId !== null && !isId(tenantId)) return emptyPage();
  const named = (Object.keys(conditions) as (keyof AuditEventFilter)[]).filter((name) => filter[name] !== undefined);
  const wanted = [
    tenantId === null ? 'e.tenant_id is null' : 'e.tenant_id = :tenantId',
    ...named.map((name) => conditions[name]),
  ].join(' and ');
  return selectPage<ListedAuditEvent>(
    db,
    newestFirst,
    { limit, after },
    ({ key, where, order }) =>
      `select ${columns}, ${key}
         from audit_events e
        where ${wanted} and ${where}
        ${order}`,
    { ...(tenantId !== null && { tenantId }), ...Object.fromEntries(named.map((name) => [name, filter[name]])) },
  );
}
