/** One identity and many accounts: several tenants, and linking and unlinking on one's own page. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { activateUser, deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { revokeAllSessions } from '../../src/domain/sessions/sessions.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import {
  addProvider,
  claimsOf,
  eventsOf,
  identitiesOf,
  openSignIn,
  providerHref,
  type Someone,
  signInThere,
  someoneAt,
  textOf,
} from '../support/federation.ts';
import { type OpenIdProviderServer, startOpenIdProvider } from '../support/identity-provider.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { discover, type RelyingParty, redirectUri } from '../support/relying-party.ts';

type Person = Awaited<ReturnType<MessagingApp['app']['person']>>;

describe('accounts that an identity provider vouches for', () => {
  let stage: MessagingApp;
  let google: OpenIdProviderServer;
  let open: NewTenant;
  let other: NewTenant;
  /** Of no tenant. */
  let anyone: RelyingParty;

  before(async () => {
    stage = await startMessagingApp();
    google = await startOpenIdProvider({ redirectUri: `${stage.app.issuer}/callback/google` });
    await addProvider(stage.app, { key: 'google', ...google.client, issuer: google.issuer });
    open = await stage.app.tenant({ settings: { selfSignUp: true } });
    other = await stage.app.tenant({ settings: { selfSignUp: true } });
    anyone = await discover(stage.app, await stage.app.relyingParty());
  });
  beforeEach(() => {
    google.authenticatedSecondsAgo = 0;
  });
  after(async () => {
    await google?.close();
    await stage?.stop();
  });

  async function clientOf({ id: tenantId }: NewTenant): Promise<RelyingParty> {
    return discover(stage.app, await stage.app.relyingParty({ tenantId }));
  }

  const signIn = (login: string, party: RelyingParty) => signInThere(login, { party, browser: stage.visitor() });

  describe('in several tenants', () => {
    it('are one in each, and of a client of no tenant the person chooses', async () => {
      const { login } = someoneAt(google);
      const [first, second] = [await clientOf(open), await clientOf(other)];
      const here = await claimsOf(await signIn(login, first), first);
      const there = await claimsOf(await signIn(login, second), second);
      assert.notEqual(here.sub, there.sub);
      assert.equal((await claimsOf(await signIn(login, first), first)).sub, here.sub);

      const journey = await signIn(login, anyone);
      assert.match(journey.reply.url, /\/tenant$/);
      assert.ok(textOf(journey.reply).includes(open.name) && textOf(journey.reply).includes(other.name));
      const reply = await journey.browser.submit(journey.reply, { account: there.sub }, { until: redirectUri });
      const chosen = await claimsOf({ ...journey, reply }, anyone);
      assert.deepEqual([chosen.sub, chosen.amr], [there.sub, ['fed']]);
    });

    it('cannot be chosen any longer once their sessions were ended', async () => {
      const { login } = someoneAt(google);
      const [first, second] = [await clientOf(open), await clientOf(other)];
      const here = await claimsOf(await signIn(login, first), first);
      const there = await claimsOf(await signIn(login, second), second);
      const { db } = stage.app;
      const of = { tenantId: open.id, userId: here.sub };
      const ends: (() => Promise<unknown>)[] = [
        () => revokeAllSessions(db, of, systemCaller),
        async () => {
          await deactivateUser(db, of, systemCaller);
          await activateUser(db, of, systemCaller);
        },
      ];
      for (const end of ends) {
        const parked = await signIn(login, anyone);
        assert.match(parked.reply.url, /\/tenant$/);
        await end();
        const choose = (account: string) => parked.browser.submit(parked.reply, { account }, { until: redirectUri });
        assert.equal((await choose(here.sub)).status, 410);
        const reply = await choose(there.sub);
        assert.equal((await claimsOf({ ...parked, reply }, anyone)).sub, there.sub);
      }
    });

    it('leave out of the choice what a tenant does not take', async () => {
      const { login } = someoneAt(google);
      const strict = await stage.app.tenant({ settings: { selfSignUp: true } });
      const [first, second] = [await clientOf(open), await clientOf(strict)];
      const { sub } = await claimsOf(await signIn(login, first), first);
      await claimsOf(await signIn(login, second), second);
      const federation = { google: { requiredHostedDomain: 'strict.example' } };
      await updateTenantSettings(stage.app.db, strict.id, { federation }, systemCaller);
      assert.equal((await claimsOf(await signIn(login, anyone), anyone)).sub, sub);
    });

    it('are asked to prove the one account of the address where no tenant is known', async () => {
      const person = await stage.app.person({ tenantId: open.id });
      const { login } = someoneAt(google, { email: person.email });
      const journey = await signIn(login, anyone);
      assert.match(journey.reply.url, /\/link-account$/, journey.reply.body);
      const { browser } = journey;
      const ask = await browser.open(`${journey.reply.url}/code`);
      const enter = await browser.submit(ask, { channel: 'email' });
      const { code = '' } = await stage.mailbox.waitFor(person.email);
      const reply = await browser.submit(enter, { code }, { until: redirectUri });
      assert.equal((await claimsOf({ ...journey, reply }, anyone)).sub, person.id);
      assert.deepEqual(await identitiesOf(stage.app, person.id), [`google ${login}`, 'password']);
    });

    it('are refused alike where the address is nobody’s, of two, or not verified here', async () => {
      const email = `of.two.${Date.now()}@example.test`;
      await stage.app.person({ tenantId: open.id, email });
      await stage.app.person({ tenantId: other.id, email });
      const unproved = await stage.app.person({ tenantId: open.id, emailVerified: false });
      const words: string[] = [];
      for (const claims of [{ email }, { email: unproved.email }, {}]) {
        const { reply } = await signIn(someoneAt(google, claims).login, anyone);
        assert.equal(reply.status, 403, reply.body);
        words.push(textOf(reply).replace(/Request number.*/, ''));
      }
      assert.equal(new Set(words).size, 1);
      assert.deepEqual(await identitiesOf(stage.app, unproved.id), ['password']);
    });

    it('offer a tenant’s own provider to its people alone', async () => {
      const own = await startOpenIdProvider({ redirectUri: `${stage.app.issuer}/callback/own` });
      const provider = { key: 'own', name: 'Own', ...own.client, issuer: own.issuer };
      await addProvider(stage.app, { ...provider, tenantId: open.id });
      const [first, second] = [await clientOf(open), await clientOf(other)];
      const { login } = someoneAt(own);
      await claimsOf(await signInThere(login, { party: first, key: 'own', browser: stage.visitor() }), first);
      for (const party of [second, anyone]) {
        const { reply, browser } = await openSignIn({ party, browser: stage.visitor() });
        assert.equal(providerHref(reply, 'own'), undefined);
        const [base] = /^.*\/interaction\/[\w-]+/.exec(reply.url) ?? [];
        assert.equal((await browser.open(`${base}/federation/own`)).status, 404);
      }
      await own.close();
    });
  });

  describe('on one’s own page', () => {
    const account = () => `${stage.app.issuer}/account`;

    async function homeOf(person: Person): Promise<{ browser: Browserless; home: Reply }> {
      const browser = stage.visitor();
      const page = await browser.open(account());
      const home = await browser.submit(page, { login: person.email, password: person.password });
      assert.equal(new URL(home.url).pathname, '/account', home.body);
      return { browser, home };
    }

    const post = (browser: Browserless, what: 'link' | 'unlink', provider = 'google') =>
      browser.send(`${account()}/identities/${what}`, { provider });

    /** The page leads on by itself, to the provider and back. */
    async function link(browser: Browserless, { login }: Someone): Promise<Reply> {
      const leaving = await post(browser, 'link');
      assert.equal(leaving.status, 200, leaving.body);
      const [, address = ''] = /^0; url=(http.*)$/.exec(String(leaving.headers.refresh)) ?? [];
      assert.ok(address.startsWith(google.issuer), String(leaving.headers.refresh));
      const there = await browser.open(address);
      return browser.submit(there, { login });
    }

    it('are linked with whatever address they have, told of, and sign in from then on', async () => {
      const person = await stage.app.person({ tenantId: open.id });
      const { browser, home } = await homeOf(person);
      assert.equal(home.status, 200);
      assert.match((await browser.open(`${account()}/security`)).body, /name="provider" value="google"/);
      const them = someoneAt(google, { email_verified: false });
      const done = await link(browser, them);
      assert.equal(new URL(done.url).pathname, '/account/security');
      assert.ok(textOf(done).includes(them.email), textOf(done));
      assert.deepEqual(await identitiesOf(stage.app, person.id), [`google ${them.login}`, 'password']);
      assert.match((await stage.mailbox.waitFor(person.email)).text, /Google/);

      const party = await clientOf(open);
      assert.equal((await claimsOf(await signIn(them.login, party), party)).sub, person.id);
      const unlinked = await browser.follow(await post(browser, 'unlink'), 'none:');
      assert.equal(new URL(unlinked.url).search, '?notice=identity_unlinked');
      assert.deepEqual(await identitiesOf(stage.app, person.id), ['password']);
      const events = await eventsOf(stage.app, person.id);
      assert.deepEqual(
        events.filter((action) => action.startsWith('identity.')),
        ['identity.linked', 'identity.unlinked'],
      );
    });

    it('are one person’s in a tenant', async () => {
      const [first, second] = [
        await stage.app.person({ tenantId: open.id }),
        await stage.app.person({ tenantId: open.id }),
      ];
      const them = someoneAt(google);
      await link((await homeOf(first)).browser, them);
      const refused = await link((await homeOf(second)).browser, them);
      assert.equal(refused.status, 409);
      assert.match(textOf(refused), /already linked to another person/);
      assert.deepEqual(await identitiesOf(stage.app, second.id), ['password']);
    });

    it('are of the hosted domain that the tenant asks for', async () => {
      const federation = { google: { requiredHostedDomain: 'northwind.example' } };
      const strict = await stage.app.tenant({ settings: { federation } });
      const person = await stage.app.person({ tenantId: strict.id });
      const refused = await link((await homeOf(person)).browser, someoneAt(google));
      assert.equal(refused.status, 403);
      assert.deepEqual(await identitiesOf(stage.app, person.id), ['password']);
    });

    it('are linked and unlinked only soon after a sign-in, and then as the same person', async () => {
      const party = await clientOf(open);
      const them = someoneAt(google);
      google.authenticatedSecondsAgo = 600;
      const journey = await signIn(them.login, party);
      await claimsOf(journey, party);
      for (const what of ['link', 'unlink'] as const) {
        const reply = await post(journey.browser, what);
        assert.equal(reply.status, 303);
        const asked = new URL(reply.location ?? '');
        assert.deepEqual(
          ['prompt', 'login_hint', 'tenant'].map((name) => asked.searchParams.get(name)),
          ['login', them.email, open.slug],
        );
      }
      assert.equal((await identitiesOf(stage.app, (await userOf(them)).id)).length, 1);
    });

    async function userOf({ email }: Someone): Promise<{ id: string }> {
      return stage.app.db('users').where({ email, tenantId: open.id }).first();
    }

    it('come back to the session alone that set out', async () => {
      const [first, second] = [
        await stage.app.person({ tenantId: open.id }),
        await stage.app.person({ tenantId: open.id }),
      ];
      const { browser } = await homeOf(first);
      const leaving = await post(browser, 'link');
      const [, address = ''] = /url=(.*)$/.exec(String(leaving.headers.refresh)) ?? [];
      // The person signs out meanwhile, and another signs in to the same browser.
      const cookies = browser.cookies.filter(({ name }) => name.startsWith('gh_federation'));
      const next = await homeOf(second);
      next.browser.cookies.push(...cookies);
      const there = await next.browser.open(address);
      const refused = await next.browser.submit(there, { login: someoneAt(google).login });
      assert.equal(refused.status, 401, refused.body);
      for (const { id } of [first, second]) assert.deepEqual(await identitiesOf(stage.app, id), ['password']);
    });

    it('are not linked where the session was ended on the way, nor once its person may act again', async () => {
      const { db } = stage.app;
      for (const again of [false, true]) {
        const person = await stage.app.person({ tenantId: open.id });
        const { browser } = await homeOf(person);
        const leaving = await post(browser, 'link');
        const [, address = ''] = /url=(.*)$/.exec(String(leaving.headers.refresh)) ?? [];
        const there = await browser.open(address);
        const of = { tenantId: open.id, userId: person.id };
        if (again) {
          await deactivateUser(db, of, systemCaller);
          await activateUser(db, of, systemCaller);
        } else await revokeAllSessions(db, of, systemCaller);
        const refused = await browser.submit(there, { login: someoneAt(google).login });
        assert.equal(refused.status, 401, refused.body);
        assert.deepEqual(await identitiesOf(stage.app, person.id), ['password']);
      }
    });

    it('are not unlinked where they are the last way to sign in', async () => {
      const only = await stage.app.tenant({ settings: { selfSignUp: true, signInMethods: ['google'] } });
      const party = await clientOf(only);
      const them = someoneAt(google);
      const journey = await signIn(them.login, party);
      const { sub } = await claimsOf(journey, party);
      const home = await journey.browser.open(`${account()}/security`);
      assert.match(textOf(home), /Your only way to sign in/);
      assert.doesNotMatch(home.body, /identities\/unlink/);
      const refused = await post(journey.browser, 'unlink');
      assert.equal(refused.status, 409);
      assert.match(textOf(refused), /only way left to sign in/);
      assert.deepEqual(await identitiesOf(stage.app, sub), [`google ${them.login}`]);

      // A password that the tenant does not take is no way; a code to a proved address is one.
      await updateTenantSettings(stage.app.db, only.id, { signInMethods: ['google', 'otp'] }, systemCaller);
      assert.equal((await post(journey.browser, 'unlink')).status, 303);
      assert.deepEqual(await identitiesOf(stage.app, sub), []);
    });

    it('are not changed from another site, by nobody, or at a provider of nobody', async () => {
      const person = await stage.app.person({ tenantId: open.id });
      const { browser } = await homeOf(person);
      for (const what of ['link', 'unlink']) {
        const address = `${account()}/identities/${what}`;
        const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
        assert.equal((await browser.send(address, { provider: 'google' }, foreign)).status, 403);
        assert.equal((await new Browserless().send(address, { provider: 'google' })).status, 401);
        assert.equal((await browser.send(address, { provider: 'nobody' })).status, 404);
        assert.equal((await browser.send(address, {})).status, 404);
      }
    });

    it('are not asked for without end', async () => {
      const { browser } = await homeOf(await stage.app.person({ tenantId: open.id }));
      assert.equal((await post(browser, 'link')).status, 200);
      await stage.app.db('rateLimits').where('key', 'like', 'federationPerIp:%').update({ hits: 100_000 });
      assert.equal((await post(browser, 'link')).status, 429);
      await stage.app.db('rateLimits').where('key', 'like', 'federationPerIp:%').delete();
    });

    it('that cannot be reached leave the page as it was', async () => {
      const gone = await startOpenIdProvider({ redirectUri: `${stage.app.issuer}/callback/gone` });
      await addProvider(stage.app, {
        key: 'gone',
        name: 'Gone',
        ...gone.client,
        issuer: gone.issuer,
        tenantId: open.id,
      });
      await gone.close();
      const person = await stage.app.person({ tenantId: open.id });
      const reply = await post((await homeOf(person)).browser, 'link', 'gone');
      assert.equal(reply.status, 503);
      assert.match(textOf(reply), /Gone doesn.t answer just now/);
      assert.match(reply.body, /Accounts elsewhere that sign you in/);
    });
  });
});
