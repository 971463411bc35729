/** "Do not ask on this browser": what a remembered browser is worth, what it is not, and what ends it. */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { resetFactors } from '../../src/domain/factors/factors.ts';
import { activateUser, deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { storeNewPassword } from '../../src/domain/methods/password/set-password.ts';
import { removeOwnFactor } from '../../src/domain/safety/change-factors.ts';
import { forgetRememberedDevices, rememberBrowser } from '../../src/domain/sessions/remembered-devices.ts';
import { revokeAllSessions, revokeOtherSessions } from '../../src/domain/sessions/sessions.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { inTransaction } from '../../src/platform/database.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { userinfoStatus } from '../support/endpoints.ts';
import { discover, enterPassword, type RelyingParty, redirectUri, startSignIn } from '../support/relying-party.ts';
import { asksForFactor, codeOf, enrolled, enrolledKey, forgetUsedSteps, touch } from '../support/second-factor.ts';

const aal2 = 'urn:gatehouse:acr:aal2';
const remembered = 'urn:gatehouse:acr:remembered';

describe('a remembered browser', () => {
  let app: TestApp;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    party = await discover(app, await app.relyingParty());
  });
  after(() => app?.stop());

  type Person = Awaited<ReturnType<TestApp['person']>>;

  async function personWithFactor() {
    const { id: tenantId } = await app.tenant();
    await updateTenantSettings(app.db, tenantId, { rememberedDeviceDays: 30 }, systemCaller);
    const person = await app.person({ tenantId });
    const { seed, codes } = await enrolled(app, person);
    return { person, seed, codes };
  }

  async function withPassword(person: Person, parameters: Record<string, string> = {}, browser = new Browserless()) {
    const { address, checks } = await startSignIn(party, parameters);
    const page = await enterPassword(browser, await browser.open(address.href, redirectUri), person);
    return { browser, page, checks };
  }

  const tokensOf = (reply: Reply, checks: openid.AuthorizationCodeGrantChecks) =>
    openid.authorizationCodeGrant(party.config, new URL(reply.location as string), checks);

  /** As if the session had run out: what is remembered is no part of it. */
  const endSession = (person: Person) =>
    app.db('oidc_payloads').where({ model: 'Session', accountId: person.id }).delete();

  async function rememberedBrowser(person: Person, seed: string, browser = new Browserless()): Promise<Browserless> {
    const { page } = await withPassword(person, {}, browser);
    assert.match(page.body, /name="remember"/, page.body);
    assert.match(page.body, /Do not ask on this browser for 30 days/);
    await forgetUsedSteps(app, person.id);
    const reply = await browser.submit(page, { code: codeOf(seed), remember: 'on' }, { until: redirectUri });
    assert.equal(reply.status, 303, reply.body);
    await endSession(person);
    return browser;
  }

  it('is not asked for the factor, and says so: neither two factors, nor that they were proved now', async () => {
    const { person, seed } = await personWithFactor();
    const browser = await rememberedBrowser(person, seed);
    const { page, checks } = await withPassword(person, {}, browser);
    const tokens = await tokensOf(page, checks);
    assert.deepEqual([tokens.claims()?.acr, tokens.claims()?.amr], [remembered, ['pwd']]);
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200);
    await openid.refreshTokenGrant(party.config, tokens.refresh_token as string);
    const silent = await browser.open((await startSignIn(party, { prompt: 'none' })).address.href, redirectUri);
    assert.match(silent.location ?? '', /[?&]code=/);
    const [row] = await app.db('remembered_devices').where({ userId: person.id });
    assert.ok(row.lastUsedAt);
    const events = await app.db('audit_events').where({ entityId: person.id, action: 'device.remembered' });
    assert.equal(events.length, 1);
  });

  it('is asked for the factor by who asks for two, and by who asks for a proof now (RFC 9470)', async () => {
    const { person, seed } = await personWithFactor();
    const browser = await rememberedBrowser(person, seed);
    const asking: Record<string, string>[] = [
      { acr_values: aal2 },
      { acr_values: aal2, max_age: '0' },
      { acr_values: aal2, prompt: 'login' },
      { prompt: 'login' },
      { max_age: '0' },
      { claims: JSON.stringify({ id_token: { acr: { essential: true, value: aal2 } } }) },
    ];
    for (const parameters of asking) {
      await endSession(person);
      const { page } = await withPassword(person, parameters, browser);
      assert.ok(asksForFactor(page), JSON.stringify(parameters));
    }
    // In a session that rests on it, the factor alone is asked for.
    await endSession(person);
    await withPassword(person, {}, browser);
    const silent = await startSignIn(party, { acr_values: aal2, prompt: 'none' });
    assert.match((await browser.open(silent.address.href, redirectUri)).location ?? '', /error=login_required/);
    const { address } = await startSignIn(party, { acr_values: aal2 });
    assert.ok(asksForFactor(await browser.open(address.href, redirectUri)));
  });

  it('is no fresh proof on the account page: what changes how one signs in asks for the factor', async () => {
    const { person, seed } = await personWithFactor();
    const browser = await rememberedBrowser(person, seed);
    await withPassword(person, {}, browser);
    const seen = await browser.open(`${app.issuer}/account/devices`);
    assert.match(seen.body, /Second step not asked/);
    const asked = await browser.open(`${app.issuer}/account/password`);
    assert.match(asked.body, /name="password"/);
    const factor = await browser.submit(asked, { login: person.email, password: person.password });
    assert.ok(asksForFactor(factor), factor.body.slice(0, 2000));
  });

  it('is one browser, for one person, and no other', async () => {
    const { person, seed } = await personWithFactor();
    const other = await app.person({ tenantId: person.tenantId });
    const theirs = await enrolled(app, other);
    const browser = await rememberedBrowser(person, seed);
    assert.ok(asksForFactor((await withPassword(person)).page), 'another browser');
    assert.ok(asksForFactor((await withPassword(other, {}, browser)).page), 'another person');
    // Both at once, under the token that the second one was given.
    const [before] = await app.db('remembered_devices').where({ userId: person.id });
    await rememberedBrowser(other, theirs.seed, browser);
    const [now] = await app.db('remembered_devices').where({ userId: person.id });
    assert.ok(!before.tokenHash.equals(now.tokenHash), 'one that was planted is worth nothing');
    for (const one of [person, other]) {
      await endSession(person);
      await endSession(other);
      assert.equal((await withPassword(one, {}, browser)).page.status, 303);
    }
  });

  it('is asked again when its time is over, and where the tenant remembers none any more', async () => {
    const { person, seed } = await personWithFactor();
    const browser = await rememberedBrowser(person, seed);
    const first = await withPassword(person, {}, browser);
    const tokens = await tokensOf(first.page, first.checks);
    const set = (days: number) =>
      updateTenantSettings(app.db, person.tenantId, { rememberedDeviceDays: days }, systemCaller);
    await set(0);
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 401);
    await endSession(person);
    assert.ok(asksForFactor((await withPassword(person, {}, browser)).page));
    await set(30);
    await endSession(person);
    assert.equal((await withPassword(person, {}, browser)).page.status, 303);
    const [row] = await app.db('remembered_devices').where({ userId: person.id });
    const old = new Date(Date.now() - 8 * 86_400_000);
    await app.db('remembered_devices').where({ id: row.id }).update({ createdAt: old });
    await set(7);
    await endSession(person);
    assert.ok(asksForFactor((await withPassword(person, {}, browser)).page), 'the tenant shortened it');
    await set(30);
    await app
      .db('remembered_devices')
      .where({ id: row.id })
      .update({ expiresAt: new Date(Date.now() - 1000) });
    await endSession(person);
    assert.ok(asksForFactor((await withPassword(person, {}, browser)).page), 'its time is over');
  });

  const deps = () => ({ secrets: app.secrets, issuer: app.issuer, caller: systemCaller });
  const user = (person: Person) => ({ tenantId: person.tenantId, userId: person.id });
  const ends: Record<string, (person: Person) => Promise<unknown>> = {
    'a new password': async (person) => {
      const [{ passwordHash }] = await app.db('user_identities').where({ userId: person.id, provider: 'password' });
      const wanted = { user: person, passwordHash };
      await inTransaction(app.db, (trx) => storeNewPassword(trx, wanted, deps()));
    },
    'a reset of the factors': (person) => resetFactors(app.db, user(person), deps()),
    'a factor that is taken away': async (person) => {
      const [{ id }] = await app.db('user_factors').where({ userId: person.id });
      await removeOwnFactor(app.db, { ...user(person), id }, deps());
    },
    'the end of all sessions': (person) => revokeAllSessions(app.db, user(person), systemCaller),
    'the end of all other sessions': (person) =>
      revokeOtherSessions(app.db, { ...user(person), keptUidHash: Buffer.alloc(32) }, systemCaller),
    'being stopped': async (person) => {
      await deactivateUser(app.db, user(person), systemCaller);
      await activateUser(app.db, user(person), systemCaller);
    },
    'being forgotten': (person) => forgetRememberedDevices(app.db, user(person), systemCaller),
  };
  for (const [name, end] of Object.entries(ends))
    it(`is ended by ${name}`, async () => {
      const { person, seed } = await personWithFactor();
      const browser = await rememberedBrowser(person, seed);
      await end(person);
      assert.deepEqual(await app.db('remembered_devices').where({ userId: person.id }), []);
      await app.db('user_factors').where({ userId: person.id }).update({ endsAt: null, removedAt: null });
      if ((await app.db('user_factors').where({ userId: person.id })).length === 0) await enrolled(app, person);
      await endSession(person);
      assert.ok(asksForFactor((await withPassword(person, {}, browser)).page));
    });

  it('is forgotten from the account page, one by one', async () => {
    const { person, seed } = await personWithFactor();
    const browser = await rememberedBrowser(person, seed);
    await withPassword(person, {}, browser);
    const page = await browser.open(`${app.issuer}/account/devices`);
    const [, device = ''] = /name="device" value="([^"]+)"/.exec(page.body) ?? [];
    const stranger = await personWithFactor();
    await forgetRememberedDevices(app.db, { ...user(stranger.person), id: device }, systemCaller);
    assert.equal((await app.db('remembered_devices').where({ userId: person.id })).length, 1, 'nobody else forgets it');
    const reply = await browser.send(`${app.issuer}/account/devices/forget`, { device });
    assert.equal(reply.location, `${app.issuer}/account/devices?notice=device_forgotten`);
    await endSession(person);
    assert.ok(asksForFactor((await withPassword(person, {}, browser)).page));
  });

  it('is not made by a recovery code, nor of a sign-in that was ended meanwhile; and by a key it is', async () => {
    const { person, codes } = await personWithFactor();
    const { browser, page } = await withPassword(person);
    const link = /href="([^"]*recovery-code)"/.exec(page.body)?.[1] as string;
    const other = await browser.open(new URL(link, page.url).href);
    assert.doesNotMatch(other.body, /name="remember"/);
    await browser.submit(other, { code: codes[0] as string, remember: 'on' }, { until: redirectUri });
    const rows = () => app.db('remembered_devices').where({ userId: person.id });
    assert.deepEqual(await rows(), []);
    const fresh = { tokenHash: Buffer.alloc(32, 1), formerHash: undefined, days: 30 };
    const ended = { caller: systemCaller, isStillSignedIn: async () => false };
    assert.equal(await rememberBrowser(app.db, user(person), fresh, ended), false);
    assert.deepEqual(await rows(), []);

    const { key } = await enrolledKey(app, person, { hasProvedTwo: true });
    const third = await withPassword(person);
    const reply = await touch(third.browser, third.page, key, { fields: { remember: 'on' } });
    assert.equal(reply.status, 303);
    assert.equal((await rows()).length, 1);
  });
});
