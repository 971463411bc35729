/**
 * A running Gatehouse for tests: real HTTP on loopback, a database of its own, keys, and the clients and people that a
 * journey needs. `processes` are further processes on the same database, for what must hold between nodes.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type Config, loadConfig } from '../../src/config.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import * as clients from '../../src/domain/clients/clients.ts';
import { createPasswordHasher, type PasswordHasher } from '../../src/domain/methods/password/password-hash.ts';
import { createTenant, type NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { ensureManagementApi } from '../../src/domain/setup/management-api.ts';
import { createUser, type NewUser, type User } from '../../src/domain/users/users.ts';
import { ensureSigningKeys } from '../../src/oidc/keys.ts';
import { managementAudience } from '../../src/oidc/tokens/management-audience.ts';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createSecrets, randomToken, type Secrets } from '../../src/platform/secrets.ts';
import { createGatehouse, type GatehouseServer, type ServerOptions } from '../../src/server.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { type Mailbox, startMailbox } from './mailbox.ts';
import { startPgbouncer } from './pgbouncer.ts';
import { processEnvironment } from './process-environment.ts';
import { startTwilioServer, type TwilioServer } from './twilio-server.ts';

export interface TestApp {
  issuer: string;
  config: Config;
  db: Database;
  /** PostgreSQL itself, also where the server works by way of a pooler. */
  databaseUrl: string;
  secrets: Secrets;
  passwords: PasswordHasher;
  server: GatehouseServer;
  /** With `mailbox: true`: the mail server. Throws elsewhere. */
  mailbox: Mailbox;
  /** With `twilio: true`: Twilio. Throws elsewhere. */
  twilio: TwilioServer;
  /** What the server logged, a JSON line each. */
  logs(): string;
  /** Starts another process of the same server on a port of its own; answers its origin. */
  startProcess(): Promise<string>;
  tenant(overrides?: Partial<Parameters<typeof createTenant>[1]>): Promise<NewTenant>;
  /** A person with a password of their own. */
  person(overrides?: Partial<NewUser>): Promise<User & { password: string; email: string }>;
  relyingParty(overrides?: Partial<clients.NewClient>): Promise<{ clientId: string; clientSecret: string }>;
  service(overrides: Partial<clients.NewService>): Promise<{ clientId: string; clientSecret: string }>;
  stop(): Promise<void>;
}

export interface TestAppOptions {
  env?: Record<string, string>;
  /** The issuer, where it is not the address that this process listens on (a proxy before it). */
  issuer?: (port: number) => string;
  /** Default: where there is mail or Twilio to be sent to. */
  runJobs?: boolean;
  /** Sends mail to a server on loopback. */
  mailbox?: boolean;
  /** Sends SMS and WhatsApp to a server on loopback; `env` says to which countries (default FR,CH,SE). */
  twilio?: boolean;
  /** How long the server waits for others. */
  timeouts?: ServerOptions['timeouts'];
  /** Migrated, elsewhere than on the server of the run. */
  database?: TestDatabase;
  /** Has PgBouncer between the server and PostgreSQL; default: where TEST_POOLER is 1. */
  pooler?: boolean;
  /** How who listens is told, with `runJobs`. */
  telling?: ServerOptions['telling'];
}

let count = 0;

/** Of this run: what one server sealed another can open, and the keys below are made once. */
const secretKey = randomToken(36);
let madeKeys: Record<string, unknown>[] | undefined;

/** Signing keys as a first start makes them; two RSA keys cost half a second of a core, so all servers share them. */
async function giveSigningKeys(db: Database, secrets: Secrets, ownSecret: boolean): Promise<void> {
  if (!ownSecret && madeKeys) {
    await db('signing_keys').insert(madeKeys);
    return;
  }
  await ensureSigningKeys(db, secrets, systemCaller);
  if (!ownSecret) madeKeys = await db('signing_keys').select();
}

/** As long as a busy machine may take. What is about a time-out has its own. */
const patient = {
  configurationCheckMs: 0,
  connectionMs: 60_000,
  federationMs: 60_000,
  outboundMs: 60_000,
  webhookMs: 60_000,
};

export async function startTestApp({
  env = {},
  issuer: issuerOf,
  mailbox: withMailbox = false,
  twilio: withTwilio = false,
  runJobs = withMailbox || withTwilio,
  timeouts,
  telling,
  database: elsewhere,
  pooler: withPooler = elsewhere === undefined && process.env.TEST_POOLER === '1',
}: TestAppOptions = {}): Promise<TestApp> {
  const database: TestDatabase = elsewhere ?? (await createTestDatabase());
  const pooler = withPooler ? await startPgbouncer([database.url]) : undefined;
  const dataDirectory = await mkdtemp(join(tmpdir(), 'gatehouse-app-'));
  const port = await freePort();
  const mailbox = withMailbox ? await startMailbox() : undefined;
  const twilio = withTwilio ? await startTwilioServer() : undefined;
  const environment: Record<string, string> = {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: String(port),
    ISSUER: issuerOf?.(port) ?? `http://localhost:${port}`,
    DATA_DIR: dataDirectory,
    DATABASE_URL: database.url,
    ...(pooler && {
      DATABASE_URL: pooler.through(database.url),
      DATABASE_DIRECT_URL: database.url,
      DATABASE_POOLER: 'transaction',
    }),
    SECRET_KEY: secretKey,
    METRICS_PORT: '0',
    // The floor of the rules is for production; here a hash a millisecond will do.
    ARGON2_MEMORY_KIB: '1024',
    ARGON2_ITERATIONS: '1',
    OUTBOUND_ALLOWED_NETWORKS: '127.0.0.0/8,::1/128',
    ...(mailbox && { SMTP_URL: mailbox.url }),
    ...(twilio && { ...twilio.env, PHONE_COUNTRIES: 'FR,CH,SE' }),
    ...env,
  };
  const config = loadConfig(environment);
  const db = createDatabase({ url: database.url, poolMax: 4, acquireTimeoutMs: 60_000 });
  const secrets = createSecrets(config.secretKeys);
  const passwords = createPasswordHasher(config.argon2);
  await ensureManagementApi(db, managementAudience(config.issuer));
  // A token that a file of tests begins with lives as long as a busy machine takes for it.
  await db('resource_servers')
    .where({ identifier: managementAudience(config.issuer) })
    .update({ accessTokenTtl: 86_400 });
  await giveSigningKeys(db, secrets, config.secretKeys[0] !== secretKey || config.secretKeys.length > 1);

  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ level: 'info', destination });
  const server = await createGatehouse({
    config,
    databaseUrl: config.database.url as string,
    logger,
    keyPollMs: 100,
    runJobs,
    telling: { leaseSeconds: 600, ...telling },
    timeouts: { ...patient, ...timeouts },
  });
  await server.listen('127.0.0.1', port);
  const children: ChildProcess[] = [];
  let defaultTenant: Promise<NewTenant> | undefined;

  const app: TestApp = {
    issuer: config.issuer,
    config,
    db,
    databaseUrl: database.url,
    secrets,
    passwords,
    server,
    get mailbox() {
      if (!mailbox) throw new Error('started without a mailbox');
      return mailbox;
    },
    get twilio() {
      if (!twilio) throw new Error('started without Twilio');
      return twilio;
    },
    logs: () => lines.join(''),
    async startProcess() {
      const otherPort = await freePort();
      const child = spawn(process.execPath, ['bin/gatehouse.js', 'start'], {
        env: { ...processEnvironment(), ...environment, PORT: String(otherPort), LOG_LEVEL: 'warn' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.push(child);
      let output = '';
      child.stderr?.on('data', (chunk) => {
        output += chunk;
      });
      child.stdout?.on('data', (chunk) => {
        output += chunk;
      });
      const origin = `http://localhost:${otherPort}`;
      const ready = () => fetch(`${origin}/readyz`).catch(() => undefined);
      await eventually(async () => child.exitCode !== null || (await ready())?.ok === true, 'the process is ready');
      if (child.exitCode !== null) throw new Error(`the process ended: ${output}`);
      return origin;
    },
    async tenant(overrides = {}) {
      count += 1;
      return createTenant(
        db,
        { slug: `tenant-${count}`, name: `Tenant ${count}`, ...overrides },
        systemCaller,
        async () => true,
      );
    },
    async person(overrides = {}) {
      count += 1;
      defaultTenant ??= app.tenant();
      const password = overrides.password ?? randomToken(12);
      const user = await createUser(
        db,
        {
          tenantId: overrides.tenantId ?? (await defaultTenant).id,
          email: `person${count}@example.test`,
          emailVerified: true,
          fullName: `Person Number ${count}`,
          ...overrides,
          password,
        },
        { passwords, caller: systemCaller },
      );
      return { ...user, password, email: user.email as string };
    },
    async relyingParty(overrides = {}) {
      count += 1;
      const { client, clientSecret } = await clients.createClient(
        db,
        {
          tenantId: null,
          kind: 'web',
          name: `Application ${count}`,
          redirectUris: ['http://localhost:1/callback'],
          postLogoutRedirectUris: ['http://localhost:1/'],
          firstParty: true,
          ...overrides,
        },
        systemCaller,
      );
      return { clientId: client.clientId, clientSecret: clientSecret ?? '' };
    },
    async service(overrides) {
      count += 1;
      const { client, clientSecret } = await clients.createService(
        db,
        { tenantId: null, name: `Service ${count}`, capabilities: [], ...overrides },
        systemCaller,
      );
      return { clientId: client.clientId, clientSecret: clientSecret ?? '' };
    },
    async stop() {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      // First: what hangs there would be waited for.
      await Promise.all([mailbox?.stop(), twilio?.stop()]);
      await server.stop();
      await db.destroy();
      await pooler?.stop();
      await database.drop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
  return app;
}
