/**
 * Receivers: who in a tenant is told what happens there, and how that goes. Owns that one which is disabled has nothing waiting.
 * What a receiver is besides (an address, a secret) belongs to the feature of its kind, under the same id.
 */
import { type Database, prepared, rows, runPrepared } from '../../platform/database.ts';
import type { EventTypeName } from './event-types.ts';
import { giveUpWaiting } from './lane-store.ts';

export type ReceiverState = 'enabled' | 'paused' | 'disabled';

export interface Receiver {
  id: string;
  tenantId: string;
  kind: string;
  /** paused: what happens waits; disabled: what happens is not told to it. */
  state: ReceiverState;
  /** None: all. */
  types: EventTypeName[];
  /** Attempts that failed, one after another. */
  failures: number;
  failingSince: Date | null;
  retryAt: Date | null;
  /** `failing` for three days, or `gone` by its own word (410); null: somebody decided it, or it is not disabled. */
  disabledWhy: string | null;
}

export const receiverColumns =
  'r.id, r.tenant_id, r.kind, r.state, r.types, r.failures, r.failing_since, r.retry_at, r.disabled_why';

/** SQL of `event_receivers r`: one that has failed for an hour, or was switched off for it; why, and since when. */
export const failingReceiver = {
  is: `(r.disabled_why is not null or (r.failures >= 3 and r.failing_since < now() - interval '1 hour'))`,
  why: `coalesce(r.disabled_why, 'failing')`,
  // One that is switched off has listened to nothing since then.
  since: 'coalesce(r.failing_since, r.listens_since)',
};

export async function addReceiver(
  trx: Database,
  receiver: Pick<Receiver, 'id' | 'tenantId' | 'kind' | 'types'>,
): Promise<void> {
  await rows(
    trx,
    `insert into event_receivers (id, tenant_id, kind, types) values (:id, :tenantId, :kind, :types) returning 1`,
    { ...receiver },
  );
}

export async function changeReceiverTypes(trx: Database, { id, types }: Pick<Receiver, 'id' | 'types'>): Promise<void> {
  await rows(trx, 'update event_receivers set types = :types where id = :id returning 1', { id, types });
}

/**
 * What it failed at before is forgotten. One that listened not at all listens from now on; what waits for one that is disabled is
 * given up.
 * @returns false where it was in that state already
 */
export async function setReceiverState(
  trx: Database,
  { id, state, why = null }: { id: string; state: ReceiverState; why?: string | null },
): Promise<boolean> {
  if (state === 'disabled') await giveUpWaiting(trx, id);
  const changed = await rows(
    trx,
    `update event_receivers
        set listens_since = case when state = 'disabled' then clock_timestamp() else listens_since end,
            state = :state, disabled_why = :why, failures = 0, failing_since = null, retry_at = null
      where id = :id and state <> :state
  returning 1`,
    { id, state, why },
  );
  return changed.length > 0;
}

/** With all that waits for it, and the list of what it was told. */
export async function removeReceiver(trx: Database, id: string): Promise<void> {
  await giveUpWaiting(trx, id);
  await rows(trx, 'delete from event_receivers where id = :id returning 1', { id });
}

const look = prepared(
  'events-look',
  `select exists (select from event_receivers where state <> 'disabled') or exists (select from event_lanes) as listening,
          exists (select from outbox_events where position is null) as fresh`,
);

/** Whether anybody listens anywhere, and whether something was written that is in no order yet. */
export async function lookForEvents(db: Database): Promise<{ listening: boolean; fresh: boolean }> {
  const { rows: found } = await runPrepared<{ listening: boolean; fresh: boolean }>(db, look, []);
  return found[0] ?? { listening: false, fresh: false };
}
