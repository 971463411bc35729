/** compose.yaml, read and held against the program; and its pooler as it would run, where PgBouncer is installed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { environmentSchema, loadConfig } from '../../src/config.ts';
import { testServer } from '../support/cluster.ts';
import { createTestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { readYaml } from '../support/yaml.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

const given: Record<string, string> = {
  ISSUER: 'https://id.example.org',
  SECRET_KEY: 'Zk3vT9qLw7RbYp2XnHc5MdGa8SfJu4EeKi6oVtB1',
  DATABASE_PASSWORD: 'of-the-owner',
  DATABASE_SERVER_PASSWORD: 'of-the-server',
};

/** As Compose puts variables in. @throws where one that must be given is not */
function interpolate(text: string, variables = given): string {
  return text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, how: string | undefined, rest: string) => {
    const value = variables[name];
    if (value) return value;
    if (how === '-') return rest;
    throw new Error(`${name}: ${rest}`);
  });
}

const textOf = (variables = given) =>
  interpolate(
    read('compose.yaml')
      .split('\n')
      .filter((line) => !line.trimStart().startsWith('#'))
      .join('\n'),
    variables,
  );

describe('compose.yaml', () => {
  const [{ services, configs, volumes }] = readYaml(textOf());
  const nodes = ['gatehouse', 'gatehouse-2'].map((name) => services[name]);
  const ours = [...nodes, services.migrate];
  /** Empty: not given. */
  const environmentOf = (service: { environment: Record<string, string | number> }) =>
    Object.fromEntries(Object.entries(service.environment).map(([name, value]) => [name, String(value)]));

  it('stops without its secrets', () => {
    for (const name of Object.keys(given)) {
      const { [name]: _, ...others } = given;
      assert.throws(() => textOf(others), new RegExp(`^Error: ${name}: set it in \\.env`));
    }
  });

  it('gives settings that the program has, and takes in production', () => {
    const notOurs = ['DATABASE_PASSWORD', 'DATABASE_SERVER_PASSWORD'];
    for (const service of ours) {
      const environment = environmentOf(service);
      const unknown = Object.keys(environment).filter(
        (name) => !(name in environmentSchema.shape) && !notOurs.includes(name),
      );
      assert.deepEqual(unknown, []);
      for (const name of notOurs) assert.equal(environment[name], '', 'a container does not see it');
      assert.equal(loadConfig(environment).isProduction, true);
    }
  });

  it('has two nodes that differ by their port alone, behind the pooler, as the role that owns nothing', () => {
    const [first, second] = nodes.map(({ ports, ...same }) => ({ ports, same }));
    assert.deepEqual(first?.same, second?.same);
    assert.notDeepEqual(first?.ports, second?.ports);
    for (const { environment, stop_grace_period: grace } of nodes) {
      assert.match(environment.DATABASE_URL, /^postgres:\/\/gatehouse_server:.*:6432\/.*host=\/var\/run\/pgbouncer$/);
      assert.match(environment.DATABASE_DIRECT_URL, /^postgres:\/\/gatehouse_server:.*host=\/var\/run\/postgresql$/);
      assert.equal(environment.DATABASE_POOLER, 'transaction');
      assert.equal(environment.DATABASE_OWNER_URL, undefined);
      assert.doesNotMatch(JSON.stringify(environment), /of-the-owner/);
      assert.ok(Number.parseInt(grace, 10) > Number(environment.DRAIN_SECONDS) + 10);
    }
    assert.match(services.migrate.environment.DATABASE_OWNER_URL, /^postgres:\/\/gatehouse:of-the-owner@/);
    assert.match(configs.create_database.content, /create role gatehouse_server login password 'of-the-server'/);
    for (const role of ['gatehouse', 'gatehouse_server'])
      assert.match(configs.pg_hba.content, new RegExp(`^local +gatehouse +${role} +scram-sha-256$`, 'm'));
  });

  it('shares nothing with the world but the ports of the nodes, and takes away what is not needed', () => {
    for (const name of ['database', 'pooler', 'migrate']) {
      assert.equal(services[name].network_mode, 'none', name);
      assert.equal(services[name].ports, undefined, name);
    }
    for (const { ports } of nodes) assert.match(ports.join(), /^127\.0\.0\.1:\d+:3000$/);
    for (const service of [...ours, services.pooler]) {
      assert.equal(service.read_only, true);
      assert.deepEqual(service.cap_drop, ['ALL']);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true']);
      for (const volume of service.volumes) assert.ok(volume.split(':')[0] in volumes);
    }
  });

  it('runs commands that there are', () => {
    assert.deepEqual(services.migrate.command, ['node', 'bin/gatehouse.js', 'migrate']);
    assert.ok(existsSync(new URL('../../bin/gatehouse.js', import.meta.url)));
    assert.match(services.pooler.build.dockerfile_inline, /^USER postgres$/m);
    const [, file] = /CMD \["pgbouncer", "([^"]+)"\]/.exec(services.pooler.build.dockerfile_inline) ?? [];
    assert.ok(services.pooler.configs.some(({ target }: { target: string }) => target === file));
    const ini: string = configs.pgbouncer.content;
    assert.match(ini, /^pool_mode = transaction$/m);
    assert.match(ini, new RegExp(`^auth_file = ${services.pooler.configs[1].target}$`, 'm'));
    assert.equal(configs.pooler_users.content, '"gatehouse_server" "of-the-server"\n');
  });

  it('has a pooler that lets the server in by its password, and nobody else', async function () {
    const program = '/usr/sbin/pgbouncer';
    const { serverRole } = await testServer();
    if (!existsSync(program) || !serverRole) this.skip();
    const database = await createTestDatabase();
    const { hostname, port, pathname } = new URL(database.url);
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-pooler-'));
    // PgBouncer refuses to run as root.
    chmodSync(directory, 0o777);
    const users = configs.pooler_users.content.replace('gatehouse_server', serverRole.name);
    writeFileSync(join(directory, 'users.txt'), users.replace('of-the-server', serverRole.password));
    const ini = configs.pgbouncer.content
      .replace('/etc/gatehouse/users.txt', join(directory, 'users.txt'))
      .replace('/var/run/pgbouncer', directory)
      .replace(
        'host=/var/run/postgresql dbname=gatehouse',
        `host=${hostname} port=${port} dbname=${pathname.slice(1)}`,
      );
    writeFileSync(join(directory, 'pgbouncer.ini'), ini);
    const isRoot = process.getuid?.() === 0;
    const child = spawn(program, [join(directory, 'pgbouncer.ini')], {
      stdio: 'ignore',
      ...(isRoot && { uid: 65_534, gid: 65_534 }),
    });
    try {
      const ask = async (password: string, role = serverRole.name) => {
        const client = new pg.Client({ host: directory, port: 6432, database: 'gatehouse', user: role, password });
        await client.connect();
        try {
          return (await client.query('select current_user as role')).rows[0].role;
        } finally {
          await client.end();
        }
      };
      await eventually(() => child.exitCode !== null || existsSync(join(directory, '.s.PGSQL.6432')));
      assert.equal(child.exitCode, null, 'its settings are taken');
      assert.equal(await ask(serverRole.password), serverRole.name);
      await assert.rejects(ask('another'), /SASL authentication failed/);
      await assert.rejects(ask(serverRole.password, 'gatehouse'), /SASL authentication failed|no such user/);
    } finally {
      if (child.exitCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      await database.drop();
      rmSync(directory, { recursive: true });
    }
  });
});
