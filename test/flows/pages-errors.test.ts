import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { disableClient } from '../../src/domain/lifecycle/end-client.ts';
import { suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import { eventually } from '../support/eventually.ts';
import { backAtClient, enterPassword, headingOf, onStage, type Person } from '../support/pages.ts';
import type { RelyingParty } from '../support/relying-party.ts';

describe('the pages that say what went wrong', () => {
  let client: RelyingParty;
  let anna: Person;

  const stage = onStage(async () => {
    client = await stage().client();
    anna = await stage().app.person();
  });

  const page4xx = (options = {}) =>
    stage().newPage({ statuses: [400, 401, 404, 405, 409, 410, 413, 415, 422, 429], ...options });

  async function open(page: Page, parameters: Record<string, string> = {}): Promise<string> {
    const { address } = await stage().request(client, parameters);
    await page.goto(address.href);
    return page.url();
  }

  /** Says what happened in people's words, offers a way on, gives the number under which support finds it. */
  async function assertFriendly(page: Page, heading: string, text: RegExp): Promise<void> {
    assert.equal(await headingOf(page), heading);
    const shown = (await page.locator('main').textContent()) ?? '';
    assert.match(shown, text);
    assert.doesNotMatch(await page.content(), /node_modules|at [\w.]+ \(|Error:|undefined|\[object/);
    const id = (await page.locator('.request-id .mono').textContent()) ?? '';
    assert.match(id, /^[0-9a-f-]{36}$/);
    await eventually(() => stage().app.logs().includes(id), 'the log has the request number');
    await page.locator('main a.button').waitFor();
  }

  it('an unknown client', async () => {
    const page = await page4xx();
    const answer = await page.goto(`${stage().app.issuer}/authorize?client_id=nobody&response_type=code&scope=openid`);
    assert.equal(answer?.status(), 400);
    await assertFriendly(page, 'The application’s request was refused', /invalid_client/);
    await page.getByRole('link', { name: 'Go to the start page' }).click();
    assert.equal(await headingOf(page), 'Welcome');
  });

  it('a redirect_uri that the client did not register', async () => {
    const page = await page4xx();
    await open(page, { redirect_uri: `${stage().site.url}/elsewhere` });
    await assertFriendly(page, 'The application’s request was refused', /invalid_redirect_uri/);
    assert.ok(page.url().startsWith(stage().app.issuer));
  });

  it('a client that was disabled in the middle of a sign-in', async () => {
    const page = await page4xx();
    const passing = await stage().client();
    await page.goto((await stage().request(passing)).address.href);
    await disableClient(stage().app.db, passing.clientId, systemCaller);
    await enterPassword(page, anna);
    await assertFriendly(page, 'This page has expired', /start again from the application/);
  });

  it('a sign-in that took too long', async () => {
    const page = await page4xx();
    await open(page);
    // Both run out together, after an hour.
    await stage()
      .app.db('oidc_payloads')
      .where({ model: 'Interaction' })
      .update({ expiresAt: new Date(0) });
    await page.context().clearCookies();
    await enterPassword(page, anna);
    await assertFriendly(page, 'This page has expired', /took too long/);
  });

  it('a sign-in that is finished', async () => {
    const page = await page4xx();
    const address = await open(page);
    await enterPassword(page, anna);
    const callback = await backAtClient(page, stage());
    assert.ok(callback.searchParams.get('code'));
    const home = new URL('/', callback).href;
    await page.goto(address);
    assert.equal(page.url(), home, 'whoever is still signed in is led on');
    await page.context().clearCookies({ name: /session/ });
    for (const path of ['', '/sign-in', '/consent', '/tenant', '/select-account', '/cancel']) {
      await page.goto(address.replace(/\/sign-in$/, path));
      await assertFriendly(page, 'This was already used', /already finished/);
    }
    await page.goto(address.replace(/\/interaction\/([^/]+)\/sign-in$/, '/authorize/$1'));
    await assertFriendly(page, 'This page has expired', /start again from the application/);
  });

  it('a sign-in that another browser began', async () => {
    const [page, other] = [await page4xx(), await page4xx()];
    const address = await open(page);
    await other.goto(address);
    await assertFriendly(other, 'This belongs to another browser', /begun in another browser/);
    await enterPassword(page, anna);
    await backAtClient(page, stage());
  });

  it('an address at which there is nothing', async () => {
    const page = await page4xx();
    for (const path of ['/nothing/here', '/interaction/x', '/interaction/x/sign-in', '/account/nothing']) {
      const answer = await page.goto(`${stage().app.issuer}${path}`);
      assert.ok([404, 410].includes(answer?.status() ?? 0), `${path} ${answer?.status()}`);
      await assertFriendly(page, path.includes('/x') ? 'This page has expired' : 'There is nothing here', /./);
    }
  });

  it('an organisation that is suspended', async () => {
    const page = await page4xx();
    const tenant = await stage().app.tenant();
    const person = await stage().app.person({ tenantId: tenant.id });
    await open(page);
    await suspendTenant(stage().app.db, tenant.id, systemCaller);
    await enterPassword(page, person);
    assert.match((await page.locator('#error-summary').textContent()) ?? '', /don’t match/);
  });

  it('too many tries: the page says when to come back, and the form stays', async () => {
    const page = await page4xx();
    await open(page);
    await stage()
      .app.db('rate_limits')
      .insert({ key: 'signInPerIp:127.0.0.1', hits: 1000, windowEndsAt: new Date(Date.now() + 90_000) })
      .onConflict('key')
      .merge();
    await enterPassword(page, anna);
    assert.match((await page.locator('#error-summary').textContent()) ?? '', /Try again in (2 minutes|\d+ seconds)\./);
    assert.equal(await page.getByLabel('Email address').inputValue(), anna.email);
    await stage().app.db('rate_limits').delete();
    await enterPassword(page, anna);
    await backAtClient(page, stage());
  });

  it('in French and without scripts', async () => {
    const page = await page4xx({ locale: 'fr', javaScriptEnabled: false });
    await page.goto(`${stage().app.issuer}/rien`);
    await assertFriendly(page, 'Il n’y a rien ici', /n’avons rien trouvé/);
    await page.getByRole('link', { name: 'English' }).click();
    await assertFriendly(page, 'There is nothing here', /found nothing/);
  });

  it('JSON for a program that reads no pages', async () => {
    const answer = await fetch(`${stage().app.issuer}/nothing`, { headers: { accept: 'application/json' } });
    assert.equal(answer.status, 404);
    const { code, requestId } = (await answer.json()) as { code: string; requestId: string };
    assert.equal(code, 'NOT_FOUND');
    assert.ok(requestId);
  });
});
