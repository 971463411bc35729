/** What an attempt to tell comes to: over, or tried again after a pause that grows; and when a receiver is given up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, inTransaction, isConnectionError } from '../../platform/database.ts';
import { gathered } from '../../platform/gathered.ts';
import {
  type Attempted,
  finishAttempts,
  judgeReceivers,
  type NextDelivery,
  type ToldReceiver,
} from './attempt-store.ts';
import type { HeldDelivery } from './lane-store.ts';
import type { Outcome, ReceiverKinds } from './receiver-kind.ts';

export interface Retries {
  /** The first pause; each is three times as long as the one before. */
  firstSeconds: number;
  longestSeconds: number;
  /** After that long nothing is tried again, and a receiver that has failed all the time is given up. */
  giveUpSeconds: number;
}

export const defaultRetries: Retries = { firstSeconds: 2, longestSeconds: 6 * 3600, giveUpSeconds: 3 * 86_400 };

/** With up to a fifth more or less, so that what failed together does not come back together. */
function pauseSeconds(attempts: number, { firstSeconds, longestSeconds }: Retries): number {
  return Math.min(longestSeconds, firstSeconds * 3 ** Math.min(attempts, 20)) * (0.8 + Math.random() * 0.4);
}

/** @param keepSeconds for how long the lane is held on where the delivery is over and another one waits in it */
export function attemptOf(held: HeldDelivery, outcome: Outcome, retries: Retries, keepSeconds: number): Attempted {
  const { deliveryId, receiverId, subject, holder, version, attempts, failingSeconds } = held;
  const retryAfter = (outcome.result === 'failed' && outcome.retryAfterSeconds) || 0;
  const isOver = outcome.result === 'delivered' || failingSeconds >= retries.giveUpSeconds;
  return {
    ...{ deliveryId, receiverId, subject, holder, version },
    state: outcome.result === 'delivered' ? 'delivered' : isOver ? 'failed' : 'waiting',
    status: outcome.status ?? null,
    reason: outcome.result === 'delivered' ? null : outcome.reason,
    againSeconds: isOver ? 0 : Math.max(retryAfter, pauseSeconds(attempts, retries)),
    // A receiver is asked sooner than any one delivery would be: at the most ten minutes after it is back.
    receiverSeconds: Math.max(retryAfter, Math.min(600, pauseSeconds(attempts, retries))),
    isAskedToWait: retryAfter > 0,
    keepSeconds: outcome.result === 'delivered' ? keepSeconds : 0,
  };
}

export interface Finished {
  attempt: Attempted;
  gone: boolean;
}

/** Writes down what came of attempts, those of one moment together; gives receivers up. Answers what comes next in the lane. */
export function createFinisher(kinds: ReceiverKinds, { giveUpSeconds }: Retries) {
  async function finishAll(db: Database, finished: readonly Finished[]): Promise<NextDelivery[]> {
    const attempts = finished.map(({ attempt }) => attempt);
    const coming = await finishAttempts(db, attempts);
    const judged = await judgeReceivers(db, attempts);
    const gone = new Set(finished.filter((one) => one.gone).map(({ attempt }) => attempt.receiverId));
    for (const receiver of judged) {
      const why = gone.has(receiver.id) ? 'gone' : hasFailedFor(receiver, giveUpSeconds) ? 'failing' : undefined;
      if (why) await kinds[receiver.kind]?.giveUp(db, receiver, why);
    }
    return coming;
  }

  return gathered<Finished, NextDelivery | undefined>(
    async (db, finished) => {
      // Two statements that may be apart: a receiver whose recovery is not noted answers again.
      const allWell = finished.every(({ attempt }) => attempt.state === 'delivered');
      const coming = await (allWell ? finishAll(db, finished) : inTransaction(db, (trx) => finishAll(trx, finished)));
      const byHolder = new Map(coming.map((next) => [next.holder, next]));
      return finished.map(({ attempt }) => byHolder.get(attempt.holder));
    },
    { most: 64, atOnce: 1 },
  );
}

function hasFailedFor({ failures, failingSeconds }: ToldReceiver, seconds: number): boolean {
  return failures > 0 && failingSeconds >= seconds;
}

/** Again while the database is away: what is not written down is told twice. @param until by `performance.now()` */
export async function patiently<T>(until: number, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isConnectionError(error) || performance.now() >= until) throw error;
      await sleep(250, undefined, { ref: false });
    }
  }
}
