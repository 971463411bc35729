import assert from 'node:assert/strict';
import { once } from 'node:events';
import { access, chmod, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { testServer } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { startServerProcess } from '../support/server-process.ts';
import { type CommandBench, createBench, runGatehouse, spawnGatehouse } from './run-gatehouse.ts';

describe('gatehouse start', function () {
  this.timeout(120_000);
  let bench: CommandBench;
  before(async () => {
    bench = await createBench();
  });
  after(() => bench?.close());

  it('serves until it is told to stop, beside other commands', async () => {
    const port = await freePort();
    const environment = { ...bench.environment, PORT: String(port), ISSUER: `http://localhost:${port}` };
    const child = spawnGatehouse(['start'], environment);
    let output = '';
    child.stdout?.on('data', (text) => {
      output += text;
    });
    try {
      // It says so when the port is open.
      await eventually(() => /Gatehouse is ready at http:\/\/localhost:\d+/.test(output));
      assert.equal((await fetch(`${environment.ISSUER}/readyz`)).status, 200);
      const link = await eventually(() => /http:\/\/localhost:\d+\/set-up\/[\w-]{43}/.exec(output)?.[0]);
      const second = startServerProcess({ ...environment, PORT: String(await freePort()) });
      const [shown] = await second.said(/http:\/\/localhost:\d+\/set-up\/[\w-]{43}/);
      assert.equal(shown, link, 'a second node shows the link of the first');
      await second.stop();
      const invited = await runGatehouse(['admin', 'invite', '--json'], environment);
      const [before, after] = await Promise.all([fetch(link), fetch(invited.json.url)]);
      assert.deepEqual([before.status, after.status], [404, 200]);
    } finally {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      assert.deepEqual(await ended, [0, null]);
    }
  });

  it('waits for a database with one line, and goes on when it answers', async () => {
    const [port, databasePort] = [await freePort(), await freePort()];
    const real = new URL(bench.environment.DATABASE_URL as string);
    const away = new URL(real);
    away.port = String(databasePort);
    const server = startServerProcess({
      ...bench.environment,
      PORT: String(port),
      ISSUER: `http://localhost:${port}`,
      DATABASE_URL: away.href,
    });
    const doors: Socket[] = [];
    const door = createTcpServer((socket) => {
      const inner = connect({ host: real.hostname, port: Number(real.port) });
      doors.push(socket, inner);
      for (const end of [socket, inner]) end.on('error', () => end.destroy());
      socket.pipe(inner).pipe(socket);
    });
    try {
      await server.said(/waiting up to 30 seconds/);
      door.listen(databasePort, '127.0.0.1');
      await server.said(/Gatehouse is ready/);
      const said = server.output();
      assert.equal(said.match(/waiting/g)?.length, 1);
      assert.match(said, /waiting up to 30 seconds for the database \S+ at 127\.0\.0\.1:\d+: connect ECONNREFUSED/);
      assert.match(said, /the database \S+ at \S+ answers/);
      assert.doesNotMatch(said + server.errors(), /\n\s+at |Acquire connection/);
      assert.ok(!said.includes(real.password) || real.password === '');
    } finally {
      await server.stop();
      door.close();
      for (const socket of doors) socket.destroy();
    }
  });

  it('says why it does not start, without a stack, and ends with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    try {
      const [busy, faulty] = await Promise.all([
        runGatehouse(['start'], { ...bench.environment, PORT: String(port) }),
        runGatehouse(['start'], { ...bench.environment, NODE_ENV: 'production', ISSUER: 'http://id.example.org' }),
      ]);
      assert.equal(busy.code, 1);
      assert.match(busy.stderr, new RegExp(`^gatehouse: Port ${port} is taken`, 'm'));
      assert.equal(faulty.code, 1);
      assert.match(faulty.stderr, /^ {2}- ISSUER: must use https in production$/m);
      assert.doesNotMatch(busy.stderr + faulty.stderr, /\n\s+at /);
    } finally {
      taken.close();
    }
  });
});

describe('commands on the embedded database', function () {
  this.timeout(120_000);
  it('join a server that runs, and leave it running', async function () {
    const { url, directory } = await testServer();
    if (directory === undefined) return this.skip();
    const run = await runGatehouse(['migrate', '--status', '--json'], { NODE_ENV: 'test', DATA_DIR: directory });
    assert.equal(run.code, 0, run.stderr);
    assert.equal(run.json.current, false);
    const client = new pg.Client(url);
    await client.connect();
    assert.equal((await client.query('select 1 as one')).rows[0].one, 1);
    await client.end();
    await rm(join(directory, 'secret-key'), { force: true });
  });

  it('make none, and start the one of a server that has gone', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-embedded-'));
    await chmod(directory, 0o711);
    let home = directory;
    try {
      const port = await freePort();
      const environment = { NODE_ENV: 'test', DATA_DIR: directory, PORT: String(port), METRICS_PORT: '0' };
      const words = ['tenants', 'create', '--slug', 'acme', '--name', 'Acme', '--json'];
      for (const early of [words, ['migrate', '--json']]) {
        const refused = await runGatehouse(early, environment);
        assert.deepEqual([refused.code, refused.json.error.code], [1, 'DATABASE_NOT_NAMED']);
        assert.match(refused.stderr, /no server has ever run .*--env-file .*gatehouse start/);
      }
      assert.deepEqual(await readdir(directory), []);

      const server = startServerProcess({ ...environment, PORT: environment.PORT });
      await server.said(/Gatehouse is ready/);
      await server.stop();
      home = await realpath(join(directory, 'postgres'));
      // PORT is the server's: the command goes by what the database says.
      const made = await runGatehouse(words, { ...environment, PORT: '3999' });
      assert.equal(made.code, 0, made.stderr);
      assert.equal(made.where, `embedded database in ${directory}, issuer http://localhost:${port}`);
      await assert.rejects(access(join(home, 'cluster', 'postmaster.pid')), { code: 'ENOENT' });
      const list = await runGatehouse(['tenants', 'list', '--json'], environment);
      assert.equal(list.json.tenants[0].id, made.json.id);
      await assert.rejects(access(join(home, 'cluster', 'postmaster.pid')), { code: 'ENOENT' });
    } finally {
      await rm(home, { recursive: true, force: true });
      await rm(directory, { recursive: true, force: true });
    }
  });
});
