/**
 * The audit trail. Owns who did what to what, from where; each rule writes its event in the transaction of the change,
 * so there is no change without its event and no event without its change. Refuses secrets in a payload: names that
 * look like one are dropped before they are written, whatever the caller passed.
 */

import type { Database } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';

/** Who acts, and from where; passed to every function that changes something. */
export interface Caller {
  type: 'user' | 'client' | 'system';
  /** users.id or clients.client_id; absent for the system. */
  id?: string;
  ip?: string;
  userAgent?: string;
  requestId?: string;
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
}

const secretName = /pass(word|phrase)|secret|token|code$|assertion|authorization|cookie|private|_key$|apikey/i;

/** The payload without anything that could be a credential, strings cut to 500 characters. */
export function withoutSecrets(payload: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(payload)
      .filter(([name, value]) => value !== undefined && !secretName.test(name))
      .map(([name, value]) => [name, cleanValue(value)]),
  );
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
    payload: withoutSecrets(event.payload ?? {}),
  };
}

/** Writes one event in the caller's transaction. */
export async function recordEvent(db: Database, event: AuditEvent, caller: Caller): Promise<void> {
  await db('audit_events').insert(auditEventRow(event, caller));
}
