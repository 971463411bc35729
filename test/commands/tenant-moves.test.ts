/** A tenant moves by the command line: from one database into another, through a pipe and through a file. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createTenant } from '../../src/domain/setup/create-tenant.ts';
import { createUser } from '../support/factories.ts';
import { type CommandBench, createBench, spawnGatehouse } from './run-gatehouse.ts';

describe('a tenant that moves by the command line', function () {
  this.timeout(300_000);
  let from: CommandBench;
  let to: CommandBench;
  let tenantId: string;
  let key: string;
  const movesTo = 'http://localhost:4999';
  before(async () => {
    [from, to] = await Promise.all([createBench(), createBench({ ISSUER: movesTo })]);
    tenantId = (await createTenant(from.db, { slug: 'northwind', name: 'Northwind' }, systemCaller)).id;
    for (let n = 0; n < 3; n += 1) await createUser(from.db, { tenantId });
    key = (await to.run('tenants import-key')).stdout.trim();
    assert.match(key, /^age1/);
  });
  after(() => Promise.all([from?.close(), to?.close()]));

  const stateOf = async ({ db }: CommandBench) => (await db('tenants').where({ id: tenantId }).first('state'))?.state;
  const countOf = async ({ db }: CommandBench) => Number((await db('users').where({ tenantId }).count())[0]?.count);

  it('says who may read it before anything is done', async () => {
    const cases: [string, RegExp][] = [
      ['tenants export northwind', /say who may read it/],
      ['tenants export northwind --to age1nonsense', /import-key/],
      [`tenants export northwind --to ${key} --passphrase-file x`, /exclude each other/],
      [`tenants export northwind --without-credentials --moves-to ${movesTo}`, /nobody could sign in/],
      [`tenants export northwind --to ${key} --moves-to ${movesTo}/`, /give the issuer/],
      [`tenants export northwind --to ${key} --moves-to http://localhost:3999`, /issuer of this server/],
    ];
    for (const [words, said] of cases) {
      const run = await from.run(words);
      assert.equal(run.code, 2, run.stderr);
      assert.match(run.stderr, said);
    }
    assert.equal(await stateOf(from), 'active');
  });

  it('goes through a file that nobody else reads; for reading, nothing that anybody signs in by is in it', async () => {
    const file = join(from.directory, 'northwind.age');
    const out = await from.run(`tenants export northwind --to ${key} --output ${file}`);
    assert.equal(out.code, 0, out.stderr);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.match((await readFile(file)).subarray(0, 30).toString('latin1'), /^age-encryption\.org\/v1\n/);
    assert.equal(
      (await from.run(`tenants export northwind --to ${key} --output ${file}`)).code,
      2,
      'never over a file',
    );
    assert.equal(await stateOf(from), 'active', 'a copy closes nothing');

    const stranger = await from.run(`tenants import ${file}`);
    assert.equal(stranger.code, 3);
    assert.match(stranger.stderr, /not encrypted to this server.*MOVE_FILE_INVALID/);
    const dry = await to.run(`tenants import ${file} --dry-run --json`);
    assert.equal(dry.code, 0, dry.stderr);
    assert.deepEqual([dry.json.dry_run, dry.json.counts.users, await countOf(to)], [true, 3, 0]);

    const plain = await from.run('tenants export northwind --without-credentials');
    assert.equal(plain.code, 0, plain.stderr);
    const lines = plain.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(lines.filter(({ table }) => table === 'users').length, 3);
    assert.doesNotMatch(plain.stdout, /argon2|"table":"(client_secrets|api_keys|invitations)"/);
  });

  it('goes through a pipe, comes in switched off, and is closed where it was', async () => {
    const out = spawnGatehouse(
      ['tenants', 'export', 'northwind', '--to', key, '--moves-to', movesTo],
      from.environment,
    );
    const into = spawnGatehouse(['tenants', 'import'], to.environment);
    let said = '';
    for (const stream of [out.stderr, into.stdout, into.stderr])
      stream?.setEncoding('utf8').on('data', (text) => {
        said += text;
      });
    const ends = [once(out, 'close'), once(into, 'close')];
    await pipeline(out.stdout as NodeJS.ReadableStream, into.stdin as NodeJS.WritableStream);
    const codes = (await Promise.all(ends)).map(([code]) => code);
    assert.deepEqual(codes, [0, 0], said);
    assert.match(said, /Northwind of http:\/\/localhost:3999 is here, switched off/);
    assert.deepEqual([await stateOf(from), await stateOf(to), await countOf(to)], ['suspended', 'suspended', 3]);
    const activated = await to.run('tenants resume northwind');
    assert.equal(activated.code, 0, activated.stderr);
    assert.equal(await stateOf(to), 'active');
    const renamed = await from.run('tenants rename --tenant northwind --name Elsewhere');
    assert.deepEqual([renamed.code, /TENANT_MOVED/.test(renamed.stderr)], [3, true], renamed.stderr);
    const report = await from.run('tenants move-report northwind');
    assert.match(report.stdout, /^# From http:\/\/localhost:3999 to http:\/\/localhost:4999/);
    const back = await from.run('tenants resume northwind');
    assert.deepEqual([back.code, /take-back/.test(back.stderr)], [3, true], back.stderr);
    assert.equal((await from.run('tenants take-back northwind')).code, 0);
    assert.equal(await stateOf(from), 'active');
  });

  it('opens by a passphrase, which is long enough', async () => {
    const words = join(from.directory, 'words');
    await writeFile(words, 'short\n');
    assert.match((await from.run(`tenants export northwind --passphrase-file ${words}`)).stderr, /at least 20/);
    await writeFile(words, 'correct horse battery staple\n');
    const file = join(from.directory, 'by-passphrase.age');
    assert.equal((await from.run(`tenants export northwind --passphrase-file ${words} --output ${file}`)).code, 0);
    const taken = await to.run(`tenants import ${file} --passphrase-file ${words}`);
    assert.match(taken.stderr, /MOVE_CONFLICT/, 'it is here already');
  });
});
