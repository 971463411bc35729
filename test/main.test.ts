import assert from 'node:assert/strict';
import { once } from 'node:events';
import { access, chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { ensureSigningKeys } from '../src/oidc/keys.ts';
import { createDatabase, type Database } from '../src/platform/database.ts';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres/embedded-postgres.ts';
import { createSecrets, randomToken } from '../src/platform/secrets.ts';
import { Browserless } from './support/browserless.ts';
import { createTestDatabase, emptyDatabase, type TestDatabase } from './support/database.ts';
import { freePort } from './support/free-port.ts';
import { type ServerProcess, startServerProcess } from './support/server-process.ts';

describe('starting the program', function () {
  this.timeout(120_000);
  const running: ServerProcess[] = [];
  const directories: string[] = [];
  let database: TestDatabase;
  let db: Database;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 2 });
  });
  after(async () => {
    for (const server of running) await server.stop('SIGKILL');
    for (const directory of directories) {
      // One that failed half way may have left its PostgreSQL behind: joined as the last user, it goes.
      if (
        await access(join(directory, 'postgres')).then(
          () => true,
          () => false,
        )
      ) {
        const left = await startEmbeddedPostgres({ dataDirectory: directory, log: { info() {}, warn() {} } });
        await left?.stop();
        await rm(left.home, { recursive: true, force: true });
      }
      await rm(directory, { recursive: true, force: true });
    }
    await db?.destroy();
    await database?.drop();
  });

  async function makeDirectory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-main-'));
    // Under root, PostgreSQL runs as another account, which must be able to pass.
    await chmod(directory, 0o711);
    directories.push(directory);
    return directory;
  }

  function launch(env: Record<string, string> & { PORT: string }): ServerProcess {
    const server = startServerProcess(env);
    running.push(server);
    return server;
  }

  async function production(
    overrides: Record<string, string> = {},
  ): Promise<Record<string, string> & { PORT: string }> {
    return {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(await freePort()),
      ISSUER: 'https://id.example.test',
      SECRET_KEY: randomToken(36),
      DATABASE_URL: database.url,
      DATA_DIR: join(tmpdir(), 'never-made'),
      ...overrides,
    };
  }

  /** What it says when it refuses: a few words, and no stack. */
  async function refusalOf(env: Record<string, string> & { PORT: string }): Promise<string> {
    const server = launch(env);
    assert.deepEqual(await server.ended, { code: 1, signal: null }, server.output());
    const said = server.output() + server.errors();
    assert.doesNotMatch(said, /\n\s+at |node_modules|\.ts:\d/);
    assert.doesNotMatch(said, /is ready/);
    return server.errors();
  }

  it('refuses a bad configuration with every fault at once', async () => {
    const said = await refusalOf({
      NODE_ENV: 'production',
      PORT: '70000',
      ISSUER: 'http://id.example.test',
      SECRET_KEY: 'change-me-change-me-change-me-change-me',
      TRUSTED_PROXIES: '0.0.0.0/0',
      ARGON2_MEMORY_KIB: '1024',
      ARGON2_ITERATIONS: '1',
      AUDIT_RETENTION_DAYS: '0',
      DATABASE_URL: 'postgres://gatehouse:canary-pw@db.example.test/gatehouse',
      WORKERS: 'many',
    });
    for (const fault of [
      'PORT: must be at most 65535',
      'ISSUER: must use https in production',
      'SECRET_KEY: looks like a sample',
      'TRUSTED_PROXIES: a network that holds every address',
      'ARGON2_MEMORY_KIB: must be at least 19456',
      'ARGON2_ITERATIONS: must be at least 2',
      'AUDIT_RETENTION_DAYS: must be at least 30',
      'DATABASE_URL: a remote database needs verified TLS',
      'WORKERS: must be a whole number',
    ])
      assert.ok(said.includes(`\n  - ${fault}`), `${fault} in: ${said}`);
    assert.match(said, /The configuration has 9 faults:/);
    assert.doesNotMatch(said, /canary-pw|change-me/);
  });

  it('refuses production without its secret and its issuer', async () => {
    const said = await refusalOf(await production({ SECRET_KEY: '', ISSUER: '' }));
    assert.match(said, /- ISSUER: is required in production/);
    assert.match(said, /- SECRET_KEY: is required in production/);
  });

  it('says which port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    try {
      const said = await refusalOf(await production({ PORT: String(port) }));
      assert.match(said, new RegExp(`Port ${port} is taken by another program\\..* PORT=${port + 1}`));
    } finally {
      taken.close();
    }
  });

  describe('on a database that does not fit', () => {
    let other: TestDatabase;
    let otherDb: Database;
    beforeEach(async () => {
      other = await createTestDatabase();
      otherDb = createDatabase({ url: other.url, poolMax: 1 });
    });
    afterEach(async () => {
      await otherDb.destroy();
      await other.drop();
    });

    it('refuses migrations that are not applied', async () => {
      await emptyDatabase(otherDb);
      const said = await refusalOf(await production({ DATABASE_URL: other.url }));
      assert.match(said, /Migrations are not applied \(0001-[^)]*0004-audit[^)]*\)\. Run: gatehouse migrate/);
      const tables = await otherDb.raw(`select count(*) from pg_tables where schemaname = 'public'`);
      assert.equal(tables.rows[0].count, 0, 'nothing was made');
    });

    it('refuses a database that is ahead of it', async () => {
      await otherDb('schema_migrations').insert({ name: '9999-of-tomorrow', batch: 9, migration_time: new Date() });
      const said = await refusalOf(await production({ DATABASE_URL: other.url }));
      assert.match(said, /migrated by a newer version of Gatehouse \(9999-of-tomorrow\)/);
      const inDevelopment = await refusalOf({
        PORT: String(await freePort()),
        DATABASE_URL: other.url,
        SECRET_KEY: randomToken(36),
      });
      assert.match(inDevelopment, /migrated by a newer version/);
    });

    it('refuses a database of another issuer, and takes it over on purpose alone', async () => {
      const env = await production({ DATABASE_URL: other.url });
      const first = launch(env);
      await first.ready();
      const moved = { ...env, PORT: String(await freePort()), ISSUER: 'https://login.example.test' };
      const said = await refusalOf(moved);
      assert.match(said, /belongs to https:\/\/id\.example\.test, and ISSUER is https:\/\/login\.example\.test/);
      assert.match(said, /ISSUER_PREVIOUS=https:\/\/id\.example\.test/);
      assert.match(await refusalOf({ ...moved, NODE_ENV: 'development', ISSUER: 'http://localhost:9' }), /belongs to/);
      const wrong = { ...moved, ISSUER_PREVIOUS: 'https://elsewhere.example.test' };
      assert.match(await refusalOf(wrong), /belongs to https:\/\/id\.example\.test/);
      assert.equal((await first.stop()).code, 0);

      const taking = launch({ ...moved, ISSUER_PREVIOUS: 'https://id.example.test/' });
      await taking.ready();
      assert.equal((await taking.stop()).code, 0);
      assert.match(await refusalOf(env), /belongs to https:\/\/login\.example\.test/);
    });

    it('of development follows its port', async () => {
      for (let n = 0; n < 2; n++) {
        const env = { DATABASE_URL: other.url, SECRET_KEY: 'the same of both, at least 32 characters' };
        const server = launch({ ...env, PORT: String(await freePort()) });
        await server.ready();
        assert.equal((await server.stop()).code, 0);
      }
    });

    it('refuses signing keys that it cannot decrypt, and takes them with the earlier key beside', async () => {
      const earlier = randomToken(36);
      await ensureSigningKeys(otherDb, createSecrets([earlier]), systemCaller);
      const said = await refusalOf(await production({ DATABASE_URL: other.url }));
      assert.match(said, /Signing key [\w-]+ cannot be decrypted: .* SECRET_KEY_PREVIOUS/);
      assert.ok(!said.includes(earlier));
      const server = launch(await production({ DATABASE_URL: other.url, SECRET_KEY_PREVIOUS: earlier }));
      await server.ready();
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
    });
  });

  it('prints a link for the first administrator, which works once, and is quiet ever after', async () => {
    const env = await production();
    const first = launch(env);
    let answered: Promise<Response> | undefined;
    first.child.stdout?.on('data', () => {
      if (/is ready at/.test(first.output())) answered ??= fetch(`${first.origin}/healthz`);
    });
    const [, path] = await first.said(/\n {4}https:\/\/id\.example\.test(\/set-up\/[\w-]{43})\n/);
    assert.match(first.output(), /Gatehouse is ready at https:\/\/id\.example\.test\n/);
    assert.equal((await answered)?.status, 200, 'a person who reads it may try at once');

    const browser = new Browserless();
    // As behind the proxy, which passes on the name that the browser asked for.
    const page = await browser.send(`${first.origin}${path}`, undefined, { host: 'id.example.test' });
    assert.equal(page.status, 200);
    assert.match(String(page.headers['strict-transport-security']), /max-age=31536000/);
    const [, action = ''] = /<form[^>]*action="([^"]*)"/.exec(page.body) ?? [];
    const typed = {
      tenant_name: 'Northwind Academies',
      full_name: 'Ada Lovelace',
      email: 'ada@example.test',
      password: 'a walk along the quiet river',
    };
    assert.equal((await browser.send(`${first.origin}${action}`, typed)).status, 303);
    assert.equal((await browser.send(`${first.origin}${action}`, typed)).status, 404);
    assert.deepEqual(await first.stop(), { code: 0, signal: null });

    const second = launch(env);
    await second.said(/Gatehouse is ready/);
    assert.doesNotMatch(second.output(), /set-up/);
    assert.equal((await browser.send(`${second.origin}${path}`, undefined, { host: 'id.example.test' })).status, 404);
    assert.deepEqual(await second.stop(), { code: 0, signal: null });
  });

  it('makes its own database and accounts from nothing, finds them again, and outlives kill -9', async () => {
    const directory = await makeDirectory();
    const env = { PORT: String(await freePort()), DATA_DIR: directory, LOG_LEVEL: 'warn' };
    const first = launch(env);
    await first.ready();
    const [, email = '', password = ''] = await first.said(/^\s*(\S+@\S+\.\S+)\s+(\S+)\n/m);
    assert.doesNotMatch(first.output(), /set-up/);
    const browser = new Browserless();
    const home = await browser.submit(await browser.open(`${first.origin}/account`), { login: email, password });
    assert.equal(home.status, 200);
    assert.ok(home.body.replaceAll('<wbr>', '').includes(email), home.body);
    // Nothing of Node.js or a library: no warning, no advice, no word about the runtime.
    assert.equal(first.errors(), '');
    assert.doesNotMatch(first.output(), /warning|unsupported|experimental|deprecat|"level":[45]0/i);
    assert.deepEqual(await first.stop(), { code: 0, signal: null });
    const postmaster = join(directory, 'postgres', 'cluster', 'postmaster.pid');
    await assert.rejects(access(postmaster), { code: 'ENOENT' }, 'the database stops with its last user');
    const key = await readFile(join(directory, 'secret-key'), 'utf8');

    const second = launch(env);
    await second.ready();
    const keys = await (await fetch(`${second.origin}/jwks`)).json();
    assert.equal((await second.stop('SIGKILL')).signal, 'SIGKILL');

    const third = launch(env);
    await third.ready();
    await third.said(new RegExp(`${email}\\s+${password}\\n`));
    assert.equal((await browser.send(`${third.origin}/account`)).status, 200, 'still signed in');
    assert.deepEqual(await (await fetch(`${third.origin}/jwks`)).json(), keys);
    assert.equal(await readFile(join(directory, 'secret-key'), 'utf8'), key);
    assert.deepEqual(await third.stop(), { code: 0, signal: null });
    await assert.rejects(access(postmaster), { code: 'ENOENT' });
  });
});
