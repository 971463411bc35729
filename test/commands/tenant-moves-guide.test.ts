/** docs/tenant-moves.md, run as it stands between two installations; and a move that is killed half way. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createTenant } from '../../src/domain/setup/create-tenant.ts';
import { newId } from '../../src/platform/ids.ts';
import { eventually } from '../support/eventually.ts';
import { processEnvironment } from '../support/process-environment.ts';
import { type CommandBench, createBench, spawnGatehouse } from './run-gatehouse.ts';

const run = promisify(execFile);

describe('the guide to moving a tenant', function () {
  this.timeout(300_000);
  let old: CommandBench;
  let fresh: CommandBench;
  let tenantId: string;
  const newIssuer = 'http://localhost:4998';
  const people = 600;
  before(async () => {
    [old, fresh] = await Promise.all([createBench(), createBench({ ISSUER: newIssuer })]);
    tenantId = (await createTenant(old.db, { slug: 'northwind', name: 'Northwind' }, systemCaller)).id;
    await old.db('users').insert(
      Array.from({ length: people }, (_, n) => ({
        id: newId(),
        tenantId,
        email: `person-${n}@example.test`,
        fullName: `Person ${n}`,
      })),
    );
  });
  after(() => Promise.all([old?.close(), fresh?.close()]));

  const countAt = async ({ db }: CommandBench) => Number((await db('users').where({ tenantId }).count())[0]?.count);

  /** A folder with programs `gatehouse` and `ssh`, as a machine of the guide has them. */
  async function machine(name: string, bench: CommandBench, other?: string): Promise<string> {
    const folder = join(old.directory, name);
    await mkdir(folder);
    const settings = Object.entries(bench.environment).map(([key, value]) => `export ${key}='${value}'`);
    const program = ['#!/bin/sh', ...settings, `exec '${process.execPath}' '${process.cwd()}/bin/gatehouse.js' "$@"`];
    await writeFile(join(folder, 'gatehouse'), `${program.join('\n')}\n`);
    await writeFile(join(folder, 'ssh'), `#!/bin/sh\nshift 2\nexec '${other}/gatehouse' "$@"\n`);
    for (const file of ['gatehouse', 'ssh']) await chmod(join(folder, file), 0o755);
    return folder;
  }

  it('leaves nothing of an import that was killed half way, and the same file goes in afterwards', async () => {
    const key = (await fresh.run('tenants import-key')).stdout.trim();
    const file = join(old.directory, 'half.age');
    const out = await old.run(`tenants export northwind --to ${key} --output ${file}`);
    assert.equal(out.code, 0, out.stderr);
    const bytes = await readFile(file);
    assert.ok(bytes.length > 3 * 65_536, 'of several pieces');
    const child = spawnGatehouse(['tenants', 'import'], fresh.environment);
    const ended = once(child, 'close');
    child.stdin?.on('error', () => undefined);
    child.stdin?.write(bytes.subarray(0, 2 * 65_536 + 500));
    const waits = `select 1 from pg_stat_activity where datname = current_database() and state = 'idle in transaction'
                      and application_name = 'gatehouse-command'`;
    await eventually(async () => (await fresh.db.raw(waits)).rows.length > 0, 'half of it is in');
    child.kill('SIGKILL');
    await ended;
    await eventually(async () => (await fresh.db.raw(waits)).rows.length === 0, 'its transaction is gone');
    assert.deepEqual([await countAt(fresh), await fresh.db('tenants').where({ id: tenantId })], [0, []]);
    const dry = await fresh.run(`tenants import ${file} --dry-run`);
    assert.equal(dry.code, 0, dry.stderr);
  });

  it('is what one types', async () => {
    const guide = await readFile('docs/tenant-moves.md', 'utf8');
    const blocks = [...guide.matchAll(/<!-- run: (\w+)[^>]*-->\n```sh\n([\s\S]*?)```/g)];
    assert.equal(blocks.length, 6);
    const there = await machine('new', fresh);
    const here = await machine('old', old, there);
    const variables: Record<string, string> = { NEW_ISSUER: newIssuer };
    const answers: string[] = [];
    for (const [, at, script] of blocks) {
      const path = `${at === 'new' ? there : here}:${process.env.PATH}`;
      const env = { ...processEnvironment(), ...variables, PATH: path };
      const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script as string], { env, cwd: old.directory });
      answers.push(stdout);
      if (answers.length === 1) variables.KEY = stdout.trim();
    }
    assert.match(answers[2] ?? '', /Northwind of .* would come in/);
    assert.match(answers[3] ?? '', /^# From http:\/\/localhost:3999 to http:\/\/localhost:4998/);
    assert.match(answers[4] ?? '', /is here, switched off/);
    assert.equal(await countAt(fresh), people);
    const states = await Promise.all(
      [old, fresh].map(({ db }) => db('tenants').where({ id: tenantId }).first('state', 'movedTo')),
    );
    assert.deepEqual(states, [
      { state: 'suspended', movedTo: newIssuer },
      { state: 'active', movedTo: null },
    ]);
  });
});
