import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { freePort } from '../support/free-port.ts';
import { type CommandBench, createBench, runGatehouse } from './run-gatehouse.ts';

describe('the command line', function () {
  this.timeout(120_000);
  let bench: CommandBench;
  before(async () => {
    bench = await createBench();
  });
  after(() => bench?.close());

  it('lists its commands and their exit codes in its help', async () => {
    const [whole, group, command, version] = await Promise.all([
      bench.run('--help'),
      bench.run('help clients'),
      bench.run('users create --help'),
      bench.run('--version'),
    ]);
    assert.equal(whole.code, 0);
    const names = ['start', 'migrate', 'doctor', 'admin', 'tenants', 'users', 'clients', 'services', 'apis'];
    for (const name of [...names, 'invitations', 'referrals', 'capabilities', 'keys'])
      assert.match(whole.stdout, new RegExp(`^  ${name} +\\w`, 'm'));
    assert.match(whole.stdout, /Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule, 4 database/);
    assert.equal(group.code, 0);
    for (const name of ['create', 'list', 'disable', 'rotate-secret'])
      assert.match(group.stdout, new RegExp(`^  ${name} `, 'm'));
    assert.equal(command.code, 0);
    assert.match(command.stdout, /Examples:\n {2}gatehouse users create --tenant northwind --email/);
    assert.equal(version.stdout.trim(), JSON.parse(readFileSync('package.json', 'utf8')).version);
  });

  it('ends with 2 for a command, an option or a value that it does not know', async () => {
    const runs = await Promise.all([
      bench.run('frobnicate'),
      bench.run('clients create --name App --kind mainframe'),
      bench.run('users create --tenant acme --email ada@example.com --password secret-of-ada'),
    ]);
    for (const { code, stdout, stderr } of runs) {
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, /^error: /);
    }
    assert.match(runs[1]?.stderr ?? '', /Allowed choices are web, spa, native/);
  });

  it('answers wrong usage in JSON too', async () => {
    const run = await bench.run('tenants create --name Acme --json');
    assert.equal(run.code, 2);
    assert.equal(run.json.error.code, 'USAGE');
    assert.match(run.json.error.message, /--slug/);
  });

  it('ends with 1 and names every fault of the configuration, without a stack', async () => {
    const faulty = { ...bench.environment, ISSUER: 'ftp://id.example', SECRET_KEY: 'short' };
    const run = await runGatehouse(['tenants', 'list', '--json'], faulty);
    assert.equal(run.code, 1);
    assert.equal(run.json.error.code, 'CONFIGURATION');
    assert.match(run.stderr, /ISSUER: /);
    assert.match(run.stderr, /SECRET_KEY: /);
    assert.doesNotMatch(run.stderr, /\n\s+at /);
  });

  it('ends with 4 where the database does not answer, or refuses the connection', async () => {
    const port = await freePort();
    const away = `postgres://nobody:hidden-password@127.0.0.1:${port}/gatehouse`;
    const missing = new URL(bench.environment.DATABASE_URL ?? '');
    missing.pathname = '/no_such_database';
    const [unreachable, refused] = await Promise.all([
      runGatehouse(['tenants', 'list', '--json'], { ...bench.environment, DATABASE_URL: away }),
      runGatehouse(['tenants', 'list'], { ...bench.environment, DATABASE_URL: missing.href }),
    ]);
    assert.equal(unreachable.code, 4);
    assert.equal(unreachable.json.error.code, 'DATABASE_UNREACHABLE');
    assert.match(
      unreachable.stderr,
      /The database gatehouse at 127\.0\.0\.1:\d+ does not answer\. Is DATABASE_URL right, and is it running\?/,
    );
    assert.doesNotMatch(unreachable.stderr + unreachable.stdout, /hidden-password/);
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /refuses us: .*no_such_database/);
  });
});
