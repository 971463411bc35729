/**
 * The files of the embedded PostgreSQL: where they lie, who owns them, how they are made the first time, and what the
 * lock file says about a server that may be running on them. Starts no server. Refuses files of another account, and
 * never removes or rewrites a lock file.
 *
 *     <dataDirectory>/postgres/    the home: a folder, or a link to one elsewhere (see `createHome`)
 *       cluster/                   PostgreSQL's own data directory
 *       password                   of the superuser and of the tables' owner, readable by this account alone
 *       server-password            of the role the program works as; likewise
 *       port                       used last time, and again if it is free
 *       server.log
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { canReach, programPath, type ServerUser, usableBinaries } from './postgres-binaries.ts';

const run = promisify(execFile);

/** `home` is a real path. `created`: this call made the files. */
export interface PostgresHome {
  home: string;
  cluster: string;
  user: ServerUser | undefined;
  password: string;
  created: boolean;
}

/** The environment of every PostgreSQL process: nothing of ours, secrets least of all; messages in English. */
export const serverEnvironment = { LC_ALL: 'C' };

/**
 * Opens the PostgreSQL files of a data directory, and makes them if there are none. Many processes may call it at once:
 * each prepares a folder of its own and the first to put it in place wins.
 */
export async function openHome(dataDirectory: string, binaries: string, durable: boolean): Promise<PostgresHome> {
  // Under root another account runs the server: it passes through the folder but cannot list it.
  await mkdir(dataDirectory, { recursive: true, mode: isRoot() ? 0o711 : 0o700 });
  const place = join(await realpath(dataDirectory), 'postgres');
  const created = !(await isInPlace(place)) && (await createHome(place, binaries, durable));

  const home = await realpath(place);
  const cluster = join(home, 'cluster');
  const files = await stat(home);
  const owner = await stat(cluster);
  if (process.getuid && (files.uid !== process.getuid() || (files.mode & 0o022) !== 0)) {
    throw new Error(
      `${home} belongs to account ${files.uid} (mode ${(files.mode & 0o777).toString(8)}); this process runs as ` +
        `${process.getuid()} and uses only files that nobody else can change. Run as the account that made them.`,
    );
  }
  return {
    home,
    cluster,
    user: isRoot() ? { uid: owner.uid, gid: owner.gid } : undefined,
    password: (await readFile(join(home, 'password'), 'utf8')).trim(),
    created,
  };
}

/** The password of the role the program works as; undefined in a folder of an earlier version. */
export async function readServerPassword({ home }: Pick<PostgresHome, 'home'>): Promise<string | undefined> {
  const content = await readFile(join(home, 'server-password'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return content?.trim();
}

/** Never half of it, whenever the process is killed. Callers take turns. */
export async function writeServerPassword({ home }: Pick<PostgresHome, 'home'>, password: string): Promise<void> {
  const aside = join(home, '.server-password');
  await rm(aside, { force: true });
  await writeFile(aside, `${password}\n`, { mode: 0o600, flag: 'wx', flush: true });
  await rename(aside, join(home, 'server-password'));
}

async function isInPlace(place: string): Promise<boolean> {
  const found = await lstat(place).catch(() => undefined);
  if (!found) return false;
  const home = await realpath(place).catch(() => undefined);
  if (!home) {
    throw new Error(
      `${place} points to ${await readlink(place)}, which is gone, and the database with it. Restore it from a backup, ` +
        'or remove the link to start with an empty database.',
    );
  }
  const names = await readdir(home);
  if (names.length > 0 && !names.includes('cluster')) throw new Error(`${home} holds no PostgreSQL of Gatehouse`);
  return names.length > 0;
}

/**
 * Makes a cluster and puts it at `place`. PostgreSQL refuses to run as root, so under root another account runs it; if
 * that account cannot reach `place` (a home folder is usually closed), the files go to a new folder elsewhere and
 * `place` becomes a link to it. A rename and a link both fail if something is there already: no process can replace
 * the files of another. The new folder has a random name and is never one that was there before.
 * @returns false if another process was faster.
 */
async function createHome(place: string, binaries: string, durable: boolean): Promise<boolean> {
  const user = isRoot() ? await unprivilegedUser() : undefined;
  const parent = join(place, '..');
  const elsewhere = !(await canReach(user, parent, 1));
  const hash = createHash('sha256').update(place).digest('hex').slice(0, 12);
  const name = elsewhere ? `gatehouse-${hash}-` : '.postgres-';
  const folder = await mkdtemp(join(elsewhere ? await reachableParent(user) : parent, name));
  try {
    await chmod(folder, user ? 0o711 : 0o700);
    await initialise(folder, await usableBinaries(binaries, folder, user), user, durable);
    await (elsewhere ? symlink(folder, place) : rename(folder, place));
    return true;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    // Windows says EPERM for a folder that is there already.
    const taken = ['EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
    if (taken && (await isInPlace(place))) return false;
    throw error;
  }
}

async function initialise(
  home: string,
  binaries: string,
  user: ServerUser | undefined,
  durable: boolean,
): Promise<void> {
  const password = randomBytes(32).toString('base64url');
  const cluster = join(home, 'cluster');
  const passwordForInitdb = join(home, 'initial-password');
  await writeFile(join(home, 'password'), `${password}\n`, { mode: 0o600, flag: 'wx' });
  await writeFile(passwordForInitdb, `${password}\n`, { mode: 0o600, flag: 'wx' });
  await mkdir(cluster, { mode: 0o700 });
  if (user) {
    await chown(cluster, user.uid, user.gid);
    await chown(passwordForInitdb, user.uid, user.gid);
  }
  const options = '--username=postgres --auth=scram-sha-256 --locale=C --encoding=UTF8 --no-instructions'.split(' ');
  await run(
    programPath(binaries, 'initdb'),
    ['--pgdata', cluster, '--pwfile', passwordForInitdb, ...options, ...(durable ? [] : ['--no-sync'])],
    { ...user, cwd: home, env: serverEnvironment },
  ).catch((error: NodeJS.ErrnoException & { stderr?: string }) => {
    const hint =
      error.code === 'ENOENT' ? ' (the packaged programs need glibc; musl systems such as Alpine lack it)' : '';
    throw new Error(`initdb failed${hint}: ${error.stderr || error.message}`, { cause: error });
  });
  await rm(passwordForInitdb);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function unprivilegedUser(): Promise<ServerUser> {
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find(([account]) => account === name) ?? [];
    if (Number(uid) > 0 && Number(gid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is no account "postgres" or "nobody" to run it as. ' +
      'Start Gatehouse as an ordinary user, or set DATABASE_URL to use a PostgreSQL server of your own.',
  );
}

/** A folder for the files of a data directory that `user` cannot reach: one that lasts if possible. */
async function reachableParent(user: ServerUser | undefined): Promise<string> {
  const lasting = '/var/lib/gatehouse';
  await mkdir(lasting, { mode: 0o755 }).catch(() => undefined);
  const found = await lstat(lasting).catch(() => undefined);
  // One that another account made, or can write, could be emptied or exchanged under the server.
  const trusted = found?.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
  for (const parent of trusted ? [lasting, tmpdir()] : [tmpdir()]) {
    if (await canReach(user, await realpath(parent), 1)) return realpath(parent);
  }
  throw new Error(
    'Found no place for the database that the account running PostgreSQL can reach. Choose a data directory outside ' +
      'closed home folders, start Gatehouse as an ordinary user, or set DATABASE_URL.',
  );
}

/** What `postmaster.pid` says. `ready`: the server said that it takes connections. */
export interface ServerLock {
  pid: number;
  port: number;
  ready: boolean;
}

/** Reads the lock file of a cluster; undefined if there is none (or its first line is not written yet). */
export async function readLock(cluster: string): Promise<ServerLock | undefined> {
  const content = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = content.split('\n');
  const pid = Number.parseInt(lines[0] ?? '', 10);
  if (!(pid > 0)) return undefined;
  return { pid, port: Number.parseInt(lines[3] ?? '', 10), ready: lines[7]?.trim() === 'ready' };
}

/**
 * Who has the number that a lock file names: `server` (certainly the one on this cluster), `perhaps` (some PostgreSQL;
 * ask it), `other` (the number was given to another program since) or `nobody`.
 */
export async function lockHolder(pid: number, cluster: string): Promise<'server' | 'perhaps' | 'other' | 'nobody'> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: alive, but under another account than the one that owns these files.
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'other' : 'nobody';
  }
  if (process.platform === 'linux') {
    try {
      // A postmaster's working directory is its data directory, also after that was moved.
      return (await readlink(`/proc/${pid}/cwd`)) === cluster ? 'server' : 'other';
    } catch (error) {
      // ENOENT: gone meanwhile, or a zombie. EACCES: root without CAP_SYS_PTRACE, as in a container.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'other';
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return basename(commandLine.split('\0')[0] ?? '') === 'postgres' ? 'perhaps' : 'other';
    }
  }
  const [command, args] =
    process.platform === 'win32'
      ? ['tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH']]
      : ['ps', ['-o', 'command=', '-p', String(pid)]];
  const listed = await run(command as string, args as string[]).catch(() => ({ stdout: '' }));
  return listed.stdout.includes('postgres') ? 'perhaps' : 'other';
}
