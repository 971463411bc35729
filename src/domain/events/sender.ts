/**
 * Tells whoever listens what has happened. Owns that an event goes at least once, in order within its subject, within two
 * seconds where the receiver answers, and that a receiver that does not answer holds up nobody else. Each process that takes
 * jobs runs one; what one is at is held by rows, which another takes over when the holder is gone. How a receiver is spoken to
 * is decided by its kind, which is handed in.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Database, inTransaction } from '../../platform/database.ts';
import { defaultRetries, type Retries } from './attempts.ts';
import { holdingLanes } from './held-lanes.ts';
import { dropLanes, holdLanes, putInOrdered } from './lane-store.ts';
import { orderEvents } from './outbox.ts';
import type { ReceiverKinds } from './receiver-kind.ts';
import { lookForEvents } from './receivers.ts';

export interface SenderOptions {
  db: Database;
  kinds: ReceiverKinds;
  /** Writes what has begun and ended by time since the last look. Answers whether there was something. */
  tellEnds(db: Database): Promise<boolean>;
  logger: Logger;
  retries?: Retries;
  /** How often it looks where there was nothing to do. */
  idleMs?: number;
  /** Deliveries of this process at the same time. */
  atOnce?: number;
  /** And of one receiver, over all processes. */
  eachAtOnce?: number;
  /** So long after this process is gone, another sends what it was at. Renewed three times in that time. */
  leaseSeconds?: number;
}

export interface Sender {
  /** Takes nothing more, waits for what is under way. Never rejects. */
  stop(): Promise<void>;
}

const endsEveryMs = 1_000;
const defaultLeaseSeconds = 1.5;
const stopMs = 5_000;

/** Starts telling, in the background. */
export function startSender(options: SenderOptions): Sender {
  const { db, kinds, logger, idleMs = 300 } = options;
  const { atOnce = 32, eachAtOnce = 8, leaseSeconds = defaultLeaseSeconds, retries = defaultRetries } = options;
  const stopping = new AbortController();
  let wake = () => {};
  const sending = holdingLanes({ db, kinds, logger, retries, leaseSeconds, ended: () => wake() });
  let endsAt = 0;

  /** @returns whether there may be more at once */
  async function turn(): Promise<boolean> {
    let { listening, fresh } = await lookForEvents(db);
    if (listening && Date.now() >= endsAt) {
      endsAt = Date.now() + endsEveryMs;
      if (await options.tellEnds(db)) fresh = true;
    }
    if (fresh) fresh = await inTransaction(db, putInOrder);
    const most = atOnce - sending.count();
    if (!listening || most <= 0) return fresh;
    await sending.renew();
    const askedAt = performance.now();
    const held = await holdLanes(db, { kinds: Object.keys(kinds), most, leaseSeconds, each: eachAtOnce });
    const empty = held.filter(({ deliveryId }) => deliveryId === null);
    if (empty.length > 0) await dropLanes(db, empty);
    for (const one of held) if (one.deliveryId !== null) sending.begin(one, askedAt);
    return fresh || held.length > 0;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const more = await turn().catch((err) => {
        logger.debug({ err }, 'Could not look for what is to be told');
        return false;
      });
      if (more) continue;
      await Promise.race([woken, sleep(idleMs, undefined, { signal: stopping.signal }).catch(() => {})]);
    }
  }

  const ended = run();
  return {
    async stop() {
      stopping.abort();
      const all = Promise.all([ended, sending.stop()]).then(() => sending.stop());
      await Promise.race([all, sleep(stopMs, undefined, { ref: false })]);
    },
  };
}

/** Orders what was written, and puts it where it waits. @returns whether there was something */
export async function putInOrder(trx: Database): Promise<boolean> {
  const range = await orderEvents(trx);
  if (range) await putInOrdered(trx, range);
  return range !== undefined;
}
