/** The questions about a person's access and sign-in, asked at the command line as an operator asks them. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createTenant } from '../../src/domain/setup/create-tenant.ts';
import { assign, createNode, createRole, createUser } from '../support/factories.ts';
import { type CommandBench, createBench } from './run-gatehouse.ts';

describe('commands that answer a question', function () {
  this.timeout(180_000);
  let bench: CommandBench;
  let userId: string;
  let nodeId: string;
  before(async () => {
    bench = await createBench();
    const { db } = bench;
    const { id: tenantId } = await createTenant(db, { slug: 'acme', name: 'Acme' }, systemCaller);
    userId = (await createUser(db, { tenantId, email: 'ada@acme.example' })).id;
    nodeId = (await createNode(db, { tenantId, name: 'North Region' })).id;
    const role = await createRole(db, { tenantId, name: 'Auditor', capabilities: ['books.read'] });
    await assign(db, { tenantId, userId, roleId: role.id, orgNodeId: nodeId });
    const created = await bench.run(
      'clients create --tenant acme --name Portal --kind web --client-id portal --first-party --redirect-uri https://app.example/cb',
    );
    assert.equal(created.code, 0, created.stderr);
  });
  after(() => bench?.close());

  const questions: [question: string, words: () => string, told: RegExp][] = [
    ['what a person holds', () => `users access ${userId}`, /Auditor[\s\S]*books\.read|books\.read[\s\S]*Auditor/],
    ['why they hold it', () => `users why ${userId} --capability books.read`, /North Region/],
    ['who can do it there', () => `orgs holders ${nodeId} --capability books.read`, /ada@acme\.example|Auditor/],
    [
      'what their token would say',
      () => `users token-preview ${userId} --client-id portal --scope "openid roles"`,
      /Auditor/,
    ],
    ['why they can or cannot sign in', () => `users sign-in-checks ${userId}`, /password/],
  ];
  for (const [question, words, told] of questions)
    it(`say ${question}, for people and for programs`, async () => {
      for (const form of ['', ' --json']) {
        const run = await bench.run(`${words()} --tenant acme${form}`);
        assert.equal(run.code, 0, `${run.stdout}${run.stderr}`);
        assert.match(run.stdout, told);
        if (form) assert.equal(typeof run.json, 'object');
      }
    });

  it('say what was so then, by --at, and refuse a time of which nothing is known', async () => {
    const { rows } = await bench.db.raw(
      `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
    );
    const at = `--at ${rows[0].at}`;
    await bench.db('users').where({ id: userId }).update({ state: 'inactive' });
    const now = await bench.run(`users access ${userId} --tenant acme --json`);
    assert.doesNotMatch(now.stdout, /Auditor/);
    const asked = [`users access ${userId}`, `users why ${userId}`, `orgs holders ${nodeId} --capability books.read`];
    for (const words of asked) {
      const then = await bench.run(`${words} --tenant acme --json ${at}`);
      assert.equal(then.code, 0, then.stderr);
      assert.match(then.stdout, /Auditor/, words);
      const before = await bench.run(`${words} --tenant acme --at 2001-01-01T00:00:00Z`);
      assert.notEqual(before.code, 0);
      assert.match(before.stderr, /nothing is kept|BEFORE_HISTORY/i, words);
    }
  });
});
