import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.ts';
import { randomToken } from '../../src/platform/secrets.ts';
import { runGatehouse } from './run-gatehouse.ts';

/** What only a server needs; loading it takes longer than a small command works. */
const ofTheServer = [
  'oidc-provider',
  'koa',
  'undici',
  'graphile-worker',
  'nodemailer',
  'openid-client',
  'qrcode',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/sdk-metrics',
];

/** Writes down each package of which a module is loaded, at the end of the process. */
const recorder = (file: string) => `
  import { writeFileSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  const packages = new Set();
  registerHooks({
    load(url, context, next) {
      const found = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url);
      if (found) packages.add(found[1]);
      return next(url, context);
    },
  });
  process.on('exit', () => writeFileSync(${JSON.stringify(file)}, [...packages].join('\\n')));
`;

describe('what a command loads', function () {
  this.timeout(180_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-loaded-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('is not the server, also on the embedded database', async () => {
    const [hook, list] = [join(folder, 'recorder.mjs'), join(folder, 'packages')];
    await writeFile(hook, recorder(list));
    const environment = { NODE_ENV: 'test', DATA_DIR: folder, SECRET_KEY: randomToken(36), METRICS_PORT: '0' };
    // Held open, so that the second command joins it as beside a server.
    const postgres = await startEmbeddedPostgres({ dataDirectory: folder, log: { info() {}, warn() {} } });
    try {
      // The first brings the schema up to date, which takes the server's own way.
      const first = await runGatehouse(['tenants', 'list'], environment);
      assert.equal(first.code, 0, first.stderr);
      const run = await runGatehouse(['tenants', 'list'], {
        ...environment,
        NODE_OPTIONS: `--import=${pathToFileURL(hook)}`,
      });
      assert.equal(run.code, 0, run.stderr);
    } finally {
      await postgres.stop();
    }
    const loaded = new Set((await readFile(list, 'utf8')).split('\n'));
    assert.ok(loaded.has('commander') && loaded.has('knex'), 'what it does need is seen');
    assert.deepEqual(
      ofTheServer.filter((name) => loaded.has(name)),
      [],
    );
  });
});
