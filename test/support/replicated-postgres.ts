/**
 * A primary and its standbys, of the PostgreSQL that comes with Gatehouse: streaming replication on loopback, synchronous if wanted,
 * in a temporary folder, and gone with the process that asked for them. What a real failover does to a server is shown with these:
 * one is killed, stopped, promoted, or made the standby of another.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import {
  packagedBinaries,
  programPath,
  usableBinaries,
} from '../../src/platform/embedded-postgres/postgres-binaries.ts';
import {
  openHome,
  type PostgresHome,
  serverEnvironment,
} from '../../src/platform/embedded-postgres/postgres-cluster.ts';
import { endWithProcess } from './end-with-process.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { childPids } from './server-process.ts';

export interface PostgresNode {
  name: string;
  port: number;
  /** A connection as a superuser, to be ended. */
  admin(): Promise<pg.Client>;
  start(): Promise<void>;
  /** SIGINT: an orderly end, all that was written is with the standbys. SIGKILL: at once, with all its processes. */
  stop(signal: 'SIGINT' | 'SIGKILL'): Promise<void>;
  /** SIGSTOP to all its processes: it hangs, and its connections stay open. */
  freeze(): void;
  thaw(): void;
  /** Ends being a standby, and returns when it takes writes. */
  promote(): Promise<void>;
  /** Whether it acknowledges nothing that a standby does not have. */
  waitForStandby(waits: boolean): Promise<void>;
  /** From the next start on it is the standby of that one. */
  follow(primary: PostgresNode): Promise<void>;
}

export interface ReplicatedPostgres {
  nodes: readonly [PostgresNode, ...PostgresNode[]];
  /** Of all nodes in libpq's form, or of these. */
  url(nodes?: readonly PostgresNode[]): string;
  stop(): Promise<void>;
}

const password = 'of-a-test-alone';

/** The first node is the primary; a database `gatehouse` with its owner is there, empty. */
export async function startReplicatedPostgres({
  standbys = 1,
  synchronous = true,
}: {
  standbys?: number;
  synchronous?: boolean;
} = {}): Promise<ReplicatedPostgres> {
  const room = await statfs('/dev/shm').catch(() => undefined);
  const inMemory = room !== undefined && room.bavail * room.bsize >= 2 ** 30;
  const directory = await mkdtemp(join(inMemory ? '/dev/shm' : tmpdir(), 'gatehouse-replicated-'));
  await chmod(directory, 0o711);
  const end = endWithProcess(directory);
  const names = ['one', ...Array.from({ length: standbys }, (_, index) => `standby-${index + 1}`)];
  try {
    const files = await openHome(directory, packagedBinaries(), false);
    const native = await usableBinaries(packagedBinaries(), files.home, files.user);
    await mkdir(join(directory, 'nodes'));
    if (files.user) await chown(join(directory, 'nodes'), files.user.uid, files.user.gid);
    const nodes: PostgresNode[] = [];
    for (const name of names) {
      const data = join(directory, 'nodes', name);
      await copyCluster(files, data);
      nodes.push(createNode({ name, data, files, native, port: await freePort() }));
    }
    const [primary, ...others] = nodes as [PostgresNode, ...PostgresNode[]];
    for (const other of others) await other.follow(primary);
    await Promise.all(nodes.map((node) => node.start()));
    await makeDatabase(primary);
    if (synchronous) await primary.waitForStandby(true);
    return {
      nodes: [primary, ...others],
      url: (some = nodes) =>
        `postgres://gatehouse:${password}@${some.map(({ port }) => `127.0.0.1:${port}`).join(',')}/gatehouse?target_session_attrs=read-write`,
      async stop() {
        await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Never started: all of them are the same cluster at its beginning. */
async function copyCluster({ cluster, user }: PostgresHome, to: string): Promise<void> {
  await cp(cluster, to, { recursive: true });
  await chmod(to, 0o700);
  if (!user) return;
  await chown(to, user.uid, user.gid);
  for (const path of await readdir(to, { recursive: true })) await chown(join(to, path), user.uid, user.gid);
}

async function makeDatabase(primary: PostgresNode): Promise<void> {
  const admin = await primary.admin();
  await admin.query(`create role gatehouse login createdb password '${password}'`);
  await admin.query('create database gatehouse owner gatehouse');
  await admin.end();
}

interface NodeParts {
  name: string;
  data: string;
  files: PostgresHome;
  native: string;
  port: number;
}

function createNode({ name, data, files, native, port }: NodeParts): PostgresNode {
  let child: ChildProcess | undefined;
  const owner = files.user;
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    hot_standby: 'on',
    wal_level: 'replica',
    wal_keep_size: '512MB',
    max_wal_size: '256MB',
    max_connections: 100,
    cluster_name: name,
    timezone: 'UTC',
    wal_receiver_status_interval: '1s',
    wal_retrieve_retry_interval: '100ms',
  };
  const signal = (which: NodeJS.Signals) => {
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    // The first one first: it would start others in the place of those that are gone.
    for (const pid of [child.pid, ...childPids(child.pid)])
      try {
        process.kill(pid, which);
      } catch {
        // One that has ended meanwhile.
      }
  };
  const node: PostgresNode = {
    name,
    port,
    async admin() {
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password: files.password, ssl: false });
      client.on('error', () => {});
      await client.connect();
      return client;
    },
    async start() {
      const options = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
      child = spawn(programPath(native, 'postgres'), ['-D', data, ...options], {
        ...owner,
        cwd: data,
        env: serverEnvironment,
        detached: true,
        stdio: ['ignore', 'ignore', process.env.SHOW_POSTGRES ? 'inherit' : 'ignore'],
      });
      child.unref();
      await eventually(async () => {
        const client = await node.admin();
        await client.end();
        return true;
      }, `PostgreSQL ${name} answers`);
    },
    async stop(how) {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.ref();
      if (how === 'SIGINT') child.kill('SIGINT');
      else signal('SIGKILL');
      await ended;
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async promote() {
      const client = await node.admin();
      await client.query('select pg_promote(true, 60)');
      await client.end();
      // It is alone: what it acknowledges would wait for a standby that is not there.
      await node.waitForStandby(false);
    },
    async waitForStandby(waits) {
      const client = await node.admin();
      if (waits) {
        const streams = `select 1 from pg_stat_replication where state = 'streaming'`;
        await eventually(async () => (await client.query(streams)).rowCount === 1, `a standby of ${name} streams`);
      }
      await client.query(`alter system set synchronous_standby_names = '${waits ? '*' : ''}'`);
      await client.query('select pg_reload_conf()');
      await client.end();
    },
    async follow(primary) {
      const source = `host=127.0.0.1 port=${primary.port} user=postgres password=${files.password} application_name=${name.replace('-', '_')}`;
      await writeFile(join(data, 'standby.signal'), '');
      await writeFile(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`);
      if (owner)
        for (const path of ['standby.signal', 'postgresql.auto.conf'])
          await chown(join(data, path), owner.uid, owner.gid);
    },
  };
  return node;
}
