/**
 * Databases for tests. The schema is migrated once a run, into a template; each test file takes a clone of it (some 10
 * ms), commits freely and drops it. Nothing is shared between clones but the server.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createDatabase } from '../../src/platform/database.ts';
import { migrateJobs } from '../../src/platform/jobs/jobs.ts';
import { migrateToLatest } from '../../src/platform/migrations.ts';
import { atEndOfRun, testServer } from './cluster.ts';

export interface TestDatabase {
  url: string;
  /** Ends what is still connected to it and drops it. What is not dropped goes with the run. */
  drop(): Promise<void>;
}

interface Template {
  name: string;
  admin: pg.Client;
  serverUrl: string;
  createOptions: string;
  clones: Set<string>;
}

let template: Promise<Template> | undefined;

/** Clones the migrated template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  template ??= makeTemplate();
  const { name: templateName, admin, serverUrl, createOptions, clones } = await template;
  const name = uniqueName('t');
  await admin.query(`create database ${name} template ${templateName} ${createOptions}`);
  clones.add(name);
  return {
    url: withDatabase(serverUrl, name),
    async drop() {
      await admin.query(`drop database if exists ${name} with (force)`);
      clones.delete(name);
    },
  };
}

async function makeTemplate(): Promise<Template> {
  const server = await testServer();
  const admin = new pg.Client({ connectionString: server.url, application_name: 'gatehouse-test-admin' });
  await admin.connect();
  (admin as pg.Client & { unref(): void }).unref();
  // Of this run alone: two runs on one server may have different migrations.
  const name = uniqueName('gatehouse_template');
  const clones = new Set<string>();
  atEndOfRun(async () => {
    (admin as pg.Client & { ref(): void }).ref();
    for (const database of [...clones, name]) await admin.query(`drop database if exists ${database} with (force)`);
    await admin.end();
  });
  await admin.query(`create database ${name}`);
  const db = createDatabase({ url: withDatabase(server.url, name), poolMax: 2 });
  try {
    await migrateToLatest(db);
    await migrateJobs({ databaseUrl: withDatabase(server.url, name) });
  } finally {
    await db.destroy();
  }
  // A template somebody is connected to cannot be cloned.
  await admin.query(`alter database ${name} allow_connections false`);
  return {
    name,
    admin,
    serverUrl: server.url,
    // Half the time of wal_log where nothing is synced; it asks for two checkpoints, which are dear on a durable server.
    createOptions: server.directory ? 'strategy file_copy' : '',
    clones,
  };
}

function uniqueName(prefix: string): string {
  return `${prefix}_${process.pid}_${randomBytes(4).toString('hex')}`;
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
