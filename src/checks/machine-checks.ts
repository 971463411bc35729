/** What is looked at on this machine, without a database. Each check says what it found and what to do. */
import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { createPasswordHasher } from '../domain/methods/password/password-hash.ts';
import type { Check } from '../management/check.ts';

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The form of the issuer: browsers and relying parties must reach the server under this very name. */
export function checkIssuer({ issuer, listen, isProduction }: Config): Check {
  const name = 'issuer';
  const url = new URL(issuer);
  const isLocal = loopback.has(url.hostname);
  if (isLocal && isProduction) {
    const advice = 'Set ISSUER to the https address that people and applications use.';
    return { name, status: 'fail', detail: `${issuer} is this machine alone`, advice };
  }
  if (!isLocal && url.protocol === 'http:') {
    const advice = 'Use https: put a proxy that terminates TLS in front, and set ISSUER to its address.';
    return { name, status: 'warn', detail: `${issuer} is not encrypted`, advice };
  }
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (isLocal && url.protocol === 'http:' && listen.port !== 0 && port !== listen.port) {
    const advice = `Set PORT=${port}, or ISSUER=http://localhost:${listen.port}; a proxy between them is fine too.`;
    return { name, status: 'warn', detail: `${issuer}, but the server listens on port ${listen.port}`, advice };
  }
  return { name, status: 'ok', detail: issuer };
}

/** That TLS ends before us, and whether we are told who the client is. */
export function checkProxies({ issuer, trustedProxies }: Config): Check[] {
  if (!issuer.startsWith('https:') || trustedProxies.length > 0) return [];
  const advice =
    'Set TRUSTED_PROXIES to the network of the proxy; limits by IP address count everybody as one until then.';
  return [{ name: 'proxies', status: 'warn', detail: 'https, but no proxy is trusted', advice }];
}

/** argon2id works here, and how long people wait for it. */
export async function checkPasswordHashing({ argon2 }: Config): Promise<Check> {
  const name = 'password hashing';
  try {
    const passwords = createPasswordHasher(argon2);
    const hash = await passwords.hash('a first one, which also loads the code');
    const startedAt = performance.now();
    const { ok } = await passwords.verify(hash, 'a first one, which also loads the code');
    const ms = Math.round(performance.now() - startedAt);
    if (!ok) throw new Error('a right password is not recognised');
    const detail = `argon2id, ${argon2.memoryKiB} KiB, ${argon2.iterations} passes: ${ms} ms each`;
    if (ms <= 1000) return { name, status: 'ok', detail };
    const advice = 'Each sign-in takes a core for so long: lower ARGON2_MEMORY_KIB or ARGON2_ITERATIONS.';
    return { name, status: 'warn', detail, advice };
  } catch (error) {
    const advice = 'Install the dependencies again on this machine: npm ci';
    return { name, status: 'fail', detail: (error as Error).message, advice };
  }
}

/** Files in the data directory that only their owner may read. */
const privateFiles = ['secret-key', 'development-accounts.json'];

/** The data directory: that we can write, and others can neither write nor read secrets. */
export async function checkDataDirectory({ dataDirectory, database, isProduction }: Config): Promise<Check> {
  const name = 'data directory';
  const found = await stat(dataDirectory).catch(() => undefined);
  if (!found) {
    const needed = database.url === undefined;
    return { name, status: 'ok', detail: `${dataDirectory} ${needed ? 'will be made' : 'is not used'}` };
  }
  if (!found.isDirectory()) {
    const advice = 'Set DATA_DIR to a directory.';
    return { name, status: 'fail', detail: `${dataDirectory} is no directory`, advice };
  }
  try {
    await access(dataDirectory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const advice = 'Run as the account that owns it, or set DATA_DIR to a directory of your own.';
    return { name, status: 'fail', detail: `${dataDirectory} cannot be written`, advice };
  }
  // Windows has no such modes.
  if (process.platform !== 'win32') {
    if ((found.mode & 0o022) !== 0) {
      const advice = `chmod go-w ${dataDirectory}`;
      return { name, status: 'fail', detail: `${dataDirectory} can be written by others`, advice };
    }
    for (const file of await readdir(dataDirectory)) {
      if (!privateFiles.includes(file)) continue;
      const path = join(dataDirectory, file);
      if (((await stat(path)).mode & 0o077) === 0) continue;
      const advice = `chmod 600 ${path}`;
      return { name, status: isProduction ? 'fail' : 'warn', detail: `${path} can be read by others`, advice };
    }
  }
  return { name, status: 'ok', detail: dataDirectory };
}

async function nearestDirectory(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() || dirname(path) === path ? path : nearestDirectory(dirname(path));
}

/** Room for what is written here: the embedded database, if that is the one. */
export async function checkDisk({ dataDirectory, database }: Config): Promise<Check> {
  const name = 'disk';
  const { bavail, bsize } = await statfs(await nearestDirectory(dataDirectory));
  const mib = Math.floor((bavail * bsize) / 2 ** 20);
  const detail = mib >= 10_240 ? `${Math.floor(mib / 1024)} GiB free` : `${mib} MiB free`;
  if (mib >= 1024) return { name, status: 'ok', detail };
  const isFull = database.url === undefined && mib < 100;
  return { name, status: isFull ? 'fail' : 'warn', detail, advice: 'Make room: a full disk stops the database.' };
}

/** The version of Node that runs this. */
export function checkRuntime(version = process.versions.node): Check {
  const name = 'node';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 11)) return { name, status: 'ok', detail: version };
  return { name, status: 'fail', detail: version, advice: 'Install Node.js 24.11 or later.' };
}
