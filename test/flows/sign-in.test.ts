import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../support/app.ts';
import { discover, signIn } from '../support/relying-party.ts';

describe('signing in with the authorization code flow', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app?.stop());

  it('gives a first-party client the claims of the person', async () => {
    const person = await app.person();
    const party = await discover(app, await app.relyingParty());
    const { tokens } = await signIn(party, person);
    const claims = tokens.claims();
    assert.equal(claims?.sub, person.id);
    assert.deepEqual(claims?.amr, ['pwd']);
    assert.equal(claims?.acr, 'urn:gatehouse:acr:aal1');
    const userinfo = await openid.fetchUserInfo(party.config, tokens.access_token, person.id);
    assert.equal(userinfo.email, person.email);
    assert.equal(userinfo.email_verified, true);
    assert.ok(tokens.refresh_token);
    const refreshed = await openid.refreshTokenGrant(party.config, tokens.refresh_token);
    assert.ok(refreshed.refresh_token);
    assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
  });

  it('asks for consent where the client is a third party, once', async () => {
    const person = await app.person();
    const party = await discover(app, await app.relyingParty({ firstParty: false }));
    const { tokens, browser } = await signIn(party, person, { parameters: { scope: 'openid email' } });
    assert.equal(tokens.refresh_token, undefined);
    const again = await signIn(party, person, { parameters: { scope: 'openid email' }, browser });
    assert.equal(again.tokens.claims()?.sub, person.id);
  });
});
