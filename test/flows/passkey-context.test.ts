/** How a sign-in with a passkey is told to applications: two factors, and by what (RFC 8176), of a user who was verified. */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { changeTenantSettings } from '../../src/domain/methods/tenant-methods.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Authenticator, makePasskey } from '../support/authenticator.ts';
import { Browserless } from '../support/browserless.ts';
import { discover, type RelyingParty, redirectUri, startSignIn } from '../support/relying-party.ts';
import { enrolled } from '../support/second-factor.ts';

const aal2 = 'urn:gatehouse:acr:aal2';
const essential = JSON.stringify({ id_token: { acr: { essential: true, value: aal2 } } });

describe('what a passkey proves', () => {
  let app: TestApp;
  let party: RelyingParty;
  let tenantId: string;
  before(async () => {
    app = await startTestApp();
    party = await discover(app, await app.relyingParty());
    tenantId = (await app.tenant()).id;
    await changeTenantSettings(app.db, tenantId, { signInMethods: ['password', 'passkey'] }, systemCaller);
  });
  after(() => app?.stop());

  async function personWithPasskey({ isSynced = false, mfaRequired = false } = {}) {
    const person = await app.person({ tenantId, mfaRequired });
    const key = new Authenticator(person.id, { isSynced });
    await makePasskey(app.db, { tenantId, userId: person.id }, key);
    return { person, key };
  }

  /** As far as the answer to the passkey. */
  async function signIn(
    key: Authenticator,
    parameters: Record<string, string> = {},
    { isVerified = true, browser = new Browserless() } = {},
  ) {
    const { address, checks } = await startSignIn(party, parameters);
    const page = await browser.open(address.href, redirectUri);
    const action = /<form class="passkey"[^>]* action="([^"]+)"/.exec(page.body)?.[1];
    assert.ok(action, page.body);
    const challenge = /data-challenge="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const credential = key.sign({ challenge, origin: app.issuer, isVerified });
    const answer = await browser.send(new URL(action, app.issuer).href, { credential });
    return { browser, checks, reply: await browser.follow(answer, redirectUri) };
  }

  async function claimsOf({ reply, checks }: Awaited<ReturnType<typeof signIn>>) {
    const { location = '' } = reply;
    assert.ok(location.startsWith(redirectUri), `${reply.url} ${reply.body}`);
    return (await openid.authorizationCodeGrant(party.config, new URL(location), checks)).claims();
  }

  const asked: Record<string, Record<string, string>> = {
    'nothing is asked': {},
    'acr_values asks for two factors': { acr_values: aal2 },
    'an essential claim does': { claims: essential },
    'a proof of now does, too': { acr_values: aal2, max_age: '0' },
  };
  for (const [what, parameters] of Object.entries(asked))
    it(`is aal2 without another factor, where ${what}`, async () => {
      for (const isSynced of [true, false]) {
        const { key } = await personWithPasskey({ isSynced });
        const claims = await claimsOf(await signIn(key, parameters));
        assert.deepEqual([claims?.acr, claims?.amr], [aal2, [isSynced ? 'swk' : 'hwk', 'user', 'mfa']]);
      }
    });

  it('is enough for a person who has to have two, and for one who has enrolled another', async () => {
    const bound = await personWithPasskey({ mfaRequired: true });
    assert.equal((await claimsOf(await signIn(bound.key)))?.acr, aal2);
    const both = await personWithPasskey();
    await enrolled(app, both.person);
    assert.equal((await claimsOf(await signIn(both.key, { acr_values: aal2 })))?.acr, aal2);
  });

  it('serves whoever asks later in the same browser, without a page', async () => {
    const { key } = await personWithPasskey();
    const first = await signIn(key);
    await claimsOf(first);
    const { address, checks } = await startSignIn(party, { acr_values: aal2, prompt: 'none' });
    const reply = await first.browser.open(address.href, redirectUri);
    const claims = await claimsOf({ browser: first.browser, reply, checks });
    assert.deepEqual([claims?.acr, claims?.amr], [aal2, ['hwk', 'user', 'mfa']]);
  });

  it('is nothing without a verified user, whatever was asked for', async () => {
    for (const parameters of Object.values(asked)) {
      const { person, key } = await personWithPasskey();
      const { reply } = await signIn(key, parameters, { isVerified: false });
      assert.equal(reply.status, 401);
      assert.deepEqual(await app.db('user_sessions').where({ userId: person.id }), []);
    }
  });
});
