import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { ensureReferralCode } from '../../src/domain/referrals/referrals.ts';
import type { Browserless, Reply } from '../support/browserless.ts';
import {
  type Begun,
  type MessagingApp,
  normalHeaders,
  normalPage,
  startMessagingApp,
} from '../support/messaging-app.ts';
import { discover, type RelyingParty, redirectUri, signIn } from '../support/relying-party.ts';

const chosen = 'a walk along the quiet river';

describe('making an account of one’s own', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  let party: RelyingParty;
  let tenant: Awaited<ReturnType<MessagingApp['app']['tenant']>>;
  before(async () => {
    stage = await startMessagingApp();
    const settings = { selfSignUp: true, countryList: ['CH'] };
    tenant = await stage.app.tenant({ name: 'Northwind', settings });
    party = await discover(stage.app, await stage.app.relyingParty({ tenantId: tenant.id }));
  });
  after(() => stage?.stop());

  let people = 0;
  const newAddress = (): string => `newcomer${++people}@example.test`;

  async function clientOf(settings: object): Promise<RelyingParty> {
    const own = await stage.app.tenant({ settings });
    return discover(stage.app, await stage.app.relyingParty({ tenantId: own.id }));
  }

  async function ask(browser: Browserless, { base }: Begun, address: string, channel = 'email'): Promise<Reply> {
    const page = await browser.open(`${base}/sign-up?channel=${channel}`);
    assert.equal(page.status, 200, page.body);
    return browser.submit(page, { address });
  }

  /** To the page that asks for the name. */
  async function prove(browser: Browserless, begun: Begun, address: string): Promise<Reply> {
    const page = await ask(browser, begun, address);
    assert.equal(page.url, `${begun.base}/sign-up/code`);
    const { code = '' } = await stage.mailbox.waitFor(address);
    const profile = await browser.submit(page, { code });
    assert.equal(profile.url, `${begun.base}/sign-up/profile`, profile.body);
    return profile;
  }

  async function claimsOf(begun: Begun, reply: Reply, client = party) {
    assert.ok(reply.location?.startsWith(redirectUri), `${reply.status} ${reply.body}`);
    const tokens = await openid.authorizationCodeGrant(client.config, new URL(String(reply.location)), begun.checks);
    return tokens.claims();
  }

  async function usersAt(email: string): Promise<Record<string, unknown>[]> {
    return stage.app.db('users').where({ email }).select('id', 'fullName', 'emailVerifiedAt', 'tenantId', 'phone');
  }

  it('proves the address, takes a name and a password, and signs in', async () => {
    const email = newAddress();
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    assert.match(begun.page.body, /name="to" value="new_account"/);
    const profile = await prove(browser, begun, email);
    const done = await browser.submit(profile, { full_name: 'Ada Lovelace', password: chosen }, { until: redirectUri });
    const claims = await claimsOf(begun, done);
    assert.deepEqual(claims?.amr, ['otp']);
    const [user, ...others] = await usersAt(email);
    assert.deepEqual(others, []);
    assert.equal(claims?.sub, user?.id);
    assert.equal(user?.fullName, 'Ada Lovelace');
    assert.ok(user?.emailVerifiedAt);
    const later = await signIn(party, { email, password: chosen });
    assert.equal(later.tokens.claims()?.sub, user?.id);
  });

  it('needs no password where a code signs in as well', async () => {
    const email = newAddress();
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const profile = await prove(browser, begun, email);
    const nameless = await browser.submit(profile, { full_name: ' ', password: '' });
    assert.equal(nameless.status, 422);
    const done = await browser.submit(nameless, { full_name: 'Ada', password: '' }, { until: redirectUri });
    const claims = await claimsOf(begun, done);
    assert.equal(claims?.sub, (await usersAt(email))[0]?.id);
    const passwords = await stage.app
      .db('user_identities')
      .where({ userId: claims?.sub as string, provider: 'password' });
    assert.deepEqual(passwords, []);
  });

  it('asks for a password where nothing else would sign in, and refuses a weak one', async () => {
    const client = await clientOf({ selfSignUp: true, signInMethods: ['password'] });
    const email = newAddress();
    const browser = stage.visitor();
    const begun = await stage.begin(client, browser);
    const profile = await prove(browser, begun, email);
    const without = await browser.submit(profile, { full_name: 'Ada Lovelace' });
    assert.equal(without.status, 422);
    assert.match(without.body, /value="Ada Lovelace"/, 'what was typed stays');
    const weak = await browser.submit(without, { full_name: 'Ada Lovelace', password: 'password' });
    assert.equal(weak.status, 422);
    assert.ok(!weak.body.includes('value="password"'));
    const done = await browser.submit(weak, { full_name: 'Ada Lovelace', password: chosen }, { until: redirectUri });
    assert.ok(await claimsOf(begun, done, client));
  });

  it('works by SMS', async () => {
    const phone = stage.phone();
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const page = await ask(browser, begun, `0${phone.slice(3)}`, 'sms');
    const { code = '' } = await stage.twilio.waitFor(phone);
    const profile = await browser.submit(page, { code });
    const done = await browser.submit(profile, { full_name: 'Grace Hopper' }, { until: redirectUri });
    assert.deepEqual((await claimsOf(begun, done))?.amr, ['otp', 'sms']);
    const [user] = await stage.app.db('users').where({ phone }).select('phoneVerifiedAt', 'email');
    assert.ok(user.phoneVerifiedAt);
    assert.equal(user.email, null);
    const home = await browser.open(`${stage.app.issuer}/account`);
    assert.equal(home.status, 200, 'also without an email address there is an account page');
    assert.ok(home.body.includes('Grace Hopper'));
  });

  it('remembers who referred the newcomer, and passes over a code that is nobody’s', async () => {
    const referrer = await stage.app.person({ tenantId: tenant.id });
    const { code } = await ensureReferralCode(stage.app.db, { tenantId: tenant.id, userId: referrer.id }, systemCaller);
    for (const [referral, expected] of [
      [code.toLowerCase(), [referrer.id]],
      ['NOBODYS234', []],
      ['x'.repeat(500), []],
    ] as const) {
      const email = newAddress();
      const browser = stage.visitor();
      const begun = await stage.begin(party, browser, { referral_code: referral });
      const profile = await prove(browser, begun, email);
      const done = await browser.submit(profile, { full_name: 'Ada' }, { until: redirectUri });
      const userId = (await claimsOf(begun, done))?.sub as string;
      const referrals = await stage.app
        .db('referrals')
        .where({ referredUserId: userId })
        .select('referrerUserId', 'status');
      assert.deepEqual(
        referrals.map((row: { referrerUserId: string; status: string }) => [row.referrerUserId, row.status]),
        expected.map((id) => [id, 'completed_signup']),
        referral,
      );
    }
  });

  it('begins with the sign-up where the application asks for it, and with the sign-in where nobody may', async () => {
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser, { prompt: 'create' });
    assert.equal(begun.page.url, `${begun.base}/sign-up`);
    const profile = await prove(browser, begun, newAddress());
    const done = await browser.submit(profile, { full_name: 'Ada' }, { until: redirectUri });
    assert.ok(await claimsOf(begun, done));

    const person = await stage.app.person({ tenantId: tenant.id });
    const other = stage.visitor();
    const asked = await stage.begin(party, other, { prompt: 'create' });
    const known = await other.open(`${asked.base}/sign-in`);
    const credentials = { login: person.email, password: person.password };
    const signedIn = await other.submit(known, credentials, { until: redirectUri });
    assert.equal((await claimsOf(asked, signedIn))?.sub, person.id, 'who has an account may use it');

    const closed = await clientOf({});
    const closedBegun = await stage.begin(closed, stage.visitor(), { prompt: 'create' });
    assert.equal(closedBegun.page.url, `${closedBegun.base}/sign-in`);
    const shared = await discover(stage.app, await stage.app.relyingParty());
    const nowhere = await stage.begin(shared, stage.visitor(), { prompt: 'create' });
    assert.equal(nowhere.page.url, `${nowhere.base}/sign-in`);
    const named = await stage.begin(shared, stage.visitor(), { prompt: 'create', tenant: tenant.slug });
    assert.equal(named.page.url, `${named.base}/sign-up`);
  });

  it('makes a new account although somebody is signed in', async () => {
    const person = await stage.app.person({ tenantId: tenant.id });
    const browser = stage.visitor();
    await signIn(party, person, { browser });
    const begun = await stage.begin(party, browser, { prompt: 'create' });
    const profile = await prove(browser, begun, newAddress());
    let done = await browser.submit(profile, { full_name: 'Ada' }, { until: redirectUri });
    // The library ends the other session by a form that sends itself.
    if (!done.location) done = await browser.submit(done, {}, { until: redirectUri });
    const claims = await claimsOf(begun, done);
    assert.ok(claims?.sub && claims.sub !== person.id);
  });

  it('tells the owner of an address instead of the person who types it', async () => {
    const owner = await stage.app.person({ tenantId: tenant.id });
    const stranger = newAddress();
    const answers = [];
    for (const address of [owner.email, stranger]) {
      const browser = stage.visitor();
      const begun = await stage.begin(party, browser);
      const form = { channel: 'email', address };
      const both = await Promise.all([
        browser.send(`${begun.base}/sign-up`, form),
        browser.send(`${begun.base}/sign-up`, form),
      ]);
      const page = await browser.open(both[0].location as string);
      const wrong: Reply[] = [];
      for (let guess = 0; guess < 2; guess++) wrong.push(await browser.send(page.url, { code: '12345' }));
      const skipped = await browser.send(`${begun.base}/sign-up/profile`, { full_name: 'Mallory' });
      const replies = [...both, page, ...wrong, skipped];
      assert.deepEqual(
        replies.map(({ status }) => status),
        [303, 303, 200, 401, 401, 303],
      );
      answers.push(replies.map((reply) => [normalHeaders(reply), normalPage(reply, address)]));
    }
    assert.deepEqual(answers[1], answers[0]);
    const told = await stage.mailbox.waitFor(owner.email);
    assert.equal(told.code, undefined, 'no code that would make a second account');
    assert.ok(told.links.some((link) => link.startsWith(`${stage.app.issuer}/account`)));
    assert.ok((await stage.mailbox.waitFor(stranger)).code);
    await stage.settled();
    assert.equal(stage.mailbox.to(owner.email).length, 1);
    assert.equal((await usersAt(owner.email)).length, 1);
  });

  it('makes one account of one proof, however often the forms are sent', async () => {
    const email = newAddress();
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const page = await ask(browser, begun, email);
    const { code = '' } = await stage.mailbox.waitFor(email);
    const entered = await Promise.all([browser.send(page.url, { code }), browser.send(page.url, { code })]);
    assert.deepEqual(
      entered.map(({ location }) => location),
      Array(2).fill(`${begun.base}/sign-up/profile`),
    );
    const profile = entered[0].location as string;
    const form = { full_name: 'Ada', password: chosen };
    const made = await Promise.all([browser.send(profile, form), browser.send(profile, form)]);
    assert.deepEqual(
      made.map(({ status }) => status),
      [303, 303],
      made.map(({ body }) => body).join(),
    );
    assert.equal(made[0].location, made[1].location);
    assert.ok(await claimsOf(begun, await browser.follow(made[1], redirectUri)));
    assert.equal((await usersAt(email)).length, 1);
  });

  it('starts again where somebody has the address meanwhile', async () => {
    const email = newAddress();
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const profile = await prove(browser, begun, email);
    await stage.app.person({ tenantId: tenant.id, email });
    const refused = await browser.submit(profile, { full_name: 'Ada' });
    assert.equal(refused.status, 410);
    assert.match(refused.body, /name="address"/);
    assert.doesNotMatch(refused.body, /in use|exists/i);
    assert.equal((await browser.send(profile.url)).location, `${begun.base}/sign-up`);
  });

  it('takes the domains alone that the tenant lists, and no phones then', async () => {
    const settings = { selfSignUp: true, signUpEmailDomains: ['school.example'], countryList: ['CH'] };
    const client = await clientOf(settings);
    const browser = stage.visitor();
    const begun = await stage.begin(client, browser);
    const page = await browser.open(`${begun.base}/sign-up`);
    assert.doesNotMatch(page.body, /channel=sms/);
    for (const address of ['a@example.test', 'a@sub.school.example', 'a@school.example.evil.test']) {
      const refused = await browser.submit(page, { address });
      assert.equal(refused.status, 422, address);
      assert.match(refused.body, new RegExp(`value="${address}"`));
    }
    assert.equal((await browser.submit(page, { address: 'A@SCHOOL.example' })).url, `${begun.base}/sign-up/code`);
  });

  it('is closed by default, at every step', async () => {
    const closed = await clientOf({});
    const browser = stage.visitor();
    const { base, page } = await stage.begin(closed, browser);
    assert.doesNotMatch(page.body, /sign-up/);
    for (const path of ['sign-up', 'sign-up/code', 'sign-up/profile'])
      assert.equal((await browser.send(`${base}/${path}`)).location, base, path);
    for (const path of ['sign-up', 'sign-up/code', 'sign-up/resend', 'sign-up/profile'])
      assert.equal((await browser.send(`${base}/${path}`, { address: newAddress() })).location, base, path);
    await stage.settled();
    assert.equal(stage.mailbox.to(`newcomer${people}@example.test`).length, 0);
  });

  it('writes to nobody where the person who signed up could not come back', async () => {
    const client = await clientOf({ selfSignUp: true, signInMethods: ['somewhere-else'], countryList: ['CH'] });
    const browser = stage.visitor();
    const { base, page } = await stage.begin(client, browser);
    assert.doesNotMatch(page.body, /sign-up/);
    const phone = stage.phone();
    assert.equal((await browser.send(`${base}/sign-up`, { address: phone, channel: 'sms' })).location, base);
    assert.equal(await stage.app.db('otp_codes').where({ destination: phone }).first(), undefined);
  });

  it('takes no code of a sign-in for a sign-up, and none the other way', async () => {
    const email = newAddress();
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    await ask(browser, begun, email);
    const { code = '' } = await stage.mailbox.waitFor(email);
    const wrongDoor = await browser.send(`${begun.base}/code/enter`, { code });
    assert.equal(wrongDoor.location, `${begun.base}/code`);
    const right = await browser.send(`${begun.base}/sign-up/code`, { code });
    assert.equal(right.location, `${begun.base}/sign-up/profile`, 'and it is still good where it belongs');
  });

  it('is reached from a link to the account page', async () => {
    const browser = stage.visitor();
    const link = `${stage.app.issuer}/account?${new URLSearchParams({ tenant: tenant.slug, prompt: 'create', referral_code: 'B2C3D4F5G6' })}`;
    const page = await browser.open(link);
    assert.match(page.url, /\/sign-up$/);
    const begun = { base: page.url.replace(/\/sign-up$/, ''), page } as Begun;
    const profile = await prove(browser, begun, newAddress());
    const home = await browser.submit(profile, { full_name: 'Ada Lovelace' });
    assert.equal(home.url, `${stage.app.issuer}/account`);
    assert.ok(home.body.includes('Ada Lovelace'));
  });
});
