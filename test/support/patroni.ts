/**
 * Patroni with etcd and three PostgreSQL, of Debian's packages, on loopback and in a temporary folder: synchronous replication,
 * strict, so that nothing is acknowledged that one machine alone has. Ends with the process that started it. Not as root.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { endWithProcess } from './end-with-process.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { childPids } from './server-process.ts';

const run = promisify(execFile);

const programs = { patroni: '/usr/bin/patroni', patronictl: '/usr/bin/patronictl', etcd: '/usr/bin/etcd' };
const postgresPrograms = ['15', '16', '17']
  .map((version) => `/usr/lib/postgresql/${version}/bin`)
  .find((path) => existsSync(path));

/** What is missing of Debian's packages; undefined where all is there. */
export function missingForPatroni(): string | undefined {
  if (process.platform !== 'linux') return 'Linux';
  const missing = Object.values(programs).filter((path) => !existsSync(path));
  if (!postgresPrograms) missing.push('/usr/lib/postgresql/15/bin');
  return missing.length > 0 ? missing.join(', ') : undefined;
}

/**
 * The least that Patroni 3.0 works by: it holds its lease for `ttl` seconds, looks every `loop_wait`, and asks etcd and PostgreSQL for
 * `retry_timeout`; `loop_wait` and twice `retry_timeout` fit into `ttl`.
 */
export const patroniTimes = { ttl: 5, loop_wait: 1, retry_timeout: 2 };

export interface PatroniMember {
  name: string;
  port: number;
}

export interface PatroniCluster {
  members: readonly PatroniMember[];
  /** Of all members, in libpq's form, as the owner of an empty database. */
  url: string;
  /** The one that takes writes, asked of PostgreSQL itself; undefined where there is none. */
  primary(): Promise<PatroniMember | undefined>;
  /** All members are there, and one of them is a synchronous standby. */
  settled(): Promise<void>;
  /** Begins a switchover to a synchronous standby. */
  switchover(): Promise<void>;
  /** kill -9 of PostgreSQL with all its processes, and with `agent` of its Patroni before. */
  kill(member: PatroniMember, agent: boolean): Promise<void>;
  /** Starts the Patroni of a member again, where it was killed. */
  revive(member: PatroniMember): void;
  /** What the processes said, for a failing test. */
  log(): string;
  stop(): Promise<void>;
}

const password = 'of-a-test-alone';

interface Account {
  uid?: number;
  gid?: number;
}

/** PostgreSQL refuses to run as root. */
async function ordinaryAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const [, , uid, gid] = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

class Cluster implements PatroniCluster {
  readonly members: PatroniMember[] = [];
  readonly #directory: string;
  readonly #account: Account;
  readonly #agents = new Map<string, ChildProcess>();
  readonly #end: () => Promise<void>;
  readonly #lines: string[] = [];

  constructor(directory: string, account: Account) {
    this.#directory = directory;
    this.#account = account;
    this.#end = endWithProcess(directory);
  }

  get url(): string {
    const hosts = this.members.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return `postgres://gatehouse:${password}@${hosts}/gatehouse?target_session_attrs=read-write`;
  }

  async start(): Promise<void> {
    const etcdPort = await freePort();
    const peer = `http://127.0.0.1:${await freePort()}`;
    const client = `http://127.0.0.1:${etcdPort}`;
    this.#spawn('etcd', programs.etcd, [
      ...['--name', 'etcd', '--data-dir', join(this.#directory, 'etcd'), '--unsafe-no-fsync'],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `etcd=${peer}`],
    ]);
    for (const name of ['one', 'two', 'three']) {
      const member = { name, port: await freePort() };
      this.members.push(member);
      const settings = settingsOf(member, this.#directory, await freePort(), etcdPort);
      const path = this.#file(`${name}.yml`);
      await writeFile(path, JSON.stringify(settings), { mode: 0o600 });
      if (this.#account.uid !== undefined) await chown(path, this.#account.uid, this.#account.gid as number);
      this.revive(member);
    }
    await this.settled();
    await this.#makeDatabase();
  }

  #file(name: string): string {
    return join(this.#directory, name);
  }

  #spawn(name: string, program: string, args: string[]): ChildProcess {
    const child = spawn(program, args, {
      ...this.#account,
      cwd: this.#directory,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', HOME: this.#directory },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text) => void this.#lines.push(`${name}: ${String(text).trimEnd()}`));
    child.unref();
    for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void } | null)?.unref();
    return child;
  }

  async #admin(member: PatroniMember, database = 'postgres'): Promise<pg.Client> {
    const client = new pg.Client({
      ...{ host: '127.0.0.1', port: member.port, user: 'postgres', password, database, ssl: false },
      connectionTimeoutMillis: 1_000,
      query_timeout: 2_000,
    });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  async #makeDatabase(): Promise<void> {
    const admin = await this.#admin(await eventually(() => this.primary(), 'the primary answers'));
    await admin.query(`create role gatehouse login createdb password '${password}'`);
    await admin.query('create database gatehouse owner gatehouse');
    await admin.end();
  }

  async primary(): Promise<PatroniMember | undefined> {
    const found = await Promise.all(
      this.members.map(async (member) => {
        const client = await this.#admin(member).catch(() => undefined);
        if (!client) return undefined;
        const sql = 'select pg_is_in_recovery() as standby';
        const answer = await client.query(sql).catch(() => undefined);
        await client.end().catch(() => {});
        return answer?.rows[0].standby === false ? member : undefined;
      }),
    );
    return found.find((member) => member !== undefined);
  }

  async settled(): Promise<void> {
    await eventually(
      async () => {
        const primary = await this.primary();
        if (!primary) return false;
        const client = await this.#admin(primary);
        const { rows } = await client.query('select sync_state, state from pg_stat_replication');
        await client.end();
        const streaming = rows.filter(({ state }) => state === 'streaming');
        const known = await this.#list();
        const isSync = known.some(({ Role: role }) => role === 'Sync Standby');
        return streaming.length === 2 && streaming.some((row) => row.sync_state === 'sync') && isSync;
      },
      'the cluster is whole',
      300_000,
    );
  }

  async #ctl(...args: string[]): Promise<string> {
    const { stdout } = await run(programs.patronictl, ['-c', this.#file('one.yml'), ...args], {
      ...this.#account,
      cwd: this.#directory,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', HOME: this.#directory },
    });
    return stdout;
  }

  async #list(): Promise<{ Member: string; Role: string; State: string }[]> {
    return JSON.parse(await this.#ctl('list', '-f', 'json'));
  }

  async switchover(): Promise<void> {
    const list = await this.#list();
    const leader = list.find(({ Role: role }) => role === 'Leader')?.Member as string;
    const candidate = list.find(({ Role: role }) => role === 'Sync Standby')?.Member as string;
    await this.#ctl('switchover', '--force', '--master', leader, '--candidate', candidate, 'gatehouse');
  }

  async kill(member: PatroniMember, agent: boolean): Promise<void> {
    const lock = await readFile(join(this.#directory, 'data', member.name, 'postmaster.pid'), 'utf8');
    const pid = Number.parseInt(lock, 10);
    const child = this.#agents.get(member.name);
    if (agent && child?.pid) {
      const gone = once(child, 'exit');
      child.ref();
      process.kill(child.pid, 'SIGKILL');
      await gone;
    }
    // The first one first: it would start others in the place of those that are gone.
    for (const one of [pid, ...childPids(pid)])
      try {
        process.kill(one, 'SIGKILL');
      } catch {
        // One that has ended meanwhile.
      }
  }

  revive(member: PatroniMember): void {
    const child = this.#agents.get(member.name);
    if (child && child.exitCode === null && child.signalCode === null) return;
    this.#agents.set(member.name, this.#spawn(member.name, programs.patroni, [this.#file(`${member.name}.yml`)]));
  }

  log(): string {
    return this.#lines.join('\n');
  }

  async stop(): Promise<void> {
    for (const child of this.#agents.values()) if (child.exitCode === null) child.kill('SIGKILL');
    await sleep(100);
    await this.#end();
  }
}

function settingsOf(member: PatroniMember, directory: string, apiPort: number, etcdPort: number): object {
  const address = `127.0.0.1:${member.port}`;
  const api = `127.0.0.1:${apiPort}`;
  return {
    scope: 'gatehouse',
    name: member.name,
    restapi: { listen: api, connect_address: api },
    etcd3: { hosts: [`127.0.0.1:${etcdPort}`] },
    bootstrap: {
      dcs: {
        ...patroniTimes,
        maximum_lag_on_failover: 1_048_576,
        synchronous_mode: true,
        synchronous_mode_strict: true,
        // A primary that crashed is not started again where a standby can take its place.
        primary_start_timeout: 0,
        postgresql: { use_pg_rewind: true, use_slots: true, parameters },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, { 'auth-host': 'scram-sha-256' }, { 'auth-local': 'trust' }],
      pg_hba: ['host all all 127.0.0.1/32 scram-sha-256', 'host replication all 127.0.0.1/32 scram-sha-256'],
    },
    postgresql: {
      listen: address,
      connect_address: address,
      data_dir: join(directory, 'data', member.name),
      bin_dir: postgresPrograms,
      pgpass: join(directory, `${member.name}.pgpass`),
      authentication: {
        superuser: { username: 'postgres', password },
        replication: { username: 'replicator', password },
        rewind: { username: 'rewinder', password },
      },
      parameters: { unix_socket_directories: '' },
    },
    watchdog: { mode: 'off' },
  };
}

const parameters = {
  max_connections: 100,
  wal_level: 'replica',
  hot_standby: 'on',
  wal_log_hints: 'on',
  wal_keep_size: '256MB',
  max_wal_size: '512MB',
  timezone: 'UTC',
  wal_receiver_timeout: '3s',
  wal_sender_timeout: '3s',
  wal_retrieve_retry_interval: '200ms',
};

/** Starts all of it, with an empty database `gatehouse`. */
export async function startPatroni(): Promise<PatroniCluster> {
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'gatehouse-patroni-'));
  const account = await ordinaryAccount();
  await chmod(directory, 0o711);
  await mkdir(join(directory, 'data'));
  if (account.uid !== undefined)
    for (const path of [directory, join(directory, 'data')]) await chown(path, account.uid, account.gid as number);
  const cluster = new Cluster(directory, account);
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    const log = cluster.log();
    await cluster.stop();
    throw new Error(`Patroni did not start: ${(error as Error).message}\n${log.slice(-4_000)}`, { cause: error });
  }
}
