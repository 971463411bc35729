/** The upkeep of the audit trail: partitions for the months to come, and what is older than it is kept for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { inBatches } from '../../platform/in-batches.ts';

/** Not for the moment: somebody else reads or writes what a lock is wanted on. */
const lockNotAvailable = '55P03';
/** The first wait between two attempts; each is longer than the one before, up to the most. */
const firstWaitMs = 200;
const mostWaitMs = 10_000;

/** How often a step is tried that gives up where it would have to wait for a lock; default 80 times, in about ten minutes. */
export interface Patience {
  attempts?: number;
}

/**
 * Calls a function of the database that gives up soon where it would have to wait for a lock, so that nobody waits behind it,
 * until it comes through. @returns undefined where it never did: the next time, then
 */
async function atAnOpportunity<T>(call: () => Promise<T>, { attempts = 80 }: Patience): Promise<T | undefined> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      return await call();
    } catch (error) {
      if ((error as { code?: unknown }).code !== lockNotAvailable) throw error;
      if (attempt === attempts) break;
      // PostgreSQL's own cleaning holds such a lock for minutes where a table is large.
      await sleep(Math.min(mostWaitMs, firstWaitMs * 1.15 ** attempt) * (0.5 + Math.random()));
    }
  }
  return undefined;
}

/**
 * Makes the partitions of this month and the next two, a step at a time. Safe to call at any time, by many at once. What comes for
 * a month without a partition is kept in the default one.
 */
export async function ensureAuditPartitions(db: Database, patience: Patience = {}): Promise<void> {
  const makeSome = () => firstRow<{ more: boolean }>(db, 'select ensure_audit_partitions() as more');
  while ((await atAnOpportunity(makeSome, patience))?.more);
}

/**
 * Tells the index by time what was added to the trail since, so that a span of it is found without reading all that is new. To be
 * called once a minute. Where PostgreSQL cleans the table at that moment, the index learns of it that way.
 */
export async function summarizeNewEvents(db: Database): Promise<void> {
  await atAnOpportunity(() => rows(db, 'select summarize_audit_events()'), { attempts: 1 });
}

/** Drops the months that are over for everybody, each at once: however many events it has, nobody waits for it. */
async function dropEndedPartitions(db: Database, serverDays: number, patience: Patience): Promise<void> {
  const detachOne = () =>
    firstRow<{ name: string | null }>(db, 'select detach_ended_audit_partition(:serverDays::integer) as name', {
      serverDays,
    });
  let detached: string | null | undefined;
  do {
    detached = (await atAnOpportunity(detachOne, patience))?.name;
    await atAnOpportunity(() => rows(db, 'select drop_ended_audit_partitions()'), patience);
  } while (detached);
}

/** All of a busy day in one night, and a month of it in a few. */
const purgeMs = 30 * 60_000;

/**
 * Ends what is older than it is kept for, by the server's time or a tenant's own. All that leaves the trail leaves it here.
 * @param serverDays how long events are kept where a tenant says nothing else; at least 30
 */
export async function purgeAuditEvents(db: Database, serverDays: number, patience: Patience = {}): Promise<void> {
  await dropEndedPartitions(db, serverDays, patience);
  const deleteSome = async (most: number) => {
    const found = await firstRow<{ gone: number }>(
      db,
      'select purge_audit_events(:serverDays::integer, :most::integer) as gone',
      { serverDays, most },
    );
    return found?.gone ?? 0;
  };
  await inBatches(deleteSome, { milliseconds: purgeMs });
}

/**
 * What the events of the last day about one type of entity give as their reason, the most frequent first. By the index on
 * (entity_type, entity_id, occurred_at): for types that have few events.
 */
export async function reasonsOfLastDay(db: Database, entityType: string): Promise<{ reason: string; count: number }[]> {
  return rows(
    db,
    `select coalesce(payload ->> 'reason', 'unknown') as reason, count(*) as count
       from audit_events
      where entity_type = :entityType and occurred_at > now() - interval '1 day'
      group by 1
      order by 2 desc, 1`,
    { entityType },
  );
}

/** What the events of some actions in a tenant give as their reason, the most frequent first; those that give none are not there. */
export async function reasonsOfTenant(
  db: Database,
  { tenantId, actions, days, most }: { tenantId: string; actions: readonly string[]; days: number; most: number },
): Promise<{ reason: string; count: number }[]> {
  return rows(
    db,
    `select payload ->> 'reason' as reason, count(*)::integer as count
       from audit_events
      where tenant_id = :tenantId and action = any(:actions::text[]) and occurred_at > now() - make_interval(days => :days)
        and payload ->> 'reason' is not null
      group by 1
      order by 2 desc, 1
      limit :most`,
    { tenantId, actions: [...actions], days, most },
  );
}
