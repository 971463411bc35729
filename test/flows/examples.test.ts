import assert from 'node:assert/strict';
import { once } from 'node:events';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Page } from 'playwright-core';
import { createRelyingParty } from '../../examples/relying-party/relying-party.ts';
import { createApi } from '../../examples/service/api.ts';
import { createTokenSource } from '../../examples/service/service.ts';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { revokeAllSessions } from '../../src/domain/sessions/sessions.ts';
import { freePort, startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { assign, createRole } from '../support/factories.ts';
import { type LoopbackServer, listen } from '../support/loopback.ts';

const audience = 'https://api.northwind.example/';
const otherAudience = 'https://other.northwind.example/';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('the sample applications', () => {
  let app: TestApp;
  let api: LoopbackServer;
  /** May read the inventory. */
  let anna: Person;
  /** May not. */
  let bo: Person;

  before(async () => {
    app = await startTestApp({ runJobs: true });
    const tenantId = null;
    const { id } = await createResourceServer(app.db, { tenantId, identifier: audience, name: 'API' }, systemCaller);
    await defineCapability(app.db, { key: 'inventory.read', resourceServerId: id }, systemCaller);
    await defineCapability(app.db, { key: 'inventory.count', resourceServerId: id }, systemCaller);
    const other = { tenantId, identifier: otherAudience, name: 'Other API' };
    const { id: otherId } = await createResourceServer(app.db, other, systemCaller);
    await defineCapability(app.db, { key: 'letters.read', resourceServerId: otherId }, systemCaller);

    anna = await app.person({ fullName: 'Anna <Larsson>' });
    bo = await app.person({ fullName: 'Bo Berg' });
    const role = await createRole(app.db, { tenantId: anna.tenantId, capabilities: ['inventory.read'] });
    await assign(app.db, { tenantId: anna.tenantId, userId: anna.id, roleId: role.id });

    const server = createApi({ issuer: app.issuer, audience });
    api = await listen((req, res) => server.emit('request', req, res));
  });
  after(async () => {
    await api?.close();
    await app?.stop();
  });

  describe('the portal, in a browser', () => {
    let browser: TestBrowser;
    let portal: { url: string; close(): Promise<void> };
    let page: Page;

    before(async function () {
      const opened = await openBrowser();
      if (!opened) return this.skip();
      browser = opened;
      portal = await startPortal(app, `${api.url}/inventory`);
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

    async function signIn(person: Person): Promise<void> {
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
      await signIn(anna);
      assert.equal(await textOf('h1'), 'Hello, Anna <Larsson>');
      assert.ok((await textOf('#id-token')).includes(anna.id));
      const userinfo = await textOf('#userinfo');
      assert.ok(userinfo.includes(anna.email) && userinfo.includes('inventory.read'), userinfo);
    });

    it('keeps tokens to itself', async () => {
      await signIn(anna);
      const cookies = await page.context().cookies(portal.url);
      const own = cookies.find(({ name }) => name === 'portal_session');
      assert.equal(own?.httpOnly, true);
      assert.equal(own?.sameSite, 'Lax');
      assert.doesNotMatch(await page.content(), /eyJ[\w-]+\.[\w-]+\./);
    });

    it('asks the API in the person’s name, and again with the same token', async () => {
      await signIn(anna);
      for (let times = 0; times < 2; times++) {
        await page.getByRole('button', { name: 'Ask the API' }).click();
        const notice = await textOf('#notice');
        assert.ok(notice.includes('The API answered') && notice.includes(anna.id), notice);
      }
    });

    it('is refused by the API where the person lacks the capability', async () => {
      await signIn(bo);
      await page.getByRole('button', { name: 'Ask the API' }).click();
      const notice = await textOf('#notice');
      assert.ok(notice.includes('The API refused: 403') && notice.includes('insufficient_scope'), notice);
    });

    it('refreshes, more than once', async () => {
      await signIn(anna);
      const times = new Set<string | null>();
      for (let count = 0; count < 2; count++) {
        await page.getByRole('button', { name: 'Refresh' }).click();
        times.add(await page.locator('#refreshed-at').getAttribute('datetime'));
      }
      assert.equal(times.size, 2);
      assert.ok((await textOf('#userinfo')).includes(anna.email));
    });

    it('signs out here and at Gatehouse', async () => {
      await signIn(anna);
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
      await signIn(anna);
      await revokeAllSessions(app.db, { tenantId: anna.tenantId, userId: anna.id }, systemCaller);
      // The call comes from a job, some moments later.
      for (let tries = 0; tries < 50 && (await textOf('h1')) !== 'You are not signed in'; tries++) {
        await page.waitForTimeout(100);
        await page.reload();
      }
      assert.equal(await textOf('h1'), 'You are not signed in');
    });

    it('works without scripts', async () => {
      await page.context().close();
      page = await browser.newPage({ javaScriptEnabled: false });
      await page.goto(portal.url);
      await signIn(anna);
      assert.equal(await textOf('h1'), 'Hello, Anna <Larsson>');
    });

    it('fits a phone', async () => {
      await page.context().close();
      page = await browser.newPage({ width: 360, colorScheme: 'dark' });
      await page.goto(portal.url);
      await signIn(anna);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    });
  });

  describe('the portal, towards strangers', () => {
    let portal: { url: string; close(): Promise<void> };
    before(async () => {
      portal = await startPortal(app, `${api.url}/inventory`);
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
      const token = `${part({ alg: 'none', typ: 'logout+jwt' })}.${part({ iss: app.issuer, sub: anna.id })}.`;
      for (const logout_token of [token, '', 'x']) {
        const body = new URLSearchParams({ logout_token });
        const answer = await fetch(`${portal.url}/backchannel-logout`, { method: 'POST', body });
        assert.equal(answer.status, 400);
      }
    });
  });

  describe('the service and its API', () => {
    const scope = 'inventory.read';

    async function call(token?: string): Promise<{ status: number; challenge: string | null; body: unknown }> {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(`${api.url}/inventory`, { headers });
      return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body: await answer.json() };
    }
    async function source(capabilities: string[], options: { resource?: string; scope: string }) {
      const client = await app.service({ capabilities });
      return {
        client,
        token: await createTokenSource({ issuer: app.issuer, ...client, resource: audience, ...options }),
      };
    }

    it('gets a token that the API accepts, and keeps it', async () => {
      const { client, token } = await source(['inventory.read'], { scope });
      const [first, second] = await Promise.all([token(), token()]);
      assert.equal(first, second);
      assert.equal(await token(), first);
      assert.equal(decodeProtectedHeader(first).typ, 'at+jwt');
      assert.equal(decodeJwt(first).aud, audience);
      const answer = await call(first);
      assert.equal(answer.status, 200);
      assert.deepEqual((answer.body as { for: unknown }).for, { subject: client.clientId, client: client.clientId });
    });

    it('is refused without a token, without an error code', async () => {
      assert.deepEqual(await call(), { status: 401, challenge: 'Bearer', body: { error: 'unauthorized' } });
    });

    it('is refused with a token that was tampered with', async () => {
      const { token } = await source(['inventory.count'], { scope: 'inventory.count' });
      const [header, payload = '', signature = ''] = (await token()).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const changed = Buffer.from(JSON.stringify({ ...claims, scope })).toString('base64url');
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
      const { token } = await source(['letters.read'], { resource: otherAudience, scope: 'letters.read' });
      assert.equal((await call(await token())).status, 401);
    });

    it('is refused without the scope', async () => {
      const { token } = await source(['inventory.count'], { scope: 'inventory.count' });
      const answer = await call(await token());
      assert.equal(answer.status, 403);
      assert.match(answer.challenge ?? '', /error="insufficient_scope", scope="inventory.read"/);
    });

    it('does not blame the token when keys cannot be fetched', async () => {
      const issuer = `http://localhost:${await freePort()}`;
      const server = createApi({ issuer, audience });
      const lonely = await listen((req, res) => server.emit('request', req, res));
      try {
        const { token } = await source(['inventory.read'], { scope });
        const headers = { authorization: `Bearer ${await token()}` };
        assert.equal((await fetch(`${lonely.url}/inventory`, { headers })).status, 503);
      } finally {
        await lonely.close();
      }
    });
  });
});

/** The portal at a port of its own, registered as a first-party client. */
async function startPortal(app: TestApp, apiUrl: string): Promise<{ url: string; close(): Promise<void> }> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const client = await app.relyingParty({
    name: 'Sample portal',
    redirectUris: [`${url}/callback`],
    postLogoutRedirectUris: [`${url}/`],
    metadata: { backchannel_logout_uri: `${url}/backchannel-logout`, backchannel_logout_session_required: true },
  });
  const server = await createRelyingParty({
    issuer: app.issuer,
    ...client,
    port,
    baseUrl: url,
    scope: 'openid profile email roles capabilities org inventory.read',
    api: { identifier: audience, url: apiUrl },
  });
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
