/**
 * The README as a newcomer follows it: each line of its blocks of commands in the order in which it stands, by a shell, in a fresh
 * checkout. Owns the list of lines that are not run, each with what is held instead.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DevelopmentAccounts } from '../seeds/development.ts';
import { type SampleNode, tenants } from '../seeds/development-content.ts';
import { randomToken } from '../src/platform/secrets.ts';
import { Browserless } from './support/browserless.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { eventually } from './support/eventually.ts';
import { freePort } from './support/free-port.ts';
import { processEnvironment } from './support/process-environment.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The commands of the indented blocks, a continued one as one line. */
const commands = [...readme.replace(/^```.*?^```/gms, '').matchAll(/^ {4}((?:.*\\\n)*.*)$/gm)].map(([, command = '']) =>
  command.replace(/\\\n\s*/g, ''),
);

/** What runs until it is told to stop, and what it says when it is there. */
const lasting: Record<string, RegExp> = {
  'npm start': /Gatehouse is ready at/,
  'npm run example': /Open http/,
  'npx gatehouse start --env-file .env': /Gatehouse is ready at https:\/\/id\.example\.org[\s\S]*\/set-up\//,
};

describe('the README', function () {
  this.timeout(600_000);
  let checkout: string;
  let database: TestDatabase;
  let port: number;
  let examplePort: number;
  const running: ChildProcess[] = [];
  const done: string[] = [];

  before(async () => {
    [port, examplePort] = [await freePort(), await freePort()];
    database = await createTestDatabase();
    checkout = mkdtempSync(join(tmpdir(), 'gatehouse-readme-'));
    // What git has, and what `npm ci` makes; nothing that another run has left.
    for (const name of readdirSync(root))
      if (!['.data', '.env', '.git', 'coverage', 'dist'].includes(name))
        symlinkSync(join(root, name), join(checkout, name));
    writeFileSync(join(checkout, 'secret.txt'), `${randomToken(24)}\n`, { mode: 0o600 });
  });
  after(async () => {
    await stopAll();
    await database?.drop();
    if (checkout) rmSync(checkout, { recursive: true, force: true });
  });

  async function stopAll(): Promise<void> {
    for (const child of running.splice(0).reverse()) {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined;
      // The whole group: npm and the shell stand between.
      if (ended && child.pid) process.kill(-child.pid, 'SIGTERM');
      await ended;
    }
  }

  function shell(command: string): { child: ChildProcess; output(): string } {
    const child = spawn('sh', ['-c', command], {
      cwd: checkout,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...processEnvironment(),
        HOME: checkout,
        METRICS_PORT: '0',
        // Packages are there; nobody is asked for more.
        npm_config_offline: 'true',
        npm_config_update_notifier: 'false',
        ...(command.startsWith('npm run example') ? { PORT: String(examplePort) } : { PORT: String(port) }),
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    return { child, output: () => output };
  }

  /** Runs a line to its end, or until it says that it is there. */
  async function follow(command: string): Promise<void> {
    const { child, output } = shell(command);
    const there = lasting[command];
    if (there) {
      running.push(child);
      await eventually(() => there.test(output()) || child.exitCode !== null, command);
      assert.equal(child.exitCode, null, `${command}\n${output()}`);
    } else {
      const [code] = (await once(child, 'close')) as [number];
      assert.equal(code, 0, `${command}\n${output()}`);
    }
    done.push(command);
  }

  const between = (from: string, to: string) => {
    const [first, last] = [commands.indexOf(from), commands.indexOf(to)];
    assert.ok(first >= 0 && last > first, `${from} … ${to}`);
    return commands.slice(first, last);
  };

  it('is followed from the first start to managing, and the sample works on', async () => {
    for (const command of between(
      'npm ci && npm start',
      'cp .env.example .env      # and set ISSUER, SECRET_KEY and DATABASE_URL',
    )) {
      // This very run is the first of the two, and what it installed is linked.
      if (command === 'npm test') done.push(command);
      else if (command === 'npm ci && npm start') {
        await follow('npm start');
        done.push(command);
      } else await follow(command);
    }
    const accounts = JSON.parse(
      readFileSync(join(checkout, '.data/development-accounts.json'), 'utf8'),
    ) as DevelopmentAccounts;
    const [olivia] = accounts.people;
    const browser = new Browserless();
    const portal = `http://localhost:${examplePort}`;
    const form = await browser.open(`${portal}/sign-in`);
    const home = await browser.submit(form, { login: olivia?.email ?? '', password: olivia?.password ?? '' });
    assert.equal(home.url, `${portal}/`, home.body);
    assert.match(home.body, /Hello, Olivia Hart/);
    const asked = await browser.follow(await browser.send(`${portal}/call-api`, {}), 'none:');
    assert.match(asked.body, /The API answered/);
  });

  it('is followed in production', async () => {
    await stopAll();
    const [copy = '', ...rest] = commands.slice(commands.findIndex((command) => command.startsWith('cp .env.example')));
    await follow(copy);
    const settings = {
      ISSUER: 'https://id.example.org',
      SECRET_KEY: randomToken(36),
      DATABASE_URL: database.url,
      HOST: '127.0.0.1',
    };
    // As a person fills it in.
    const file = join(checkout, '.env');
    const filled = Object.entries(settings).reduce(
      (text, [name, value]) => text.replace(new RegExp(`^${name}=$`, 'm'), `${name}=${value}`),
      readFileSync(file, 'utf8'),
    );
    writeFileSync(file, filled);
    for (const command of rest.filter((line) => line.startsWith('npx'))) await follow(command);
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
    await stopAll();

    // No engine of containers runs here: what the lines name is what the image has.
    const containers = rest.filter((line) => line.startsWith('docker'));
    const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
    assert.equal(containers.length, 3);
    assert.match(containers[1] ?? '', /--env-file \.env gatehouse node bin\/gatehouse\.js migrate$/);
    assert.match(dockerfile, /^CMD \["node", "bin\/gatehouse\.js", "start"\]$/m);
    assert.match(containers[2] ?? '', /-p 127\.0\.0\.1:3000:3000 gatehouse$/);
    assert.match(dockerfile, /^EXPOSE 3000 /m);
    done.push(...containers);
  });

  it('draws the tree that the sample has', () => {
    const [, drawing = ''] = /^```mermaid\n(.*?)^```/ms.exec(readme) ?? [];
    const [northwind] = tenants;
    const namesOf = (nodes: SampleNode[]): string[] =>
      nodes.flatMap(({ name, below = [] }) => [name, ...namesOf(below)]);
    const places = [...drawing.matchAll(/\w\["([^"]+)"\]/g)].map(([, name]) => name as string);
    assert.ok(places.length > 5);
    const there = ['Northwind', ...namesOf(northwind?.tree ?? [])];
    assert.deepEqual(
      places.filter((name) => !there.includes(name)),
      [],
    );
    const held = northwind?.people.flatMap(({ fullName, holds }) =>
      holds.map(({ role }) => `${fullName.split(' ')[0]}: ${role}`),
    );
    for (const [, text = ''] of drawing.matchAll(/\(\["(\w+: \w[^"]+)"\]\)/g))
      assert.ok(text === 'Emma: may look at it' || held?.some((role) => text.startsWith(role)), text);
  });

  it('has no line besides', () => {
    assert.ok(commands.length > 15);
    assert.deepEqual(
      commands.filter((command) => !done.includes(command)),
      [],
    );
  });
});
