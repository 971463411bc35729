import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readYaml } from '../../src/commands/configuration/read-yaml.ts';
import { findRoleByName } from '../../src/domain/access/roles.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createTenant } from '../../src/domain/setup/create-tenant.ts';
import { findTenantBySlug } from '../../src/domain/tenants/tenants.ts';
import { eventually } from '../support/eventually.ts';
import { assign, createUser } from '../support/factories.ts';
import { type CommandBench, createBench, type Run, runGatehouse, spawnGatehouse } from './run-gatehouse.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the configuration as a file', function () {
  this.timeout(240_000);
  let bench: CommandBench;
  let example: string;
  before(async () => {
    bench = await createBench({ DISTRICT_ENTRA_SECRET: 'entra-secret-value' });
    const page = await readFile(join(root, 'docs/configuration-file.md'), 'utf8');
    example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  });
  after(() => bench?.close());

  async function file(name: string, text: string): Promise<string> {
    const path = join(bench.directory, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  function succeeded(run: Run): Run {
    assert.equal(run.code, 0, run.stderr + run.stdout);
    return run;
  }

  it('is brought about as the documents show it, and the second time nothing differs', async () => {
    const path = await file('district.yaml', example);
    const planned = await bench.run(`plan ${path} --exit-code`);
    assert.equal(planned.code, 2, planned.stderr);
    assert.match(planned.stdout, /^ {2}\+ district: node \/North\/Lakeside$/m);
    assert.equal((await bench.db('tenants')).length, 0, 'a plan leaves nothing');
    const applied = succeeded(await bench.run(`apply ${path}`));
    assert.match(applied.stdout, /Told now and never again:\n {2}district applications gradebook client_secret: ghs_/);
    assert.doesNotMatch(planned.stdout + applied.stdout + applied.stderr, /entra-secret/);
    const again = await bench.run(`plan ${path} --exit-code --prune`);
    assert.equal(again.code, 0, again.stderr + again.stdout);
    assert.match(again.stdout, /^Nothing differs\.$/m);
  });

  it('is exported with its head for editors, and nothing of it differs', async () => {
    const { stdout } = succeeded(await bench.run('export'));
    assert.match(stdout, /^# yaml-language-server: \$schema=\.\/configuration-schema\.json\ngatehouse: 1\n/);
    assert.doesNotMatch(stdout, /entra-secret|ghs_|whsec_/);
    const path = await file('exported.yaml', stdout);
    assert.equal((await bench.run(`plan ${path} --exit-code --prune`)).code, 0);
    const one = succeeded(await bench.run('export --tenant district --json')).json;
    assert.deepEqual(Object.keys(one), ['gatehouse', 'tenants']);
  });

  it('has a schema for editors that takes the example and shows its mistakes', async () => {
    const schema = JSON.parse(await readFile(join(root, 'docs/configuration-schema.json'), 'utf8'));
    const shape = z.fromJSONSchema(schema);
    const { value } = readYaml(example);
    const parsed = shape.safeParse(value);
    assert.ok(parsed.success, JSON.stringify(parsed.error?.issues));
    assert.equal(shape.safeParse({ gatehouse: 1, tenants: { district: { rolls: {} } } }).success, false);
  });

  it('is put together from a folder, and a fault is told with its file, its line and its path', async () => {
    await file(
      'folder/one.yaml',
      'gatehouse: 1\ntenants:\n  district:\n    roles:\n      Reader: { capabilities: [grades.read] }\n',
    );
    await file(
      'folder/sub/two.yml',
      'tenants:\n  district:\n    tree:\n      - { name: Pier, type: school, parent: south }\n',
    );
    const folder = join(bench.directory, 'folder');
    assert.match(succeeded(await bench.run(`plan ${folder}`)).stdout, /node \/South\/Pier/);
    const twice = await file(
      'folder/three.yaml',
      'tenants:\n  district:\n    roles:\n      Reader: { capabilities: [] }\n',
    );
    const refused = await bench.run(`plan ${folder}`);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /three\.yaml:4:17: tenants\.district\.roles\.Reader\.capabilities: is said in another file/,
    );
    await writeFile(twice, 'tenants:\n  district:\n    tree:\n      - { name: Quay, type: school, paren: south }\n');
    assert.match(
      (await bench.run(`plan ${folder}`)).stderr,
      /three\.yaml:4:37: tenants\.district\.tree\.\d\.paren: is not known/,
    );
    await writeFile(twice, 'tenants:\n  district:\n    roles:\n      Writer: { capabilities: [grades.erase] }\n');
    const ruled = await bench.run(`plan ${folder} --json`);
    assert.equal(ruled.code, 3);
    assert.equal(ruled.json.error.code, 'NOT_FOUND');
    assert.match(ruled.stderr, /three\.yaml:4:7: tenants\.district\.roles\.Writer: there is no such capability/);
    assert.equal((await bench.run(`plan ${folder} --exit-code`)).code, 1);
  });

  it('asks before somebody loses access, and is refused where nobody can be asked', async () => {
    const { id: tenantId } = (await findTenantBySlug(bench.db, 'district')) ?? { id: '' };
    const role = await findRoleByName(bench.db, tenantId, 'Teacher');
    const ada = await createUser(bench.db, { tenantId, fullName: 'Ada Lovelace' });
    await assign(bench.db, { tenantId, userId: ada.id, roleId: role?.id });
    const path = await file(
      'less.yaml',
      'gatehouse: 1\ntenants: { district: { roles: { Teacher: { capabilities: [grades.read] } } } }\n',
    );
    const planned = succeeded(await bench.run(`plan ${path}`));
    assert.match(
      planned.stdout,
      /1 person loses:\n {4}Ada Lovelace \(district, Lake District Schools\): grades\.write/,
    );
    const refused = await bench.run(`apply ${path}`);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /access would be lost \(people: 1, services: 0\)/);
    const secrets = join(bench.directory, 'made.ndjson');
    const { json } = succeeded(await bench.run(`apply ${path} --yes --json --secrets-file ${secrets}`));
    assert.deepEqual([json.losses.people, json.losses.named[0].name, json.secrets], [1, 'Ada Lovelace', []]);
    assert.equal((await stat(secrets)).mode & 0o777, 0o600);
  });

  it('writes secrets that were made to a file for its owner, and to no output', async () => {
    const path = await file(
      'webhook.yaml',
      'gatehouse: 1\ntenants: { district: { webhooks: { Second: { url: "https://two.example/" } } } }\n',
    );
    const made = join(bench.directory, 'second.ndjson');
    const run = succeeded(await bench.run(`apply ${path} --secrets-file ${made}`));
    assert.doesNotMatch(run.stdout + run.stderr, /whsec_/);
    const { name, secret } = JSON.parse(await readFile(made, 'utf8'));
    assert.equal(name, 'Second');
    assert.match(secret, /^whsec_/);
    assert.notEqual(
      (await bench.run(`apply ${path} --secrets-file ${made}`)).code,
      0,
      'a file that is there is not written over',
    );
  });

  it('leaves nothing where it is killed in the middle, and lets the next one in', async () => {
    const many = Array.from({ length: 3000 }, (_, n) => `      - { name: Node ${n}, type: place, key: killed-${n} }`);
    const path = await file('many.yaml', `gatehouse: 1\ntenants:\n  district:\n    tree:\n${many.join('\n')}\n`);
    const child = spawnGatehouse(['apply', path, '--yes'], bench.environment);
    const ended = once(child, 'close');
    const working = async () => {
      const { rows } = await bench.db.raw(
        `select query from pg_stat_activity where application_name = 'gatehouse-command' and datname = current_database()`,
      );
      return rows.map(({ query }: { query: string }) => query) as string[];
    };
    await eventually(async () => (await working()).some((query) => query.startsWith('insert into org_nodes')));
    child.kill('SIGKILL');
    assert.deepEqual(await ended, [null, 'SIGKILL']);
    await eventually(async () => (await working()).length === 0);
    assert.equal((await bench.db('org_nodes').where('external_id', 'like', 'killed-%')).length, 0);
    const little = await file('little.yaml', 'gatehouse: 1\ntenants: { district: { roles: { Late: {} } } }\n');
    succeeded(await bench.run(`apply ${little}`));
    assert.equal((await bench.db('org_nodes').where('external_id', 'like', 'killed-%')).length, 0);
  });

  it('takes turns: of several at once each is applied as a whole, and a new tenant is made once', async () => {
    await createTenant(bench.db, { slug: 'other', name: 'Other' }, systemCaller);
    const path = await file(
      'turns.yaml',
      'gatehouse: 1\ntenants: { turns: { name: Turns, roles: { One: {}, Two: {} } } }\n',
    );
    const runs = await Promise.all([1, 2, 3].map(() => runGatehouse(['apply', path, '--json'], bench.environment)));
    for (const run of runs) succeeded(run);
    const made = runs.map(({ json }) => json.changes.length).sort();
    assert.deepEqual(made, [0, 0, 3]);
  });
});
