/**
 * The program as a container runs it: nothing can be written. Node.js refuses every file that would be opened for writing
 * (`--permission`), which says of the program what a read-only file system would, whoever runs the test.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startTestApp, type TestApp } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { discover, type RelyingParty, signIn } from '../support/relying-party.ts';
import { environmentOf, type ServerProcess, startServerProcess } from '../support/server-process.ts';

const readOnly = '--permission --allow-fs-read=* --allow-addons --allow-worker --allow-child-process';

describe('a server that may write nothing', function () {
  this.timeout(180_000);
  let app: TestApp;
  let server: ServerProcess;
  let party: RelyingParty;

  before(async () => {
    const port = await freePort();
    app = await startTestApp({ issuer: () => `http://localhost:${port}`, runJobs: false });
    server = startServerProcess({
      ...environmentOf(app, port),
      LOG_LEVEL: 'info',
      // Where a program writes that means well.
      HOME: '/nonexistent',
      TMPDIR: '/nonexistent',
      NODE_COMPILE_CACHE: '',
      NODE_OPTIONS: readOnly,
    });
    await server.ready();
    party = await discover(app, await app.relyingParty());
  });
  after(async () => {
    await server?.stop('SIGKILL');
    await app?.stop();
  });

  it('is refused what it would write', () => {
    const write = `require('node:fs').writeFileSync(require('node:path').join(require('node:os').tmpdir(), 'gatehouse-read-only'), '')`;
    const { stderr } = spawnSync(process.execPath, ['-e', write], {
      env: { NODE_OPTIONS: readOnly },
      encoding: 'utf8',
    });
    assert.match(stderr, /ERR_ACCESS_DENIED/);
  });

  it('signs people in, and opens nothing for writing', async () => {
    const person = await app.person();
    const { tokens, browser } = await signIn(party, person);
    assert.ok(tokens.id_token && tokens.access_token);
    const page = await browser.open(`${app.issuer}/account/security`);
    assert.ok(page.status < 500);
    const resident = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024;
    assert.ok(resident < 768, `${resident} MiB: within the limit of the manifests`);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    const said = server.output() + server.errors();
    assert.doesNotMatch(said, /ERR_ACCESS_DENIED|EROFS|EACCES|ENOENT/);
    assert.match(said, /"msg":"request"/);
  });
});
