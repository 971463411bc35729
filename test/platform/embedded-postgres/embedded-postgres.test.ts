import assert from 'node:assert/strict';
import { type ChildProcess, execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  access,
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  rmdir,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../../src/platform/embedded-postgres/embedded-postgres.ts';
import {
  canReach,
  packagedBinaries,
  programPath,
  type ServerUser,
  usableBinaries,
} from '../../../src/platform/embedded-postgres/postgres-binaries.ts';

const log = { info() {}, warn() {} };
const isRoot = process.getuid?.() === 0;
const script = fileURLToPath(new URL('../../support/embedded-postgres-process.ts', import.meta.url));
const nobody: ServerUser = { uid: 65534, gid: 65534 };

interface Started {
  url: string;
  ownerUrl: string;
  adopted: boolean;
  firstStart: boolean;
  home: string;
}

interface UserProcess extends Started {
  child: ChildProcess;
}

describe('the embedded PostgreSQL', function () {
  this.timeout(300_000);

  const folders: string[] = [];
  const children = new Set<ChildProcess>();
  let shared: string;

  /** A folder that everyone may pass, as a project's folder usually is. */
  async function newFolder(mode = 0o755): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-embedded-'));
    await chmod(folder, mode);
    folders.push(folder);
    return folder;
  }

  function start(dataDirectory: string): Promise<EmbeddedPostgres> {
    return startEmbeddedPostgres({ dataDirectory, log });
  }

  /** Starts it in a process of its own, as `user` if given. */
  async function startInProcess(dataDirectory: string, user?: ServerUser, binaries?: string): Promise<UserProcess> {
    const child = fork(script, binaries ? [dataDirectory, binaries] : [dataDirectory], {
      ...user,
      env: { PATH: process.env.PATH, SECRET_KEY: 'canary-in-the-environment' },
      // A group of its own, as a program has that a shell starts.
      detached: true,
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    const [message] = await once(child, 'message', { signal: AbortSignal.timeout(250_000) });
    if (message.error) throw new Error(message.error);
    return { ...message, child };
  }

  async function stopProcess({ child }: UserProcess): Promise<void> {
    const gone = once(child, 'exit');
    child.send('stop');
    assert.deepEqual((await gone)[0], 0);
  }

  async function killProcess({ child }: UserProcess): Promise<void> {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  before(async () => {
    shared = await newFolder();
  });

  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  describe('starting for the first time', () => {
    it('makes a PostgreSQL 16 with the database gatehouse', async () => {
      const server = await start(shared);
      try {
        assert.equal(server.firstStart, true);
        assert.equal(server.adopted, false);
        const row = await queryRow(
          server.ownerUrl,
          `select current_setting('server_version_num')::int / 10000 as major, current_database() as database,
                  pg_encoding_to_char(encoding) as encoding, datcollate as collation,
                  current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
                  current_setting('full_page_writes') as full_page_writes,
                  current_setting('max_connections') as max_connections
             from pg_database where datname = current_database()`,
        );
        assert.deepEqual(row, {
          major: 16,
          database: 'gatehouse',
          encoding: 'UTF8',
          collation: 'C',
          fsync: 'on',
          synchronous_commit: 'on',
          full_page_writes: 'on',
          max_connections: '100',
        });
        await query(server.ownerUrl, 'create table kept (value int); insert into kept values (1)');
      } finally {
        await server.stop();
      }
    });

    it('uses what is there the next time, on the same port', async () => {
      const first = await start(shared);
      await first.stop();
      const second = await start(shared);
      try {
        assert.equal(second.firstStart, false);
        assert.equal(second.adopted, false);
        assert.equal(second.ownerUrl, first.ownerUrl);
        assert.deepEqual(await queryRow(second.ownerUrl, 'select value from kept'), { value: 1 });
      } finally {
        await second.stop();
      }
    });

    it('takes another port if that one is in use meanwhile', async () => {
      const first = await start(shared);
      await first.stop();
      const squatter = createServer().listen(Number(new URL(first.ownerUrl).port), '127.0.0.1');
      await once(squatter, 'listening');
      const second = await start(shared);
      try {
        assert.notEqual(new URL(second.ownerUrl).port, new URL(first.ownerUrl).port);
        assert.deepEqual(await queryRow(second.ownerUrl, 'select value from kept'), { value: 1 });
      } finally {
        await second.stop();
        squatter.close();
      }
    });

    it('gives up durability only when told to', async () => {
      const server = await startEmbeddedPostgres({ dataDirectory: shared, log, durable: false });
      try {
        const row = await queryRow(
          server.ownerUrl,
          `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
                  current_setting('full_page_writes') as full_page_writes`,
        );
        assert.deepEqual(row, { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' });
      } finally {
        await server.stop();
      }
    });

    it('says what to do if the package is not installed', () => {
      assert.throws(() => packagedBinaries('plan9', 'mips'), /@embedded-postgres\/plan9-mips.*DATABASE_URL.*optional/);
    });
  });

  describe('who may get in', () => {
    let server: EmbeddedPostgres;
    before(async () => {
      server = await start(shared);
    });
    after(() => server?.stop());

    it('listens on 127.0.0.1 alone, and on no socket file', async () => {
      const port = Number(new URL(server.ownerUrl).port);
      await assert.doesNotReject(connectTo('127.0.0.1', port));
      const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
      for (const { address, scopeid } of others) {
        if (address === '127.0.0.1') continue;
        await assert.rejects(
          connectTo(scopeid ? `${address}%${scopeid}` : address, port),
          `reached through ${address}`,
        );
      }
      // Lines 5 and 6 of a lock file: the folder of the socket, and the address.
      const lines = (await readFile(join(server.home, 'cluster', 'postmaster.pid'), 'utf8')).split('\n');
      assert.deepEqual(lines.slice(4, 6), ['', '127.0.0.1']);
    });

    it('asks for a password, kept where this account alone can read it', async () => {
      const path = join(server.home, 'password');
      const { mode, uid } = await stat(path);
      assert.equal(mode & 0o777, 0o600);
      assert.equal(uid, process.getuid?.());
      assert.equal((await stat(join(server.home, 'cluster'))).mode & 0o777, 0o700);
      const password = (await readFile(path, 'utf8')).trim();
      assert.equal(Buffer.from(password, 'base64url').length, 32);

      for (const [user, database] of [
        ['gatehouse', 'gatehouse'],
        ['postgres', 'postgres'],
      ]) {
        for (const wrong of ['', 'postgres', `${password}x`]) {
          const url = new URL(server.ownerUrl);
          Object.assign(url, { username: user, password: wrong, pathname: `/${database}` });
          await assert.rejects(query(url.href, 'select 1'), `${user} got in with "${wrong}"`);
        }
      }
      const { method } = await queryRow(
        server.ownerUrl.replace('gatehouse:', 'postgres:'),
        `select left(rolpassword, 13) as method from pg_authid where rolname = 'gatehouse'`,
      );
      assert.equal(method, 'SCRAM-SHA-256');
    });

    it('gives the application a role that is no superuser', async () => {
      const row = await queryRow(
        server.ownerUrl,
        `select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls from pg_roles where rolname = current_user`,
      );
      assert.deepEqual(row, {
        rolsuper: false,
        rolcreaterole: false,
        rolcreatedb: true,
        rolreplication: false,
        rolbypassrls: false,
      });
      await assert.rejects(query(server.ownerUrl, `select pg_read_file('/etc/passwd')`), /permission denied/);
    });

    it('hands the server none of our environment, and logs no values', async function () {
      if (process.platform !== 'linux') this.skip();
      const folder = await newFolder();
      const process_ = await startInProcess(folder);
      const environment = await readFile(`/proc/${await serverPid(process_.home)}/environ`, 'utf8');
      await query(
        process_.ownerUrl,
        `create table canaries (value text unique); insert into canaries values ('tweet-5310')`,
      );
      const parameters = ['tweet-5310'];
      await assert.rejects(query(process_.ownerUrl, 'insert into canaries values ($1)', parameters), /duplicate key/);
      const said = await readFile(join(process_.home, 'server.log'), 'utf8');
      await stopProcess(process_);
      assert.doesNotMatch(environment, /canary|SECRET_KEY/);
      assert.match(said, /duplicate key/);
      assert.doesNotMatch(said, /tweet-5310/);
    });
  });

  describe('after a crash', () => {
    it('joins the server that a killed process left running', async () => {
      const killed = await startInProcess(shared);
      await query(killed.ownerUrl, 'create table if not exists survived (value int); insert into survived values (1)');
      const pid = await serverPid(killed.home);
      await killProcess(killed);

      const next = await start(shared);
      try {
        assert.equal(next.adopted, true);
        assert.equal(next.ownerUrl, killed.ownerUrl);
        assert.equal(await serverPid(next.home), pid);
        assert.deepEqual(await queryRow(next.ownerUrl, 'select value from survived'), { value: 1 });
      } finally {
        await next.stop();
      }
      assert.equal(isAlive(pid), false, 'the last user stops a server that it only joined');
    });

    it('recovers every committed row after a kill -9 of PostgreSQL itself', async () => {
      const first = await start(shared);
      await query(first.ownerUrl, 'drop table if exists survived; create table survived (value int)');
      for (let value = 0; value < 20; value++) await query(first.ownerUrl, `insert into survived values (${value})`);
      await killServer(first.home);
      const second = await start(shared);
      try {
        assert.equal(second.adopted, false);
        assert.deepEqual(await queryRow(second.ownerUrl, 'select count(*) as count from survived'), { count: 20 });
      } finally {
        await second.stop();
        await first.stop();
      }
    });

    it('starts although the number in the lock file is now that of another program', async () => {
      const first = await start(shared);
      await query(first.ownerUrl, 'create table if not exists kept_on (value int)');
      await killServer(first.home);
      await first.stop();
      const cluster = join(first.home, 'cluster');
      // Of the server's own account: PostgreSQL by itself would take it for a running server and refuse.
      const { uid, gid } = await stat(cluster);
      const bystander = spawn('sleep', ['60'], { ...(isRoot ? { uid, gid } : {}), stdio: 'ignore' });
      try {
        const path = join(cluster, 'postmaster.pid');
        const lines = (await readFile(path, 'utf8')).split('\n');
        await writeFile(path, [String(bystander.pid), ...lines.slice(1)].join('\n'));
        const second = await start(shared);
        assert.equal(second.adopted, false);
        await query(second.ownerUrl, 'select value from kept_on');
        await second.stop();
        assert.equal(bystander.exitCode ?? bystander.signalCode, null, 'the bystander lives');
      } finally {
        bystander.kill();
      }
    });

    it('says so if the server does not take the password', async () => {
      const first = await start(shared);
      const path = join(first.home, 'password');
      const password = await readFile(path, 'utf8');
      try {
        await writeFile(path, 'not-the-password\n');
        await assert.rejects(start(shared), /does not take the password in .*password/);
      } finally {
        await writeFile(path, password);
        await first.stop();
      }
    });
  });

  describe('several processes on one directory', () => {
    it('makes one database and one server when all start at the same moment', async () => {
      const folder = await newFolder();
      const users = await Promise.all([1, 2, 3, 4].map(() => startInProcess(folder)));
      assert.equal(users.filter((user) => user.firstStart).length, 1);
      assert.equal(users.filter((user) => !user.adopted).length, 1);
      assert.equal(new Set(users.map((user) => user.ownerUrl)).size, 1);
      assert.deepEqual(await readdir(folder), ['postgres'], 'nothing half-made stays behind');
      const pid = await serverPid(users[0]?.home ?? '');

      // And again on what a crash of everything leaves behind.
      await Promise.all(users.map(killProcess));
      await killServer(users[0]?.home ?? '');
      const survivors = await Promise.all([1, 2, 3, 4].map(() => startInProcess(folder)));
      assert.equal(survivors.filter((user) => !user.adopted).length, 1);
      assert.equal(new Set(survivors.map((user) => user.ownerUrl)).size, 1);
      const nextPid = await serverPid(survivors[0]?.home ?? '');
      assert.notEqual(nextPid, pid);

      await Promise.all(survivors.map(stopProcess));
      assert.equal(isAlive(nextPid), false, 'the last one out stops the server');
    });

    it('leaves the server running as long as anybody uses it, no matter who started it', async () => {
      const starter = await startInProcess(shared);
      const joiner = await start(shared);
      const pid = await serverPid(joiner.home);
      assert.equal(joiner.adopted, true);
      await stopProcess(starter);
      assert.equal(await serverPid(joiner.home), pid);
      await query(joiner.ownerUrl, 'select 1');

      const third = await start(shared);
      await joiner.stop();
      await query(third.ownerUrl, 'select 1');
      await third.stop();
      assert.equal(isAlive(pid), false);
      await assert.rejects(access(join(third.home, 'cluster', 'postmaster.pid')));
    });

    it('starts anew while the last user is stopping the server', async () => {
      for (let round = 0; round < 5; round++) {
        const last = await start(shared);
        const [, next] = await Promise.all([last.stop(), sleep(round * 3).then(() => start(shared))]);
        await query(next.ownerUrl, 'select 1');
        await next.stop();
      }
    });

    it('stops once, however often it is asked to', async () => {
      const server = await start(shared);
      const other = await start(shared);
      await Promise.all([server.stop(), server.stop()]);
      await server.stop();
      await query(other.ownerUrl, 'select 1');
      await other.stop();
    });
  });

  describe('beside its process', () => {
    it('outlives Ctrl-C in the terminal until the process stops it', async function () {
      if (process.platform === 'win32') this.skip();
      const user = await startInProcess(shared);
      const pid = await serverPid(user.home);
      const [message, [code]] = await Promise.all([
        once(user.child, 'message').then(([value]) => value),
        once(user.child, 'exit'),
        process.kill(-(user.child.pid ?? Number.NaN), 'SIGINT'),
      ]);
      assert.deepEqual(message, { answersAfterInterrupt: true });
      assert.equal(code, 0);
      assert.equal(isAlive(pid), false);
    });

    it('does not keep the process from ending', async () => {
      const user = await startInProcess(shared);
      const gone = once(user.child, 'exit', { signal: AbortSignal.timeout(250_000) });
      user.child.send('nothing more to do');
      assert.deepEqual((await gone)[0], 0);
      const next = await start(shared);
      assert.equal(next.adopted, true);
      await next.stop();
    });
  });

  describe('the programs', () => {
    /** The package as `npm ci --ignore-scripts` leaves it. */
    async function packageWithoutLinks(parent: string): Promise<string> {
      const from = dirname(packagedBinaries());
      const to = join(parent, 'package');
      await cp(from, to, { recursive: true, filter: async (path) => !(await lstat(path)).isSymbolicLink() });
      return join(to, 'native');
    }

    it('gets its missing library links where the package can be written', async () => {
      const native = await packageWithoutLinks(await newFolder());
      const run = promisify(execFile);
      if (process.platform === 'linux')
        await assert.rejects(run(programPath(native, 'postgres'), ['--version']), /libicu/);
      assert.equal(await usableBinaries(native, '/nonexistent', undefined), native);
      assert.match((await run(programPath(native, 'postgres'), ['--version'])).stdout, /PostgreSQL\) 16\./);
    });

    it('runs from a copy where the package cannot be written', async function () {
      const folder = await newFolder();
      const native = await packageWithoutLinks(folder);
      await chmod(join(native, 'lib'), 0o555);
      const user = isRoot ? nobody : undefined;
      if (!(await canReach(user, script, 4))) return skip(this, `account ${nobody.uid} cannot read this repository`);
      const data = join(folder, 'data');
      await mkdir(data);
      if (user) await chown(data, user.uid, user.gid);
      const started = await startInProcess(data, user, native);
      await query(started.ownerUrl, 'select 1');
      await stopProcess(started);
      await chmod(join(native, 'lib'), 0o755);
      const names = await readdir(started.home);
      assert.equal(names.filter((name) => name.startsWith('binaries-16.')).length, 1);
      assert.deepEqual(
        names.filter((name) => name.startsWith('.binaries')),
        [],
      );
    });

    it('leaves a package under a closed folder where it is, and runs from a copy elsewhere', async function () {
      if (!isRoot) return skip(this, 'only root runs the server as another account');
      const closed = await newFolder(0o700);
      const native = await packageWithoutLinks(closed);
      const data = join(closed, 'data');
      const options = { dataDirectory: data, log, binaries: native };
      const first = await startEmbeddedPostgres(options);
      try {
        await query(first.ownerUrl, 'create table kept (value int)');
        assert.equal(await readlink(join(data, 'postgres')), first.home);
        assert.equal(first.home.startsWith(closed), false);
        const home = await stat(first.home);
        assert.deepEqual([home.uid, home.mode & 0o777], [0, 0o711], 'nobody but root can exchange what is in it');
        const cluster = await stat(join(first.home, 'cluster'));
        assert.notEqual(cluster.uid, 0);
        assert.equal(cluster.mode & 0o777, 0o700);
        await first.stop();
        const second = await startEmbeddedPostgres(options);
        assert.deepEqual([second.home, second.firstStart], [first.home, false]);
        await query(second.ownerUrl, 'select value from kept');
        await second.stop();
      } finally {
        await first.stop();
        await rm(first.home, { recursive: true, force: true });
        // Goes if this test was the first to need it.
        await rmdir(dirname(first.home)).catch(() => undefined);
      }
    });
  });

  describe('files of somebody else', () => {
    it('refuses a folder that another account made', async function () {
      if (!isRoot) return skip(this, 'only root can make a folder of another account');
      const folder = await newFolder();
      await mkdir(join(folder, 'postgres', 'cluster'), { recursive: true });
      await chown(join(folder, 'postgres'), nobody.uid, nobody.gid);
      await assert.rejects(start(folder), /belongs to account 65534/);
    });

    it('refuses a folder that others can write', async () => {
      const folder = await newFolder();
      await mkdir(join(folder, 'postgres', 'cluster'), { recursive: true });
      await chmod(join(folder, 'postgres'), 0o777);
      await assert.rejects(start(folder), /mode 777/);
    });

    it('refuses a folder that holds something else', async () => {
      const folder = await newFolder();
      await mkdir(join(folder, 'postgres'));
      await writeFile(join(folder, 'postgres', 'notes.txt'), 'not a database');
      await assert.rejects(start(folder), /holds no PostgreSQL of Gatehouse/);
    });

    it('does not make a new database where the link to the old one leads nowhere', async () => {
      const folder = await newFolder();
      await symlink(join(folder, 'gone'), join(folder, 'postgres'));
      await assert.rejects(start(folder), /points to .*gone, which is gone.*empty database/s);
    });
  });

  describe('as an ordinary user', () => {
    it('starts, is joined after a kill -9, and stops', async function () {
      if (!isRoot) return skip(this, 'the whole file runs as an ordinary user here');
      if (!(await canReach(nobody, script, 4))) return skip(this, `account ${nobody.uid} cannot read this repository`);
      const folder = await newFolder();
      await chown(folder, nobody.uid, nobody.gid);
      const first = await startInProcess(folder, nobody);
      assert.equal(first.firstStart, true);
      const pid = await serverPid(first.home);
      assert.equal((await stat(join(first.home, 'cluster'))).uid, nobody.uid);
      await killProcess(first);
      const second = await startInProcess(folder, nobody);
      assert.equal(second.adopted, true);
      await stopProcess(second);
      assert.equal(isAlive(pid), false);
    });
  });
});

async function query(url: string, sql: string, parameters?: unknown[]): Promise<pg.QueryResult> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.query(sql, parameters);
  } finally {
    await client.end();
  }
}

async function queryRow(url: string, sql: string): Promise<Record<string, unknown>> {
  return (await query(url, sql)).rows[0];
}

async function connectTo(host: string, port: number): Promise<void> {
  const socket = connect({ host, port, timeout: 2_000 });
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

async function serverPid(home: string): Promise<number> {
  return Number.parseInt(await readFile(join(home, 'cluster', 'postmaster.pid'), 'utf8'), 10);
}

/** Kills the server that these tests started, and waits until it is gone. */
async function killServer(home: string): Promise<void> {
  const pid = await serverPid(home);
  process.kill(pid, 'SIGKILL');
  while (isAlive(pid)) await sleep(5);
}

/** A zombie is dead: whose parent was killed waits for process 1 to reap it, which may take its time. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Skips with its reason in the report. */
function skip(context: Mocha.Context, reason: string): void {
  if (context.test) context.test.title += ` (skipped: ${reason})`;
  context.skip();
}
