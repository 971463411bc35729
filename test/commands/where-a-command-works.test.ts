import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeEnvFile } from '../../src/commands/frame/env-file.ts';
import { loadConfig } from '../../src/config.ts';
import { claimDatabase } from '../../src/database-issuer.ts';
import { processEnvironment } from '../support/process-environment.ts';
import { type CommandBench, createBench, runGatehouse } from './run-gatehouse.ts';

const program = fileURLToPath(new URL('../../bin/gatehouse.js', import.meta.url));

describe('where a command works', function () {
  this.timeout(120_000);
  let bench: CommandBench;
  let folder: string;
  before(async () => {
    bench = await createBench();
    await claimDatabase(bench.db, loadConfig(bench.environment));
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-where-'));
  });
  after(async () => {
    await bench?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** In a folder of its own, with these variables and no others. */
  async function runIn(directory: string, words: string[], environment: NodeJS.ProcessEnv = {}) {
    const env = { ...processEnvironment(), ...environment };
    return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
      execFile(process.execPath, [program, ...words], { cwd: directory, env }, (error, stdout, stderr) =>
        done({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
  }

  const settings = (more: Record<string, string> = {}) =>
    Object.entries({ ...bench.environment, ...more })
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');

  it('is said on standard error, so that standard output stays one JSON document', async () => {
    const { host, pathname } = new URL(bench.environment.DATABASE_URL ?? '');
    for (const words of ['tenants list --json', 'migrate --json', 'migrate --status --json', 'doctor --json']) {
      const run = await bench.run(words);
      assert.equal(run.where, `database ${pathname.slice(1)} at ${host}, issuer http://localhost:3999`, words);
      assert.equal(typeof run.json, 'object');
      assert.equal(run.stderr, '', words);
    }
  });

  it('is given by a file, wherever the option stands; what the environment says wins', async () => {
    const file = join(folder, 'env');
    await writeFile(file, settings());
    for (const words of [
      ['--env-file', file, 'tenants', 'list', '--json'],
      ['tenants', 'list', '--json', `--env-file=${file}`],
    ]) {
      const run = await runIn(folder, words);
      assert.equal(run.code, 0, run.stderr);
      assert.deepEqual(JSON.parse(run.stdout), { tenants: [], next: null });
    }
    const won = await runIn(folder, ['tenants', 'list', '--env-file', file], { ISSUER: 'http://localhost:4567' });
    assert.match(won.stderr, /issuer http:\/\/localhost:4567\n$/);
    const missing = await runIn(folder, ['tenants', 'list', '--env-file', join(folder, 'nowhere')]);
    assert.notEqual(missing.code, 0);
    assert.match(missing.stderr, /nowhere.*(?:not found|cannot be read)/);
    for (const words of [['--env-file'], ['--env-file='], ['--env-file', 'a', 'x', '--env-file=b']])
      assert.throws(() => takeEnvFile(words), { name: 'UsageError' });
  });

  it('may be in a file of its own, as secrets are', async () => {
    const { DATABASE_URL: url = '', ...rest } = bench.environment;
    const secret = join(folder, 'database-url');
    await writeFile(secret, url, { mode: 0o600 });
    const run = await runGatehouse(['tenants', 'list', '--json'], { ...rest, DATABASE_URL_FILE: secret });
    assert.equal(run.code, 0, run.stderr);
  });

  it('is not guessed beside a file with the settings of a server', async () => {
    for (const [text, mode] of [
      ['NODE_ENV=production\n', 0o600],
      // As Compose has it: it adds DATABASE_URL by itself.
      ['ISSUER=https://id.example.org\nSECRET_KEY=x\nDATABASE_URL=\nDATABASE_PASSWORD=y\n', 0o600],
      ['DATABASE_URL=postgres://db.example.org/gatehouse\n', 0o600],
      ['DATABASE_URL_FILE=/run/secrets/database\n', 0o600],
    ] as const) {
      const directory = await mkdtemp(join(folder, 'checkout-'));
      await writeFile(join(directory, '.env'), text);
      await chmod(join(directory, '.env'), mode);
      for (const words of [['clients', 'list', '--json'], ['start'], ['migrate', '--json']]) {
        const run = await runIn(directory, words);
        assert.equal(run.code, 1, `${words} ${run.stderr}`);
        assert.match(run.stderr, /\.env holds the settings of a server.*--env-file \.env/);
      }
      assert.deepEqual(await readdir(directory), ['.env']);
    }
  });

  it('is an embedded database only where a server has run', async () => {
    const directory = await mkdtemp(join(folder, 'checkout-'));
    // Of development: nothing of it says that there is a server elsewhere.
    await writeFile(join(directory, '.env'), 'LOG_LEVEL=debug\n');
    for (const words of [
      ['clients', 'list', '--json'],
      ['migrate', '--json'],
      ['admin', 'invite', '--json'],
    ]) {
      const run = await runIn(directory, words);
      assert.equal(run.code, 1, run.stderr);
      assert.equal(JSON.parse(run.stdout).error.code, 'DATABASE_NOT_NAMED');
    }
    const doctor = await runIn(directory, ['doctor', '--json']);
    const { checks } = JSON.parse(doctor.stdout);
    assert.deepEqual([doctor.code, checks.length, checks[0].name, checks[0].status], [1, 1, 'database', 'fail']);
    assert.deepEqual(await readdir(directory), ['.env']);
  });

  it('is no database of another issuer', async () => {
    const other = await runGatehouse(['tenants', 'list', '--json'], {
      ...bench.environment,
      ISSUER: 'https://other.example.org',
    });
    assert.equal(other.code, 1);
    assert.match(other.json.error.message, /belongs to http:\/\/localhost:3999, and ISSUER is https:\/\/other/);
    const { ISSUER: _, ...rest } = bench.environment;
    const none = await runGatehouse(['admin', 'invite', '--json'], { ...rest, PORT: '4321' });
    assert.equal(none.code, 0, none.stderr);
    assert.match(none.json.url, /^http:\/\/localhost:3999\/set-up\//);
  });
});
