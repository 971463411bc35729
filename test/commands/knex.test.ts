import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDatabase } from '../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

describe('knex’s own command', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let directory: string;
  before(async () => {
    database = await createTestDatabase();
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-knex-'));
  });
  after(async () => {
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  });

  const knex = (command: string, env: NodeJS.ProcessEnv = {}) =>
    run(process.execPath, [join(root, 'node_modules/knex/bin/cli.js'), command], {
      cwd: root,
      env: { PATH: process.env.PATH, DATABASE_URL: database.url, DATA_DIR: directory, ...env },
    });

  it('says that nothing is left to migrate', async () => {
    const { stdout } = await knex('migrate:status');
    assert.match(stdout, /No Pending Migration files Found/);
  });

  it('loads the sample content into an empty database, and into no other', async () => {
    await knex('seed:run');
    const accounts = JSON.parse(await readFile(join(directory, 'development-accounts.json'), 'utf8'));
    const db = createDatabase({ url: database.url, poolMax: 1 });
    try {
      const people = async () => (await db('users').pluck('id')).length;
      const loaded = await people();
      assert.ok(loaded >= accounts.people.length);
      await assert.rejects(knex('seed:run'), /holds something already: nothing was loaded/);
      assert.equal(await people(), loaded);
    } finally {
      await db.destroy();
    }
  });

  it('loads nothing in production', async () => {
    const production = {
      NODE_ENV: 'production',
      ISSUER: 'https://id.example.org',
      SECRET_KEY: 'kJ8v!2mQ_zR5w-Yp0Lx7Tn4BcD9eFgHs',
    };
    await assert.rejects(knex('seed:run', production), /sample content is never loaded in production/);
  });
});
