/** Who somebody is here whom another provider vouches for: sign-up, linking, and what is asked of the provider. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createInvitation } from '../../src/domain/invitations/send-invitation.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import type { TenantSettingsInput } from '../../src/domain/tenants/tenant-settings.ts';
import {
  addProvider,
  claimsOf,
  eventsOf,
  goThere,
  identitiesOf,
  type Journey,
  openSignIn,
  providerHref,
  signInThere,
  someoneAt,
  textOf,
} from '../support/federation.ts';
import { type OpenIdProviderServer, startOpenIdProvider } from '../support/identity-provider.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { discover, type RelyingParty, redirectUri } from '../support/relying-party.ts';

describe('signing in with an identity provider', () => {
  let stage: MessagingApp;
  let google: OpenIdProviderServer;
  let tenant: NewTenant;
  let portal: RelyingParty;
  /** Of a tenant that lets nobody in by themselves. */
  let closed: { tenant: NewTenant; portal: RelyingParty };

  before(async () => {
    stage = await startMessagingApp();
    google = await startOpenIdProvider({ redirectUri: `${stage.app.issuer}/callback/google` });
    await addProvider(stage.app, { key: 'google', ...google.client, issuer: google.issuer });
    ({ tenant, portal } = await tenantWith({ selfSignUp: true }));
    closed = await tenantWith({});
  });
  beforeEach(() => {
    google.authenticatedSecondsAgo = 0;
    google.requests.length = 0;
  });
  after(async () => {
    await google?.close();
    await stage?.stop();
  });

  async function tenantWith(settings: TenantSettingsInput) {
    const tenant = await stage.app.tenant({ settings });
    return { tenant, portal: await discover(stage.app, await stage.app.relyingParty({ tenantId: tenant.id })) };
  }

  const signIn = (login: string, party = portal, parameters = {}) =>
    signInThere(login, { party, parameters, browser: stage.visitor() });

  /** Proves the account here with a password, on the page that asks for it. */
  const enterPassword = ({ reply, browser }: Journey, password: string) =>
    browser.submit(reply, { password }, { until: redirectUri });

  function assertAsksForProof({ reply }: Journey): void {
    assert.match(reply.url, /\/link-account$/, reply.body);
    assert.equal(reply.status, 200);
  }

  function assertRefused({ reply }: Journey, status = 403): void {
    assert.equal(reply.status, status, `${reply.url} ${reply.body}`);
    assert.match(textOf(reply), status === 403 ? /This Google account can.t be used here/ : /./);
    assert.match(reply.body, /href="\/interaction\/[\w-]+"/, 'a way back to the sign-in page');
  }

  it('makes an account where the tenant lets people in, and never writes over it', async () => {
    const { login, email } = someoneAt(google, { picture: 'https://pictures.example.test/1.png', locale: 'fr-CH' });
    const first = await claimsOf(await signIn(login), portal);
    assert.deepEqual([first.amr, first.acr], [['fed'], 'urn:gatehouse:acr:aal1']);
    const { db } = stage.app;
    const user = await db('users').where({ id: first.sub }).first();
    assert.deepEqual([user.email, user.emailVerifiedAt instanceof Date], [email, true]);
    const settings = await db('userSettings').where({ userId: first.sub }).first();
    assert.deepEqual([user.pictureUrl, settings.locale], ['https://pictures.example.test/1.png', 'fr-CH']);

    await db('users').where({ id: user.id }).update({ fullName: 'As I Like It', pictureUrl: null });
    google.accounts.set(login, {
      email,
      email_verified: true,
      name: 'Another Name',
      picture: 'https://x.example/2.png',
    });
    const again = await claimsOf(await signIn(login), portal);
    assert.equal(again.sub, first.sub);
    const { fullName, pictureUrl } = await db('users').where({ id: user.id }).first();
    assert.deepEqual([fullName, pictureUrl], ['As I Like It', null]);
    assert.deepEqual(await eventsOf(stage.app, user.id), [
      'user.created',
      'identity.linked',
      'user.signed_up',
      'login.succeeded',
      'login.succeeded',
    ]);
  });

  it('takes nobody in where the tenant does not, and says no more than that', async () => {
    const stranger = someoneAt(google);
    const elsewhere = await stage.app.person();
    const journey = await signIn(stranger.login, closed.portal);
    assertRefused(journey);
    // Somebody of another tenant is as unknown here as nobody.
    const other = await signIn(someoneAt(google, { email: elsewhere.email }).login, closed.portal);
    const words = (reply: Journey['reply']) => textOf(reply).replace(/Request number.*/, '');
    assert.equal(words(other.reply), words(journey.reply));
    assert.equal((await stage.app.db('users').where({ email: stranger.email })).length, 0);
    const failed = await stage.app.db('auditEvents').where({ tenantId: closed.tenant.id, action: 'login.failed' });
    assert.deepEqual(failed[0].payload, { method: 'fed', provider: 'google', reason: 'sign_up_closed' });
  });

  it('takes in only domains that the tenant lists', async () => {
    const { portal, tenant } = await tenantWith({ selfSignUp: true, signUpEmailDomains: ['school.example'] });
    assertRefused(await signIn(someoneAt(google).login, portal));
    const pupil = someoneAt(google, { email: `pupil${Date.now()}@school.example` });
    const { sub } = await claimsOf(await signIn(pupil.login, portal), portal);
    assert.equal((await stage.app.db('users').where({ id: sub }).first()).tenantId, tenant.id);
  });

  it('takes in a person whom an invitation waits for, with its role', async () => {
    const { tenant, portal } = closed;
    const { login, email } = someoneAt(google);
    const deps = {
      secrets: stage.app.secrets,
      caller: systemCaller,
      issuer: stage.app.issuer,
      channels: ['email'] as const,
      phoneCountries: [],
      budgets: { email: 1000, phone: 0 },
    };
    const { member } = tenant.systemRoleIds;
    const place = { tenantId: tenant.id, roleId: member, orgNodeId: tenant.rootNodeId };
    const invitation = await createInvitation(stage.app.db, { ...place, email, locale: 'en' }, deps);
    const { sub } = await claimsOf(await signIn(login, portal), portal);
    const { acceptedBy } = await stage.app.db('invitations').where({ id: invitation.id }).first();
    assert.equal(acceptedBy, sub);
    const held = await stage.app.db('orgAssignments').where({ userId: sub });
    assert.deepEqual(
      held.map(({ roleId, orgNodeId }: { roleId: string; orgNodeId: string }) => [roleId, orgNodeId]),
      [[member, tenant.rootNodeId]],
    );
    const mail = await stage.mailbox.waitFor(email);
    const link = mail.links.find((address) => address.includes('/invitations/'));
    assert.equal((await stage.visitor().open(link ?? '')).status, 410);
  });

  it('asks for the password of an account under the same address before it links', async () => {
    const person = await stage.app.person({ tenantId: tenant.id });
    const { login } = someoneAt(google, { email: person.email });
    const journey = await signIn(login);
    assertAsksForProof(journey);
    assert.deepEqual(await identitiesOf(stage.app, person.id), ['password']);

    const wrong = await enterPassword(journey, 'not the password');
    assert.equal(wrong.status, 401);
    assert.deepEqual(await identitiesOf(stage.app, person.id), ['password']);
    const claims = await claimsOf({ ...journey, reply: await enterPassword(journey, person.password) }, portal);
    assert.deepEqual([claims.sub, claims.amr], [person.id, ['fed', 'pwd']]);
    assert.deepEqual(await identitiesOf(stage.app, person.id), [`google ${login}`, 'password']);
    assert.match((await stage.mailbox.waitFor(person.email)).text, /Google/);

    const next = await claimsOf(await signIn(login), portal);
    assert.deepEqual([next.sub, next.amr], [person.id, ['fed']]);
  });

  it('takes a code to the address as proof instead', async () => {
    const person = await stage.app.person({ tenantId: tenant.id });
    const { login } = someoneAt(google, { email: person.email });
    const journey = await signIn(login);
    const { browser } = journey;
    const ask = await browser.open(`${journey.reply.url}/code`);
    const enter = await browser.submit(ask, { channel: 'email', address: 'somebody.else@example.test' });
    assert.match(enter.url, /\/link-account\/code\/enter$/, enter.body);
    const { code = '' } = await stage.mailbox.waitFor(person.email);
    const claims = await claimsOf(
      { ...journey, reply: await browser.submit(enter, { code }, { until: redirectUri }) },
      portal,
    );
    assert.deepEqual([claims.sub, claims.amr], [person.id, ['fed', 'otp']]);
    assert.deepEqual(await identitiesOf(stage.app, person.id), [`google ${login}`, 'password']);
  });

  it('links at once where the tenant trusts the provider for the domain', async () => {
    const { tenant, portal } = await tenantWith({
      federation: { google: { trustedEmailDomains: ['trusted.example'] } },
    });
    const person = await stage.app.person({ tenantId: tenant.id, email: 'ada@trusted.example' });
    const below = await stage.app.person({ tenantId: tenant.id, email: 'ada@sub.trusted.example' });
    const { login } = someoneAt(google, { email: person.email });
    assert.equal((await claimsOf(await signIn(login, portal), portal)).sub, person.id);
    assertAsksForProof(await signIn(someoneAt(google, { email: below.email }).login, portal));
    await stage.mailbox.waitFor(person.email);

    // The account behind the address may be somebody else's by now: a new subject is a stranger.
    const successor = someoneAt(google, { email: person.email });
    const journey = await signIn(successor.login, portal);
    assertAsksForProof(journey);
    assert.deepEqual(await identitiesOf(stage.app, person.id), [`google ${login}`, 'password']);
    await claimsOf({ ...journey, reply: await enterPassword(journey, person.password) }, portal);
    assert.deepEqual(await identitiesOf(stage.app, person.id), [`google ${successor.login}`, 'password']);
    assertAsksForProof(await signIn(login, portal));
  });

  /** An account that somebody set up under an address that is not theirs, and signed in to. */
  async function squatterOf({ tenant, portal }: Awaited<ReturnType<typeof tenantWith>>, email?: string) {
    const person = await stage.app.person({ tenantId: tenant.id, emailVerified: false, ...(email && { email }) });
    const enter = async () => {
      const journey = await openSignIn({ party: portal, browser: stage.visitor() });
      const entered = { login: person.email, password: person.password };
      return { ...journey, reply: await journey.browser.submit(journey.reply, entered, { until: redirectUri }) };
    };
    await claimsOf(await enter(), portal);
    return { ...person, enter };
  }

  type Squatter = Awaited<ReturnType<typeof squatterOf>>;

  async function assertPowerless(squatter: Squatter, login: string): Promise<void> {
    assert.deepEqual(await identitiesOf(stage.app, squatter.id), [`google ${login}`]);
    const sessions = await stage.app.db('userSessions').where({ userId: squatter.id }).whereNull('revokedAt');
    assert.equal(sessions.length, 1, 'the owner alone is signed in');
    assert.equal((await squatter.enter()).reply.status, 401);
    const events = await eventsOf(stage.app, squatter.id);
    assert.ok(events.includes('address.verified') && events.includes('credentials.removed'), events.join(' '));
  }

  it('takes a code, and no password, as proof of an account whose address was never proved', async () => {
    const squatter = await squatterOf({ tenant, portal });
    const { login } = someoneAt(google, { email: squatter.email });
    const journey = await signIn(login);
    assertAsksForProof(journey);
    assert.doesNotMatch(journey.reply.body, /type="password"/);
    const { browser } = journey;
    const entered = await browser.send(journey.reply.url, { password: squatter.password });
    assert.equal(entered.status, 303);
    assert.match(entered.location ?? '', /\/interaction\/[\w-]+$/);
    assert.deepEqual(await identitiesOf(stage.app, squatter.id), ['password']);

    const ask = await browser.open(`${journey.reply.url}/code`);
    const enter = await browser.submit(ask, { channel: 'email' });
    const { code = '' } = await stage.mailbox.waitFor(squatter.email);
    const reply = await browser.submit(enter, { code }, { until: redirectUri });
    const claims = await claimsOf({ ...journey, reply }, portal);
    assert.deepEqual([claims.sub, claims.amr], [squatter.id, ['fed', 'otp']]);
    await assertPowerless(squatter, login);
  });

  it('refuses an account whose address was never proved where no code can prove it', async () => {
    const strict = await tenantWith({ signInMethods: ['password', 'google'] });
    const squatter = await squatterOf(strict);
    assertRefused(await signIn(someoneAt(google, { email: squatter.email }).login, strict.portal));
    assert.deepEqual(await identitiesOf(stage.app, squatter.id), ['password']);
  });

  it('takes the word of a provider that the tenant trusts as the first proof of an address', async () => {
    const trusting = await tenantWith({ federation: { google: { trustedEmailDomains: ['trusted.example'] } } });
    const squatter = await squatterOf(trusting, `squatted.${Date.now()}@trusted.example`);
    const { login } = someoneAt(google, { email: squatter.email });
    assert.equal((await claimsOf(await signIn(login, trusting.portal), trusting.portal)).sub, squatter.id);
    await assertPowerless(squatter, login);
  });

  it('links and makes nothing by an address that the provider has not verified', async () => {
    for (const verified of [false, 'false', 'true', 1, null, undefined]) {
      const person = await stage.app.person({ tenantId: tenant.id });
      assertRefused(await signIn(someoneAt(google, { email: person.email, email_verified: verified }).login));
      const stranger = someoneAt(google, { email_verified: verified });
      assertRefused(await signIn(stranger.login));
      assert.deepEqual(await identitiesOf(stage.app, person.id), ['password']);
      assert.equal((await stage.app.db('users').where({ email: stranger.email })).length, 0, String(verified));
    }
  });

  it('asks the token, and not only the provider, for the hosted domain', async () => {
    const { tenant, portal } = await tenantWith({
      selfSignUp: true,
      federation: { google: { requiredHostedDomain: 'northwind.example' } },
    });
    const right = someoneAt(google, { hd: 'Northwind.example' });
    const { sub } = await claimsOf(await signIn(right.login, portal), portal);
    assert.equal(google.requests.at(-1)?.get('hd'), 'northwind.example');
    for (const hd of [undefined, 'elsewhere.example', ['northwind.example'], 'northwind.example.evil.example'])
      assertRefused(await signIn(someoneAt(google, { hd }).login, portal));
    // Also once linked: the account may have left the organisation.
    google.accounts.set(right.login, { email: right.email, email_verified: true });
    assertRefused(await signIn(right.login, portal));
    assert.equal((await stage.app.db('users').where({ tenantId: tenant.id })).length, 1);
    assert.ok(sub);
  });

  it('says when the person proved themselves, and holds a session of its own length', async () => {
    const { portal } = await tenantWith({ selfSignUp: true, sessionHours: 1 });
    const { login } = someoneAt(google);
    google.authenticatedSecondsAgo = 3 * 3600;
    const journey = await signIn(login, portal);
    const claims = await claimsOf(journey, portal);
    const ago = Date.now() / 1000 - (claims.auth_time as number);
    assert.ok(Math.abs(ago - 3 * 3600) < 10, `${ago}`);
    // Signed in: the next application asks nothing.
    const next = await openSignIn({ party: portal, browser: journey.browser });
    assert.ok(next.reply.location?.startsWith(redirectUri), next.reply.body);
    const [session] = await stage.app.db('userSessions').where({ userId: claims.sub });
    const minutes = (session.expiresAt.getTime() - Date.now()) / 60_000;
    assert.ok(minutes > 58 && minutes <= 60, `${minutes}`);
  });

  it('passes prompt=login, max_age and login_hint on, and has the person prove themselves again', async () => {
    const { login, email } = someoneAt(google);
    const wishes: Record<string, string>[] = [{ prompt: 'login', login_hint: email }, { max_age: '60' }];
    for (const parameters of wishes) {
      google.authenticatedSecondsAgo = 3600;
      const first = await signIn(login);
      await claimsOf(first, portal);
      const plain = google.requests.at(-1);
      assert.deepEqual([plain?.get('prompt'), plain?.get('max_age')], [null, null]);

      google.authenticatedSecondsAgo = 0;
      const again = await goThere({ party: portal, browser: first.browser, parameters });
      assert.match(again.reply.body, /The other provider/, 'asked there again');
      const reply = await again.browser.submit(again.reply, { login }, { until: redirectUri });
      const claims = await claimsOf({ ...again, reply }, portal);
      assert.ok(Date.now() / 1000 - (claims.auth_time as number) < 120);
      const asked = google.requests.at(-1);
      for (const [name, value] of Object.entries(parameters)) assert.equal(asked?.get(name), value, name);
      assert.deepEqual(JSON.parse(asked?.get('claims') ?? ''), { id_token: { auth_time: { essential: true } } });
    }
  });

  it('signs nobody in who may not act', async () => {
    const { tenant, portal } = await tenantWith({ selfSignUp: true });
    const { login } = someoneAt(google);
    const { sub } = await claimsOf(await signIn(login, portal), portal);
    await deactivateUser(stage.app.db, { tenantId: tenant.id, userId: sub }, systemCaller);
    assertRefused(await signIn(login, portal));
    const person = await stage.app.person({ tenantId: tenant.id });
    await deactivateUser(stage.app.db, { tenantId: tenant.id, userId: person.id }, systemCaller);
    assertRefused(await signIn(someoneAt(google, { email: person.email }).login, portal));
  });

  it('is offered on the sign-up page too', async () => {
    const { reply, browser } = await openSignIn({ party: portal, browser: stage.visitor() });
    const [base] = /^.*\/interaction\/[\w-]+/.exec(reply.url) ?? [];
    assert.equal(providerHref(await browser.open(`${base}/sign-up`)), `${base}/federation/google`);
  });

  it('offers a provider only where the tenant does', async () => {
    const { portal } = await tenantWith({ selfSignUp: true, signInMethods: ['password'] });
    const { reply, browser } = await openSignIn({ party: portal, browser: stage.visitor() });
    assert.equal(providerHref(reply), undefined);
    const [base] = /^.*\/interaction\/[\w-]+/.exec(reply.url) ?? [];
    assert.equal((await browser.open(`${base}/federation/google`)).status, 404);
  });
});
