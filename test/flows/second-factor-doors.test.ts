/**
 * Every way into the house beside the front door, walked by people who have proved one factor and owe another: each ends at the
 * page that asks for it, and nobody is signed in. Why they owe it is another each time.
 */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createInvitation } from '../../src/domain/invitations/send-invitation.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { makePasskey } from '../support/authenticator.ts';
import type { Browserless, Reply } from '../support/browserless.ts';
import { postAs, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { addProvider, goThere, someoneAt } from '../support/federation.ts';
import { type OpenIdProviderServer, startOpenIdProvider } from '../support/identity-provider.ts';
import type { ReceivedMail } from '../support/mailbox.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import {
  discover,
  enterPassword,
  type RelyingParty,
  redirectUri,
  signIn,
  startSignIn,
} from '../support/relying-party.ts';
import { asksForFactor, asksForKey, asksToEnrol, enrolled, enrolledKey } from '../support/second-factor.ts';

const aal1 = 'urn:gatehouse:acr:aal1';
const aal2 = 'urn:gatehouse:acr:aal2';
const chosen = 'a walk along the quiet river';
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

type Person = Awaited<ReturnType<MessagingApp['app']['person']>>;

describe('the side doors', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  let google: OpenIdProviderServer;
  before(async () => {
    stage = await startMessagingApp();
    google = await startOpenIdProvider({ redirectUri: `${stage.app.issuer}/callback/google` });
    await addProvider(stage.app, { key: 'google', ...google.client, issuer: google.issuer });
  });
  beforeEach(() => stage.app.db('rateLimits').delete());
  after(async () => {
    await google?.close();
    await stage?.stop();
  });

  /** Somebody of a tenant of their own, with what a door needs. */
  interface Guest {
    person: Person;
    tenantId: string;
    party: RelyingParty;
    /** Makes them owe a second factor. */
    bind(): Promise<void>;
  }

  async function guest(owe: (guest: Guest) => Promise<unknown>, more: object = {}): Promise<Guest> {
    const { id: tenantId } = await stage.app.tenant({ settings: { selfSignUp: true, countryList: ['CH'] } });
    const party = await discover(stage.app, await stage.app.relyingParty({ tenantId }));
    const person = await stage.app.person({ tenantId, ...more });
    const made: Guest = {
      person,
      tenantId,
      party,
      async bind() {
        await owe(made);
      },
    };
    return made;
  }

  /** Why somebody owes a second factor. */
  const reasons: Record<string, (guest: Guest) => Promise<unknown>> = {
    'who has enrolled one': ({ person }) => enrolled(stage.app, person),
    'of whom it is required': ({ person }) =>
      stage.app.db('users').where({ id: person.id }).update({ mfaRequired: true }),
    'of whose tenant it is required': ({ tenantId }) =>
      updateTenantSettings(stage.app.db, tenantId, { secondFactorFor: 'everyone' }, systemCaller),
  };

  /** And what of: kinds of factors, and what the page asks of those who have them. */
  const kinds: Record<string, { owe(guest: Guest): Promise<unknown>; isAsked(reply: Reply): boolean }> = {
    'who has enrolled a security key': {
      owe: ({ person }) => enrolledKey(stage.app, person),
      isAsked: asksForKey,
    },
    'of whom it is required and who has a passkey': {
      async owe({ person, tenantId }) {
        await makePasskey(stage.app.db, { tenantId, userId: person.id });
        await stage.app.db('users').where({ id: person.id }).update({ mfaRequired: true });
      },
      isAsked: asksForKey,
    },
    'whose tenant requires it and counts codes that are sent': {
      owe: ({ tenantId }) =>
        updateTenantSettings(
          stage.app.db,
          tenantId,
          { secondFactorFor: 'everyone', secondFactorChannels: ['email'] },
          systemCaller,
        ),
      // Beside the same mailbox a code is none, and something has to be enrolled.
      isAsked: (reply) => asksToEnrol(reply) || /action="[^"]*\/factor\/email"/.test(reply.body),
    },
  };
  for (const [reason, owe] of Object.entries(reasons))
    kinds[reason] = { owe, isAsked: reason === 'who has enrolled one' ? asksForFactor : asksToEnrol };

  const open = async (party: RelyingParty, browser: Browserless, parameters: Record<string, string> = {}) =>
    browser.open((await startSignIn(party, parameters)).address.href, redirectUri);

  /** The newest mail to the person, after `before` others, that has what is looked for: they are told of their factors as well. */
  const mailTo = (address: string, before: number, fits: (mail: ReceivedMail) => boolean) =>
    eventually(async () => {
      const mail = stage.mailbox.to(address).slice(before).findLast(fits);
      assert.ok(mail, `no such mail to ${address}`);
      return mail;
    });

  async function linkTo(address: string, before: number, part: string): Promise<string> {
    const has = (link: string) => link.includes(part);
    return (await mailTo(address, before, ({ links }) => links.some(has))).links.find(has) as string;
  }

  async function byCode({ person, party }: Guest, browser = stage.visitor()): Promise<Reply> {
    const { base } = await stage.begin(party, browser);
    const before = stage.mailbox.to(person.email).length;
    const page = await browser.submit(await browser.open(`${base}/code?channel=email`), { address: person.email });
    const { code = '' } = await mailTo(person.email, before, (mail) => mail.code !== undefined);
    return browser.submit(page, { code }, { until: redirectUri });
  }

  async function byRecovery({ person, party }: Guest): Promise<Reply> {
    const browser = stage.visitor();
    const { base } = await stage.begin(party, browser);
    const before = stage.mailbox.to(person.email).length;
    await browser.submit(await browser.open(`${base}/recovery?channel=email`), { address: person.email });
    const link = await linkTo(person.email, before, '/recovery/');
    const done = await browser.submit(await browser.open(link), { password: chosen });
    assert.equal(done.status, 200, done.body);
    return enterPassword(browser, await open(party, browser), { ...person, password: chosen });
  }

  async function byInvitation({ person, tenantId, party }: Guest): Promise<Reply> {
    const [role] = await stage.app.db('roles').where({ tenantId, name: 'member' });
    const [root] = await stage.app.db('org_nodes').where({ tenantId, parentId: null });
    const before = stage.mailbox.to(person.email).length;
    const wanted = { tenantId, roleId: role.id, orgNodeId: root.id, locale: 'en', email: person.email };
    const reach = { channels: ['email'] as const, phoneCountries: [], budgets: { email: 1000, phone: 1000 } };
    const { secrets, issuer, db } = stage.app;
    await createInvitation(db, wanted, { secrets, issuer, caller: systemCaller, ...reach });
    const browser = stage.visitor();
    const link = await linkTo(person.email, before, '/invitations/');
    const accepted = await browser.submit(await browser.open(link), {});
    assert.equal(accepted.status, 200, accepted.body);
    const account = await browser.open(`${issuer}/account`);
    assert.match(account.body, /name="password"/, 'nobody is signed in by it');
    return enterPassword(browser, await open(party, browser), person);
  }

  async function byProvider({ person, party }: Guest, verified: boolean): Promise<Reply> {
    const { login } = someoneAt(google, { email: person.email, email_verified: verified });
    const browser = stage.visitor();
    const journey = await goThere({ party, browser });
    let reply = await browser.submit(journey.reply, { login }, { until: redirectUri });
    if (/link-account/.test(reply.url))
      reply = await browser.submit(reply, { password: person.password }, { until: redirectUri });
    return reply;
  }

  async function byDevice({ person, tenantId }: Guest): Promise<Reply> {
    const metadata = { grant_types: [deviceGrant, 'refresh_token'], response_types: [] };
    const none = { redirectUris: [], postLogoutRedirectUris: [] };
    const client = await stage.app.relyingParty({ kind: 'native', tenantId, metadata, ...none } as never);
    const { issuer } = stage.app;
    const { body } = await postAs(`${issuer}/device/authorize`, client as never, { scope: 'openid' });
    const browser = stage.visitor();
    const typed = await browser.submit(await browser.open(`${issuer}/device`), { user_code: body.user_code });
    const page = await browser.submit(typed, {});
    const reply = await browser.submit(page, { login: person.email, password: person.password });
    const poll = await postAs(`${issuer}/token`, client as never, {
      grant_type: deviceGrant,
      device_code: body.device_code,
    });
    assert.equal(poll.body.error, 'authorization_pending');
    return reply;
  }

  /** Each leads as far as one factor does. What begins before the guest is bound has `before`. */
  const doors: Record<
    string,
    { before?: (guest: Guest) => Promise<Browserless>; walk(guest: Guest, browser: Browserless): Promise<Reply> }
  > = {
    'the password': {
      walk: async ({ party, person }, browser) => enterPassword(browser, await open(party, browser), person),
    },
    'a code by mail': { walk: (guest) => byCode(guest) },
    'recovery by mail': { walk: byRecovery },
    'an invitation': { walk: byInvitation },
    'linking a provider': { walk: (guest) => byProvider(guest, true) },
    'the device flow': { walk: byDevice },
    'prompt=create, and the sign-in page of it': {
      async walk({ party, person }, browser) {
        const page = await open(party, browser, { prompt: 'create' });
        return enterPassword(browser, await browser.open(page.url.replace(/sign-up.*$/, 'sign-in')), person);
      },
    },
    'a request that asks for one factor': {
      walk: async ({ party, person }, browser) =>
        enterPassword(browser, await open(party, browser, { acr_values: aal1 }), person),
    },
    'prompt=login in a session from before': {
      before: async ({ party, person }) => (await signIn(party, person, { browser: stage.visitor() })).browser,
      walk: async ({ party, person }, browser) =>
        enterPassword(browser, await open(party, browser, { prompt: 'login' }), person),
    },
    'max_age in a session from before': {
      before: async ({ party, person }) => (await signIn(party, person, { browser: stage.visitor() })).browser,
      walk: async ({ party, person }, browser) =>
        enterPassword(browser, await open(party, browser, { max_age: '0' }), person),
    },
    'choosing the account of a session from before': {
      before: async ({ party, person }) => (await signIn(party, person, { browser: stage.visitor() })).browser,
      async walk({ party, person }, browser) {
        const choice = await open(party, browser, { prompt: 'select_account' });
        const reply = await browser.submit(choice, {}, { until: redirectUri });
        return /name="password"/.test(reply.body) ? enterPassword(browser, reply, person) : reply;
      },
    },
    'the account page in a session from before': {
      before: async ({ party, person }) => (await signIn(party, person, { browser: stage.visitor() })).browser,
      async walk({ person }, browser) {
        const reply = await browser.open(`${stage.app.issuer}/account`);
        return /name="password"/.test(reply.body)
          ? browser.submit(reply, { login: person.email, password: person.password })
          : reply;
      },
    },
  };

  for (const [reason, { owe, isAsked }] of Object.entries(kinds))
    for (const [name, { before: prepare, walk }] of Object.entries(doors))
      it(`${name}: lets nobody past ${reason}`, async () => {
        const here = await guest(owe);
        const browser = (await prepare?.(here)) ?? stage.visitor();
        await here.bind();
        const since = new Date();
        const reply = await walk(here, browser);
        assert.ok(isAsked(reply), `${reply.status} ${reply.url} ${reply.location} ${reply.body.slice(0, 2000)}`);
        // The factor's own addresses lead nowhere else.
        const base = reply.url.replace(/\/factor\/.*$/, '');
        for (const path of [
          'factor/later',
          'factor/codes',
          'factor/key',
          'factor/enrol/key',
          'factor/email',
          'factor/phone',
          'consent',
          'select-account/continue',
        ]) {
          const tried = await browser.send(`${base}/${path}`, {});
          assert.ok(
            !tried.location?.startsWith(redirectUri) && !tried.location?.includes('/authorize'),
            `${path}: ${tried.location}`,
          );
        }
        const sessions = await stage.app
          .db('user_sessions')
          .where({ userId: here.person.id })
          .where('loginAt', '>=', since);
        assert.equal(sessions.length, 0, 'nobody is signed in');
      });

  for (const [reason, owe] of Object.entries(reasons))
    it(`what was given out before is worth nothing any more to somebody ${reason}`, async () => {
      const here = await guest(owe);
      const { tokens, browser } = await signIn(here.party, here.person, { browser: stage.visitor() });
      assert.equal(await userinfoStatus(stage.app.issuer, tokens.access_token), 200);
      await here.bind();
      const silent = await open(here.party, browser, { prompt: 'none' });
      assert.match(silent.location ?? '', /error=login_required/);
      assert.equal(await userinfoStatus(stage.app.issuer, tokens.access_token), 401);
      const { active } = await openid.tokenIntrospection(here.party.config, tokens.access_token);
      assert.equal(active, false);
      await assert.rejects(openid.refreshTokenGrant(here.party.config, tokens.refresh_token as string), {
        error: 'invalid_grant',
      });
      assert.notEqual((await browser.send(`${stage.app.issuer}/account`)).status, 200);
    });

  it('a first proof of an address takes passwords away, and no second factor', async () => {
    const here = await guest(reasons['who has enrolled one'] as never, { emailVerified: false });
    await here.bind();
    assert.ok(asksForFactor(await byCode(here)));
    assert.equal((await stage.app.db('user_factors').where({ userId: here.person.id })).length, 1);
  });

  it('somebody new has to enrol where the tenant asks it of everybody', async () => {
    const here = await guest(reasons['of whose tenant it is required'] as never);
    await here.bind();
    const browser = stage.visitor();
    const { base } = await stage.begin(here.party, browser);
    const address = `newcomer-${here.tenantId}@example.test`;
    const page = await browser.submit(await browser.open(`${base}/sign-up?channel=email`), { address });
    const { code = '' } = await stage.mailbox.waitFor(address);
    const profile = await browser.submit(page, { code });
    const reply = await browser.submit(profile, { full_name: 'New Comer', password: chosen }, { until: redirectUri });
    assert.ok(asksToEnrol(reply), `${reply.status} ${reply.url} ${reply.body.slice(0, 1000)}`);
  });

  it('a person of several tenants comes to the factor of the account that they chose', async () => {
    const first = await guest(reasons['who has enrolled one'] as never);
    await first.bind();
    const { id: tenantId } = await stage.app.tenant({ settings: { secondFactorFor: 'nobody' } });
    const { email, password } = first.person;
    const other = await stage.app.person({ tenantId, email, password });
    const party = await discover(stage.app, await stage.app.relyingParty());
    for (const [account, asks] of [
      [first.person.id, true],
      [other.id, false],
    ] as const) {
      const browser = stage.visitor();
      const choice = await enterPassword(browser, await open(party, browser), first.person);
      const reply = await browser.submit(choice, { account }, { until: redirectUri });
      assert.equal(asksForFactor(reply), asks, `${reply.status} ${reply.url}`);
    }
  });

  it('somebody whose sessions were ended meanwhile begins again', async () => {
    const here = await guest(reasons['who has enrolled one'] as never);
    await here.bind();
    const browser = stage.visitor();
    const page = await enterPassword(browser, await open(here.party, browser), here.person);
    assert.ok(asksForFactor(page));
    await stage.app.db('oidc_payloads').where({ accountId: here.person.id, model: 'WaitingProof' }).delete();
    const again = await browser.open(page.url, redirectUri);
    assert.match(again.body, /name="password"/);
  });

  it(`a token says ${aal2} only of who has proved two`, async () => {
    const here = await guest(reasons['who has enrolled one'] as never);
    const { tokens } = await signIn(here.party, here.person, { browser: stage.visitor() });
    assert.equal(tokens.claims()?.acr, aal1);
  });
});
