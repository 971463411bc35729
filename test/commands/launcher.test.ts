/**
 * `bin/gatehouse.js` under the Node.js of the machine, where that is older than the one that Gatehouse runs on: it hands over
 * to the one in node_modules, and nobody notices.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { childPids } from '../support/server-process.ts';
import { type CommandBench, createBench } from './run-gatehouse.ts';

/** The first `node` of PATH that is not of node_modules and is too old, with its version. */
function findOlderNode(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !/node_modules/.test(folder));
  return folders
    .map((folder) => join(folder, 'node'))
    .find((path) => {
      const version = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? '';
      const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
      return major !== undefined && (Number(major) < 24 || (Number(major) === 24 && Number(minor) < 11));
    });
}

/** What a command that has nothing to complain of says on standard error. */
const onlyWhere = /^gatehouse: on the database .*\n$/;

describe('a start under an older Node.js', function () {
  this.timeout(120_000);
  let older: string;
  let bench: CommandBench;
  const started: ChildProcess[] = [];

  before(async function () {
    const found = findOlderNode();
    if (found === undefined) this.skip();
    older = found;
    bench = await createBench();
  });
  after(async () => {
    for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await bench?.close();
  });

  function launch(words: string[], { program = resolve('bin/gatehouse.js'), env = {} } = {}) {
    const child = spawn(older, [program, ...words], {
      env: { PATH: process.env.PATH ?? '', ...bench.environment, LOG_LEVEL: 'warn', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    started.push(child);
    const said = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.stderr += text;
    });
    return { child, said, ended: once(child, 'close') };
  }

  async function launchServer() {
    const port = await freePort();
    const server = launch(['start'], { env: { PORT: String(port), ISSUER: `http://localhost:${port}` } });
    const origin = `http://localhost:${port}`;
    await eventually(async () => {
      assert.equal(server.child.exitCode, null, server.said.stderr);
      return (await fetch(`${origin}/readyz`)).ok;
    });
    return { ...server, origin };
  }

  it('runs a command with the same words, input, output and exit code', async () => {
    const doctor = launch(['doctor', '--json']);
    await doctor.ended;
    const [node] = JSON.parse(doctor.said.stdout).checks.filter(({ name }: { name: string }) => name === 'node');
    assert.equal(node.status, 'ok', JSON.stringify(node));
    assert.match(doctor.said.stderr, onlyWhere);

    const wrong = launch(['frobnicate']);
    assert.deepEqual(await wrong.ended, [2, null]);
    assert.match(wrong.said.stderr, /^error: unknown command/);

    await bench.run('tenants create --slug acme --name Acme');
    const typed = launch(['users', 'create', '--tenant', 'acme', '--email', 'ada@example.com', '--password-stdin']);
    typed.child.stdin.end('lantern orbit velvet\n');
    assert.deepEqual(await typed.ended, [0, null], typed.said.stderr);
    assert.match(typed.said.stderr, onlyWhere);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`ends a server in order by ${signal}, also if all of a group are told`, async function () {
      if (process.platform === 'win32') this.skip();
      const server = await launchServer();
      const [inner] = childPids(server.child.pid as number);
      // As a terminal does, and as `timeout` and npm do it once more.
      process.kill(inner as number, signal);
      server.child.kill(signal);
      assert.deepEqual(await server.ended, [0, null], server.said.stderr);
      await assert.rejects(fetch(server.origin));
    });

  it('leaves no server behind if it is killed', async function () {
    if (process.platform !== 'linux') this.skip();
    const server = await launchServer();
    const [inner] = childPids(server.child.pid as number);
    server.child.kill('SIGKILL');
    await eventually(() => {
      assert.throws(() => process.kill(inner as number, 0), { code: 'ESRCH' });
      return true;
    });
  });

  it('ends as the program ended, by a signal too', async function () {
    if (process.platform !== 'linux') this.skip();
    const server = await launchServer();
    const [inner] = childPids(server.child.pid as number);
    process.kill(inner as number, 'SIGKILL');
    assert.deepEqual(await server.ended, [null, 'SIGKILL']);
  });

  it('says what to do where none was brought along', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bare-'));
    try {
      await mkdir(join(folder, 'bin'));
      await cp('bin/gatehouse.js', join(folder, 'bin', 'gatehouse.js'));
      await cp('package.json', join(folder, 'package.json'));
      await symlink(resolve('src'), join(folder, 'src'));
      const bare = launch(['--version'], { program: join(folder, 'bin', 'gatehouse.js') });
      assert.deepEqual(await bare.ended, [1, null]);
      assert.equal(bare.said.stdout, '');
      assert.match(bare.said.stderr, /^Gatehouse needs Node\.js 24\.11 or newer, and this is \d+\.\d+\.\d+\.\n/);
      assert.match(bare.said.stderr, /Install Node\.js 24, or run: npm ci --include=optional/);
      assert.doesNotMatch(bare.said.stderr, /\n\s+at /);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
