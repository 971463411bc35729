import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkDataDirectory, checkIssuer, checkProxies, checkRuntime } from '../../src/checks/machine-checks.ts';
import { loadConfig } from '../../src/config.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { ensureSigningKeys } from '../../src/oidc/keys.ts';
import { createSecrets } from '../../src/platform/secrets.ts';
import { emptyDatabase } from '../support/database.ts';
import { createUser } from '../support/factories.ts';
import { type CommandBench, createBench, type Run, runGatehouse } from './run-gatehouse.ts';

interface Check {
  name: string;
  status: string;
  detail: string;
  advice?: string;
}

function statuses(run: Run): Record<string, string> {
  return Object.fromEntries(run.json.checks.map(({ name, status }: Check) => [name, status]));
}

describe('migrating by command', function () {
  this.timeout(120_000);
  let bench: CommandBench;
  before(async () => {
    bench = await createBench();
    await emptyDatabase(bench.db);
  });
  after(() => bench?.close());

  it('tells what is pending and changes nothing, then applies it, then finds nothing to do', async () => {
    const status = await bench.run('migrate --status --json');
    assert.equal(status.code, 0, status.stderr);
    assert.equal(status.json.current, false);
    assert.ok(status.json.pending.includes('0001-tenants-and-users'));
    const made = await bench.db.raw(
      `select count(*) as n from pg_tables where schemaname in ('public', 'graphile_worker')`,
    );
    assert.equal(made.rows[0].n, 0);

    const applied = await bench.run('migrate --json');
    assert.equal(applied.code, 0, applied.stderr);
    assert.deepEqual(applied.json.applied, status.json.pending);
    assert.deepEqual([applied.json.current, applied.json.pending], [true, []]);
    const queue = await bench.db.raw(`select to_regclass('graphile_worker._private_jobs') is not null as made`);
    assert.equal(queue.rows[0].made, true);
    const again = await bench.run('migrate');
    assert.equal(again.stdout, 'The schema is up to date.\n');
  });

  it('refuses a database that a newer version has migrated', async () => {
    await bench.db('schema_migrations').insert({ name: '9999-from-the-future', batch: 9, migration_time: new Date() });
    const [migrate, other, doctor] = await Promise.all([
      bench.run('migrate --json'),
      bench.run('tenants list'),
      bench.run('doctor --json'),
    ]);
    await bench.db('schema_migrations').where({ name: '9999-from-the-future' }).delete();
    assert.equal(migrate.code, 1);
    assert.match(migrate.json.error.message, /newer version of Gatehouse \(9999-from-the-future\)/);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /9999-from-the-future/);
    assert.equal(doctor.code, 1);
    assert.equal(statuses(doctor).migrations, 'fail');
  });

  it('lets no other command migrate where a start may not', async () => {
    await bench.db('schema_migrations').where('name', 'like', '0004%').delete();
    const run = await runGatehouse(['tenants', 'list'], { ...bench.environment, MIGRATE_ON_START: 'false' });
    assert.equal(run.code, 1);
    assert.match(run.stderr, /Migrations are not applied \(0004-audit\)\. Run: gatehouse migrate/);
  });
});

describe('the doctor', function () {
  this.timeout(120_000);
  let bench: CommandBench;
  before(async () => {
    bench = await createBench();
    await ensureSigningKeys(bench.db, createSecrets([bench.environment.SECRET_KEY ?? '']), systemCaller);
    await createUser(bench.db);
  });
  after(() => bench?.close());

  it('finds a sound installation sound', async () => {
    const [run, text] = await Promise.all([
      runGatehouse(['doctor', '--json'], { ...bench.environment, PORT: '3999' }),
      runGatehouse(['doctor'], { ...bench.environment, PORT: '3999' }),
    ]);
    assert.equal(run.code, 0, run.stdout);
    assert.equal(run.json.ok, true);
    const found = statuses(run);
    const all = ['configuration', 'node', 'issuer', 'data directory', 'disk', 'password hashing', 'database'];
    for (const name of [...all, 'migrations', 'clock', 'signing keys', 'administrator'])
      assert.equal(found[name], 'ok', `${name}: ${run.stdout}`);
    assert.match(text.stdout, /^ok {4}password hashing +argon2id, 1024 KiB, 2 passes: \d+ ms each$/m);
    assert.match(text.stdout, /^ok {4}database +PostgreSQL \d+\.\d+, answers in \d+ ms$/m);
    assert.equal(text.code, 0);
  });

  it('fails on keys that the secret key does not open', async () => {
    const other = 'another key of the right length, made up for this';
    const run = await runGatehouse(['doctor'], { ...bench.environment, PORT: '3999', SECRET_KEY: other });
    assert.equal(run.code, 1);
    assert.match(run.stdout, /^fail {2}signing keys +Signing key \S+ cannot be decrypted/m);
    assert.match(run.stdout, /\n +Put the earlier SECRET_KEY into SECRET_KEY_PREVIOUS\.\n/);
  });

  it('fails on a database that takes no writes, as a standby does', async () => {
    const url = new URL(bench.environment.DATABASE_URL as string);
    url.searchParams.set('options', '-c default_transaction_read_only=on');
    const run = await runGatehouse(['doctor'], { ...bench.environment, PORT: '3999', DATABASE_URL: url.href });
    assert.equal(run.code, 1);
    assert.match(run.stdout, /^fail {2}database +PostgreSQL .*, but takes no writes$/m);
    assert.match(run.stdout, /point DATABASE_URL at the primary/);
  });

  it('goes on with what it can check where the database is away, and names each fault of a configuration', async () => {
    const away = { ...bench.environment, PORT: '3999', DATABASE_URL: 'postgres://127.0.0.1:1/gatehouse' };
    const [unreachable, faulty] = await Promise.all([
      runGatehouse(['doctor', '--json'], away),
      runGatehouse(['doctor', '--json'], { ...bench.environment, ISSUER: 'nonsense', SECRET_KEY: 'short' }),
    ]);
    assert.equal(unreachable.code, 1);
    const found = statuses(unreachable);
    assert.deepEqual([found.database, found['password hashing'], found.migrations], ['fail', 'ok', undefined]);
    assert.equal(faulty.code, 1);
    assert.deepEqual(
      faulty.json.checks.map(({ name, status, detail }: Check) => [name, status, detail.split(':')[0]]),
      [
        ['configuration', 'fail', 'ISSUER'],
        ['configuration', 'fail', 'SECRET_KEY'],
      ],
    );
  });

  it('looks at the form of the issuer', () => {
    const judged = (environment: Record<string, string>) => {
      const { status, advice } = checkIssuer(loadConfig({ ...bench.environment, ...environment }));
      return `${status} ${advice ?? ''}`;
    };
    assert.equal(judged({ ISSUER: 'https://id.example.org' }), 'ok ');
    assert.equal(judged({ ISSUER: 'http://localhost:3000', PORT: '3000' }), 'ok ');
    assert.match(judged({ ISSUER: 'http://id.example.org' }), /^warn Use https/);
    assert.match(judged({ ISSUER: 'http://localhost:3000', PORT: '4000' }), /^warn Set PORT=3000, or ISSUER=/);
    const production = { NODE_ENV: 'production', ARGON2_MEMORY_KIB: '19456' };
    assert.match(judged({ ...production, ISSUER: 'https://localhost' }), /^fail Set ISSUER/);
    const behindProxy = loadConfig({ ...bench.environment, ISSUER: 'https://id.example.org' });
    assert.equal(checkProxies(behindProxy)[0]?.status, 'warn');
    assert.deepEqual(checkProxies({ ...behindProxy, trustedProxies: ['10.0.0.1'] }), []);
    assert.equal(checkRuntime('24.10.0').status, 'fail');
    assert.equal(checkRuntime('24.11.0').status, 'ok');
  });

  it('looks at who may write the data directory and read what is secret in it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-doctor-'));
    const config = loadConfig({ ...bench.environment, DATA_DIR: directory });
    try {
      assert.equal((await checkDataDirectory(config)).status, 'ok');
      await writeFile(join(directory, 'secret-key'), 'x', { mode: 0o644 });
      const read = await checkDataDirectory(config);
      assert.deepEqual([read.status, read.advice], ['warn', `chmod 600 ${join(directory, 'secret-key')}`]);
      assert.equal((await checkDataDirectory({ ...config, isProduction: true })).status, 'fail');
      await chmod(directory, 0o777);
      assert.match((await checkDataDirectory(config)).detail, /can be written by others/);
      const file = { ...config, dataDirectory: join(directory, 'secret-key') };
      assert.match((await checkDataDirectory(file)).detail, /is no directory/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
