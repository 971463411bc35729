/**
 * Refusals of clients, which anybody can cause as often as they like: a wrong secret, an unknown resource. Owns that the
 * trail grows by what happened and not by how often: the first of its kind from an address is told of at once, those that
 * repeat in one event a minute for each client and address, with their count. What is counted is in the database, so it
 * holds over all processes and a kill -9.
 */
import { type Database, inTransaction, prepared, rows, runPrepared } from '../../platform/database.ts';
import { widestNetwork } from '../../platform/rate-limits.ts';
import { type AuditEvent, auditEventRow, type Caller, insertEventSql, recordEvents } from './audit-events.ts';

/** Told of apart at one client; all further addresses are one. */
const mostNetworks = 100;

/** Why a client was refused, and where. */
export interface ClientRefusal {
  tenantId: string | undefined;
  clientId: string;
  /** `token.refused` */
  action: string;
  /** OAuth error code. */
  error: string;
  /** What else is told of the first. */
  payload: Record<string, unknown>;
}

// The first of a kind has an event of its own and is not counted.
const note = prepared(
  'refusal-note',
  `with place as (
     select case when exists (select from repeated_refusals where client_id = $1 and network = $2) then $2::text
                 when (select count(*) from (select from repeated_refusals where client_id = $1 limit ${mostNetworks}) as f)
                      >= ${mostNetworks} then ''
                 else $2 end as network
   ), noted as (
     insert into repeated_refusals as r (client_id, network, tenant_id, counts, begun, since)
     select $1, p.network, $3, jsonb_build_object($4::text, $5::integer - 1), $4, now() from place p
     on conflict (client_id, network) do update
        set counts = r.counts
                     || jsonb_build_object($4::text, coalesce((r.counts ->> $4)::integer + $5::integer, $5::integer - 1)),
            begun  = case when jsonb_exists(r.counts, $4) then null else $4 end
     returning begun
   ), audited as (
     ${insertEventSql('$6', 'n.begun is not null', { from: 'noted n' })}
   )
   select 1`,
);

/** Tells of a refusal, or counts it where it repeats. */
export type RecordRefusal = (refusal: ClientRefusal, caller: Caller) => Promise<void>;

/**
 * Makes the recorder of a process. While one refusal is being written, those that are like it are gathered and written
 * together: a flood of them holds one connection.
 */
export function createRefusalRecorder(db: Database): RecordRefusal {
  const gathered = new Map<string, number>();

  async function write(refusal: ClientRefusal, caller: Caller, network: string, times: number): Promise<void> {
    const { tenantId, clientId, action, error, payload } = refusal;
    const event: AuditEvent = { tenantId, action, entityType: 'client', entityId: clientId, payload };
    const eventRow = JSON.stringify(auditEventRow(event, { ...caller, type: 'client', id: clientId }));
    await runPrepared(db, note, [clientId, network, tenantId ?? null, `${action} ${error}`, times, eventRow]);
  }

  return async function recordRefusal(refusal, caller) {
    const network = caller.ip === undefined ? '' : widestNetwork(caller.ip);
    const key = JSON.stringify([refusal.clientId, network, refusal.action, refusal.error]);
    const waiting = gathered.get(key);
    if (waiting !== undefined) {
      gathered.set(key, waiting + 1);
      return;
    }
    try {
      for (let times = 1; times > 0; times = gathered.get(key) ?? 0) {
        gathered.set(key, 0);
        await write(refusal, caller, network, times);
      }
    } finally {
      gathered.delete(key);
    }
  };
}

interface Repeated {
  clientId: string;
  network: string;
  tenantId: string | null;
  counts: Record<string, number>;
  since: Date;
}

function eventOf({ clientId, tenantId, counts, since }: Repeated): AuditEvent {
  const refusals = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => {
      const [action, error] = kind.split(' ');
      return { action, error, count };
    });
  const count = refusals.reduce((sum, refusal) => sum + refusal.count, 0);
  const payload = { count, refusals, since: since.toISOString() };
  return { tenantId, action: 'refusal.repeated', entityType: 'client', entityId: clientId, payload };
}

/**
 * Tells of what has repeated in the minutes before this one: one event for each client and address. To be called once a
 * minute. What has come to rest is forgotten, so that the next refusal is told of at once again.
 */
export async function tellOfRepeatedRefusals(db: Database): Promise<void> {
  while (await tellOfSome(db));
}

/** In the order of the keys; those that are being counted right now wait for the commit. @returns whether there may be more */
async function tellOfSome(db: Database, batch = 500): Promise<boolean> {
  return inTransaction(db, async (trx) => {
    const due = await rows<Repeated>(
      trx,
      `select client_id, network, tenant_id, counts, since
         from repeated_refusals
        where since < date_trunc('minute', now())
        order by client_id, network
        limit ?
          for update`,
      [batch],
    );
    for (const repeated of due) {
      const isOver = Object.values(repeated.counts).every((count) => count === 0);
      if (!isOver) {
        const caller: Caller = { type: 'client', id: repeated.clientId, ip: repeated.network || undefined };
        await recordEvents(trx, [eventOf(repeated)], caller);
      }
      await (isOver ? forget(trx, repeated) : beginAgain(trx, repeated));
    }
    return due.length === batch;
  });
}

async function forget(trx: Database, { clientId, network }: Repeated): Promise<void> {
  await rows(trx, `delete from repeated_refusals where client_id = ? and network = ?`, [clientId, network]);
}

async function beginAgain(trx: Database, { clientId, network, counts }: Repeated): Promise<void> {
  const zero = JSON.stringify(Object.fromEntries(Object.keys(counts).map((kind) => [kind, 0])));
  await rows(trx, `update repeated_refusals set counts = ?::jsonb, since = now() where client_id = ? and network = ?`, [
    zero,
    clientId,
    network,
  ]);
}
