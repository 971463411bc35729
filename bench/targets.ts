/** What is measured: a Gatehouse on a database of its own, the bare library in memory, and servers that are given. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineCapability } from '../src/domain/access/capabilities.ts';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { createClient, createService } from '../src/domain/clients/clients.ts';
import { createPasswordHasher } from '../src/domain/methods/password/password-hash.ts';
import { createResourceServer } from '../src/domain/resource-servers/resource-servers.ts';
import { createTenant } from '../src/domain/setup/create-tenant.ts';
import { createUser } from '../src/domain/users/users.ts';
import { createDatabase } from '../src/platform/database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/platform/embedded-postgres/embedded-postgres.ts';
import { randomToken } from '../src/platform/secrets.ts';
import { freePort } from '../test/support/free-port.ts';
import { processEnvironment } from '../test/support/process-environment.ts';
import { redirectUri } from '../test/support/relying-party.ts';
import { apis, scopeOf, type TokenForm } from './apis.ts';

/** Where the operations go, and as whom. */
export interface Target {
  name: string;
  issuer: string;
  /** Processes whose time is counted; none for a server that is given. */
  pids: Record<string, number>;
  service: { clientId: string; clientSecret: string };
  /** Absent: no person can be signed in there. */
  application?: { clientId: string; clientSecret: string };
  /** One for each connection: parallel sign-ins to one account are held back. */
  people?: { email: string; password: string }[];
  stop(): Promise<void>;
}

const peopleCount = 32;

/** To be called before the database is started, which stays beside it: else they take their time from the servers as well. */
export function leaveFirstCoreToServers(): void {
  if (process.platform !== 'linux' || availableParallelism() < 2) return;
  const { status } = spawnSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)], { stdio: 'ignore' });
  if (status !== 0) throw new Error('taskset could not keep the load on the second core');
}

/** On the first core where there are several: the load and the database share the second. */
export function spawnOnFirstCore(script: string, args: string[], env: Record<string, string>): ChildProcess {
  const command = [process.execPath, script, ...args];
  const pinned = process.platform === 'linux' ? ['taskset', '-c', '0', ...command] : command;
  return spawn(pinned[0] as string, pinned.slice(1), {
    env: { ...processEnvironment(), ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 2400; attempt++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    if ((await fetch(url).catch(() => undefined))?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  throw new Error(`${url} does not answer`);
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** The tenant, its APIs, a service, an application and a person, by the rules of the domain. */
async function fill(databaseUrl: string): Promise<Pick<Target, 'service' | 'application' | 'people'>> {
  const db = createDatabase({ url: databaseUrl, poolMax: 2 });
  try {
    const tenant = await createTenant(db, { slug: 'bench', name: 'Bench' }, systemCaller, async () => true);
    for (const [form, identifier] of Object.entries(apis)) {
      const isJwt = form !== 'opaque';
      const api = await createResourceServer(
        db,
        {
          tenantId: null,
          identifier,
          name: form,
          tokenFormat: isJwt ? 'jwt' : 'opaque',
          ...(isJwt && { signingAlg: form as 'ES256' | 'RS256' }),
        },
        systemCaller,
      );
      await defineCapability(db, { key: scopeOf(form as TokenForm), resourceServerId: api.id }, systemCaller);
    }
    const capabilities = Object.keys(apis).map((form) => scopeOf(form as TokenForm));
    const service = await createService(db, { tenantId: tenant.id, name: 'Service', capabilities }, systemCaller);
    const application = await createClient(
      db,
      { tenantId: tenant.id, kind: 'web', name: 'Application', firstParty: true, redirectUris: [redirectUri] },
      systemCaller,
    );
    const passwords = createPasswordHasher({ memoryKiB: 19_456, iterations: 2, parallelism: 1 });
    const people = Array.from({ length: peopleCount }, (_, n) => ({
      email: `person-${n}@bench.example`,
      password: `${randomToken(12)}-a`,
    }));
    for (const { email, password } of people)
      await createUser(
        db,
        { tenantId: tenant.id, email, emailVerified: true, password, fullName: 'Person' },
        { passwords, caller: systemCaller },
      );
    return {
      service: { clientId: service.client.clientId, clientSecret: service.clientSecret as string },
      application: { clientId: application.client.clientId, clientSecret: application.clientSecret as string },
      people,
    };
  } finally {
    await db.destroy();
  }
}

export interface BenchDatabase {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** A durable PostgreSQL in a temporary folder. */
export async function startBenchDatabase(): Promise<BenchDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const postgres: EmbeddedPostgres = await startEmbeddedPostgres({
    dataDirectory: directory,
    log: { info() {}, warn() {} },
  });
  const [pid = ''] = readFileSync(join(postgres.home, 'cluster', 'postmaster.pid'), 'utf8').split('\n');
  return {
    url: postgres.ownerUrl,
    pid: Number(pid),
    async stop() {
      await postgres.stop();
      for (const path of [postgres.home, directory]) rmSync(path, { recursive: true, force: true });
    },
  };
}

export interface GatehouseTarget extends Target {
  /** Milliseconds from the start of the process to its first answer. */
  startMs: number;
}

/** A server on the database; `known` is what an earlier one on the same database has made. */
export async function startGatehouseTarget(
  databaseUrl: string,
  {
    postgresPid,
    known,
    beside = false,
  }: {
    postgresPid?: number;
    known?: Target & { secretKey: string } /** At a port of its own, while the other runs. */;
    beside?: boolean;
  } = {},
): Promise<GatehouseTarget & { secretKey: string }> {
  const port = known && !beside ? Number(new URL(known.issuer).port) : await freePort();
  const origin = `http://localhost:${port}`;
  const issuer = known?.issuer ?? origin;
  const secretKey = known?.secretKey ?? randomToken(36);
  const dataDirectory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-server-'));
  const env = {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: String(port),
    ISSUER: issuer,
    DATA_DIR: dataDirectory,
    DATABASE_URL: databaseUrl,
    SECRET_KEY: secretKey,
    METRICS_PORT: '0',
    // The load says from where it comes: one address alone is held back after some hundred sign-ins.
    TRUSTED_PROXIES: '127.0.0.1/32',
    LOG_LEVEL: 'error',
    MIGRATE_ON_START: 'true',
    ...(process.env.BENCH_NODE_OPTIONS && { NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS }),
  };
  const begun = performance.now();
  const child = spawnOnFirstCore(fileURLToPath(new URL('../bin/gatehouse.js', import.meta.url)), ['start'], env);
  await untilReady(`${origin}/readyz`, child);
  const startMs = performance.now() - begun;
  const content = known ?? (await fill(databaseUrl));
  return {
    name: 'gatehouse',
    issuer: origin,
    secretKey,
    startMs,
    pids: { server: child.pid as number, ...(postgresPid !== undefined && { postgres: postgresPid }) },
    service: content.service,
    application: content.application,
    people: content.people,
    async stop() {
      await endOf(child);
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** The library alone, with its own storage in memory. */
export async function startBareTarget(): Promise<Target> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const secrets = { service: randomToken(32), application: randomToken(32) };
  const child = spawnOnFirstCore(fileURLToPath(new URL('bare-provider.ts', import.meta.url)), [String(port)], {
    BENCH_SERVICE_SECRET: secrets.service,
    BENCH_APPLICATION_SECRET: secrets.application,
    ...(process.env.BENCH_NODE_OPTIONS && { NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS }),
  });
  await untilReady(`${issuer}/.well-known/openid-configuration`, child);
  return {
    name: 'bare library',
    issuer,
    pids: { server: child.pid as number },
    service: { clientId: 'service', clientSecret: secrets.service },
    application: { clientId: 'application', clientSecret: secrets.application },
    people: Array.from({ length: peopleCount }, (_, n) => ({ email: `person-${n}`, password: 'none is compared' })),
    stop: () => endOf(child),
  };
}
