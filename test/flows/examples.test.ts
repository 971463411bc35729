import assert from 'node:assert/strict';
import { once } from 'node:events';
import { decodeJwt } from 'jose';
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

async function arrange(app: TestApp) {
  const api = await createResourceServer(
    app.db,
    { tenantId: null, identifier: audience, name: 'Northwind API' },
    systemCaller,
  );
  await defineCapability(app.db, { key: 'inventory.read', resourceServerId: api.id }, systemCaller);
  const person = await app.person();
  const role = await createRole(app.db, { tenantId: person.tenantId, capabilities: ['inventory.read'] });
  await assign(app.db, { tenantId: person.tenantId, userId: person.id, roleId: role.id });
  return { person, role };
}

describe('the sample applications', () => {
  let app: TestApp;
  let api: LoopbackServer;
  let person: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp({ runJobs: true });
    ({ person } = await arrange(app));
    const { emit } = createApi({ issuer: app.issuer, audience });
    void emit;
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
      const port = await freePort();
      const baseUrl = `http://localhost:${port}`;
      const client = await app.relyingParty({
        name: 'Sample portal',
        redirectUris: [`${baseUrl}/callback`],
        postLogoutRedirectUris: [`${baseUrl}/`],
        metadata: {
          backchannel_logout_uri: `${baseUrl}/backchannel-logout`,
          backchannel_logout_session_required: true,
        },
      });
      const server = await createRelyingParty({
        issuer: app.issuer,
        ...client,
        port,
        baseUrl,
        scope: 'openid profile email roles capabilities org inventory.read',
        api: { identifier: audience, url: `${api.url}/inventory` },
      });
      server.listen(port, 'localhost');
      await once(server, 'listening');
      portal = {
        url: baseUrl,
        async close() {
          const closed = once(server, 'close');
          server.close();
          server.closeAllConnections();
          await closed;
        },
      };
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

    async function signIn(): Promise<void> {
      await page.getByRole('link', { name: 'Sign in with Gatehouse' }).click();
      await page.locator('#login').fill(person.email);
      await page.locator('#password').fill(person.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${portal.url}/`);
    }

    it('shows who signed in, from the id_token and from userinfo', async () => {
      await signIn();
      await page.screenshot({ path: '/tmp/examples-packaging/signed-in.png', fullPage: true });
      assert.match(await page.locator('h1').innerText(), new RegExp(`Hello, ${person.fullName}`));
      assert.match(await page.locator('#id-token').innerText(), new RegExp(person.id));
      const userinfo = await page.locator('#userinfo').innerText();
      assert.ok(userinfo.includes(person.email), userinfo);
      assert.ok(userinfo.includes('inventory.read'), userinfo);
    });

    it('asks the API in the person’s name', async () => {
      await signIn();
      await page.getByRole('button', { name: 'Ask the API' }).click();
      const notice = await page.locator('#notice').innerText();
      assert.ok(notice.includes('The API answered') && notice.includes(person.id), notice);
    });
  });
});
