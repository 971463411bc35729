/**
 * Databases for tests. The schema is migrated once a run, into a template, also where several processes run the files;
 * each test file takes a clone of it (some 10 ms), commits freely and drops it. Nothing is shared between clones but the
 * server.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migrateToLatest } from '../../src/platform/apply-migrations.ts';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { migrateJobs } from '../../src/platform/jobs/jobs.ts';
import { admitServerRole } from '../../src/platform/server-role.ts';
import { atEndOfRun, sharedRun, type TestServer, testServer } from './cluster.ts';
import { eventually } from './eventually.ts';

export interface TestDatabase {
  /** For the role that owns everything, as where the program works as one role; with TEST_DATABASE_ROLE=server as `serverUrl`. */
  url: string;
  /** For the role that owns nothing, as the program works where there are two; as `url` on a server of TEST_DATABASE_URL. */
  serverUrl: string;
  /** Ends what is still connected to it and drops it. What is not dropped goes with the run. */
  drop(): Promise<void>;
}

interface Template {
  name: string;
  admin: pg.Client;
  serverUrl: string;
  role: TestServer['serverRole'];
  createOptions: string;
}

let template: Promise<Template> | undefined;

/** As it is before anything was migrated. The schema itself stays: in PostgreSQL 14 it is a superuser's. */
export async function emptyDatabase(owner: Database): Promise<void> {
  await owner.raw('drop owned by current_user cascade');
}

/** Clones the migrated template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { name: templateName, admin, serverUrl, role, createOptions } = await openTemplate();
  const name = uniqueName(templateName);
  await admin.query(`create database ${name} template ${templateName} ${createOptions}`);
  const url = withDatabase(serverUrl, name);
  const urlOfServer = asServer(url, role);
  return {
    url: process.env.TEST_DATABASE_ROLE === 'server' ? urlOfServer : url,
    serverUrl: urlOfServer,
    async drop() {
      try {
        await admin.query(`drop database if exists ${name} with (force)`);
      } catch (error) {
        // Somebody of another role, whom this one may not end, is on the way out: without force PostgreSQL waits for that.
        if ((error as { code?: string }).code !== '42501') throw error;
        await eventually(async () => {
          await admin.query(`drop database if exists ${name}`);
          return true;
        });
      }
    },
  };
}

/** The name of this run's template, which is made if this process is the one that makes it. */
export async function templateName(): Promise<string> {
  return (await openTemplate()).name;
}

function openTemplate(): Promise<Template> {
  template ??= sharedRun() ? joinTemplate() : makeTemplate();
  return template;
}

async function openAdmin(serverUrl: string): Promise<pg.Client> {
  const admin = new pg.Client({ connectionString: serverUrl, application_name: 'gatehouse-test-admin' });
  await admin.connect();
  (admin as pg.Client & { unref(): void }).unref();
  return admin;
}

// Half the time of wal_log where nothing is synced; it asks for two checkpoints, which are dear on a durable server.
// PostgreSQL 14 knows no other way, and no word for it.
async function createOptionsOf(server: TestServer, admin: pg.Client): Promise<string> {
  if (!server.directory) return '';
  const { rows } = await admin.query(`select current_setting('server_version_num')::integer as version`);
  return rows[0].version >= 150_000 ? 'strategy file_copy' : '';
}

/** Of the process that started this one; it drops what is left here, too. */
async function joinTemplate(): Promise<Template> {
  const { server, template: name } = sharedRun() as NonNullable<ReturnType<typeof sharedRun>>;
  const admin = await openAdmin(server.url);
  const createOptions = await createOptionsOf(server, admin);
  return { name, admin, serverUrl: server.url, role: server.serverRole, createOptions };
}

async function makeTemplate(): Promise<Template> {
  const server = await testServer();
  const admin = await openAdmin(server.url);
  // Of this run alone: two runs on one server may have different migrations.
  const name = uniqueName('gatehouse_test');
  atEndOfRun(async () => {
    (admin as pg.Client & { ref(): void }).ref();
    const { rows } = await admin.query('select datname as name from pg_database where starts_with(datname, $1)', [
      name,
    ]);
    for (const database of rows) await admin.query(`drop database if exists ${database.name} with (force)`);
    await admin.end();
  });
  await admin.query(`create database ${name}`);
  const db = createDatabase({ url: withDatabase(server.url, name), poolMax: 2 });
  try {
    await migrateToLatest(db);
    await migrateJobs({ databaseUrl: withDatabase(server.url, name) });
    if (server.serverRole) await admitServerRole(db, server.serverRole.name);
  } finally {
    await db.destroy();
  }
  // A template somebody is connected to cannot be cloned.
  await admin.query(`alter database ${name} allow_connections false`);
  const createOptions = await createOptionsOf(server, admin);
  return { name, admin, serverUrl: server.url, role: server.serverRole, createOptions };
}

function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(5).toString('hex')}`;
}

function asServer(ownerUrl: string, role: TestServer['serverRole']): string {
  const url = new URL(ownerUrl);
  if (role) Object.assign(url, { username: role.name, password: role.password });
  return url.href;
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
