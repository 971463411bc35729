import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Page } from 'playwright-core';
import { createRelyingParty } from '../../examples/relying-party/relying-party.ts';
import { loadSettings, reportsSettings } from '../../examples/relying-party/settings.ts';
import { createApi } from '../../examples/service/api.ts';
import { createTokenSource } from '../../examples/service/service.ts';
import { loadServiceSettings } from '../../examples/service/settings.ts';
import { type DevelopmentAccounts, loadSeeds } from '../../seeds/development.ts';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { revokeAllSessions } from '../../src/domain/sessions/sessions.ts';
import { freePort, startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { type LoopbackServer, listen } from '../support/loopback.ts';

const audience = 'https://api.northwind.example/';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Application {
  url: string;
  close(): Promise<void>;
}

describe('the sample applications', () => {
  let app: TestApp;
  let accounts: DevelopmentAccounts;
  let api: LoopbackServer;
  /** May see the stock. */
  let director: DevelopmentAccounts['people'][number];
  /** May not. */
  let teacher: DevelopmentAccounts['people'][number];

  before(async () => {
    app = await startTestApp({ runJobs: true });
    await loadSeeds(app.db, app);
    accounts = JSON.parse(readFileSync(join(app.config.dataDirectory, 'development-accounts.json'), 'utf8'));
    director = personNamed('Olivia Hart');
    teacher = personNamed('Clara Nyström');
    const server = createApi({ issuer: app.issuer, audience });
    api = await listen((req, res) => server.emit('request', req, res));
  });
  after(async () => {
    await api?.close();
    await app?.stop();
  });

  function personNamed(name: string): DevelopmentAccounts['people'][number] {
    const person = accounts.people.find((candidate) => candidate.name === name);
    assert.ok(person, name);
    return person;
  }

  describe('the portal, in a browser', () => {
    let browser: TestBrowser;
    let portal: Application;
    let page: Page;

    before(async function () {
      const opened = await openBrowser();
      if (!opened) return this.skip();
      browser = opened;
      portal = await startApplication('portal');
    });
    beforeEach(async () => {
      page = await browser.newPage();
      await page.goto(portal.url);
    });
    afterEach(async () => {
      await page?.context().close();
      browser?.assertNoFaults();
    });
    after(async () => {
      await browser?.close();
      await portal?.close();
    });

    async function signIn(person: DevelopmentAccounts['people'][number]): Promise<void> {
      await page.getByRole('link', { name: 'Sign in with Gatehouse' }).click();
      await page.locator('#login').fill(person.email);
      await page.locator('#password').fill(person.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${portal.url}/`);
    }
    const textOf = (selector: string) =>
      page
        .locator(selector)
        .textContent()
        .then((text) => text ?? '');

    it('shows who signed in, from the id_token and from userinfo', async () => {
      await signIn(director);
      assert.equal(await textOf('h1'), 'Hello, Olivia Hart');
      assert.match(await textOf('#id-token'), /sub.*[0-9a-f-]{36}.*amr.*pwd/s);
      const userinfo = await textOf('#userinfo');
      assert.ok(userinfo.includes(director.email) && userinfo.includes('inventory.read'), userinfo);
    });

    it('keeps tokens to itself', async () => {
      await signIn(director);
      const cookies = await page.context().cookies(portal.url);
      const own = cookies.find(({ name }) => name === `session_${new URL(portal.url).port}`);
      assert.equal(own?.httpOnly, true);
      assert.equal(own?.sameSite, 'Lax');
      assert.doesNotMatch(await page.content(), /eyJ[\w-]+\.[\w-]+\./);
    });

    it('asks the API in the person’s name, and again with the same token', async () => {
      await signIn(director);
      for (let times = 0; times < 2; times++) {
        await page.getByRole('button', { name: 'Ask the API' }).click();
        const notice = await textOf('#notice');
        assert.ok(notice.includes('The API answered') && notice.includes('Aniseed syrup'), notice);
      }
    });

    it('is refused by the API where the person lacks the capability', async () => {
      await signIn(teacher);
      await page.getByRole('button', { name: 'Ask the API' }).click();
      const notice = await textOf('#notice');
      assert.ok(notice.includes('The API refused: 403') && notice.includes('insufficient_scope'), notice);
    });

    it('refreshes, more than once', async () => {
      await signIn(director);
      const times = new Set<string | null>();
      for (let count = 0; count < 2; count++) {
        await page.getByRole('button', { name: 'Refresh' }).click();
        times.add(await page.locator('#refreshed-at').getAttribute('datetime'));
      }
      assert.equal(times.size, 2);
      assert.ok((await textOf('#userinfo')).includes(director.email));
    });

    it('signs out here and at Gatehouse', async () => {
      await signIn(director);
      await page.getByRole('button', { name: 'Sign out' }).click();
      // Gatehouse asks whether its own session is to end as well.
      await page.waitForURL((url) => url.origin === app.issuer);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL(`${portal.url}/`);
      assert.equal(await textOf('h1'), 'You are not signed in');
      await page.getByRole('link', { name: 'Sign in with Gatehouse' }).click();
      assert.ok(await page.locator('#password').isVisible());
    });

    it('signs out when the session ends at Gatehouse', async () => {
      await signIn(director);
      const user = await app.db('users').where({ email: director.email }).first('id', 'tenant_id');
      await revokeAllSessions(app.db, { tenantId: user.tenantId, userId: user.id }, systemCaller);
      // The call comes from a job, some moments later.
      for (let tries = 0; tries < 50 && (await textOf('h1')) !== 'You are not signed in'; tries++) {
        await page.waitForTimeout(100);
        await page.reload();
      }
      assert.equal(await textOf('h1'), 'You are not signed in');
    });

    it('signs in to a third party without a password, after consent', async () => {
      const reports = await startApplication('reports');
      try {
        await signIn(director);
        await page.goto(reports.url);
        await page.getByRole('link', { name: 'Sign in with Gatehouse' }).click();
        await page.getByRole('button', { name: 'Allow', exact: true }).click();
        await page.waitForURL(`${reports.url}/`);
        assert.equal(await textOf('h1'), 'Hello, Olivia Hart');
        assert.doesNotMatch(await textOf('#userinfo'), /capabilities/);
        await page.goto(portal.url);
        assert.equal(await textOf('h1'), 'Hello, Olivia Hart');
      } finally {
        await reports.close();
      }
    });

    it('works without scripts', async () => {
      await page.context().close();
      page = await browser.newPage({ javaScriptEnabled: false });
      await page.goto(portal.url);
      await signIn(director);
      assert.equal(await textOf('h1'), 'Hello, Olivia Hart');
    });

    it('fits a phone', async () => {
      await page.context().close();
      page = await browser.newPage({ width: 360, colorScheme: 'dark' });
      await page.goto(portal.url);
      await signIn(director);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    });
  });

  describe('the portal, towards strangers', () => {
    let portal: Application;
    before(async () => {
      portal = await startApplication('portal');
    });
    after(() => portal.close());

    it('refuses an answer that it did not ask for', async () => {
      const answer = await fetch(`${portal.url}/callback?code=abc&state=def&iss=${encodeURIComponent(app.issuer)}`);
      assert.equal(answer.status, 400);
    });

    it('refuses an answer with another state', async () => {
      const start = await fetch(`${portal.url}/sign-in`, { redirect: 'manual' });
      const cookie = start.headers.get('set-cookie')?.split(';')[0] ?? '';
      const answer = await fetch(`${portal.url}/callback?code=abc&state=def&iss=${encodeURIComponent(app.issuer)}`, {
        headers: { cookie },
      });
      assert.equal(answer.status, 400);
      assert.match(await answer.text(), /Signing in did not work/);
    });

    it('refuses a form of another site', async () => {
      const headers = { 'sec-fetch-site': 'cross-site' };
      assert.equal((await fetch(`${portal.url}/sign-out`, { method: 'POST', headers })).status, 403);
    });

    it('refuses a logout token that Gatehouse did not sign', async () => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const token = `${part({ alg: 'none', typ: 'logout+jwt' })}.${part({ iss: app.issuer, sub: 'x' })}.`;
      for (const logout_token of [token, '', 'x']) {
        const body = new URLSearchParams({ logout_token });
        const answer = await fetch(`${portal.url}/backchannel-logout`, { method: 'POST', body });
        assert.equal(answer.status, 400);
      }
    });
  });

  describe('the service and its API', () => {
    const settings = () => loadServiceSettings({ DATA_DIR: app.config.dataDirectory });

    async function call(token?: string): Promise<{ status: number; challenge: string | null; body: unknown }> {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(`${api.url}/inventory`, { headers });
      return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body: await answer.json() };
    }

    it('gets a token that the API accepts, and keeps it', async () => {
      const accessToken = await createTokenSource(settings());
      const [first, second] = await Promise.all([accessToken(), accessToken()]);
      assert.equal(first, second);
      assert.equal(await accessToken(), first);
      assert.equal(decodeProtectedHeader(first).typ, 'at+jwt');
      assert.equal(decodeJwt(first).aud, audience);
      const answer = await call(first);
      assert.equal(answer.status, 200);
      const { clientId } = accounts.service;
      assert.deepEqual((answer.body as { for: unknown }).for, { subject: clientId, client: clientId });
    });

    it('is refused without a token, without an error code', async () => {
      assert.deepEqual(await call(), { status: 401, challenge: 'Bearer', body: { error: 'unauthorized' } });
    });

    it('is refused with a token that was tampered with', async () => {
      const accessToken = await createTokenSource({ ...settings(), scope: 'inventory.write' });
      const [header, payload = '', signature = ''] = (await accessToken()).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const changed = Buffer.from(JSON.stringify({ ...claims, scope: 'inventory.read' })).toString('base64url');
      const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
      for (const forged of [`${header}.${changed}.${signature}`, `${unsigned}.${changed}.`, 'x.y.z']) {
        assert.deepEqual(await call(forged), {
          status: 401,
          challenge: 'Bearer error="invalid_token"',
          body: { error: 'invalid_token' },
        });
      }
    });

    it('is refused with a token for another API', async () => {
      const resource = 'https://letters.northwind.example/';
      const letters = { tenantId: null, identifier: resource, name: 'Letters' };
      const { id: resourceServerId } = await createResourceServer(app.db, letters, systemCaller);
      await defineCapability(app.db, { key: 'letters.read', resourceServerId }, systemCaller);
      const client = await app.service({ capabilities: ['letters.read'] });
      const { issuer } = app;
      const accessToken = await createTokenSource({ issuer, ...client, resource, scope: 'letters.read' });
      assert.equal((await call(await accessToken())).status, 401);
    });

    it('is refused without the scope', async () => {
      const accessToken = await createTokenSource({ ...settings(), scope: 'inventory.write' });
      const answer = await call(await accessToken());
      assert.equal(answer.status, 403);
      assert.equal(answer.challenge, 'Bearer error="insufficient_scope", scope="inventory.read"');
    });

    it('does not blame the token when keys cannot be fetched', async () => {
      const accessToken = await createTokenSource(settings());
      const server = createApi({ issuer: `http://localhost:${await freePort()}`, audience });
      const lonely = await listen((req, res) => server.emit('request', req, res));
      try {
        const headers = { authorization: `Bearer ${await accessToken()}` };
        assert.equal((await fetch(`${lonely.url}/inventory`, { headers })).status, 503);
      } finally {
        await lonely.close();
      }
    });
  });

  describe('started by hand', () => {
    const children: ChildProcess[] = [];
    after(async () => {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
    });

    function run(file: string, env: Record<string, string>): ChildProcess {
      const child = spawn(process.execPath, ['--import=tsx', file], {
        cwd: root,
        env: { PATH: process.env.PATH ?? '', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.push(child);
      return child;
    }

    it('the service shows what an API accepts and what it refuses', async () => {
      const child = run('examples/service/start.ts', { DATA_DIR: app.config.dataDirectory });
      const [output, [code]] = await Promise.all([text(child.stdout as Readable), once(child, 'exit')]);
      assert.equal(code, 0);
      assert.match(output, /With the token: 200 .*\nWithout one: 401 .*\nWith a tampered one: 401 /);
    });

    it('the portal says where it is and who can sign in', async () => {
      const port = await freePort();
      const child = run('examples/run.ts', { DATA_DIR: app.config.dataDirectory, PORT: String(port) });
      const [line] = await once(child.stdout as Readable, 'data');
      assert.match(String(line), new RegExp(`Open http://localhost:${port}/`));
      assert.match(String(line), /Sign in as olivia\.hart@example\.com with the password [\w-]+/);
      const page = await (await fetch(`http://localhost:${port}/`)).text();
      assert.match(page, /You are not signed in/);
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      assert.deepEqual(await ended, [0, null]);
    });

    it('the portal says what to do where no Gatehouse has been started', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'gatehouse-examples-'));
      try {
        const first = run('examples/run.ts', { DATA_DIR: directory });
        assert.match(await text(first.stderr as Readable), /There are no sample accounts yet.*npm start/);
        const issuer = `http://localhost:${await freePort()}`;
        await writeFile(join(directory, 'development-accounts.json'), JSON.stringify({ ...accounts, issuer }));
        const second = run('examples/run.ts', { DATA_DIR: directory });
        const said = await text(second.stderr as Readable);
        assert.equal(said.trim(), `No Gatehouse answers at ${issuer}. Start it first, in another terminal: npm start`);
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
  });

  /** A sample application as it is registered, but at a port that is free. */
  async function startApplication(which: 'portal' | 'reports'): Promise<Application> {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const { clientId } = accounts.clients[which];
    const addresses = {
      redirect_uris: [`${url}/callback`],
      post_logout_redirect_uris: [`${url}/`],
      backchannel_logout_uri: `${url}/backchannel-logout`,
      backchannel_logout_session_required: true,
    };
    await app.db.raw('update clients set metadata = metadata || ?::jsonb where client_id = ?', [
      JSON.stringify(addresses),
      clientId,
    ]);
    const settings =
      which === 'portal'
        ? loadSettings({
            DATA_DIR: app.config.dataDirectory,
            PORT: String(port),
            API_URL: `${api.url}/inventory`,
          })
        : reportsSettings(accounts, port);
    const server = await createRelyingParty(settings);
    server.listen(port, 'localhost');
    await once(server, 'listening');
    return {
      url,
      async close() {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      },
    };
  }
});
