/** The audit trail as it is read: the newest first, within one tenant or of the server itself. Changes nothing. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
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
  /** Fields that the payload has with these values, as JSON. */
  payload?: string;
}

const byTime: Keyset['columns'] = [
  { expression: 'e.occurred_at', type: 'timestamptz' },
  { expression: 'e.id', type: 'uuid' },
];
const newestFirst: Keyset = { columns: byTime, descending: true };
const oldestFirst: Keyset = { columns: byTime, most: 1000 };

const conditions: Record<keyof AuditEventFilter, string> = {
  actorType: 'e.actor_type = :actorType',
  userId: `(e.actor_id = :userId and e.actor_type = 'user' or e.entity_id = :userId and e.entity_type = 'user')`,
  clientId: `(e.actor_id = :clientId and e.actor_type = 'client' or e.entity_id = :clientId and e.entity_type = 'client')`,
  actorId: 'e.actor_id = :actorId',
  action: 'e.action = :action',
  entityType: 'e.entity_type = :entityType',
  entityId: 'e.entity_id = :entityId',
  requestId: 'e.request_id = :requestId',
  from: 'e.occurred_at >= :from',
  until: 'e.occurred_at < :until',
  payload: 'e.payload @> :payload::jsonb',
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

type Within = AuditEventFilter & { tenantId: string | null };

/** The conditions of a filter, as SQL with its bindings. */
function wanted({ tenantId, ...filter }: Within): { where: string; bindings: Record<string, unknown> } {
  const named = (Object.keys(conditions) as (keyof AuditEventFilter)[]).filter((name) => filter[name] !== undefined);
  const where = [
    tenantId === null ? 'e.tenant_id is null' : 'e.tenant_id = :tenantId',
    // Which of the two is said here: a condition that decides it itself would be found by no index.
    ...named.map((name) =>
      name === 'action' && filter.action?.endsWith('.') ? 'starts_with(e.action, :action)' : conditions[name],
    ),
  ].join(' and ');
  const values = Object.fromEntries(named.map((name) => [name, filter[name]]));
  return { where, bindings: { ...(tenantId !== null && { tenantId }), ...values } };
}

async function selectEvents(
  db: Database,
  keyset: Keyset,
  { limit, after, ...within }: PageRequest & Within,
): Promise<Page<ListedAuditEvent>> {
  if (within.tenantId !== null && !isId(within.tenantId)) return emptyPage();
  const { where: filtered, bindings } = wanted(within);
  return selectPage<ListedAuditEvent>(
    db,
    keyset,
    { limit, after },
    ({ key, where, order }) =>
      `select ${columns}, ${key}
         from audit_events e
        where ${filtered} and ${where}
        ${order}`,
    bindings,
  );
}

/**
 * @param query.tenantId null: events of no tenant
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listAuditEvents(db: Database, query: PageRequest & Within): Promise<Page<ListedAuditEvent>> {
  return selectEvents(db, newestFirst, query);
}

/**
 * All of them, the oldest first, some at a time: however many there are, few are held. Each some is a statement of its own.
 * @param read gives the connection for each
 */
export async function* auditEventsInOrder(
  read: <T>(work: (db: Database) => Promise<T>) => Promise<T>,
  within: Within,
): AsyncGenerator<ListedAuditEvent[]> {
  let after: string | null = null;
  do {
    const wanted = { ...within, limit: 1000, after };
    const page: Page<ListedAuditEvent> = await read((db) => selectEvents(db, oldestFirst, wanted));
    yield page.items;
    after = page.next;
  } while (after !== null);
}

/** The clock that events are dated by. */
export async function auditClock(db: Database): Promise<Date> {
  return ((await firstRow<{ now: Date }>(db, 'select clock_timestamp() as now', {})) as { now: Date }).now;
}

/**
 * Those after a moment that are not among `seen`, the newest first.
 * @param wanted.limit so many at the most
 */
export async function selectEventsAfter(
  db: Database,
  { after, seen, limit, ...within }: Within & { after: Date; seen: readonly string[]; limit: number },
): Promise<ListedAuditEvent[]> {
  const { where, bindings } = wanted(within);
  return rows<ListedAuditEvent>(
    db,
    `select ${columns}
       from audit_events e
      where ${where} and e.occurred_at > :after and e.id <> all(:seen::uuid[])
      order by e.occurred_at desc, e.id desc
      limit :limit`,
    { ...bindings, after, seen: [...seen], limit },
  );
}
