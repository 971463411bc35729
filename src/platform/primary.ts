/**
 * Connections to the server that takes writes, whichever of several that is at the moment (docs/decisions/0067-one-primary-and-reads-from-replicas.md).
 * A standby answers questions too, with rows of the past: so each connection is known to lead to the primary when it is opened,
 * and is cut when the primary is another one. Refuses a server that takes no writes, also where there is no other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { giveUp } from './borrowed-connections.ts';
import { connectionTo, hostOf, hostUrls, placeOf } from './database-hosts.ts';
import { ServerProbe } from './server-probe.ts';

export interface PrimaryOptions {
  ssl?: boolean | { ca: string } | undefined;
  /** Takes a server that takes no writes, if the URL names no other: to look at it. */
  anyServer?: boolean | undefined;
  log?: { warn(text: string): void } | undefined;
}

/** SQLSTATE read_only_sql_transaction, as the server itself would say it. */
export class TakesNoWritesError extends Error {
  readonly code = '25006';
}

/** For whom it stops from starting; undefined for any other error. */
export function saysTakesNoWrites(error: unknown, address: string): string | undefined {
  if (!(error instanceof TakesNoWritesError)) return undefined;
  return `The ${address} cannot be used: ${error.message}. Let DATABASE_URL name the primary.`;
}

/** How long a primary that has answered counts unasked; where there are several servers, all are asked as often. */
const lookMs = 1_000;
/** How long a connection waits for a primary to be there. With connecting, less than a request waits for a connection. */
const findMs = 2_000;
/** How long the other servers have, once one says that it is the primary, to say that they are a later one. */
const graceMs = 200;
/** How long a round of questions takes at the most; a server that answers later is heard in the next one. */
const roundMs = 500;
/** How long a later primary that does not answer any more keeps an earlier one from being taken for it. */
const laterMs = 60_000;

/** The timeline tells of two that call themselves primary which one was promoted last; a standby has none. */
const question = `
  select case when not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off'
              then ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
         end as timeline`;

interface Answer {
  timeline: number | null;
}
type Probe = ServerProbe<Answer>;

/** A server of which it is known how a connection leads there. */
interface Server {
  url: string;
  place: string;
}

export class Primary {
  readonly #servers: readonly Server[];
  readonly #probes: readonly Probe[];
  readonly #log: PrimaryOptions['log'];
  readonly #connections = new Map<pg.Client, Server>();
  #known: { server: Server; at: number } | undefined;
  #latest: { timeline: number; at: number } | undefined;
  #finding: Promise<Server> | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(url: string, { ssl, log }: PrimaryOptions) {
    const urls = hostUrls(url);
    const several = urls.length > 1;
    this.#servers = urls.map((one) => ({ url: one, place: placeOf(one) }));
    this.#probes = several ? urls.map((one) => new ServerProbe<Answer>(one, ssl, question)) : [];
    this.#log = log;
  }

  /**
   * The primary, as of a second ago at the most. Waits a moment for one to be there.
   * @throws TakesNoWritesError with what each server says; what the driver says where a name or a password is wrong
   */
  async find(): Promise<Server> {
    const [only] = this.#servers;
    if (only && this.#servers.length === 1) return only;
    if (this.#known && performance.now() - this.#known.at < lookMs) return this.#known.server;
    this.#finding ??= this.#search().finally(() => {
      this.#finding = undefined;
    });
    return this.#finding;
  }

  /** A connection there did not do what it should. */
  doubt(server: Server): void {
    if (this.#known?.server === server) this.#known = undefined;
  }

  /** A connection leads there; it is cut when the primary is another one. */
  joined(connection: pg.Client, server: Server): void {
    this.#connections.set(connection, server);
    connection.once('end', () => this.#connections.delete(connection));
    if (this.#probes.length === 0) return;
    this.#watch ??= setInterval(() => this.#lookAgain(), lookMs).unref();
  }

  /** While there are connections. A process that has none, and asks for none, leaves the servers alone. */
  #lookAgain(): void {
    if (this.#connections.size > 0 || this.#finding) {
      this.#look().catch(() => {});
      return;
    }
    clearInterval(this.#watch);
    this.#watch = undefined;
    for (const probe of this.#probes) probe.close();
  }

  async #search(): Promise<Server> {
    const until = performance.now() + findMs;
    for (;;) {
      const { server, reasons } = await this.#look();
      if (server) return server;
      const refusal = [...reasons.values()].find(isLasting);
      if (refusal) throw refusal;
      if (performance.now() > until) throw new TakesNoWritesError(`no server takes writes: ${this.#words(reasons)}`);
      await sleep(100);
    }
  }

  /** Asks all servers; ends with the first that is the primary, and does not wait for those that hang. */
  async #look(): Promise<{ server?: Server; reasons: ReadonlyMap<string, unknown> }> {
    const askedAt = performance.now();
    const found: { server: Server; timeline: number }[] = [];
    const reasons = new Map<string, unknown>();
    const first = Promise.withResolvers<void>();
    const ask = async (probe: Probe, index: number): Promise<void> => {
      try {
        const { timeline } = await probe.ask();
        if (timeline === null) reasons.set(probe.place, new Error('takes no writes'));
        else found.push({ server: this.#servers[index] as Server, timeline });
        if (timeline !== null) first.resolve();
      } catch (why) {
        reasons.set(probe.place, why);
      }
    };
    const all = Promise.all(this.#probes.map(ask));
    const lateAfter = first.promise.then(() => sleep(graceMs, undefined, { ref: false }));
    await Promise.race([all, lateAfter, sleep(roundMs, undefined, { ref: false })]);
    const [last] = found.sort((one, other) => other.timeline - one.timeline);
    if (!last) return { reasons };
    if (this.#latest && this.#latest.timeline > last.timeline && askedAt - this.#latest.at < laterMs)
      return { reasons: reasons.set(last.server.place, new Error('is an earlier primary')) };
    this.#latest = { timeline: last.timeline, at: askedAt };
    this.#moveTo(last.server, askedAt);
    return { server: last.server, reasons };
  }

  #words(reasons: ReadonlyMap<string, unknown>): string {
    return this.#servers
      .map(({ place }) => {
        const { message, code } = (reasons.get(place) ?? { message: 'does not answer' }) as NodeJS.ErrnoException;
        // Of several addresses that were tried, Node.js tells the code alone.
        return `${place} (${message || code})`;
      })
      .join(', ');
  }

  #moveTo(server: Server, at: number): void {
    this.#known = { server, at };
    const left = [...this.#connections].filter(([, other]) => other !== server);
    if (left.length === 0) return;
    this.#log?.warn(`the primary of the database is ${server.place} now; ${left.length} connections elsewhere are cut`);
    for (const [connection] of left) cut(connection, `${server.place} is the primary now`);
  }
}

/** A name or a password that is wrong does not come right by waiting. */
function isLasting(error: unknown): error is Error {
  return error instanceof Error && /^(28|3D)/.test(String((error as { code?: unknown }).code));
}

interface Wire {
  connection: NodeJS.EventEmitter & { stream: { destroy(error?: Error): void } };
}

/** Ends a connection without a word to the other side, which may never answer; what waits for an answer gets an error. */
function cut(connection: pg.Client, why: string): void {
  const error = new TakesNoWritesError(why);
  giveUp(connection, error);
  (connection as unknown as Wire).connection.stream.destroy(error);
}

/** What the driver is told, and the class of its connections: they lead to the primary of the URL, or to nowhere. */
export function connectionsToPrimary(
  url: string,
  options: PrimaryOptions,
): { Client: typeof pg.Client; config: ReturnType<typeof connectionTo>; primary: Primary } {
  const primary = new Primary(url, options);
  const [first = url] = hostUrls(url);

  class PrimaryClient extends pg.Client {
    override connect(): Promise<this>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<this> | undefined {
      const connected = this.#connect();
      if (!callback) return connected.then(() => this);
      connected.then(() => callback(null as unknown as Error), callback);
      return undefined;
    }

    async #connect(): Promise<void> {
      const server = await primary.find();
      const { host, port } = hostOf(server.url);
      Object.assign(this, { host, port });
      // Whoever asked for the connection listens once it has it: one that breaks before would end the process.
      this.on('error', () => primary.doubt(server));
      const told = tellsOfWrites(this, () => {
        giveUp(this, new TakesNoWritesError(`${server.place} takes no writes any more`));
        primary.doubt(server);
      });
      try {
        await super.connect();
      } catch (error) {
        primary.doubt(server);
        throw error;
      }
      if (!options.anyServer && !(told.takesWrites() ?? (await asksForWrites(this)))) {
        primary.doubt(server);
        await super.end();
        throw new TakesNoWritesError(`${server.place} takes no writes`);
      }
      primary.joined(this, server);
    }
  }
  return { Client: PrimaryClient as unknown as typeof pg.Client, config: connectionTo(first, options.ssl), primary };
}

/**
 * What the server says of itself when a connection opens, and when it changes: PostgreSQL's manual, "Asynchronous Operations".
 * A pooler may keep it to itself.
 */
function tellsOfWrites(client: pg.Client, onNone: () => void): { takesWrites(): boolean | undefined } {
  const told = new Map<string, boolean>();
  let isOpen: boolean | undefined;
  (client as unknown as Wire).connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (parameterName !== 'in_hot_standby' && parameterName !== 'default_transaction_read_only') return;
    told.set(parameterName, parameterValue === 'on');
    if (isOpen && parameterValue === 'on') onNone();
  });
  return {
    takesWrites() {
      isOpen = true;
      return told.size < 2 ? undefined : ![...told.values()].includes(true);
    },
  };
}

async function asksForWrites(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(`select current_setting('transaction_read_only') = 'off' as takes_writes`);
  return rows[0]?.takes_writes === true;
}
