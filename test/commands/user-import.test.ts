import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRole } from '../../src/domain/access/roles.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createTenant, type NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { type CommandBench, createBench } from './run-gatehouse.ts';

describe('the command that brings people in', function () {
  this.timeout(180_000);
  let bench: CommandBench;
  let acme: NewTenant;
  before(async () => {
    bench = await createBench();
    acme = await createTenant(bench.db, { slug: 'acme', name: 'Acme' }, systemCaller);
    await createTenant(bench.db, { slug: 'other', name: 'Other' }, systemCaller);
    await createRole(bench.db, { tenantId: acme.id, name: 'Teacher' }, systemCaller);
  });
  after(() => bench?.close());

  const file = async (name: string, text: string) => {
    const path = join(bench.directory, name);
    await writeFile(path, text);
    return path;
  };
  const emails = async () => (await bench.db('users').where({ tenantId: acme.id }).pluck('email')).sort();

  it('says row by row what would happen, then does it, and changes nothing the second time', async () => {
    const table =
      'email,name,role,until\nada@acme.example,Ada,Teacher,2036-06-30\nno address,Bo,,\ncy@acme.example,Cy,Nobody,\n';
    const path = await file('people.csv', table);
    const tried = await bench.run(`users import ${path} --tenant acme --dry-run`);
    assert.equal(tried.code, 3, tried.stderr);
    assert.match(tried.stdout, /2 +created/);
    assert.match(tried.stdout, /3 +refused +EMAIL_INVALID/);
    assert.match(tried.stdout, /4 +refused +NOT_FOUND/);
    assert.match(tried.stdout, /Would be: 1 created, 0 updated, 0 unchanged, 2 refused\./);
    assert.deepEqual(await emails(), []);

    const done = await bench.run(`users import ${path} --tenant acme --json`);
    assert.deepEqual(done.json.outcomes, { created: 1, updated: 0, unchanged: 0, refused: 2 });
    assert.deepEqual(await emails(), ['ada@acme.example']);
    const held = await bench.db('org_assignments').where({ tenantId: acme.id });
    assert.deepEqual(held[0].endsAt, new Date('2036-07-01T00:00:00Z'));

    const results = join(bench.directory, 'results.ndjson');
    const again = await bench.run(`users import ${path} --tenant acme --results ${results}`);
    assert.match(again.stdout, /0 created, 0 updated, 1 unchanged, 2 refused\./);
    const lines = (await readFile(results, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ outcome }) => outcome),
      ['unchanged', 'refused', 'refused'],
    );
  });

  it('reads NDJSON of any length, and what other systems write out', async () => {
    const many = Array.from({ length: 1_200 }, (_, n) => `{"email":"many-${n}@acme.example"}`);
    const { stdout, code } = await bench.run(
      `users import ${await file('many.ndjson', many.join('\n'))} --tenant acme`,
    );
    assert.deepEqual([code, stdout.trim()], [0, '1200 created, 0 updated, 0 unchanged, 0 refused.']);
    const realm = { users: [{ id: 'k1', username: 'kim', enabled: true, credentials: [] }] };
    const path = await file('realm.json', JSON.stringify(realm));
    const found = await bench.run(`users import ${path} --tenant acme --format keycloak`);
    assert.match(found.stdout, /^1 created/);
    const kim = await bench.db('users').where({ tenantId: acme.id, username: 'kim' }).first();
    assert.equal(kim.externalId, 'k1');
  });

  it('refuses what it cannot read, in words', async () => {
    const path = await file('people.txt', 'x');
    const cases: [string, RegExp][] = [
      [`users import ${path} --tenant acme`, /say what the file is/],
      [`users import ${join(bench.directory, 'missing.csv')} --tenant acme`, /cannot be read \(ENOENT\)/],
      [`users import ${path} --tenant acme --format json`, /IMPORT_UNREADABLE/],
      [`users import ${path} --tenant acme --format firebase --hash-key aaaa`, /belong together/],
    ];
    for (const [words, said] of cases) {
      const { code, stderr } = await bench.run(words);
      assert.notEqual(code, 0);
      assert.match(stderr, said);
    }
  });
});
