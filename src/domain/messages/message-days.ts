/**
 * How many messages of a tenant went, were refused or failed, by day (UTC) and channel. Owns that what was sent is counted
 * beside what was not: a message that went leaves no event. Names nobody.
 */
import { type Database, rows } from '../../platform/database.ts';
import type { Glimpse } from '../../platform/glimpse.ts';
import type { Channel } from './outgoing-message.ts';

/** `retried`: an attempt that failed and that another one follows. */
export type CountedOutcome = 'sent' | 'refused' | 'failed' | 'retried';

export interface CountedMessage {
  tenantId: string;
  channel: Channel;
  outcome: CountedOutcome;
  /** Why it did not go. */
  reason?: string;
}

const keptDays = 62;

export async function countMessage(
  db: Database,
  { tenantId, channel, outcome, reason = undefined }: CountedMessage,
): Promise<void> {
  await rows(
    db,
    `insert into message_days as m (tenant_id, day, channel, outcome, count, last_at, last_reason)
     select t.id, (now() at time zone 'UTC')::date, :channel, :outcome, 1, now(), :reason from tenants t where t.id = :tenantId
     on conflict (tenant_id, day, channel, outcome) do update
        set count = m.count + 1, last_at = greatest(m.last_at, now()), last_reason = coalesce(excluded.last_reason, m.last_reason)`,
    { tenantId, channel, outcome, reason: reason ?? null },
  );
}

export async function sweepMessageDays(db: Database): Promise<void> {
  await db.raw(`delete from message_days where day < (now() at time zone 'UTC')::date - ${keptDays}`);
}

export interface MessageDay {
  /** `2027-01-31`, of UTC. */
  day: string;
  channel: Channel;
  sent: number;
  /** Refused, or failed for good. */
  notSent: number;
}

/** Of the last days, today among them; days and channels without a message are not there. */
export async function findMessageDays(
  db: Database,
  { tenantId, days }: { tenantId: string; days: number },
): Promise<MessageDay[]> {
  return rows<MessageDay>(
    db,
    `select day::text as day, channel, coalesce(sum(count) filter (where outcome = 'sent'), 0)::bigint as sent,
            coalesce(sum(count) filter (where outcome in ('refused', 'failed')), 0)::bigint as not_sent
       from message_days
      where tenant_id = :tenantId and day > (now() at time zone 'UTC')::date - :days::integer and outcome <> 'retried'
      group by 1, 2
      order by 1, 2`,
    { tenantId, days },
  );
}

/** Channels by which messages did not go today or yesterday; `detail`: why the last one did not. `count`: how many messages. */
export async function findChannelsInTrouble(db: Database, tenantId: string): Promise<Glimpse> {
  const found = await rows<{ channel: string; count: number; detail: string | null; at: Date }>(
    db,
    `select channel, sum(count)::bigint as count, max(last_at) as at,
            (array_agg(last_reason order by last_at desc))[1] as detail
       from message_days
      where tenant_id = :tenantId and day >= (now() at time zone 'UTC')::date - 1 and outcome in ('refused', 'failed')
      group by 1
      order by 1`,
    { tenantId },
  );
  return {
    count: found.reduce((sum, { count }) => sum + count, 0),
    items: found.map(({ channel, detail, at }) => ({ id: channel, name: channel, detail, at })),
  };
}

export interface ChannelHealth {
  channel: Channel;
  /** Of the last 30 days. */
  sent: number;
  notSent: number;
  lastSentAt: Date | null;
  /** Also of an attempt that another one followed. */
  lastFailedAt: Date | null;
  lastFailure: string | null;
  /** Whether the provider took the last message that it was given; null: it was given none. */
  tookLast: boolean | null;
}

/** How each channel of a tenant does; one by which nothing was sent or refused in 30 days is not there. */
export async function findChannelHealth(db: Database, tenantId: string): Promise<ChannelHealth[]> {
  return rows<ChannelHealth>(
    db,
    `select channel, coalesce(sum(count) filter (where outcome = 'sent'), 0)::bigint as sent,
            coalesce(sum(count) filter (where outcome in ('refused', 'failed')), 0)::bigint as not_sent,
            max(last_at) filter (where outcome = 'sent') as last_sent_at,
            max(last_at) filter (where outcome <> 'sent') as last_failed_at,
            (array_agg(last_reason order by last_at desc) filter (where outcome <> 'sent'))[1] as last_failure,
            (array_agg(outcome = 'sent' order by last_at desc) filter (where outcome <> 'refused'))[1] as took_last
       from message_days
      where tenant_id = :tenantId and day > (now() at time zone 'UTC')::date - 30
      group by 1
      order by 1`,
    { tenantId },
  );
}
