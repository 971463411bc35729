import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createDatabase, firstRow } from '../../src/platform/database.ts';
import { migrationStatus } from '../../src/platform/migrations.ts';
import { createTestDatabase } from './database.ts';

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

describe('the server of a test run', function () {
  this.timeout(60_000);
  let folder: string;

  before(async function () {
    // What follows runs mocha again, which would then not start a server.
    if (process.env.TEST_DATABASE_URL) this.skip();
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-run-'));
    await chmod(folder, 0o755);
  });

  after(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** Runs a test file with one failing test that has made a database; `ending` is more code for that test. */
  async function run(
    ending: string,
  ): Promise<{ exited: Promise<unknown[]>; directory: string; url: string; pid: number }> {
    const here = dirname(fileURLToPath(import.meta.url));
    const path = join(folder, `${ending.length}.test.mts`);
    await writeFile(
      path,
      `import { testServer } from ${JSON.stringify(join(here, 'cluster.ts'))};
       import { createTestDatabase } from ${JSON.stringify(join(here, 'database.ts'))};
       it('fails', async () => {
         await createTestDatabase();
         process.stderr.write(JSON.stringify({ ...(await testServer()), pid: process.pid }));
         ${ending}
       });`,
    );
    const mocha = join(dirname(createRequire(import.meta.url).resolve('mocha/package.json')), 'bin', 'mocha.js');
    const child = spawn(process.execPath, [mocha, path], {
      cwd: join(here, '..', '..'),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exited = once(child, 'exit');
    const [said] = await once(child.stderr, 'data');
    return { exited, ...JSON.parse(String(said)) };
  }

  it('goes with its files at the end, also if a test failed', async () => {
    const { exited, directory, url } = await run(`throw new Error('as intended')`);
    const [code] = await exited;
    assert.equal(code, 1);
    await assert.rejects(access(directory));
    await assert.rejects(new pg.Client(url).connect(), { code: 'ECONNREFUSED' });
  });

  it('goes with its files if the run is killed', async function () {
    if (process.platform === 'win32') this.skip();
    const { exited, directory, url, pid } = await run('await new Promise((resolve) => setTimeout(resolve, 30_000))');
    process.kill(pid, 'SIGKILL');
    await exited;
    const gone = () =>
      access(directory).then(
        () => false,
        () => true,
      );
    for (let tries = 0; tries < 100 && !(await gone()); tries++) await sleep(50);
    assert.equal(await gone(), true);
    await assert.rejects(new pg.Client(url).connect(), { code: 'ECONNREFUSED' });
  });
});
