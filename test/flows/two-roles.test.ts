import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findTrailReach } from '../../src/domain/audit/trail-reach.ts';
import { createDatabase, type Database, rows } from '../../src/platform/database.ts';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/embedded-postgres/embedded-postgres.ts';
import { migrationConfig, migrationStatus } from '../../src/platform/migrations.ts';
import { randomToken } from '../../src/platform/secrets.ts';
import { type Run, runGatehouse } from '../commands/run-gatehouse.ts';
import { testServer } from '../support/cluster.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

const log = { info() {}, warn() {} };
const serverRole = 'gatehouse_server';

async function asSuperuser<T>(server: EmbeddedPostgres, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const url = new URL(server.ownerUrl);
  url.username = 'postgres';
  const client = new pg.Client(url.href);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** As the version before left it: one role, and no password but its own. */
async function makeEarlierFolder(directory: string): Promise<void> {
  const server = await startEmbeddedPostgres({ dataDirectory: directory, log });
  try {
    const db = createDatabase({ url: server.ownerUrl, poolMax: 2 });
    for (let pending = ''; !pending.startsWith('0049'); [pending = ''] = (await migrationStatus(db)).pending)
      await db.migrate.up(migrationConfig());
    await rows(db, `insert into audit_events (actor_type, action) values ('system', 'test.before')`);
    await db.destroy();
    await asSuperuser(server, (client) => client.query(`drop role ${serverRole}`));
    await rm(join(server.home, 'server-password'));
  } finally {
    await server.stop();
  }
}

describe('a folder of the embedded database', function () {
  this.timeout(240_000);
  const directories: string[] = [];
  const running: ServerProcess[] = [];
  after(async () => {
    for (const server of running) await server.stop('SIGKILL');
    for (const directory of directories) {
      const left = await startEmbeddedPostgres({ dataDirectory: directory, log });
      await left.stop();
      for (const path of [left.home, directory]) await rm(path, { recursive: true, force: true });
    }
  });

  async function newDirectory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-roles-'));
    // Under root, PostgreSQL runs as another account, which must be able to pass.
    await chmod(directory, 0o711);
    directories.push(directory);
    return directory;
  }

  async function launch(directory: string): Promise<ServerProcess> {
    const port = String(await freePort());
    const server = startServerProcess({
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: port,
      ISSUER: 'http://localhost:3999',
      DATA_DIR: directory,
      SECRET_KEY: 'Vq3mX8tR5wN1yB7kD4gH9sJ2cF6pL0zA',
      ARGON2_MEMORY_KIB: '1024',
      ARGON2_ITERATIONS: '1',
    });
    running.push(server);
    return server;
  }

  /** That the server works there, and out of reach of the trail. */
  async function assertTwoRoles(directory: string, actions: string[]): Promise<string> {
    const joined = await startEmbeddedPostgres({ dataDirectory: directory, log });
    const db = createDatabase({ url: joined.url, poolMax: 1 });
    try {
      const reach = await findTrailReach(db);
      assert.deepEqual(reach, { role: serverRole, owner: 'gatehouse', isSuperuser: false, ways: [] });
      await assert.rejects(db.raw('delete from audit_events'), /permission denied/);
      assert.equal((await migrationStatus(db)).current, true);
      const found = await rows<{ action: string }>(db, 'select action from audit_events where action = any(?)', [
        ['test.before', 'signing_key.created'],
      ]);
      for (const action of actions)
        assert.ok(
          found.some((event) => event.action === action),
          action,
        );
      const connected = await asSuperuser(joined, (client) =>
        client.query(
          `select distinct usename from pg_stat_activity where application_name in ('gatehouse', 'gatehouse-jobs')`,
        ),
      );
      assert.deepEqual(connected.rows, [{ usename: serverRole }]);
      // The queue is at work: its library has written down what runs by the clock.
      await eventually(async () => {
        const clock = await rows(db, 'select from graphile_worker._private_known_crontabs');
        return clock.length > 0;
      }, 'jobs are taken');
      return joined.url;
    } finally {
      await db.destroy();
      await joined.stop();
    }
  }

  it('has two roles from its first start on, and at the second', async () => {
    const directory = await newDirectory();
    const first = await launch(directory);
    await first.ready();
    const url = await assertTwoRoles(directory, []);
    await first.stop();
    const second = await launch(directory);
    await second.ready();
    assert.equal(await assertTwoRoles(directory, []), url);
    await second.stop();
  });

  it('gets the second role where an earlier version made it, and keeps what is there', async () => {
    const directory = await newDirectory();
    await makeEarlierFolder(directory);
    const server = await launch(directory);
    await server.ready();
    await assertTwoRoles(directory, ['test.before']);
    await server.stop();
  });

  it('gets it also where the first start was killed, at whatever moment', async () => {
    const directory = await newDirectory();
    await makeEarlierFolder(directory);
    const home = join(directory, 'postgres');
    for (const after of [150, 300, 450, 600, 750, 900, 1_200]) {
      const killed = await launch(directory);
      await sleep(after);
      await killed.stop('SIGKILL');
    }
    const server = await launch(directory);
    await server.ready();
    await assertTwoRoles(directory, ['test.before']);
    const { mode } = await stat(join(home, 'server-password'));
    assert.equal(mode & 0o777, 0o600);
    assert.notEqual(
      await readFile(join(home, 'server-password'), 'utf8'),
      await readFile(join(home, 'password'), 'utf8'),
    );
    await server.stop();
  });

  it('takes a new password where its file is lost, or half of one was being written', async () => {
    const directory = await newDirectory();
    const first = await startEmbeddedPostgres({ dataDirectory: directory, log });
    await first.stop();
    await rm(join(first.home, 'server-password'));
    await writeFile(join(first.home, '.server-password'), 'half');
    const second = await startEmbeddedPostgres({ dataDirectory: directory, log });
    try {
      assert.notEqual(second.url, first.url);
      const db = createDatabase({ url: second.url, poolMax: 1 });
      assert.deepEqual(await rows(db, 'select current_user as role'), [{ role: serverRole }]);
      await db.destroy();
    } finally {
      await second.stop();
    }
  });

  it('has one password for all that come at once', async () => {
    const directory = await newDirectory();
    await makeEarlierFolder(directory);
    const servers = await Promise.all([1, 2, 3, 4].map(() => startEmbeddedPostgres({ dataDirectory: directory, log })));
    try {
      assert.equal(new Set(servers.map(({ url }) => url)).size, 1);
      const db = createDatabase({ url: servers[0]?.url as string, poolMax: 1 });
      assert.deepEqual(await rows(db, 'select current_user as role'), [{ role: serverRole }]);
      await db.destroy();
    } finally {
      for (const server of servers) await server.stop();
    }
  });
});

describe('a database with an owner of its own', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let empty: string;
  let admin: Database;
  let environment: Record<string, string>;

  before(async function () {
    database = await createTestDatabase();
    if (database.url === database.serverUrl) return this.skip();
    admin = createDatabase({ url: (await testServer()).url, poolMax: 1 });
    empty = `${new URL(database.url).pathname.slice(1)}_empty`;
    await admin.raw(`create database ${empty}`);
    environment = {
      NODE_ENV: 'test',
      DATABASE_URL: onEmpty(database.serverUrl),
      DATABASE_OWNER_URL: onEmpty(database.url),
      MIGRATE_ON_START: 'false',
      DATA_DIR: join(tmpdir(), 'never-made'),
      ISSUER: 'http://localhost:3999',
      SECRET_KEY: randomToken(36),
      METRICS_PORT: '0',
      ARGON2_MEMORY_KIB: '1024',
      PORT: '3999',
    };
  });
  after(async () => {
    if (empty) await admin?.raw(`drop database if exists ${empty} with (force)`);
    await admin?.destroy();
    await database?.drop();
  });

  function onEmpty(url: string): string {
    const address = new URL(url);
    address.pathname = `/${empty}`;
    return address.href;
  }

  const trailOf = (run: Run) => run.json.checks.find(({ name }: { name: string }) => name === 'audit trail');

  it('is migrated as the owner, and worked on as the other', async () => {
    const { DATABASE_OWNER_URL: _, ...ofServer } = environment;
    const before = await runGatehouse(['tenants', 'list'], ofServer);
    assert.match(before.stderr, /Migrations are not applied/);
    const refused = await runGatehouse(['migrate'], ofServer);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /role of DATABASE_URL may not migrate: permission denied .*Set DATABASE_OWNER_URL/);
    const migrated = await runGatehouse(['migrate', '--json'], environment);
    assert.equal(migrated.code, 0, migrated.stderr);
    assert.equal(migrated.json.current, true);
    const again = await runGatehouse(['migrate'], environment);
    assert.equal(again.stdout, 'The schema is up to date.\n');

    // The server's settings do not have the owner's.
    const made = await runGatehouse(
      ['tenants', 'create', '--name', 'Northwind', '--slug', 'northwind', '--json'],
      ofServer,
    );
    assert.equal(made.code, 0, made.stderr);
    const doctor = await runGatehouse(['doctor', '--json'], ofServer);
    assert.equal(trailOf(doctor).status, 'ok', doctor.stdout);
    assert.match(trailOf(doctor).detail, /belongs to gatehouse, and the server works as gatehouse_server/);
    const db = createDatabase({ url: onEmpty(database.serverUrl), poolMax: 1 });
    await assert.rejects(db.raw('delete from audit_events'), /permission denied/);
    await assert.rejects(db.raw('create temporary table audit_events ()'), /permission denied/);
    await db.destroy();
  });

  it('is told apart from one with one role, and from one that a superuser works on', async () => {
    const one = await runGatehouse(['doctor', '--json'], { ...environment, DATABASE_URL: onEmpty(database.url) });
    assert.equal(trailOf(one).status, 'warn');
    assert.match(trailOf(one).detail, /role gatehouse could change it: it owns the tables/);
    assert.match(trailOf(one).advice, /create role gatehouse_server .*DATABASE_OWNER_URL=… gatehouse migrate/);
    const superuser = new URL(onEmpty(database.url));
    superuser.username = 'postgres';
    const all = await runGatehouse(['doctor', '--json'], { ...environment, DATABASE_URL: superuser.href });
    assert.equal(trailOf(all).status, 'warn');
    assert.match(trailOf(all).detail, /role postgres could change it: it is a superuser$/);
  });

  it('is not mistaken for another', async () => {
    const run = await runGatehouse(['migrate'], { ...environment, DATABASE_OWNER_URL: database.url });
    assert.equal(run.code, 1);
    assert.match(run.stderr, /DATABASE_OWNER_URL leads to another database than DATABASE_URL/);
  });
});
