import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless, type Reply } from '../../support/browserless.ts';
import { userinfoStatus } from '../../support/endpoints.ts';
import { eventually } from '../../support/eventually.ts';
import {
  discover,
  enterPassword,
  type RelyingParty,
  redirectUri,
  signIn,
  startSignIn,
} from '../../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('when a person is asked', () => {
  let app: TestApp;
  let person: Person;
  let party: RelyingParty;
  let thirdParty: RelyingParty;
  before(async () => {
    app = await startTestApp();
    person = await app.person();
    party = await discover(app, await app.relyingParty());
    thirdParty = await discover(app, await app.relyingParty({ firstParty: false }));
  });
  after(() => app?.stop());

  async function ask(
    browser: Browserless,
    parameters: Record<string, string> = {},
    of: RelyingParty = party,
  ): Promise<Reply> {
    const { address } = await startSignIn(of, parameters);
    return browser.open(address.href, redirectUri);
  }

  function answerOf(reply: Reply): URLSearchParams {
    assert.ok(reply.location?.startsWith(redirectUri), `${reply.status} ${reply.body}`);
    const { searchParams } = new URL(reply.location as string);
    assert.equal(searchParams.get('iss'), app.issuer);
    return searchParams;
  }

  const isSignIn = (page: Reply) => page.status === 200 && /name="password"/.test(page.body);

  describe('prompt=none', () => {
    it('is answered login_required where nobody is signed in', async () => {
      assert.equal(answerOf(await ask(new Browserless(), { prompt: 'none' })).get('error'), 'login_required');
    });

    it('gives a code where the person is signed in, and goes unseen', async () => {
      const { browser } = await signIn(party, person);
      assert.ok(answerOf(await ask(browser, { prompt: 'none' })).get('code'));
    });

    it('is answered consent_required where a third party has no consent yet', async () => {
      const { browser } = await signIn(party, person);
      const answer = answerOf(await ask(browser, { prompt: 'none' }, thirdParty));
      assert.equal(answer.get('error'), 'consent_required');
      await signIn(thirdParty, person, { browser });
      assert.ok(answerOf(await ask(browser, { prompt: 'none' }, thirdParty)).get('code'));
      const wider = await ask(browser, { prompt: 'none', scope: 'openid profile email phone' }, thirdParty);
      assert.equal(answerOf(wider).get('error'), 'consent_required');
    });

    it('stands alone', async () => {
      const answer = answerOf(await ask(new Browserless(), { prompt: 'none login' }));
      assert.equal(answer.get('error'), 'invalid_request');
      for (const prompt of ['none create', 'register'])
        assert.equal(answerOf(await ask(new Browserless(), { prompt })).get('error'), 'invalid_request', prompt);
    });

    it('is answered login_required where the proof is older than max_age', async () => {
      const { browser } = await signIn(party, person);
      const provedAt = Date.now();
      await eventually(() => Date.now() - provedAt > 2_000, 'the proof is two seconds old');
      const answer = answerOf(await ask(browser, { prompt: 'none', max_age: '1' }));
      assert.equal(answer.get('error'), 'login_required');
      assert.ok(answerOf(await ask(browser, { prompt: 'none', max_age: '1000' })).get('code'));
    });
  });

  it('asks again for prompt=login and for max_age=0, and auth_time tells of it', async () => {
    const first = await signIn(party, person);
    const before = first.tokens.claims()?.auth_time as number;
    const began = Math.floor(Date.now() / 1000);
    await eventually(() => Math.floor(Date.now() / 1000) > began, 'another second has begun');
    for (const parameters of [{ prompt: 'login' }, { max_age: '0' }] as Record<string, string>[]) {
      assert.ok(isSignIn(await ask(first.browser, parameters)));
      const again = await signIn(party, person, { browser: first.browser, parameters });
      const authTime = again.tokens.claims()?.auth_time as number;
      assert.ok(authTime > before && authTime > began && authTime <= Date.now() / 1000);
    }
    const silent = await signIn(party, person, { browser: first.browser, parameters: { max_age: '600' } });
    assert.ok((silent.tokens.claims()?.auth_time as number) > before);
    const rows = await app.db('userSessions').where({ userId: person.id }).whereNull('revokedAt');
    assert.ok(rows.some((row) => Math.floor(row.loginAt / 1000) === silent.tokens.claims()?.auth_time));
  });

  it('refuses a max_age that is no number', async () => {
    assert.equal(answerOf(await ask(new Browserless(), { max_age: '-1' })).get('error'), 'invalid_request');
    assert.equal(answerOf(await ask(new Browserless(), { max_age: 'x' })).get('error'), 'invalid_request');
  });

  it('asks for consent with prompt=consent, first party or not, and takes no for an answer', async () => {
    const { browser } = await signIn(party, person);
    const page = await ask(browser, { prompt: 'consent' });
    assert.match(page.body, /name="decision"/);
    const refused = await browser.submit(page, { decision: 'deny' }, { until: redirectUri });
    assert.equal(answerOf(refused).get('error'), 'access_denied');
    const again = await ask(browser, { prompt: 'consent' }, thirdParty);
    const allowed = await browser.submit(again, { decision: 'allow' }, { until: redirectUri });
    assert.ok(answerOf(allowed).get('code'));
  });

  it('gives a third party a refresh token for offline_access with consent, and not without', async () => {
    const offline = { scope: 'openid offline_access' };
    const silent = await signIn(thirdParty, person, { parameters: offline });
    assert.equal(silent.tokens.refresh_token, undefined);
    const asked = await signIn(thirdParty, person, { parameters: { ...offline, prompt: 'consent' } });
    assert.ok(asked.tokens.refresh_token);
  });

  it('lets the person choose with prompt=select_account: the same, or another', async () => {
    const colleague = await app.person();
    const { browser } = await signIn(party, person);
    const page = await ask(browser, { prompt: 'select_account' });
    assert.match(page.body, /select-account\/continue/);
    const same = await browser.submit(page, {}, { until: redirectUri, form: 0 });
    assert.ok(answerOf(same).get('code'));

    const other = await browser.submit(await ask(browser, { prompt: 'select_account' }), {}, { form: 1 });
    assert.ok(isSignIn(other));
    const switching = await enterPassword(browser, other, colleague);
    const done = switching.location ? switching : await browser.submit(switching, {}, { until: redirectUri });
    assert.ok(answerOf(done).get('code'), done.body);
    const silent = await signIn(party, colleague, { browser, parameters: { prompt: 'none' } });
    assert.equal(silent.tokens.claims()?.sub, colleague.id);
  });

  it('fills in login_hint, and shows nothing else of it', async () => {
    const page = await ask(new Browserless(), { login_hint: '"><script>alert(1)</script>' });
    assert.ok(isSignIn(page));
    assert.doesNotMatch(page.body, /<script>alert/);
    const hinted = await ask(new Browserless(), { login_hint: person.email });
    assert.match(hinted.body, new RegExp(`value="${person.email}"`));
  });

  describe('id_token_hint', () => {
    it('of the person who is signed in gives a code', async () => {
      const { browser, tokens } = await signIn(party, person);
      const parameters = { prompt: 'none', id_token_hint: tokens.id_token as string };
      assert.ok(answerOf(await ask(browser, parameters)).get('code'));
    });

    it('of another person is answered login_required, silently or after a sign-in that does not fit', async () => {
      const colleague = await app.person();
      const { tokens } = await signIn(party, colleague);
      const id_token_hint = tokens.id_token as string;
      const { browser } = await signIn(party, person);
      assert.equal(answerOf(await ask(browser, { prompt: 'none', id_token_hint })).get('error'), 'login_required');

      const page = await ask(browser, { id_token_hint });
      assert.ok(isSignIn(page));
      const wrong = await enterPassword(browser, page, person);
      assert.equal(answerOf(wrong).get('error'), 'login_required');

      const fresh = new Browserless();
      const right = await enterPassword(fresh, await ask(fresh, { id_token_hint }), colleague);
      assert.ok(answerOf(right).get('code'));
    });

    it('is the same as sub in the claims parameter', async () => {
      const colleague = await app.person();
      const claims = JSON.stringify({ id_token: { sub: { value: colleague.id } } });
      const browser = new Browserless();
      const wrong = await enterPassword(browser, await ask(browser, { claims }), person);
      assert.equal(answerOf(wrong).get('error'), 'login_required');
      const fresh = new Browserless();
      assert.ok(answerOf(await enterPassword(fresh, await ask(fresh, { claims }), colleague)).get('code'));
    });
  });

  describe('acr', () => {
    const aal1 = 'urn:gatehouse:acr:aal1';
    const withAcr = (acr: object) => ({ claims: JSON.stringify({ id_token: { acr } }) });

    it('asked for by acr_values is voluntary', async () => {
      const { tokens } = await signIn(party, person, { parameters: { acr_values: 'urn:example:gold' } });
      assert.equal(tokens.claims()?.acr, aal1);
    });

    it('that is essential and known is given', async () => {
      for (const acr of [
        { essential: true, values: ['urn:example:gold', aal1] },
        { essential: true, value: aal1 },
      ]) {
        const { tokens } = await signIn(party, person, { parameters: withAcr(acr) });
        assert.equal(tokens.claims()?.acr, aal1);
      }
    });

    for (const acr of [
      { essential: true, values: ['urn:example:gold'] },
      { essential: true, value: 'urn:example:gold' },
      { essential: true, values: [aal1], value: 'urn:example:gold' },
      { essential: true, values: ['urn:example:gold'], value: aal1 },
      { essential: true, values: [] },
    ])
      it(`that is essential and cannot be given is refused: ${JSON.stringify(acr)}`, async () => {
        const refused = answerOf(await ask(new Browserless(), withAcr(acr)));
        assert.equal(refused.get('error'), 'unmet_authentication_requirements');
        const { browser } = await signIn(party, person);
        const again = answerOf(await ask(browser, withAcr(acr)));
        assert.equal(again.get('error'), 'unmet_authentication_requirements');
      });

    it('that makes no sense is an invalid request', async () => {
      const { browser } = await signIn(party, person);
      const refused = answerOf(await ask(browser, withAcr({ essential: true, values: aal1 })));
      assert.equal(refused.get('error'), 'invalid_request');
    });
  });

  it('speaks the language of ui_locales', async () => {
    const page = await ask(new Browserless(), { ui_locales: 'xx fr-CA en' });
    assert.match(page.body, /<html lang="fr"/);
    assert.match((await ask(new Browserless(), { ui_locales: 'zz' })).body, /<html lang="en"/);
  });

  it('leaves nothing behind where the person goes back', async () => {
    const browser = new Browserless();
    const page = await ask(browser);
    const cancelled = await browser.open(`${page.url.replace(/\/sign-in$/, '')}/cancel`, redirectUri);
    assert.equal(answerOf(cancelled).get('error'), 'access_denied');
    assert.equal(await userinfoStatus(app.issuer, 'nothing'), 401);
  });
});
