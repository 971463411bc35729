/**
 * The audit trail. Owns who did what to what, from where; each rule writes its event in the transaction of the change,
 * so there is no change without its event and no event without its change. Refuses secrets in a payload: names that
 * look like one are dropped before they are written, whatever the caller passed.
 */

import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { insertOutboxSql, outboxRow, outboxRowsSql } from '../events/outbox.ts';
import { toldOf } from './told-actions.ts';

/** Who acts, and from where; passed to every function that changes something. */
export interface Caller {
  /** `api_key`: a key of a place; a person's own key acts as the person. */
  type: 'user' | 'client' | 'api_key' | 'system';
  /** users.id, clients.client_id or api_keys.id; absent for the system. */
  id?: string;
  ip?: string;
  userAgent?: string;
  requestId?: string;
  /** SHA-256 of the browser's device cookie, where there is one; never written to the trail. */
  device?: Buffer;
  /** The operation of the management API that it happens by. */
  cause?: string;
  /** Where the one who acts belongs, where that is another tenant than the one acted in. */
  actorTenantId?: string;
  /** The API key by which a person acts. */
  keyId?: string;
  /** The application by which a person acts, where it is not the operator's own: an agent, for one. */
  client?: string;
}

/** The server itself: migrations, schedules, the command line. */
export const systemCaller: Caller = Object.freeze({ type: 'system' });

export interface AuditEvent {
  tenantId?: string | null;
  /** Lowercase, dotted: `login.succeeded`, `role.assigned`. */
  action: string;
  entityType?: string;
  entityId?: string;
  /** A diff or the facts that explain the event; never a credential. */
  payload?: Record<string, unknown>;
  /** Ids that whoever listens is told besides (told-actions.ts); the trail has no use for them. */
  told?: Record<string, unknown>;
}

const secretName = /pass(word|phrase)|secret|token|code$|assertion|authorization|cookie|private|_key$|apikey/i;

/** What was found of names that were seen before: each event has the same few. Some may be a stranger's. */
const judged = new Map<string, boolean>();

function mayBeSecret(name: string): boolean {
  let verdict = judged.get(name);
  if (verdict === undefined) {
    verdict = secretName.test(name);
    if (judged.size < 1_000) judged.set(name, verdict);
  }
  return verdict;
}

/** The payload without anything that could be a credential, strings cut to 500 characters. */
function withoutSecrets(payload: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(payload)) {
    const value = payload[name];
    if (value !== undefined && !mayBeSecret(name)) kept[name] = cleanValue(value);
  }
  return kept;
}

function cleanValue(value: unknown): unknown {
  // jsonb has no NUL.
  if (typeof value === 'string') return value.slice(0, 500).replaceAll('\0', '');
  if (Array.isArray(value)) return value.slice(0, 100).map(cleanValue);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return withoutSecrets(value as Record<string, unknown>);
}

/** An event by the names of its columns, for statements that write it together with the change. */
export function auditEventRow(event: AuditEvent, caller: Caller): Record<string, unknown> {
  const { cause, actorTenantId, keyId, client } = caller;
  return {
    id: newId(),
    tenant_id: event.tenantId ?? null,
    actor_type: caller.type,
    actor_id: caller.id ?? null,
    action: event.action,
    entity_type: event.entityType ?? null,
    entity_id: event.entityId ?? null,
    ip: caller.ip ?? null,
    user_agent: caller.userAgent?.slice(0, 500) ?? null,
    request_id: caller.requestId ?? null,
    // An object: the driver makes jsonb of it, or the statement that takes the whole row as one value.
    payload: {
      ...withoutSecrets(event.payload ?? {}),
      ...(cause && { cause }),
      ...(actorTenantId && { actorTenantId }),
      ...(keyId && { keyId }),
      ...(client && { client }),
    },
  };
}

const insertSql = `insert into audit_events (id, tenant_id, actor_type, actor_id, action, entity_type, entity_id, ip, user_agent,
                             request_id, payload)
   select a.id, a.tenant_id, a.actor_type, a.actor_id, a.action, a.entity_type, a.entity_id, a.ip, a.user_agent,
          a.request_id, a.payload
     from jsonb_to_recordset($1::jsonb) as a(id uuid, tenant_id uuid, actor_type text, actor_id text, action text,
            entity_type text, entity_id text, ip inet, user_agent text, request_id text, payload jsonb)`;

const insert = prepared('audit-events-insert', insertSql);
const insertTold = prepared(
  'audit-events-insert-told',
  `with written as (${insertSql}) ${insertOutboxSql(outboxRowsSql('$2'))}`,
);

/** Writes one event in the caller's transaction. */
export async function recordEvent(db: Database, event: AuditEvent, caller: Caller): Promise<void> {
  await recordEvents(db, [event], caller);
}

/** Writes several events in one statement, however many they are, and with them what is told of it to those who listen. */
export async function recordEvents(db: Database, events: readonly AuditEvent[], caller: Caller): Promise<void> {
  if (events.length === 0) return;
  const written = JSON.stringify(events.map((event) => auditEventRow(event, caller)));
  const told = events.flatMap((event) => toldOf(event) ?? []).map(outboxRow);
  if (told.length === 0) await runPrepared(db, insert, [written]);
  else await runPrepared(db, insertTold, [written, JSON.stringify(told)]);
}

/**
 * SQL for a statement that makes a change and writes its event at once, or neither. Not for an action that is told
 * (told-actions.ts): that takes `recordEvent`.
 * @param event the parameter that holds `auditEventRow` as jsonb, its names in snake_case, or null for no event
 * @param condition when the event is written; it may name the event's columns by `a`
 * @param change.from a table expression of the statement that the condition and the action need, such as `written w`
 * @param change.action SQL in the place of the event's own action; `a.changed_action` is one more column of the event
 */
export function insertEventSql(
  event: string,
  condition: string,
  { from, action = 'a.action' }: { from?: string; action?: string } = {},
): string {
  return `insert into audit_events (id, tenant_id, actor_type, actor_id, action, entity_type, entity_id, ip, user_agent,
                               request_id, payload)
     select a.id, a.tenant_id, a.actor_type, a.actor_id, ${action}, a.entity_type, a.entity_id, a.ip, a.user_agent,
            a.request_id, a.payload
       from ${from ? `${from}, ` : ''}jsonb_to_record(${event}::jsonb) as a(id uuid, tenant_id uuid, actor_type text,
              actor_id text, action text, changed_action text, entity_type text, entity_id text, ip inet,
              user_agent text, request_id text, payload jsonb)
      where ${event}::jsonb is not null and (${condition})`;
}
