/**
 * Tells whoever listens what has happened. Owns that an event goes at least once, in order within its subject, within two
 * seconds where the receiver answers, and that a receiver that does not answer holds up nobody else. Each process that takes
 * jobs runs one; what one is at is held by rows, which another takes over when the holder is gone. How a receiver is spoken to
 * is decided by its kind, which is handed in.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Database, inTransaction, isConnectionError } from '../../platform/database.ts';
import { gathered } from '../../platform/gathered.ts';
import {
  type Attempted,
  dropLanes,
  finishAttempts,
  type HeldDelivery,
  holdLanes,
  putInOrdered,
  type ToldReceiver,
} from './lane-store.ts';
import { orderEvents } from './outbox.ts';
import { lookForEvents } from './receivers.ts';

export type { HeldDelivery };

/** What came of speaking to a receiver. `gone`: it wants nothing any more. */
export type Outcome =
  | { result: 'delivered'; status: number }
  | { result: 'failed' | 'gone'; status?: number; reason: string };

/** How one kind of receiver is told. */
export interface ReceiverKind {
  /** Never throws for what the receiver does. Takes no longer than half of the time that a lane is held. */
  deliver(delivery: HeldDelivery, signal: AbortSignal): Promise<Outcome>;
  /** A receiver is given up; in the transaction of the attempt that decided it. */
  giveUp(trx: Database, receiver: { id: string; tenantId: string }, why: 'failing' | 'gone'): Promise<void>;
}

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

export interface SenderOptions {
  db: Database;
  kinds: Readonly<Record<string, ReceiverKind>>;
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
  /** After that long another process may send what this one was at. */
  holdSeconds?: number;
}

export interface Sender {
  /** Takes nothing more, waits for what is under way. Never rejects. */
  stop(): Promise<void>;
}

const endsEveryMs = 1_000;
const defaultHoldSeconds = 20;
const stopMs = 5_000;

/** What is being sent at this moment. */
interface Sending {
  begin(held: HeldDelivery): void;
  count(): number;
  /** Resolves when nothing is. */
  settled(): Promise<unknown>;
}

function createSending(
  { db, kinds, logger, retries = defaultRetries, holdSeconds = defaultHoldSeconds }: SenderOptions,
  { stopping, ended }: { stopping: AbortSignal; ended(): void },
): Sending {
  const finish = createFinisher(kinds, retries);
  const underWay = new Set<Promise<void>>();

  async function send(held: HeldDelivery): Promise<void> {
    const kind = kinds[held.kind];
    if (!kind) return;
    const outcome = await kind.deliver(held, stopping);
    // What was broken off by the stop is sent by another, once the hold has run out.
    if (stopping.aborted && outcome.result === 'failed') return;
    const finished = { attempt: attemptOf(held, outcome, retries), gone: outcome.result === 'gone' };
    await patiently(Date.now() + (holdSeconds * 1000) / 2, () => finish(db, finished));
  }

  return {
    begin(held) {
      const work = send(held)
        .catch((err) =>
          logger.warn({ err, receiver: held.receiverId }, 'An attempt to tell a receiver was not written down'),
        )
        .finally(() => {
          underWay.delete(work);
          ended();
        });
      underWay.add(work);
    },
    count: () => underWay.size,
    settled: () => Promise.allSettled(underWay),
  };
}

/** Starts telling, in the background. */
export function startSender(options: SenderOptions): Sender {
  const { db, kinds, logger, idleMs = 300 } = options;
  const { atOnce = 32, eachAtOnce = 8, holdSeconds = defaultHoldSeconds } = options;
  const stopping = new AbortController();
  let wake = () => {};
  const sending = createSending(options, { stopping: stopping.signal, ended: () => wake() });
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
    const held = await holdLanes(db, { kinds: Object.keys(kinds), most, holdSeconds, each: eachAtOnce });
    const empty = held.filter(({ deliveryId }) => deliveryId === null);
    if (empty.length > 0) await inTransaction(db, (trx) => dropLanes(trx, empty));
    for (const one of held) if (one.deliveryId !== null) sending.begin(one);
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
      const all = ended.then(() => sending.settled());
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

function attemptOf(held: HeldDelivery, outcome: Outcome, retries: Retries): Attempted {
  const { deliveryId, receiverId, subject, holder, version, attempts, failingSeconds } = held;
  const isOver = outcome.result === 'delivered' || failingSeconds >= retries.giveUpSeconds;
  return {
    ...{ deliveryId, receiverId, subject, holder, version },
    state: outcome.result === 'delivered' ? 'delivered' : isOver ? 'failed' : 'waiting',
    status: outcome.status ?? null,
    reason: outcome.result === 'delivered' ? null : outcome.reason,
    againSeconds: isOver ? 0 : pauseSeconds(attempts, retries),
    // A receiver is asked sooner than any one delivery would be: at the most ten minutes after it is back.
    receiverSeconds: Math.min(600, pauseSeconds(attempts, retries)),
  };
}

/** Again while the database is away: what is not written down is told twice. */
async function patiently(until: number, work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isConnectionError(error) || Date.now() >= until) throw error;
      await sleep(250, undefined, { ref: false });
    }
  }
}

interface Finished {
  attempt: Attempted;
  gone: boolean;
}

/** Writes down what came of attempts, those of one moment together; gives receivers up. */
function createFinisher(kinds: SenderOptions['kinds'], { giveUpSeconds }: Retries) {
  return gathered<Finished, undefined>(
    async (db, finished) => {
      await inTransaction(db, async (trx) => {
        const judged = await finishAttempts(
          trx,
          finished.map(({ attempt }) => attempt),
        );
        const gone = new Set(finished.filter((one) => one.gone).map(({ attempt }) => attempt.receiverId));
        for (const receiver of judged) {
          const why = gone.has(receiver.id) ? 'gone' : hasFailedFor(receiver, giveUpSeconds) ? 'failing' : undefined;
          if (why) await kinds[receiver.kind]?.giveUp(trx, receiver, why);
        }
      });
      return finished.map(() => undefined);
    },
    { most: 64, atOnce: 1 },
  );
}

function hasFailedFor({ failures, failingSeconds }: ToldReceiver, seconds: number): boolean {
  return failures > 0 && failingSeconds >= seconds;
}
