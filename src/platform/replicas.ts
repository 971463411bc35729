/**
 * Reads that may be answered by standbys (docs/decisions/0067-one-primary-and-reads-from-replicas.md). Owns how old an answer may be: how far a standby
 * is behind is measured by positions in the log that the primary told, and never by a clock of theirs. Where no standby is known to
 * be near enough, answers in time or answers at all, the primary is asked, within the same request. Refuses a standby of another
 * cluster. What decides whether somebody may do something does not come here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, type Database, type DatabaseOptions, firstRow, isConnectionError } from './database.ts';
import { hostUrls } from './database-hosts.ts';
import { ServerProbe } from './server-probe.ts';

/** Where a read went: to a standby, or to the primary since none was near enough, or since one that was asked failed. */
export type ReadFrom = 'replica' | 'primary_behind' | 'primary_failed';

export interface Reads {
  /** Of a moment ago: what was committed before that may be missing, for the lag that is configured at the most. */
  recent<T>(what: string, work: (db: Database) => Promise<T>): Promise<T>;
  /** Nothing is missing that was committed before the call, by whomever and on whatever process. */
  current<T>(what: string, work: (db: Database) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface ReplicaOptions {
  /** `postgres://` URL of the standbys, several hosts in libpq's form; undefined: there are none. */
  url: string | undefined;
  ssl?: boolean | { ca: string } | undefined;
  poolMax?: number;
  /** How far a standby may be behind. */
  maxLagMs: number;
  primary: Database;
  log?: DatabaseOptions['log'];
  /** Told of each read. `what` names it. */
  onRead?(what: string, from: ReadFrom): void;
  /** Told what is known of a standby; undefined: nothing, it is away or none of ours. */
  onLag?(place: string, seconds: number | undefined): void;
}

/** Whatever a question costs on the standby, the primary is asked after so long. */
const answerMs = 3_000;
/** A standby of which a read failed is left alone for so long. */
const restMs = 1_000;
/** How long a read waits for a standby to have what the primary had: a standby that keeps up needs a few milliseconds. */
const catchUpMs = 100;

/** As one number. Where a commit is acknowledged before it is on the disk, what is in memory counts. */
export const primaryPosition = `
  select (case when current_setting('synchronous_commit') = 'off' then pg_current_wal_insert_lsn()
               else pg_current_wal_flush_lsn() end - '0/0'::pg_lsn)::bigint as position`;
export const clusterQuestion = `
  select system_identifier::text || ' ' || current_database() as cluster from pg_control_system()`;
export const replicaQuestion = `
  select pg_is_in_recovery() as is_standby,
         (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint as position,
         (select system_identifier::text from pg_control_system()) || ' ' || current_database() as cluster`;

export interface ReplicaAnswer {
  is_standby: boolean;
  position: number | null;
  cluster: string;
}

interface Replica {
  probe: ServerProbe<ReplicaAnswer>;
  db: Database;
  /** What the standby holds is what the primary held then, or newer; by `performance.now()`. */
  asOf: number;
  restsUntil: number;
  /** Its last own position. */
  position: number;
  /** It has what the primary never had. */
  isAhead: boolean;
}

/** Where no standby is configured all is read from the primary. */
export function createReads(options: ReplicaOptions): Reads {
  const { url, primary } = options;
  if (url !== undefined) return new ReplicaReads(options, url);
  const read = <T>(_what: string, work: (db: Database) => Promise<T>) => work(primary);
  return { recent: read, current: read, async close() {} };
}

class ReplicaReads implements Reads {
  readonly #options: ReplicaOptions;
  readonly #replicas: Replica[];
  readonly #beatMs: number;
  /** What the primary told, the oldest first. */
  #told: { at: number; position: number }[] = [];
  #cluster: string | undefined;
  /** What was last complained of, by place. */
  readonly #complaints = new Map<string, string>();
  #beat: NodeJS.Timeout | undefined;
  #isBeating = false;
  #turn = 0;

  constructor(options: ReplicaOptions, url: string) {
    this.#options = options;
    const { ssl, poolMax, log, maxLagMs } = options;
    this.#beatMs = Math.min(500, Math.max(20, maxLagMs / 4));
    const limits = { statementTimeoutMs: answerMs - 500, answerTimeoutMs: answerMs, acquireTimeoutMs: 1_000 };
    this.#replicas = hostUrls(url, 'any').map((one) => ({
      probe: new ServerProbe<ReplicaAnswer>(one, ssl, replicaQuestion),
      db: createDatabase({
        url: one,
        ssl,
        poolMax,
        anyServer: true,
        applicationName: 'gatehouse-read',
        log,
        ...limits,
      }),
      asOf: Number.NEGATIVE_INFINITY,
      restsUntil: Number.NEGATIVE_INFINITY,
      position: 0,
      isAhead: false,
    }));
  }

  recent<T>(what: string, work: (db: Database) => Promise<T>): Promise<T> {
    return this.#read(what, work, async (replica) => replica);
  }

  current<T>(what: string, work: (db: Database) => Promise<T>): Promise<T> {
    return this.#read(what, work, async (replica) => {
      const { position } = (await firstRow<{ position: number }>(this.#options.primary, primaryPosition)) ?? {};
      if (position === undefined) return undefined;
      const until = performance.now() + catchUpMs;
      do {
        const has = await firstRow<{ has: boolean }>(
          replica.db,
          `select coalesce(pg_last_wal_replay_lsn() - '0/0'::pg_lsn >= ?, false) as has`,
          [position],
        );
        if (has?.has) return replica;
        await sleep(5);
      } while (performance.now() < until);
      return undefined;
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    for (const { probe } of this.#replicas) probe.close();
    await Promise.all(this.#replicas.map(({ db }) => db.destroy()));
  }

  async #read<T>(
    what: string,
    work: (db: Database) => Promise<T>,
    prepare: (replica: Replica) => Promise<Replica | undefined>,
  ): Promise<T> {
    this.#start();
    const { primary, onRead, log } = this.#options;
    const replica = this.#next();
    let from: ReadFrom = 'primary_behind';
    if (replica) {
      try {
        const ready = await prepare(replica);
        if (ready) {
          const answer = await work(ready.db);
          onRead?.(what, 'replica');
          return answer;
        }
      } catch (error) {
        // What is wrong with the question is wrong on the primary, too.
        if (!isConnectionError(error)) throw error;
        replica.restsUntil = performance.now() + restMs;
        log?.warn(`a read from the replica ${replica.probe.place} failed: ${(error as Error).message}`);
        from = 'primary_failed';
      }
    }
    onRead?.(what, from);
    return work(primary);
  }

  /** Each in turn, of those that are near enough. */
  #next(): Replica | undefined {
    const now = performance.now();
    const near = this.#replicas.filter(
      ({ asOf, restsUntil }) => now - asOf <= this.#options.maxLagMs && restsUntil <= now,
    );
    this.#turn += 1;
    return near[this.#turn % near.length];
  }

  /** With the first read: until then nobody has to know. */
  #start(): void {
    if (this.#beat) return;
    this.#beat = setInterval(() => this.#look(), this.#beatMs).unref();
    this.#look();
  }

  /** What the primary holds, and then what each standby has of it. A standby that does not answer keeps nobody. */
  #look(): void {
    if (!this.#isBeating) {
      this.#isBeating = true;
      this.#askPrimary()
        .catch((error: Error) => this.#complain('the primary', `does not say where it is: ${error.message}`))
        .finally(() => {
          this.#isBeating = false;
        });
    }
    for (const replica of this.#replicas) {
      this.#askReplica(replica).catch((error: Error) =>
        this.#complain(`the replica ${replica.probe.place}`, `does not answer: ${error.message}`),
      );
      const { probe, asOf } = replica;
      this.#options.onLag?.(probe.place, Number.isFinite(asOf) ? (performance.now() - asOf) / 1000 : undefined);
    }
  }

  async #askPrimary(): Promise<void> {
    const { primary, maxLagMs } = this.#options;
    const at = performance.now();
    const before = this.#replicas.map((replica) => replica.position);
    this.#cluster ??= (await firstRow<{ cluster: string }>(primary, clusterQuestion))?.cluster;
    const { position = 0 } = (await firstRow<{ position: number }>(primary, primaryPosition)) ?? {};
    // Another primary that never had what the last one told: what a standby has of that says nothing.
    if (position < (this.#told.at(-1)?.position ?? 0)) this.#told = [];
    this.#told.push({ at, position });
    this.#told = this.#told.filter((one) => one.at > at - 2 * maxLagMs - 1_000);
    // Nor does one that had more than there is: it follows another.
    for (const [index, replica] of this.#replicas.entries()) {
      replica.isAhead = (before[index] ?? 0) > position;
      if (replica.isAhead) this.#refuse(replica, 'is ahead of the primary: it follows another one');
    }
  }

  async #askReplica(replica: Replica): Promise<void> {
    const { is_standby: isStandby, position, cluster } = await replica.probe.ask();
    if (this.#cluster === undefined) return;
    if (!isStandby || position === null) return this.#refuse(replica, 'is no standby');
    if (cluster !== this.#cluster) return this.#refuse(replica, 'is of another cluster or database');
    replica.position = position;
    if (replica.isAhead) return undefined;
    this.#complaints.delete(`the replica ${replica.probe.place}`);
    const had = this.#told.findLast((one) => one.position <= position);
    if (had && had.at > replica.asOf) replica.asOf = had.at;
  }

  /** Until it answers otherwise. */
  #refuse(replica: Replica, why: string): void {
    replica.asOf = Number.NEGATIVE_INFINITY;
    this.#complain(`the replica ${replica.probe.place}`, why);
  }

  /** Once, until it is another complaint. */
  #complain(who: string, why: string): void {
    if (this.#complaints.get(who) === why) return;
    this.#complaints.set(who, why);
    this.#options.log?.warn(`${who} ${why}`);
  }
}
