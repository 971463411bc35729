/**
 * The lanes that this process is at. Each is held for a moment and renewed for as long as this process lives: when it is gone, the
 * lease runs out and another goes on. Who was stopped for longer than its lease sends nothing any more, and what it writes down
 * counts only while nobody else has taken the lane, which the holder's own id says.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../../platform/database.ts';
import { attemptOf, createFinisher, patiently, type Retries } from './attempts.ts';
import { type HeldDelivery, renewLanes } from './lane-store.ts';
import type { ReceiverKinds } from './receiver-kind.ts';

/** What came of an attempt is written down for so long, while the database is away. */
const noteMs = 10_000;

/** One lane goes on with its next delivery for so long before others of its receiver have their turn. */
const turnMs = 300;

interface Lane {
  held: HeldDelivery;
  /** By `performance.now()`: until then nobody else has it. */
  until: number;
  readonly broken: AbortController;
}

export interface HeldLanes {
  /** @param askedAt by `performance.now()`, before the lane was asked for */
  begin(held: HeldDelivery, askedAt: number): void;
  count(): number;
  /** Renews what runs out soon. Before more is asked for: who was late would take its own lanes for another's. */
  renew(): Promise<void>;
  /** Breaks off what is under way, and resolves when nothing is. */
  stop(): Promise<unknown>;
}

export interface HeldLanesOptions {
  db: Database;
  kinds: ReceiverKinds;
  logger: Logger;
  retries: Retries;
  leaseSeconds: number;
  /** A lane is let go. */
  ended(): void;
}

export function holdingLanes({ db, kinds, logger, retries, leaseSeconds, ended }: HeldLanesOptions): HeldLanes {
  const finish = createFinisher(kinds, retries);
  const lanes = new Map<Lane, Promise<void>>();
  const leaseMs = leaseSeconds * 1000;
  let isStopping = false;
  const renewal = renewing(lanes, { db, logger, leaseSeconds });

  /** @returns what comes next in the lane, if this process goes on with it */
  async function sendFirst(lane: Lane, turnEndsAt: number): Promise<HeldDelivery | undefined> {
    const { held, broken } = lane;
    const kind = kinds[held.kind];
    if (!kind || performance.now() >= lane.until) return undefined;
    const outcome = await kind.deliver(held, broken.signal);
    // What was broken off is sent by another, once the lease has run out.
    if (broken.signal.aborted && outcome.result === 'failed') return undefined;
    const notedAt = performance.now();
    const keepSeconds = isStopping || notedAt >= turnEndsAt ? 0 : leaseSeconds;
    const finished = { attempt: attemptOf(held, outcome, retries, keepSeconds), gone: outcome.result === 'gone' };
    let askedAt = notedAt;
    const next = await patiently(notedAt + noteMs, () => {
      askedAt = performance.now();
      return finish(db, finished);
    });
    if (!next) return undefined;
    lane.until = askedAt + leaseMs;
    return { ...held, ...next, attempts: 0, failingSeconds: 0 };
  }

  async function sendLane(lane: Lane): Promise<void> {
    const turnEndsAt = performance.now() + turnMs;
    for (let next: HeldDelivery | undefined = lane.held; next; next = await sendFirst(lane, turnEndsAt))
      lane.held = next;
  }

  return {
    begin(held, askedAt) {
      if (isStopping) return;
      const lane: Lane = { held, until: askedAt + leaseMs, broken: new AbortController() };
      const work = sendLane(lane)
        .catch((err) =>
          logger.warn({ err, receiver: held.receiverId }, 'An attempt to tell a receiver was not written down'),
        )
        .finally(() => {
          lanes.delete(lane);
          ended();
        });
      lanes.set(lane, work);
      renewal.begin();
    },
    count: () => lanes.size,
    renew: renewal.renew,
    stop() {
      isStopping = true;
      for (const { broken } of lanes.keys()) broken.abort();
      return Promise.allSettled(lanes.values());
    },
  };
}

/** Keeps lanes held, while there are any. One that another has taken is broken off. */
function renewing(
  lanes: ReadonlyMap<Lane, unknown>,
  { db, logger, leaseSeconds }: Pick<HeldLanesOptions, 'db' | 'logger' | 'leaseSeconds'>,
): { begin(): void; renew(): Promise<void> } {
  const leaseMs = leaseSeconds * 1000;
  let isUnderWay = false;

  async function renew(): Promise<void> {
    const askedAt = performance.now();
    const due = [...lanes.keys()].filter(({ until }) => until - askedAt <= (leaseMs * 2) / 3);
    if (due.length === 0) return;
    const states = new Map<string, string>();
    for (const { holder, state } of await renewLanes(db, { lanes: due.map(({ held }) => held), leaseSeconds }))
      states.set(holder, state);
    for (const lane of due) {
      const state = states.get(lane.held.holder);
      if (state === 'renewed') lane.until = Math.max(lane.until, askedAt + leaseMs);
      else if (state === 'lost') lane.broken.abort();
    }
  }

  async function goOn(): Promise<void> {
    while (lanes.size > 0) {
      await sleep(leaseMs / 3, undefined, { ref: false });
      await renew().catch((err) => logger.debug({ err }, 'Could not go on holding what is to be told'));
    }
    isUnderWay = false;
  }

  return {
    renew,
    begin() {
      if (isUnderWay) return;
      isUnderWay = true;
      void goOn();
    },
  };
}
