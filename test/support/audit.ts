/**
 * Proof that a change and its event are one: makes the one or the other fail at the commit, and tells what is left.
 */
import assert from 'node:assert/strict';
import { auditActions } from '../../src/domain/audit/actions.ts';
import { commonMembers } from '../../src/domain/audit/payload-members.ts';
import type { Database } from '../../src/platform/database.ts';
import { eventually } from './eventually.ts';

export interface AuditRow {
  id: string;
  tenantId: string | null;
  actorType: string;
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

/** Prepares a database. Both kinds of faults come at the end of a transaction, when everything has been written. */
export async function installFaults(db: Database): Promise<void> {
  await db.raw(`
    create table faults (kind text not null);

    create function fail_event() returns trigger language plpgsql as $$
    begin
      if exists (select from faults where kind in ('event', new.action)) then
        raise exception 'the trail is out of order' using errcode = 'internal_error';
      end if;
      return null;
    end $$;
    create function fail_change() returns trigger language plpgsql as $$
    begin
      if exists (select from faults where kind in ('change', tg_table_name)) then
        raise exception 'the table % is out of order', tg_table_name using errcode = 'internal_error';
      end if;
      return null;
    end $$;
    create function fail_payload() returns trigger language plpgsql as $$
    begin
      if exists (select from faults where kind = 'change' or kind = coalesce(new.model, old.model)) then
        raise exception 'the payloads are out of order' using errcode = 'internal_error';
      end if;
      return null;
    end $$;`);
  const found = await db.raw(
    `select relname as name, relkind as kind, relispartition as part
       from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`,
  );
  for (const { name, part } of found.rows as { name: string; part: boolean }[]) {
    if (part || ['faults', 'rate_limits', 'schema_migrations'].includes(name)) continue;
    const [events, work] =
      name === 'audit_events'
        ? ['insert', 'fail_event']
        : ['insert or update or delete', name === 'oidc_payloads' ? 'fail_payload' : 'fail_change'];
    await db.raw(`create constraint trigger faulty after ${events} on ${name}
                    deferrable initially deferred for each row execute function ${work}()`);
  }
}

/** `event`, the name of an action, `change`, the name of a table, or a model of `oidc_payloads`. */
export async function withFault<T>(db: Database, kind: string, work: () => Promise<T>): Promise<T> {
  await db('faults').insert({ kind });
  try {
    return await work();
  } finally {
    await db('faults').delete();
  }
}

/** Jobs of the schedule come and go by the clock, whatever a test does. */
const unscheduled = `where t.task_id not in (
  select id from graphile_worker._private_tasks
   where identifier in (select identifier from graphile_worker._private_known_crontabs))`;

/** What a rolled-back change leaves as it was; the trail aside. A hash for each table. */
export async function stateOf(db: Database, tables?: readonly string[]): Promise<Record<string, string>> {
  const found = await db.raw(
    `select format('%I.%I', schemaname, tablename) as name, tablename as bare
       from pg_tables
      where schemaname in ('public', 'graphile_worker')
        and tablename !~ '^(audit_events|faults|rate_limits|_private_known_crontabs)'`,
  );
  const state: Record<string, string> = {};
  for (const { name, bare } of found.rows as { name: string; bare: string }[]) {
    if (tables && !tables.includes(bare)) continue;
    const hashed = await db.raw(
      `select md5(coalesce(string_agg(t::text, chr(10) order by t::text), '')) as hash
         from ${name} t ${bare === '_private_jobs' ? unscheduled : ''}`,
    );
    state[bare] = hashed.rows[0].hash;
  }
  return state;
}

/** Rows of some models: those of a flow come and go besides. */
export async function payloadsOf(db: Database, models: readonly string[]): Promise<string[]> {
  const found = await db.raw(
    `select model || ' ' || encode(id_hash, 'hex') || ' ' || md5(payload) as row
       from oidc_payloads where model = any(?) order by 1`,
    [[...models]],
  );
  return (found.rows as { row: string }[]).map(({ row }) => row);
}

const columns = `id, tenant_id as "tenantId", actor_type as "actorType", actor_id as "actorId", action,
  entity_type as "entityType", entity_id as "entityId", host(ip) as ip, user_agent as "userAgent",
  request_id as "requestId", payload, occurred_at as "occurredAt"`;

/** Events since the one of that id (UUIDv7 is in order of time), oldest first. */
export async function eventsSince(db: Database, last: string | undefined): Promise<AuditRow[]> {
  const found = await db.raw(`select ${columns} from audit_events where ?::uuid is null or id > ? order by id`, [
    last ?? null,
    last ?? null,
  ]);
  return found.rows;
}

/**
 * What `work` has written into the trail.
 * @param awaited an action that is told of after the answer, and is waited for
 */
export async function eventsOf<T>(
  db: Database,
  work: () => Promise<T>,
  awaited?: string,
): Promise<{ result: T; events: AuditRow[] }> {
  const before = new Set((await eventsSince(db, undefined)).map(({ id }) => id));
  const result = await work();
  const events = await eventually(async () => {
    const written = (await eventsSince(db, undefined)).filter(({ id }) => !before.has(id));
    return (awaited === undefined || written.some(({ action }) => action === awaited)) && written;
  });
  for (const event of events) assertKnown(event);
  return { result, events };
}

/** It is in the list of all actions, about what it says there, and its payload holds nothing else. */
function assertKnown({ action, entityType, payload }: AuditRow): void {
  const known = auditActions[action];
  assert.ok(known, `${action} is not in src/domain/audit/actions.ts`);
  assert.ok(entityType === null || entityType === known.entity, `${action} is about ${entityType}`);
  const members: string[] = [...known.payload, ...Object.keys(commonMembers)];
  const others = Object.keys(payload).filter((name) => !members.includes(name));
  assert.deepEqual(others, [], `${action} holds what src/domain/audit/actions.ts does not say`);
}
