/**
 * Runs the server process of the embedded PostgreSQL: its settings, its port, its log, its start and its shutdown. Knows
 * nothing of who uses the server, and leaves the lock file to PostgreSQL.
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programPath, usableBinaries } from './postgres-binaries.ts';
import { lockHolder, type PostgresHome, readLock, type ServerLock, serverEnvironment } from './postgres-cluster.ts';

const stopTimeoutMs = 60_000;
const logFileMaxBytes = 5 * 1024 * 1024;

/**
 * Starts a server and waits until it takes connections. `reusedPid` is a number in the lock file that another program
 * has now; `deadline` is in epoch milliseconds. Returns undefined if another process was faster, in starting or in taking the port: look again.
 */
export async function launchServer(
  files: PostgresHome,
  binaries: string,
  durable: boolean,
  reusedPid: number | undefined,
  deadline: number,
): Promise<ServerLock | undefined> {
  const { home, cluster, user } = files;
  const native = await usableBinaries(binaries, home, user);
  const port = await freePort(Number.parseInt(await readFile(join(home, 'port'), 'utf8').catch(() => ''), 10) || 0);
  const settings = Object.entries({ ...serverSettings, ...(durable ? {} : throwawaySettings), port: String(port) });
  const log = await openLog(join(home, 'server.log'));
  const start = (await log.stat()).size;
  const onWindows = process.platform === 'win32';
  // On Windows pg_ctl alone knows how to give up an administrator's rights, and starts the server in the background.
  const program = programPath(native, onWindows ? 'pg_ctl' : 'postgres');
  const options = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const args = onWindows ? ['start', '-w', '-D', cluster, '-o', options.join(' ')] : ['-D', cluster, ...options];
  const child = spawn(program, args, {
    ...user,
    cwd: home,
    // PostgreSQL takes a lock of its "grandparent" for a stale one and then makes sure by its shared memory that no
    // server runs. So the lock file stays its own business, and two that start at once cannot both succeed.
    env: { ...serverEnvironment, ...(reusedPid ? { PG_GRANDPARENT_PID: String(reusedPid) } : {}) },
    // A session of its own: Ctrl-C in the terminal reaches this process alone, which then stops the server in order.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.unref();
  let ended: Error | string | undefined;
  child.once('error', (error) => {
    ended = error;
  });
  child.once('exit', (code, signal) => {
    if (!onWindows || code !== 0) ended = `it ended with ${signal ?? code}`;
  });
  try {
    while (ended === undefined && Date.now() < deadline) {
      await sleep(10);
      const lock = await readLock(cluster);
      if (lock?.ready && (onWindows || lock.pid === child.pid)) {
        await writeFile(join(home, 'port'), `${lock.port}\n`, { mode: 0o600 });
        return lock;
      }
    }
    const said = (await readFile(join(home, 'server.log'))).subarray(start).toString();
    // The memory of a killed server is in use until its last connection has noticed.
    if (ended !== undefined && /lock file .* already exists|shared memory block|could not bind/.test(said))
      return undefined;
    if (ended === undefined) child.kill('SIGINT');
    const reason = ended instanceof Error ? ended.message : (ended ?? 'it was not ready in time');
    throw new Error(`PostgreSQL in ${home} did not start: ${reason}\n${said.trim().split('\n').slice(-10).join('\n')}`);
  } finally {
    await log.close();
  }
}

const serverSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  max_wal_size: '256MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // The detail of an error quotes rows ("Key (email)=(...) already exists"), which have no place in a log.
  log_error_verbosity: 'terse',
};

const throwawaySettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // A worker at work in a template would hold up its next clone.
  autovacuum: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
};

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen({ host: '127.0.0.1', port, exclusive: true });
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

/**
 * The port used last time, so that a configured client finds it again, or another one that is free. Not of those that
 * systems give to outgoing connections (RFC 6335 section 6; Linux from 32,768 on): one of these could have it while the
 * server is away, and the client would look for the server in vain.
 */
async function freePort(preferred: number): Promise<number> {
  if (preferred !== 0 && (await isFree(preferred))) return preferred;
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(25_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error('No port between 25000 and 31999 is free for the embedded PostgreSQL');
}

async function openLog(path: string): Promise<FileHandle> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  // Two processes at once may both try; one of them finds it done.
  if (size > logFileMaxBytes) await rename(path, `${path}.1`).catch(() => undefined);
  return open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
}

/** A fast shutdown: open transactions are rolled back, everything committed is written, then the server ends. */
export async function stopServer(files: PostgresHome, binaries: string, pid: number): Promise<void> {
  if (process.platform === 'win32') {
    const native = await usableBinaries(binaries, files.home, files.user);
    spawn(programPath(native, 'pg_ctl'), ['stop', '-m', 'fast', '-D', files.cluster], { stdio: 'ignore' }).unref();
  } else process.kill(pid, 'SIGINT');

  const deadline = Date.now() + stopTimeoutMs;
  while ((await readLock(files.cluster))?.pid === pid) {
    if (Date.now() > deadline) throw new Error(`PostgreSQL in ${files.home} (process ${pid}) did not stop in time`);
    await sleep(10);
  }
  // Its last act was to remove the lock file. The process itself may stay as a zombie whose parent does not reap it.
  for (let tries = 0; tries < 50 && (await lockHolder(pid, files.cluster)) === 'server'; tries++) await sleep(10);
}
