import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createDatabase, firstRow } from '../../src/platform/database.ts';
import { migrationStatus } from '../../src/platform/migrations.ts';
import { sharedRunVariable } from './cluster.ts';
import { createTestDatabase } from './database.ts';
import { eventually } from './eventually.ts';

describe('a database for tests', () => {
  it('is migrated, and shares nothing with the next one', async () => {
    const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    const [db, other] = [createDatabase({ url: first.url }), createDatabase({ url: second.url })];
    try {
      assert.equal((await migrationStatus(db)).current, true);
      await db.raw('create table only_here (value int)');
      const found = await firstRow<{ name: string | null }>(other, `select to_regclass('only_here')::text as name`);
      assert.deepEqual(found, { name: null });
    } finally {
      await Promise.all([db.destroy(), other.destroy()]);
      await Promise.all([first.drop(), second.drop()]);
    }
  });

  it('can be dropped while somebody is connected', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client(database.url);
    client.on('error', () => undefined);
    await client.connect();
    await database.drop();
    await assert.rejects(client.query('select 1'));
    await assert.rejects(new pg.Client(database.url).connect(), { code: '3D000' });
  });
});

/** As a user starts it, whatever this process is part of. */
function startMocha(paths: readonly string[]): ChildProcess {
  const root = join(here, '..', '..');
  const mocha = join(dirname(createRequire(import.meta.url).resolve('mocha/package.json')), 'bin', 'mocha.js');
  const { [sharedRunVariable]: _ours, ...env } = process.env;
  return spawn(process.execPath, [mocha, ...paths], {
    cwd: root,
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function runMocha(paths: readonly string[]): Promise<{ code: number; output: string }> {
  const child = startMocha(paths);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [code] = await once(child, 'close');
  return { code, output };
}

async function isGone(path: string): Promise<boolean> {
  return access(path).then(
    () => false,
    () => true,
  );
}

const here = dirname(fileURLToPath(import.meta.url));
const use = `import { testServer } from ${JSON.stringify(join(here, 'cluster.ts'))};
  import { createTestDatabase } from ${JSON.stringify(join(here, 'database.ts'))};
  const tell = async (path) => {
    const { url } = await createTestDatabase();
    const fs = await import('node:fs/promises');
    await fs.writeFile(path + '.part', JSON.stringify({ ...(await testServer()), url, pid: process.pid }));
    await fs.rename(path + '.part', path);
  };
  const forever = () => new Promise((resolve) => setTimeout(resolve, 600_000));`;

describe('a test run', function () {
  this.timeout(120_000);
  let folder: string;

  before(async function () {
    // What follows runs mocha again, which would then not start a server.
    if (process.env.TEST_DATABASE_URL) this.skip();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-run-'));
    await chmod(folder, 0o755);
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function write(name: string, code: string): Promise<{ path: string; told: string }> {
    const told = join(folder, `${name}.json`);
    const path = join(folder, `${name}.test.mts`);
    await writeFile(path, `${use}\nconst told = ${JSON.stringify(told)};\n${code}`);
    return { path, told };
  }

  /** Waits for what a test told: its database, and where the server is. */
  async function read(told: string): Promise<{ url: string; directory: string; pid: number }> {
    return eventually(async () => JSON.parse(await readFile(told, 'utf8')));
  }

  for (const count of [1, 2]) {
    const files = async (code: string) =>
      Promise.all(Array.from({ length: count }, (_, n) => write(`part-${n}`, code)));
    const how = count === 1 ? 'in one process' : 'in several processes';

    it(`leaves nothing behind and says what failed, ${how}`, async () => {
      const parts = await files(`it('fails', async () => { await tell(told); throw new Error('as intended'); });`);
      const { code, output } = await runMocha(parts.map(({ path }) => path));
      assert.equal(code, count, output);
      assert.match(output, new RegExp(`^ {2}${count} failing$`, 'm'));
      assert.equal(output.match(/Error: as intended\n +at .*part-\d\.test\.mts:/g)?.length, count, output);
      const all = await Promise.all(parts.map(({ told }) => read(told)));
      assert.equal(new Set(all.map(({ directory }) => directory)).size, 1);
      assert.equal(new Set(all.map(({ url }) => url)).size, count);
      for (const { directory, url } of all) {
        assert.equal(await isGone(directory), true);
        await assert.rejects(new pg.Client(url).connect(), { code: 'ECONNREFUSED' });
      }
    });

    it(`leaves nothing behind if it is killed, ${how}`, async function () {
      if (process.platform === 'win32') this.skip();
      const parts = await files(`it('hangs', async () => { await tell(told); await forever(); }).timeout(0);`);
      const child = startMocha(parts.map(({ path }) => path));
      const all = await Promise.all(parts.map(({ told }) => read(told)));
      child.kill('SIGKILL');
      for (const { directory, url, pid } of all) {
        await eventually(() => isGone(directory));
        await eventually(() => assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }) ?? true);
        await assert.rejects(new pg.Client(url).connect(), { code: 'ECONNREFUSED' });
      }
    });
  }

  it('names every file that does not load or that ends its process, and runs the others', async () => {
    const parts = await Promise.all([
      write('ends', `it('ends', () => process.exit(0));`),
      write('throws', `throw new Error('while loading');`),
      write('alone', `it.only('runs alone', () => {});`),
      write('passes', `it('passes', () => {});`),
    ]);
    const { code, output } = await runMocha(parts.map(({ path }) => path));
    assert.equal(code, 3, output);
    assert.match(output, /^ {2}1 passing/m);
    assert.match(output, /^ {2}3 failing/m);
    const summary = output.slice(output.indexOf('3 failing'));
    assert.match(summary, /ends\.test\.mts did not run to its end:\n +Uncaught Error: Workerpool Worker terminated/);
    assert.match(summary, /throws\.test\.mts did not run to its end:\n +Uncaught Error: while loading/);
    assert.match(summary, /alone\.test\.mts did not run to its end:\n +Uncaught Error: `\.only` is not supported/);
  });
});
