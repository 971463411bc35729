/** The real program as a child process, on a database of its own and an environment that says no more than it must. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { migrateJobs } from '../../src/platform/jobs/jobs.ts';
import { randomToken } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTestDatabase } from '../support/database.ts';
import { processEnvironment } from '../support/process-environment.ts';

export interface Run {
  code: number | null;
  stdout: string;
  /** Without the line that says where the command works. */
  stderr: string;
  /** Where it says that it works: a database, and the issuer. */
  where: string | undefined;
  /** Standard output, which must be one JSON document. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of an answer that a test looks into
  json: any;
}

export type Environment = Record<string, string>;

export function spawnGatehouse(words: readonly string[], environment: Environment): ChildProcess {
  return spawn(process.execPath, ['bin/gatehouse.js', ...words], {
    env: { ...processEnvironment(), ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Runs to the end. `input` is its standard input. */
export async function runGatehouse(words: readonly string[], environment: Environment, input = ''): Promise<Run> {
  const child = spawnGatehouse(words, environment);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // One that ends without reading it closes the pipe.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  const where = /^gatehouse: on the (.+)\n/m.exec(stderr);
  return {
    code,
    stdout,
    stderr: stderr.replace(where?.[0] ?? '', ''),
    where: where?.[1],
    get json() {
      return JSON.parse(stdout);
    },
  };
}

export interface CommandBench {
  db: Database;
  environment: Environment;
  directory: string;
  /** Runs a command on the database. */
  run(words: string, input?: string): Promise<Run>;
  close(): Promise<void>;
}

/** A migrated database and a data directory, for the commands of one file of tests. */
export async function createBench(overrides: Environment = {}): Promise<CommandBench> {
  const database = await createTestDatabase();
  await migrateJobs({ databaseUrl: database.url });
  const db = createDatabase({ url: database.url, poolMax: 2 });
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-command-'));
  const environment = {
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    DATA_DIR: directory,
    ISSUER: 'http://localhost:3999',
    SECRET_KEY: randomToken(36),
    METRICS_PORT: '0',
    ARGON2_MEMORY_KIB: '1024',
    ...overrides,
  };
  return {
    db,
    environment,
    directory,
    run: (words, input) => runGatehouse(split(words), environment, input),
    async close() {
      await db.destroy();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface ServerBench {
  app: TestApp;
  directory: string;
  run(...words: string[]): Promise<Run>;
  close(): Promise<void>;
}

/** A running server with a tenant `acme`, and commands that work on its database. */
export async function createServerBench(): Promise<ServerBench> {
  const app = await startTestApp();
  await migrateJobs({ databaseUrl: app.databaseUrl });
  await app.tenant({ slug: 'acme', name: 'Acme' });
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-command-'));
  const environment = {
    NODE_ENV: 'test',
    DATABASE_URL: app.databaseUrl,
    DATA_DIR: directory,
    ISSUER: app.issuer,
    SECRET_KEY: app.config.secretKeys[0] ?? '',
    METRICS_PORT: '0',
  };
  return {
    app,
    directory,
    run: (...words) => runGatehouse(words, environment),
    async close() {
      await app.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Words as a shell splits them, double quotes alone. */
function split(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}
