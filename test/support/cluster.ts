/**
 * The PostgreSQL server of a test run: one for all files and all processes of the run, started when the first test asks for
 * it, in a temporary folder (in memory where that has room), and gone when the run ends in whatever way. TEST_DATABASE_URL
 * names a server to use in its place; its role must be allowed to create databases. TEST_POSTGRES picks another version
 * (postgres-version.ts).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/embedded-postgres/embedded-postgres.ts';
import { binariesUnderTest, closePublicSchema } from './postgres-version.ts';

export interface TestServer {
  /** A database that tests leave alone; databases are made and dropped over it. */
  url: string;
  /** The role that the program works as, beside the one of `url`, which owns the tables. Undefined on a server of TEST_DATABASE_URL. */
  serverRole: { name: string; password: string } | undefined;
  /** Of a server of this run, without durability and without other users; undefined for one of TEST_DATABASE_URL. */
  directory: string | undefined;
}

interface Cluster {
  server: EmbeddedPostgres;
  directory: string;
  watchdog: ReturnType<typeof spawn> | undefined;
}

const memory = '/dev/shm';

const closers: (() => Promise<void>)[] = [];
let cluster: Promise<Cluster> | undefined;

/** Set by the process that runs the others (shared-run.ts): its server and its template, as JSON. */
export const sharedRunVariable = 'GATEHOUSE_TEST_RUN';

/** What this process was given by the one that started it, if it is one of several. */
export function sharedRun(): { server: TestServer; template: string } | undefined {
  const text = process.env[sharedRunVariable];
  return text === undefined ? undefined : JSON.parse(text);
}

/** The server of this run. */
export async function testServer(): Promise<TestServer> {
  const shared = sharedRun();
  if (shared) return shared.server;
  const url = process.env.TEST_DATABASE_URL;
  if (url) return { url, serverRole: undefined, directory: undefined };
  cluster ??= startCluster();
  const { server, directory } = await cluster;
  const { username, password } = new URL(server.url);
  return { url: server.ownerUrl, serverRole: { name: username, password }, directory };
}

/** Has `close` called when the run is over, the last one first, and before the server stops. */
export function atEndOfRun(close: () => Promise<void>): void {
  closers.unshift(close);
}

/** Called by mocha after the last test, also when tests failed. */
export async function mochaGlobalTeardown(): Promise<void> {
  for (const close of closers.splice(0)) await close();
  if (!cluster) return;
  const { server, directory, watchdog } = await cluster;
  cluster = undefined;
  await server.stop();
  await removeCluster(server.home, directory);
  if (watchdog) {
    const gone = once(watchdog, 'exit');
    watchdog.ref();
    watchdog.stdin?.end();
    await gone;
  }
}

async function startCluster(): Promise<Cluster> {
  if (await hasRoomInMemory()) {
    // In a container that mounts it so that no program there may run, and where one has to be copied, this fails.
    const inMemory = await startClusterIn(memory).catch(() => undefined);
    if (inMemory) return inMemory;
  }
  return startClusterIn(tmpdir());
}

/**
 * A clone is some 500 new files. Where creating a file takes 0.3 ms, as measured on a busy ext4, that is most of the time
 * of a clone: 200 to 600 ms there and 16 ms in memory.
 */
async function hasRoomInMemory(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const { bavail, bsize } = await statfs(memory).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize >= 2 ** 30;
}

async function startClusterIn(parent: string): Promise<Cluster> {
  const binaries = binariesUnderTest();
  const directory = await mkdtemp(join(parent, 'gatehouse-test-'));
  // Under root the server runs as another account, which must be able to pass.
  await chmod(directory, 0o711);
  try {
    const log = { info() {}, warn() {} };
    const server = await startEmbeddedPostgres({ dataDirectory: directory, log, durable: false, binaries });
    if (binaries) await closePublicSchema(server);
    return { server, directory, watchdog: watchOver(server.home, directory) };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** `home` is elsewhere if the temporary folder lies where the server's account cannot go. */
async function removeCluster(home: string, directory: string): Promise<void> {
  await rm(home, { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
}

/**
 * A shell that waits for the end of its input, which comes when this process ends, and then stops the server and removes
 * its files if that is still to do. Ctrl-C, a time limit of the CI and kill -9 all leave mocha no time for its teardown.
 */
function watchOver(home: string, directory: string): ReturnType<typeof spawn> | undefined {
  if (process.platform === 'win32') return undefined;
  const script = `
    cat
    lock="$1/cluster/postmaster.pid"
    [ -f "$lock" ] && kill -INT "$(head -n 1 "$lock")"
    tries=0
    while [ -f "$lock" ] && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
    rm -rf "$1" "$2"`;
  const watchdog = spawn('/bin/sh', ['-c', script, 'watchdog', home, directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.unref();
  (watchdog.stdin as unknown as { unref(): void }).unref();
  return watchdog;
}
