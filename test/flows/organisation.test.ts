/** A person with accounts in several organisations under one address, at an application that leaves the organisation open. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import type { ClientCredential } from '../support/endpoints.ts';

const callback = { until: 'http://localhost:1/' };

describe('naming the organisation first', () => {
  let app: TestApp;
  let client: ClientCredential;
  const email = 'ada@organisations.example';
  const people: { slug: string; id: string; password: string }[] = [];
  before(async () => {
    app = await startTestApp();
    client = await app.relyingParty();
    for (const slug of ['alpha', 'beta', 'gamma', 'delta']) {
      const { id: tenantId } = await app.tenant({ slug, name: `Organisation ${slug}` });
      const { id, password } = await app.person({ tenantId, email });
      people.push({ slug, id, password });
    }
  });
  after(() => app?.stop());

  function address(more: Record<string, string> = {}): string {
    const query = new URLSearchParams({
      client_id: client.clientId,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: 'http://localhost:1/callback',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...more,
    });
    return `${app.issuer}/authorize?${query}`;
  }

  const hrefIn = (page: Reply) => /href="([^"]*\/organisation)"/.exec(page.body)?.[1];
  const signIn = (browser: Browserless, page: Reply, password: string, login = email) =>
    browser.submit(page, { login, password }, callback);

  async function named(browser: Browserless, organisation: string): Promise<Reply> {
    const page = await browser.open(address(), callback.until);
    const form = await browser.open(app.issuer + (hrefIn(page) ?? ''));
    return browser.submit(form, { organisation });
  }

  it('signs in to each of four, where two at the most are compared without', async () => {
    let unnamed = 0;
    for (const { password } of people) {
      const browser = new Browserless();
      const end = await signIn(browser, await browser.open(address(), callback.until), password);
      if (end.location?.startsWith(callback.until)) unnamed += 1;
      else assert.equal(end.status, 401);
    }
    assert.equal(unnamed, 2);
    await app.db('sign_in_failures').delete();
    for (const { slug, password } of people) {
      const browser = new Browserless();
      const page = await named(browser, ` ${slug.toUpperCase()} `);
      assert.match(page.body, new RegExp(`Organisation ${slug}|name="password"`));
      const end = await signIn(browser, page, password);
      assert.match(end.location ?? '', /[?&]code=/, slug);
    }
    const signedIn = await app.db('user_sessions').distinct('user_id').pluck('user_id');
    assert.deepEqual(signedIn.sort(), people.map(({ id }) => id).sort());
  });

  it('takes no other organisation’s password once one is named', async () => {
    const [alpha, beta] = people;
    const browser = new Browserless();
    const end = await signIn(browser, await named(browser, alpha?.slug ?? ''), beta?.password ?? '');
    assert.equal(end.status, 401);
  });

  it('is offered to everybody alike, whatever the address has', async () => {
    const texts = [];
    for (const login of [email, 'nobody@organisations.example']) {
      const browser = new Browserless();
      const refused = await signIn(browser, await browser.open(address(), callback.until), 'wrong wrong wrong', login);
      assert.ok(hrefIn(refused), login);
      const text = refused.body.replaceAll(login, '').replace(/\/interaction\/[\w-]+/g, '');
      texts.push(text.replace(/data-challenge="[^"]+"/, ''));
    }
    assert.equal(texts[0], texts[1]);
  });

  it('may be left open again, and refuses names that are nobody’s or of an organisation that was stopped', async () => {
    const { id } = await app.tenant({ slug: 'stopped' });
    await suspendTenant(app.db, id, systemCaller);
    for (const name of ['no-such-one', 'stopped', "' or 1=1 --", 'x'.repeat(500)]) {
      const page = await named(new Browserless(), name);
      assert.equal(page.status, 422, name);
      assert.match(page.body, /No organisation has that short name/);
    }
    assert.equal((await named(new Browserless(), ' ')).status, 422);

    const browser = new Browserless();
    const page = await named(browser, 'gamma');
    const form = await browser.open(app.issuer + (hrefIn(page) ?? ''));
    assert.match(form.body, /value="gamma"/);
    const any = /href="([^"]*\/organisation\?any)"/.exec(form.body)?.[1];
    const open = await browser.open(app.issuer + (any ?? ''));
    assert.doesNotMatch(open.body, /Choose another organisation/);
  });

  it('is not asked where the application has chosen, and counts names that are nobody’s', async () => {
    const browser = new Browserless();
    const page = await browser.open(address({ tenant: 'alpha' }), callback.until);
    assert.equal(hrefIn(page), undefined);
    const led = await browser.open(page.url.replace('/sign-in', '/organisation'));
    assert.match(led.body, /name="password"/);

    let status = 0;
    for (let guess = 0; guess < 61 && status !== 429; guess++)
      ({ status } = await named(new Browserless(), `guess-${guess}`));
    assert.equal(status, 429);
  });
});
