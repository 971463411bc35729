/**
 * Debian's PgBouncer on loopback, in transaction mode, with the settings that docs/deployment.md tells operators to use. It refuses to
 * run as root: under root another account runs it. It ends with the process that started it, in whatever way that ends.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

const program = '/usr/sbin/pgbouncer';

export interface Pgbouncer {
  port: number;
  /** The URL of a database on the server, by way of the pooler. */
  through(url: string): string;
  log(): Promise<string>;
  stop(): Promise<void>;
}

export function hasPgbouncer(): boolean {
  return process.platform === 'linux' && existsSync(program);
}

function documentedSettings(): string {
  const documentation = readFileSync(new URL('../../docs/deployment.md', import.meta.url), 'utf8');
  const block = /```ini\n(\[databases\].*?\n)```/s.exec(documentation)?.[1];
  assert.ok(block, 'docs/deployment.md has settings for PgBouncer');
  return block;
}

/** The settings of the documentation with those of this machine in the place of a site's own. */
function settingsOf(server: URL, own: Record<string, string | number>): string {
  const lines = documentedSettings()
    .split('\n')
    .map((line) => {
      if (/^gatehouse = host=/.test(line)) return `* = host=${server.hostname} port=${server.port}`;
      const [name = ''] = line.split(' = ');
      if (!(name in own)) return line;
      const value = own[name];
      delete own[name];
      return `${name} = ${value}`;
    });
  return [...lines, ...Object.entries(own).map(([name, value]) => `${name} = ${value}`), ''].join('\n');
}

/** @param urls of the roles that may come, all on one server, with their passwords; `settings` in the place of the documented ones */
export async function startPgbouncer(
  urls: readonly [string, ...string[]],
  settings: Record<string, string | number> = {},
): Promise<Pgbouncer> {
  if (!hasPgbouncer()) throw new Error(`PgBouncer is not there (${program}; on Debian the package pgbouncer)`);
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-pgbouncer-'));
  await chmod(directory, 0o777);
  const [server] = urls.map((url) => new URL(url)) as [URL];
  const port = await freePort();
  const users = urls.map((url) => new URL(url)).map(({ username, password }) => `"${username}" "${password}"`);
  const files = { ini: join(directory, 'pgbouncer.ini'), users: join(directory, 'userlist.txt') };
  await writeFile(files.users, users.join('\n'), { mode: 0o644 });
  const own = {
    listen_port: port,
    auth_file: files.users,
    logfile: join(directory, 'log'),
    unix_socket_dir: '',
    // Many databases live for a moment each, and the server has a hundred connections.
    server_idle_timeout: 5,
    ...settings,
  };
  await writeFile(files.ini, settingsOf(server, own), { mode: 0o644 });
  // The shell waits for the end of its input, which comes when this process ends.
  const script = '"$0" -q "$1" & bouncer=$!; cat >/dev/null; kill -INT $bouncer; wait $bouncer';
  const child = spawn('/bin/sh', ['-c', script, program, files.ini], {
    ...(process.getuid?.() === 0 && accountOf('postgres', 'nobody')),
    cwd: directory,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  const log = () => readFile(own.logfile, 'utf8').catch(() => '');
  await eventually(async () => {
    if (await listens(port)) return true;
    throw new Error(`pgbouncer does not listen: ${await log()}`);
  }, 'pgbouncer listens');
  return {
    port,
    through(url) {
      const pooled = new URL(url);
      pooled.host = `127.0.0.1:${port}`;
      return pooled.href;
    },
    log,
    async stop() {
      const gone = once(child, 'exit');
      child.ref();
      child.stdin?.end();
      await gone;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function accountOf(...names: string[]): { uid: number; gid: number } {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of names) {
    const [, , uid, gid] = accounts.find(([account]) => account === name) ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`there is no account ${names.join(' or ')} to run it as`);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
