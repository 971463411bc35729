import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { activateTenant, suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless, type Reply } from '../../support/browserless.ts';
import { introspect, refresh, userinfoStatus } from '../../support/endpoints.ts';
import {
  discover,
  enterPassword,
  type RelyingParty,
  redirectUri,
  signIn,
  startSignIn,
} from '../../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('the tenant of an authorization request', () => {
  let app: TestApp;
  let north: NewTenant;
  let south: NewTenant;
  let northerner: Person;
  let southerner: Person;
  let anybodys: RelyingParty;
  let norths: RelyingParty;
  let souths: RelyingParty;
  before(async () => {
    app = await startTestApp();
    north = await app.tenant();
    south = await app.tenant();
    northerner = await app.person({ tenantId: north.id });
    southerner = await app.person({ tenantId: south.id });
    anybodys = await discover(app, await app.relyingParty());
    norths = await discover(app, await app.relyingParty({ tenantId: north.id }));
    souths = await discover(app, await app.relyingParty({ tenantId: south.id }));
  });
  after(() => app?.stop());

  async function ask(browser: Browserless, of: RelyingParty, parameters: Record<string, string> = {}): Promise<Reply> {
    const { address } = await startSignIn(of, parameters);
    return browser.open(address.href, redirectUri);
  }

  function answerOf(reply: Reply): URLSearchParams {
    assert.ok(reply.location?.startsWith(redirectUri), `${reply.status} ${reply.body}`);
    return new URL(reply.location as string).searchParams;
  }

  const isSignIn = (page: Reply) => /name="password"/.test(page.body) && !page.location;

  it('is the client’s: a session of another tenant leads to a new sign-in', async () => {
    const { browser } = await signIn(norths, northerner);
    assert.equal(answerOf(await ask(browser, souths, { prompt: 'none' })).get('error'), 'login_required');
    const page = await ask(browser, souths);
    assert.ok(isSignIn(page));
    assert.match(page.body, new RegExp(south.name));

    const switching = await enterPassword(browser, page, southerner);
    const done = switching.location ? switching : await browser.submit(switching, {}, { until: redirectUri });
    assert.ok(answerOf(done).get('code'), done.body);
    const silent = await signIn(souths, southerner, { browser, parameters: { prompt: 'none' } });
    assert.equal(silent.tokens.claims()?.sub, southerner.id);
    assert.equal(answerOf(await ask(browser, norths, { prompt: 'none' })).get('error'), 'login_required');
  });

  it('refuses a person of another tenant on the page, as it would anybody unknown', async () => {
    const browser = new Browserless();
    const page = await ask(browser, souths);
    const refused = await enterPassword(browser, page, northerner);
    assert.equal(refused.status, 401);
    assert.ok(isSignIn(refused));
    assert.equal(answerOf(await ask(browser, souths, { prompt: 'none' })).get('error'), 'login_required');
  });

  it('is not got around by choosing the account that is signed in', async () => {
    const { browser } = await signIn(norths, northerner);
    const page = await ask(browser, souths, { prompt: 'select_account' });
    assert.match(page.body, /select-account\/continue/);
    const next = await browser.submit(page, {}, { until: redirectUri, form: 0 });
    assert.ok(isSignIn(next));
  });

  it('may be named where the client serves all', async () => {
    const { browser, tokens } = await signIn(anybodys, northerner, { parameters: { tenant: north.slug } });
    assert.equal(tokens.claims()?.sub, northerner.id);
    assert.ok(answerOf(await ask(browser, anybodys, { tenant: north.slug, prompt: 'none' })).get('code'));
    const other = answerOf(await ask(browser, anybodys, { tenant: south.slug, prompt: 'none' }));
    assert.equal(other.get('error'), 'login_required');
    assert.ok(isSignIn(await ask(browser, anybodys, { tenant: south.slug })));
  });

  it('may not be another than the client’s', async () => {
    const refused = answerOf(await ask(new Browserless(), norths, { tenant: south.slug }));
    assert.equal(refused.get('error'), 'invalid_request');
    assert.ok(isSignIn(await ask(new Browserless(), norths, { tenant: north.slug })));
  });

  it('is chosen by a person who has one address in several, after the proof and not before', async () => {
    const email = 'both@example.test';
    const password = 'one password for two houses';
    const here = await app.person({ tenantId: north.id, email, password });
    const there = await app.person({ tenantId: south.id, email, password });
    const browser = new Browserless();
    const page = await ask(browser, anybodys);
    const wrong = await enterPassword(browser, page, { email, password: 'something else altogether' });
    assert.equal(wrong.status, 401);
    assert.doesNotMatch(wrong.body, new RegExp(`${north.name}|${south.name}`));

    const choice = await enterPassword(browser, page, { email, password });
    assert.match(choice.body, new RegExp(north.name));
    assert.match(choice.body, new RegExp(south.name));
    assert.equal(answerOf(await ask(browser, anybodys, { prompt: 'none' })).get('error'), 'login_required');

    const forged = await browser.submit(choice, { account: southerner.id }, { until: redirectUri });
    assert.equal(forged.status, 403);
    const chosen = await browser.submit(choice, { account: there.id }, { until: redirectUri });
    assert.ok(answerOf(chosen).get('code'));
    const silent = await signIn(anybodys, there, { browser, parameters: { prompt: 'none' } });
    assert.equal(silent.tokens.claims()?.sub, there.id);
    assert.notEqual(here.id, there.id);
  });

  it('is not asked for where the client or the request says it', async () => {
    const email = 'named@example.test';
    const password = 'another password for two houses';
    const here = await app.person({ tenantId: north.id, email, password });
    await app.person({ tenantId: south.id, email, password });
    const { tokens } = await signIn(norths, here);
    assert.equal(tokens.claims()?.sub, here.id);
    const named = await signIn(anybodys, here, { parameters: { tenant: north.slug } });
    assert.equal(named.tokens.claims()?.sub, here.id);
  });

  describe('that is suspended', () => {
    let tenant: NewTenant;
    let person: Person;
    let party: RelyingParty;
    before(async () => {
      tenant = await app.tenant();
      person = await app.person({ tenantId: tenant.id });
      party = await discover(app, await app.relyingParty({ tenantId: tenant.id }));
    });

    it('lets nobody in, ends nothing in a crash, and lets them on when it is active again', async () => {
      const own = await signIn(party, person);
      const shared = await signIn(anybodys, person, { browser: own.browser });
      await suspendTenant(app.db, tenant.id, systemCaller);

      const page = await ask(own.browser, party);
      assert.equal(page.status, 400);
      assert.match(page.body, />invalid_client</);
      const named = answerOf(await ask(new Browserless(), anybodys, { tenant: tenant.slug }));
      assert.equal(named.get('error'), 'access_denied');

      assert.ok(isSignIn(await ask(own.browser, anybodys)));
      const silent = answerOf(await ask(own.browser, anybodys, { prompt: 'none' }));
      assert.equal(silent.get('error'), 'login_required');
      const browser = new Browserless();
      const refused = await enterPassword(browser, await ask(browser, anybodys), person);
      assert.equal(refused.status, 401);

      assert.equal(await userinfoStatus(app.issuer, own.tokens.access_token), 401);
      assert.equal(await userinfoStatus(app.issuer, shared.tokens.access_token), 401);
      assert.equal((await introspect(app.issuer, anybodys, shared.tokens.access_token)).body.active, false);
      const line = await refresh(app.issuer, anybodys, shared.tokens.refresh_token as string);
      assert.equal(line.body.error, 'invalid_grant');
      const owns = await refresh(app.issuer, party, own.tokens.refresh_token as string);
      assert.equal(owns.body.error, 'invalid_client');

      await activateTenant(app.db, tenant.id, systemCaller);
      assert.equal((await signIn(party, person)).tokens.claims()?.sub, person.id);
    });

    it('stops a sign-in that is half done', async () => {
      const browser = new Browserless();
      const { address } = await startSignIn(anybodys);
      const page = await browser.open(address.href);
      const posted = await browser.send(new URL(/action="([^"]+)"/.exec(page.body)?.[1] as string, page.url).href, {
        login: person.email,
        password: person.password,
      });
      assert.equal(posted.status, 303);
      await suspendTenant(app.db, tenant.id, systemCaller);
      const ended = await browser.follow(posted, redirectUri);
      assert.equal(ended.status, 400);
      assert.match(ended.body, /class="request-id"/);
      await activateTenant(app.db, tenant.id, systemCaller);
      const revived = await browser.follow(posted, redirectUri);
      assert.equal(revived.status, 400, 'what was proved before does not come to life again');
      assert.equal((await browser.send(`${app.issuer}/account`)).status, 303);
    });
  });
});
