import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { grantCapabilityToRole } from '../../src/domain/access/roles.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { revokeAllSessions } from '../../src/domain/sessions/sessions.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { type Application, type SampleApp, type SamplePerson, startSampleApp } from '../support/sample-applications.ts';
import { codeOf } from '../support/second-factor.ts';

describe('the sample portal', () => {
  let sample: SampleApp;
  /** May see the stock. */
  let director: SamplePerson;
  /** May not. */
  let teacher: SamplePerson;

  before(async () => {
    sample = await startSampleApp();
    director = sample.personNamed('Olivia Hart');
    teacher = sample.personNamed('Clara Nyström');
  });
  after(() => sample?.stop());

  describe('in a browser', () => {
    let browser: TestBrowser;
    let portal: Application;
    let page: Page;

    before(async function () {
      const opened = await openBrowser();
      if (!opened) return this.skip();
      browser = opened;
      portal = await sample.startApplication('portal');
    });
    beforeEach(async () => {
      page = await browser.newPage();
      await page.goto(portal.url);
    });
    afterEach(async () => {
      // The next one signs in as everybody does.
      await sample.app.db('user_factors').delete();
      await page?.context().close();
      browser?.assertNoFaults();
    });
    after(async () => {
      await browser?.close();
      await portal?.close();
    });

    async function signIn(person: SamplePerson): Promise<void> {
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

    it('has the person prove more where the API asks for it, and comes back with the answer', async () => {
      await signIn(director);
      await page.getByRole('button', { name: 'Ask for the costs' }).click();
      // Nothing is enrolled: the person proves the password again, and sets up an app.
      await page.locator('#password').fill(director.password);
      await page.getByRole('button', { name: /^(Sign in|Continue|Confirm)/ }).click();
      const seed = ((await page.locator('.seed').textContent()) ?? '').replaceAll(' ', '').trim();
      await page.locator('#code').fill(codeOf(seed));
      await page.locator('form:has(#code) button[type=submit]').click();
      await page.locator('.recovery-codes').waitFor();
      await page.locator('form button[type=submit]').click();
      await page.waitForURL(`${portal.url}/`);
      const notice = await textOf('#notice');
      assert.ok(notice.includes('The API answered') && notice.includes('18.00 EUR'), notice);
      assert.match(await textOf('#id-token'), /urn:gatehouse:acr:aal2/);
      // From now on it is there, without a question.
      await page.getByRole('button', { name: 'Ask for the costs' }).click();
      assert.ok((await textOf('#notice')).includes('18.00 EUR'));
    });

    it('is refused by the API where the person lacks the capability', async () => {
      await signIn(teacher);
      await page.getByRole('button', { name: 'Ask the API' }).click();
      const notice = await textOf('#notice');
      assert.ok(notice.includes('The API refused: 403') && notice.includes('insufficient_scope'), notice);
    });

    it('asks the API for a person of whom there is more to say than a token holds', async () => {
      const { db } = sample.app;
      const role = await db('roles').where({ name: 'Regional manager' }).first('id', 'tenant_id');
      for (let shelf = 0; shelf < 60; shelf++) {
        const capability = `inventory.shelf-${shelf}-of-the-${'very-'.repeat(5)}large-warehouse`;
        await defineCapability(db, { key: capability }, systemCaller);
        const grant = { tenantId: role.tenantId, roleId: role.id, capability };
        await grantCapabilityToRole(db, grant, systemCaller);
      }
      await signIn(sample.personNamed('Farid Haddad'));
      await page.getByRole('button', { name: 'Ask the API' }).click();
      const notice = await textOf('#notice');
      assert.ok(notice.includes('The API answered'), notice);
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
      // The portal names the session by its id_token, so Gatehouse asks nothing and sends the browser back.
      await page.waitForURL(`${portal.url}/`);
      assert.equal(await textOf('h1'), 'You are not signed in');
      await page.getByRole('link', { name: 'Sign in with Gatehouse' }).click();
      await page.locator('#password').waitFor();
    });

    it('signs out when the session ends at Gatehouse', async () => {
      await signIn(director);
      const user = await sample.app.db('users').where({ email: director.email }).first('id', 'tenant_id');
      await revokeAllSessions(sample.app.db, { tenantId: user.tenantId, userId: user.id }, systemCaller);
      // The call comes from a job, some moments later.
      await eventually(async () => {
        await page.reload();
        return (await textOf('h1')) === 'You are not signed in';
      });
    });

    it('signs in to a third party without a password, after consent', async () => {
      const reports = await sample.startApplication('reports');
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

  describe('towards strangers', () => {
    let portal: Application;
    before(async () => {
      portal = await sample.startApplication('portal');
    });
    after(() => portal?.close());

    it('refuses an answer that it did not ask for', async () => {
      const answer = await fetch(
        `${portal.url}/callback?code=abc&state=def&iss=${encodeURIComponent(sample.app.issuer)}`,
      );
      assert.equal(answer.status, 400);
    });

    it('refuses an answer with another state', async () => {
      const start = await fetch(`${portal.url}/sign-in`, { redirect: 'manual' });
      const cookie = start.headers.get('set-cookie')?.split(';')[0] ?? '';
      const answer = await fetch(
        `${portal.url}/callback?code=abc&state=def&iss=${encodeURIComponent(sample.app.issuer)}`,
        {
          headers: { cookie },
        },
      );
      assert.equal(answer.status, 400);
      assert.match(await answer.text(), /Signing in did not work/);
    });

    it('refuses a form of another site', async () => {
      const headers = { 'sec-fetch-site': 'cross-site' };
      assert.equal((await fetch(`${portal.url}/sign-out`, { method: 'POST', headers })).status, 403);
    });

    it('refuses a logout token that Gatehouse did not sign', async () => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const token = `${part({ alg: 'none', typ: 'logout+jwt' })}.${part({ iss: sample.app.issuer, sub: 'x' })}.`;
      for (const logout_token of [token, '', 'x']) {
        const body = new URLSearchParams({ logout_token });
        const answer = await fetch(`${portal.url}/backchannel-logout`, { method: 'POST', body });
        assert.equal(answer.status, 400);
      }
    });
  });
});
