/** The trail and its leaves as they are read for verification: by cursors, some thousand rows at a time. */
import type { Database } from '../../platform/database.ts';
import { cutEvent, type EncodedEvent, joinedEvent } from './event-encoding.ts';
import type { PackedLeaves } from './leaves.ts';
import { ofTenant } from './seal-store.ts';

/** Rows of a cursor, one to look at and take at a time. */
export class Cursor<T> {
  #rows: T[] = [];
  #at = 0;
  #isOver = false;
  #next: Promise<T[]> | undefined;
  readonly #fetch: () => Promise<T[]>;
  readonly #isAhead: boolean;

  /** @param ahead the next rows are on their way while these are worked on: nothing else may be asked of the connection */
  constructor(fetch: () => Promise<T[]>, ahead: boolean) {
    this.#fetch = fetch;
    this.#isAhead = ahead;
    if (ahead) this.#goAhead();
  }

  #goAhead(): void {
    this.#next = this.#fetch();
    // Told to whoever waits for it.
    this.#next.catch(() => undefined);
  }

  /** Whether there is a row to look at without waiting. */
  get isFilled(): boolean {
    return this.#at < this.#rows.length;
  }

  /** Waits for rows; there may be none any more. */
  async fill(): Promise<void> {
    if (this.isFilled || this.#isOver) return;
    this.#rows = await (this.#next ?? this.#fetch());
    this.#at = 0;
    this.#next = undefined;
    this.#isOver = this.#rows.length === 0;
    if (this.#isAhead && !this.#isOver) this.#goAhead();
  }

  /** The row at the head; undefined at the end, once filled. */
  head(): T | undefined {
    return this.#rows[this.#at];
  }

  take(): void {
    this.#at += 1;
  }

  /** Waits for what is on its way, so that nothing of it is left behind. */
  async drain(): Promise<void> {
    await this.#next;
    this.#next = undefined;
  }
}

export interface Span {
  tenantId: string | null;
  from: Date;
  until: Date;
}

async function openCursor<T>(
  trx: Database,
  name: string,
  sql: string,
  { bindings, atOnce }: { bindings: Record<string, unknown>; atOnce: number },
): Promise<() => Promise<T[]>> {
  await trx.raw(`declare ${name} no scroll cursor for ${sql}`, bindings as never);
  return async () => (await trx.raw(`fetch ${atOnce} from ${name}`)).rows as T[];
}

export async function closeCursors({ main, events }: Moment): Promise<void> {
  await main.raw('close all');
  await events.raw('close all');
}

/** Two transactions that see one moment: events come through a connection of their own, while the other one is asked. */
export interface Moment {
  main: Database;
  events: Database;
}

export async function atOneMoment<T>(db: Database, work: (moment: Moment) => Promise<T>): Promise<T> {
  const repeatable = { isolationLevel: 'repeatable read' } as const;
  return db.transaction(async (main) => {
    const { snapshot } = (await main.raw('select pg_export_snapshot() as snapshot')).rows[0] as { snapshot: string };
    return db.transaction(async (events) => {
      await events.raw(`set transaction snapshot '${snapshot}'`);
      return work({ main, events });
    }, repeatable);
  }, repeatable);
}

/** Events in the order of leaves. */
export async function openEvents({ events }: Moment, { tenantId, from, until }: Span): Promise<Cursor<EncodedEvent>> {
  const sql = `select ${joinedEvent} as joined
                 from audit_events e
                where ${ofTenant('e', tenantId)} and e.occurred_at >= :from and e.occurred_at < :until
                order by e.occurred_at, e.id`;
  const bindings = { ...(tenantId !== null && { tenantId }), from, until };
  const fetch = await openCursor<{ joined: string }>(events, 'sealed_events', sql, { bindings, atOnce: 4_000 });
  return new Cursor(async () => (await fetch()).map(({ joined }) => cutEvent(joined)), true);
}

export interface LeavesOfSeal extends PackedLeaves {
  number: number;
}

/** Leaves of seals that end within a time, in order. */
export async function openLeaves({ main }: Moment, { tenantId, from, until }: Span): Promise<Cursor<LeavesOfSeal>> {
  const sql = `select s.number, l.first_index as "firstIndex", l.ids, l.hashes, l.tags, l.commitments, l.salts
                 from audit_seals s
                 join audit_leaves l on l.seal_id = s.id
                where ${ofTenant('s', tenantId)} and s.ends_at > :from and s.ends_at <= :until
                order by s.number, l.first_index`;
  const bindings = { ...(tenantId !== null && { tenantId }), from, until };
  return new Cursor(await openCursor<LeavesOfSeal>(main, 'sealed_leaves', sql, { bindings, atOnce: 40 }), false);
}
