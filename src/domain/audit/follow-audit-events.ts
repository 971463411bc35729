/**
 * The trail as it grows. Reads what is new in the database twice a second, so that what any process writes is told by every
 * other. Owns that nothing is told to who may listen no longer, that an event which commits late is told all the same, and that
 * a reader who takes nothing costs no memory. Refuses to be complete where more happens than can be read: it says so.
 */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, isConnectionError } from '../../platform/database.ts';
import {
  type AuditEventFilter,
  auditClock,
  findAuditEvent,
  type ListedAuditEvent,
  selectEventsAfter,
} from './list-audit-events.ts';

/** An event is dated when its transaction begins, and is there when that commits. */
const latestMs = 15_000;
const mostAtOnce = 200;
const mostSeen = 2_000;

export interface Followed {
  kind: 'event' | 'skipped' | 'quiet' | 'end';
  /** Of an event. */
  id?: string;
  data?: object;
}

export interface FollowOptions {
  /** Asked each time before anything is told. */
  mayGoOn(): Promise<boolean>;
  /** What is told of events, one of each. */
  show(events: ListedAuditEvent[]): Promise<object[]>;
  /** For how long at the most. */
  seconds: number;
  /** Goes on after this event, where that is known. */
  lastEventId?: string;
  pollMs?: number;
  /** How often it is said that there is nothing to say; also how long a reader may take nothing, four times over. */
  quietMs?: number;
}

type Within = AuditEventFilter & { tenantId: string };

/** What was told already, as far back as late events may come. */
class Position {
  #seen = new Map<string, number>();
  #since: Date;
  #floor: number;

  constructor(since: Date, seen: readonly ListedAuditEvent[]) {
    this.#since = since;
    const [oldest] = seen;
    const isCut = oldest !== undefined && seen.length >= mostSeen;
    this.#floor = isCut ? oldest.occurredAt.getTime() : since.getTime() - latestMs;
    this.#remember(seen);
  }

  get after(): Date {
    return new Date(Math.max(this.#floor, this.#since.getTime() - latestMs));
  }

  get seen(): string[] {
    return [...this.#seen.keys()];
  }

  /** @param isCut there were more than were read: what is older than these is given up */
  advance(now: Date, events: readonly ListedAuditEvent[], isCut: boolean): void {
    this.#since = now;
    const oldest = events[0];
    if (isCut && oldest) this.#floor = oldest.occurredAt.getTime();
    this.#remember(events);
  }

  #remember(events: readonly ListedAuditEvent[]): void {
    for (const { id, occurredAt } of events) this.#seen.set(id, occurredAt.getTime());
    const after = this.after.getTime();
    for (const [id, at] of this.#seen) if (at < after) this.#seen.delete(id);
    for (const [id, at] of this.#seen) {
      if (this.#seen.size <= mostSeen) break;
      this.#seen.delete(id);
      this.#floor = Math.max(this.#floor, at);
    }
  }
}

async function begin(db: Database, within: Within, lastEventId: string | undefined): Promise<Position> {
  const last = lastEventId && (await findAuditEvent(db, { tenantId: within.tenantId, eventId: lastEventId }));
  const since = last ? last.occurredAt : await auditClock(db);
  const until = new Date(since.getTime() + 1);
  const before = { after: new Date(since.getTime() - latestMs), seen: [], limit: mostSeen };
  const found = await selectEventsAfter(db, { ...within, until, ...before });
  const isBefore = ({ occurredAt, id }: ListedAuditEvent) => !last || occurredAt < since || id <= last.id;
  return new Position(since, found.filter(isBefore).reverse());
}

/** What is new, the oldest first. */
async function step(
  db: Database,
  within: Within,
  position: Position,
  { show }: Pick<FollowOptions, 'show'>,
): Promise<Followed[]> {
  const { after, seen } = position;
  const now = await auditClock(db);
  const found = await selectEventsAfter(db, { ...within, after, seen, limit: mostAtOnce + 1 });
  const isCut = found.length > mostAtOnce;
  const events = found.slice(0, mostAtOnce).reverse();
  const shown = await show(events);
  // What fails before this is read again.
  position.advance(now, events, isCut);
  const told = events.map(({ id }, index): Followed => ({ kind: 'event', id, data: shown[index] }));
  return isCut ? [{ kind: 'skipped' }, ...told] : told;
}

async function follow(stream: Readable, db: Database, within: Within, options: FollowOptions): Promise<void> {
  const { mayGoOn, seconds, lastEventId, pollMs = 400, quietMs = 15_000 } = options;
  const endsAt = Date.now() + seconds * 1000;
  let position: Position | undefined;
  let [spokeAt, takenAt] = [0, Date.now()];
  while (!stream.destroyed && Date.now() < endsAt) {
    try {
      if (!(await mayGoOn())) break;
      // A slow reader: what happens meanwhile stays in the database.
      const isBehind = stream.readableLength >= stream.readableHighWaterMark;
      if (!isBehind) {
        takenAt = Date.now();
        position ??= await begin(db, within, lastEventId);
        const told = await step(db, within, position, options);
        if (told.length === 0 && Date.now() - spokeAt >= quietMs) told.push({ kind: 'quiet' });
        if (told.length > 0) spokeAt = Date.now();
        for (const one of told) stream.push(one);
      } else if (Date.now() - takenAt > 4 * quietMs) stream.destroy();
    } catch (error) {
      // Nobody knows whether they may go on: nothing is told until that can be asked again.
      if (!isConnectionError(error)) throw error;
    }
    await sleep(pollMs, undefined, { ref: false });
  }
  if (stream.destroyed) return;
  stream.push({ kind: 'end' } satisfies Followed);
  stream.push(null);
}

/**
 * Events of a tenant from now on, as objects (`Followed`). Ends when who listens may do so no longer, or the time is over; to be
 * destroyed where they go away.
 */
export function followAuditEvents(db: Database, within: Within, options: FollowOptions): Readable {
  const stream = new Readable({ objectMode: true, highWaterMark: mostAtOnce, read() {} });
  follow(stream, db, within, options).catch((error: Error) => stream.destroy(error));
  return stream;
}
