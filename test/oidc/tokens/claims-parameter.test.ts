import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless } from '../../support/browserless.ts';
import {
  discover,
  enterPassword,
  type RelyingParty,
  redirectUri,
  signIn,
  startSignIn,
} from '../../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('claims', () => {
  let app: TestApp;
  let person: Person;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    person = await app.person({
      phone: '+41446681800',
      phoneVerified: true,
      locale: 'fr-CH',
      zoneinfo: 'Europe/Zurich',
    });
    party = await discover(app, await app.relyingParty({ metadata: { id_token_claims: 'lean' } }));
  });
  after(() => app?.stop());

  async function given(parameters: Record<string, string>, as = party) {
    const { tokens } = await signIn(as, person, { parameters });
    const userinfo = await openid.fetchUserInfo(as.config, tokens.access_token, person.id);
    return { idToken: tokens.claims() as openid.IDToken, userinfo };
  }

  it('come by scope at userinfo, and a lean id_token says who and how alone', async () => {
    const { idToken, userinfo } = await given({ scope: 'openid profile phone' });
    assert.equal(userinfo.phone_number, '+41446681800');
    assert.equal(userinfo.phone_number_verified, true);
    assert.equal(userinfo.locale, 'fr-CH');
    assert.equal(userinfo.zoneinfo, 'Europe/Zurich');
    assert.equal(userinfo.email, undefined);
    assert.deepEqual(
      Object.keys(idToken).sort(),
      ['acr', 'amr', 'aud', 'auth_time', 'exp', 'iat', 'iss', 'nonce', 'sub'].sort(),
    );
  });

  it('come one by one where the request names them, in the id_token and at userinfo', async () => {
    const claims = JSON.stringify({
      id_token: { email: { essential: true }, email_verified: null },
      userinfo: { phone_number: null, nonsense: null },
    });
    const { idToken, userinfo } = await given({ scope: 'openid', claims });
    assert.equal(idToken.email, person.email);
    assert.equal(idToken.email_verified, true);
    assert.equal(idToken.phone_number, undefined);
    assert.equal(userinfo.phone_number, '+41446681800');
    assert.equal(userinfo.email, undefined);
  });

  it('named by a third party are shown, and given with the person’s yes alone', async () => {
    const third = await discover(
      app,
      await app.relyingParty({ firstParty: false, metadata: { id_token_claims: 'lean' } }),
    );
    const claims = JSON.stringify({ userinfo: { phone_number: null } });
    const { address } = await startSignIn(third, { scope: 'openid', claims });
    const browser = new Browserless();
    const page = await enterPassword(browser, await browser.open(address.href), person);
    assert.match(page.body, /name="decision"/);
    assert.match(page.body, /phone/i);
    const refused = await browser.submit(page, { decision: 'deny' }, { until: redirectUri });
    assert.equal(new URL(refused.location as string).searchParams.get('error'), 'access_denied');

    const { userinfo } = await given({ scope: 'openid', claims }, third);
    assert.equal(userinfo.phone_number, '+41446681800');
    assert.equal(userinfo.email, undefined);
  });

  it('that are no JSON object are an invalid request', async () => {
    for (const claims of ['nonsense', '[]', '"x"', '{}', '{"id_token":"x"}']) {
      const { address } = await startSignIn(party, { claims });
      const reply = await new Browserless().open(address.href, redirectUri);
      assert.equal(new URL(reply.location as string).searchParams.get('error'), 'invalid_request', claims);
    }
  });

  it('come signed from userinfo where the client is registered so', async () => {
    const metadata = { userinfo_signed_response_alg: 'ES256', id_token_signed_response_alg: 'ES256' };
    const signed = await app.relyingParty({ metadata });
    const config = await openid.discovery(
      new URL(app.issuer),
      signed.clientId,
      { client_secret: signed.clientSecret, ...metadata },
      undefined,
      { execute: [openid.allowInsecureRequests] },
    );
    const { tokens } = await signIn({ config, ...signed }, person);
    const answer = await fetch(`${app.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    assert.match(answer.headers.get('content-type') as string, /^application\/jwt/);
    assert.equal((await answer.text()).split('.').length, 3);
  });

  it('are asked for with a token in the header or the form, never in the address', async () => {
    const { tokens } = await signIn(party, person);
    const access_token = tokens.access_token;
    const form = await fetch(`${app.issuer}/userinfo`, { method: 'POST', body: new URLSearchParams({ access_token }) });
    assert.equal(((await form.json()) as { sub: string }).sub, person.id);
    const address = await fetch(`${app.issuer}/userinfo?${new URLSearchParams({ access_token })}`);
    assert.equal(address.status, 400);
    const none = await fetch(`${app.issuer}/userinfo`);
    assert.ok(none.status === 400 || none.status === 401);
    assert.match(none.headers.get('www-authenticate') as string, /^Bearer /);
  });
});
