import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { type ClientCredential, postAs } from '../support/endpoints.ts';
import { discover, enterPassword, type RelyingParty, signIn, startSignIn } from '../support/relying-party.ts';

const plain = 'http://localhost:1/callback';
const queries = [
  '?close',
  '?/oidc/callback',
  '?a=%20',
  '?a=+&a=b&&c=%e9',
  '?q=(a|b)',
  '?state=own',
  '?code=own&iss=own&error=own',
  '?',
  '?a=1&',
];
const addresses = queries.map((query) => `${plain}${query}`);

/** What comes behind the address in the answer. */
function added(location = '', address = ''): URLSearchParams {
  assert.ok(location.startsWith(address), `${location} does not begin with ${address}`);
  return new URLSearchParams(location.slice(address.length));
}

describe('the query of an application’s own address', () => {
  let app: TestApp;
  let person: Awaited<ReturnType<TestApp['person']>>;
  let client: ClientCredential;
  let party: RelyingParty;
  let browser: Browserless;
  before(async () => {
    app = await startTestApp();
    person = await app.person();
    client = await app.relyingParty({ redirectUris: [plain, ...addresses], postLogoutRedirectUris: addresses });
    party = await discover(app, client);
    ({ browser } = await signIn(party, person));
  });
  after(() => app?.stop());

  async function answerTo(address: string, parameters: Record<string, string> = {}, as = browser) {
    const started = await startSignIn(party, { redirect_uri: address, ...parameters });
    const { location } = await as.open(started.address.href, plain);
    return { ...started.checks, location };
  }

  for (const address of addresses)
    it(`comes back byte for byte with the code: ${address.slice(plain.length)}`, async () => {
      const { location, expectedState, pkceCodeVerifier } = await answerTo(address);
      const answer = added(location, address);
      assert.deepEqual([...answer.keys()].toSorted(), ['code', 'iss', 'state']);
      assert.equal(answer.get('state'), expectedState);
      const form = { grant_type: 'authorization_code', code: answer.get('code') as string, redirect_uri: address };
      const tokens = await postAs(`${app.issuer}/token`, client, {
        ...form,
        code_verifier: pkceCodeVerifier as string,
      });
      assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    });

  it('comes back with the code that a person has just signed in for', async () => {
    const [address = ''] = addresses;
    const fresh = new Browserless();
    const started = await startSignIn(party, { redirect_uri: address });
    const reply = await enterPassword(fresh, await fresh.open(started.address.href), person);
    assert.equal(added(reply.location, address).get('state'), started.checks.expectedState);
  });

  it('comes back with a refusal', async () => {
    for (const address of addresses) {
      const { location } = await answerTo(address, { prompt: 'none' }, new Browserless());
      assert.equal(added(location, address).get('error'), 'login_required');
    }
  });

  it('comes back in front of a fragment, and of an answer that is a JWT', async () => {
    for (const address of addresses) {
      const fragment = await answerTo(address, { response_mode: 'fragment' });
      assert.match(fragment.location ?? '', /#/);
      assert.equal(fragment.location?.split('#')[0], address);
      const jwt = await answerTo(address, { response_mode: 'query.jwt' });
      assert.deepEqual([...added(jwt.location, address).keys()], ['response']);
    }
  });

  it('stays in the address of a form', async () => {
    const [address = ''] = addresses;
    const { address: request } = await startSignIn(party, { redirect_uri: address, response_mode: 'form_post' });
    assert.match(
      (await browser.open(request.href, plain)).body,
      /<form[^>]* action="http:\/\/localhost:1\/callback\?close"/,
    );
  });

  it('comes back after signing out, with the state behind it', async () => {
    for (const address of addresses)
      for (const state of ['a state & more', undefined]) {
        const { browser: leaving, tokens } = await signIn(party, person);
        const page = await leaving.open(
          openid.buildEndSessionUrl(party.config, {
            id_token_hint: tokens.id_token as string,
            post_logout_redirect_uri: address,
            ...(state === undefined ? {} : { state }),
          }).href,
          plain,
        );
        const reply = page.location ? page : await leaving.submit(page, { logout: 'yes' }, { until: plain });
        // Without a state nothing is added, and the library writes what no parser of addresses would change.
        if (state !== undefined) assert.deepEqual([...added(reply.location, address)], [['state', state]]);
        else assert.equal(reply.location, new URL(address).href);
      }
  });
});
