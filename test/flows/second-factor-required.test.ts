import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { discover, enterPassword, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';

describe('a person who must prove a second factor', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app?.stop());

  const sessionsOf = (userId: string) => app.db('user_sessions').where({ userId });

  it('is refused with a page that says what is missing, though the password is right', async () => {
    const person = await app.person({ mfaRequired: true });
    const party = await discover(app, await app.relyingParty());
    const browser = new Browserless();
    const { address } = await startSignIn(party);
    const reply = await enterPassword(browser, await browser.open(address.href, redirectUri), person);
    assert.equal(reply.status, 403);
    assert.match(reply.body, /One more step is needed/);
    assert.match(reply.body, /second step/);
    assert.equal((await sessionsOf(person.id)).length, 0);
    const events = await app.db('audit_events').where({ entityId: person.id, action: 'login.failed' });
    assert.deepEqual(
      events.map(({ payload }) => payload.reason),
      ['second_factor_missing'],
    );
  });

  it('keeps nothing that they signed in to before they had to', async () => {
    const person = await app.person();
    const party = await discover(app, await app.relyingParty());
    const { tokens, browser } = await signIn(party, person);
    await app.db('users').where({ id: person.id }).update({ mfaRequired: true });
    await assert.rejects(openid.refreshTokenGrant(party.config, tokens.refresh_token as string), {
      error: 'invalid_grant',
    });
    await assert.rejects(openid.fetchUserInfo(party.config, tokens.access_token, person.id));
    const { address } = await startSignIn(party, { prompt: 'none' });
    const silent = await browser.open(address.href, redirectUri);
    assert.match(silent.location ?? '', /error=login_required/);
  });

  it('finds every way as it was once it is no longer asked of them', async () => {
    const person = await app.person({ mfaRequired: true });
    await app.db('users').where({ id: person.id }).update({ mfaRequired: false });
    const { tokens } = await signIn(await discover(app, await app.relyingParty()), person);
    assert.equal(tokens.claims()?.sub, person.id);
  });
});
