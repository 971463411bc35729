/**
 * Codes on their way while mail servers and Twilio are down, silent, slow or refuse, and while processes are killed:
 * people who sign in by password notice nothing, and every code arrives afterwards, once.
 */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import pg from 'pg';
import { requestCode } from '../../src/domain/codes/one-time-codes.ts';
import { budgetSubject } from '../../src/domain/messages/phone-policy.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import type { TestApp } from '../support/app.ts';
import type { Browserless } from '../support/browserless.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { unlimited } from '../support/limits.ts';
import { type Begun, type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { discover, type RelyingParty, redirectUri } from '../support/relying-party.ts';
import { environmentOf, startServerProcess } from '../support/server-process.ts';
import { takeBackJobs } from '../support/take-back-jobs.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

interface Asked {
  person: Person;
  browser: Browserless;
  begun: Begun;
}

/** What tests of this file do with a server, whichever process sends its messages. */
async function setScene(options: Parameters<typeof startMessagingApp>[0] = {}) {
  const stage: MessagingApp = await startMessagingApp(options);
  const { app, mailbox, twilio } = stage;
  const tenant: NewTenant = await app.tenant({ settings: { countryList: ['CH'] } });
  const party: RelyingParty = await discover(app, await app.relyingParty({ tenantId: tenant.id }));
  const newPerson = () => app.person({ tenantId: tenant.id, phone: stage.phone(), phoneVerified: true });

  /** @param origin of another process to send the form to */
  async function ask(channel: 'email' | 'sms' | 'whatsapp', origin = app.issuer): Promise<Asked> {
    const person = await newPerson();
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const address = channel === 'email' ? person.email : (person.phone as string);
    const reply = await browser.send(`${begun.base}/code`.replace(app.issuer, origin), { channel, address });
    assert.equal(reply.status, 303, reply.body);
    return { person, browser, begun };
  }

  /** The code that came signs in, and nothing else came. */
  async function assertArrived(channel: 'email' | 'sms', { person, browser, begun }: Asked): Promise<void> {
    const address = channel === 'email' ? person.email : (person.phone as string);
    const { code = '' } = await (channel === 'email' ? mailbox : twilio).waitFor(address);
    const reply = await browser.follow(await browser.send(`${begun.base}/code/enter`, { code }), redirectUri);
    assert.ok(reply.location?.startsWith(redirectUri), `${reply.status} ${reply.body}`);
    const tokens = await openid.authorizationCodeGrant(party.config, new URL(String(reply.location)), begun.checks);
    assert.equal(tokens.claims()?.sub, person.id);
  }

  function assertOnce(asked: readonly Asked[]): void {
    for (const { person } of asked)
      assert.equal(
        mailbox.to(person.email).length + twilio.to(person.phone as string).length,
        1,
        'every code arrives once',
      );
  }

  /** Posts a right password so many times, each from another address. */
  async function signInOften(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      const browser = stage.visitor();
      const { page } = await stage.begin(party, browser);
      const reply = await browser.send(page.url, { login: someone.email, password: someone.password });
      assert.equal(reply.status, 303, reply.body);
    }
  }

  /** The mail server takes connections and says nothing; those that were open are gone. Answers how many there were. */
  async function fallSilent(): Promise<number> {
    await mailbox.stop();
    mailbox.hang(true);
    await mailbox.restart();
    return mailbox.connections();
  }

  const someone = await newPerson();
  return { stage, app, mailbox, twilio, party, ask, assertArrived, assertOnce, signInOften, fallSilent };
}

type Scene = Awaited<ReturnType<typeof setScene>>;

describe('while messages cannot be delivered', function () {
  this.timeout(120_000);
  let scene: Scene;
  before(async () => {
    scene = await setScene();
  });
  after(() => scene?.stage.stop());
  afterEach(async () => {
    scene.mailbox.hang(false);
    scene.twilio.fail(undefined);
    scene.twilio.slow(0);
    await scene.mailbox.restart();
  });

  it('passwords wait for none of them, and every code arrives afterwards', async () => {
    const { app, mailbox, twilio, ask, fallSilent, signInOften, stage } = scene;
    // At first it takes connections and says nothing, and Twilio takes its time; then there are no connections to be had.
    const connections = await fallSilent();
    twilio.slow(2_000);
    const mails = [await ask('email'), await ask('email'), await ask('email')];
    const texts = [await ask('sms'), await ask('sms')];
    await eventually(() => mailbox.connections() > connections, 'it waits for the mail server');
    // Who waited for a mail server that says nothing would not come to an end here.
    await signInOften(20);
    assert.deepEqual(mailbox.mails, []);
    await mailbox.stop();
    mailbox.hang(false);
    mails.push(await ask('email'), await ask('email'));
    await signInOften(20);
    assert.deepEqual(mailbox.mails, []);
    await mailbox.restart();
    for (const one of texts) await scene.assertArrived('sms', one);
    for (const one of mails) await scene.assertArrived('email', one);
    await stage.settled();
    scene.assertOnce([...mails, ...texts]);
    assert.deepEqual(await app.db('otp_codes').whereNotNull('failedAt').select('id'), []);
  });

  it('a Twilio that fails or has too much to do is asked again, one that refuses is not', async () => {
    const { app, twilio, ask, stage } = scene;
    const texts: Asked[] = [];
    for (const failure of [
      { status: 503, code: 20503 },
      { status: 429, code: 20429 },
    ]) {
      const requests = twilio.requests();
      twilio.fail(failure);
      texts.push(await ask('sms'));
      await eventually(() => twilio.requests() > requests, `it was asked (${failure.status})`);
    }
    twilio.fail({ status: 400, code: 21610, message: 'Attempt to send to unsubscribed recipient' });
    const refused = await ask('sms');
    const failed = async () => {
      const row = await app.db('otp_codes').where({ destination: refused.person.phone }).first('failedAt', 'sentAt');
      return row.failedAt !== null && row.sentAt === null;
    };
    await eventually(failed, 'it was refused');
    twilio.fail(undefined);
    for (const one of texts) await scene.assertArrived('sms', one);
    await stage.settled();
    scene.assertOnce(texts);
    assert.deepEqual(twilio.to(refused.person.phone as string), []);
    const events = await app.db('audit_events').where({ action: 'message.failed' }).select('payload');
    assert.deepEqual(
      events.map(({ payload }) => payload),
      [{ channel: 'sms', template: 'code', reason: '21610' }],
    );
    // A person who waits for it may have it by another way.
    const page = await refused.browser.open(`${refused.begun.base}/code/enter`);
    assert.match(page.body, /<button[^>]*name="channel" value="whatsapp"/);
  });
});

describe('a run through a thousand numbers', function () {
  this.timeout(120_000);
  const budget = 30;
  let stage: MessagingApp;
  before(async () => {
    stage = await startMessagingApp();
  });
  after(() => stage?.stop());

  it('ends with the budget of the day', async () => {
    const { app, twilio } = stage;
    // Anybody who may sign up gets a code, so this is where numbers are pumped.
    const settings = { selfSignUp: true, countryList: ['CH', 'FR'], dailyPhoneMessages: budget };
    const { id: tenantId } = await app.tenant({ settings });
    const outcomes: Record<string, number> = {};
    const phoneOf = (n: number) => `+417${6 + (n % 4)}${String(2_000_000 + n * 137)}`;
    const request = async (n: number): Promise<void> => {
      const outcome = await requestCode(
        app.db,
        {
          tenantId,
          purpose: 'sign_up',
          channel: 'sms',
          address: phoneOf(n),
          challenge: `challenge ${n}`,
          locale: 'en',
        },
        {
          secrets: app.secrets,
          caller: { type: 'system', ip: `10.${n >> 12}.${(n >> 4) & 255}.${n & 15}` },
          limits: unlimited,
          channels: ['sms'],
          phoneCountries: app.config.phone.countries,
          budgets: { email: app.config.mail.dailyBudget, phone: app.config.phone.dailyBudget },
        },
      ).then(
        () => 'accepted',
        (error: { code?: string }) => error.code ?? String(error),
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    };
    // Nothing goes before all of the first hundred were asked for, or the last of them would meet a budget that is used up.
    const spending = await app.db.transaction();
    const key = `budget:${budgetSubject('phone', tenantId)}`;
    await spending('rate_limits').insert({ key, hits: 0, windowEndsAt: spending.raw(`now() + interval '1 day'`) });
    for (let n = 0; n < 1_000; n += 100) {
      // A tenant takes 100 in a minute; here the minutes are short.
      await app.db('rate_limits').where('key', 'like', 'codesPerTenant:%').delete();
      await Promise.all(Array.from({ length: 100 }, (_, more) => request(n + more)));
      if (n > 0) continue;
      await spending.commit();
      await stage.settled();
    }
    await stage.settled();
    assert.equal(twilio.messages.length, budget);
    assert.deepEqual(outcomes, { accepted: 100, MESSAGES_EXHAUSTED: 900 });
    const refused = await app.db('audit_events').where({ action: 'message.refused', tenantId }).select('payload');
    assert.equal(refused.length, 100 - budget);
    assert.ok(refused.every(({ payload }) => payload.reason === 'budget_used_up'));
  });
});

describe('a process that is killed between asking and sending', function () {
  this.timeout(120_000);
  let scene: Scene;
  before(async () => {
    scene = await setScene({ runJobs: false });
  });
  after(() => scene?.stage.stop());

  it('loses no code and sends none twice', async () => {
    const { app, mailbox, ask, fallSilent, stage } = scene;
    const variables = async () => ({ ...environmentOf(app, await freePort()), SMTP_URL: mailbox.url });
    const first = startServerProcess({ ...(await variables()), TRUSTED_PROXIES: '127.0.0.0/8,::1' });
    let second: ReturnType<typeof startServerProcess> | undefined;
    const pool = new pg.Pool({ connectionString: app.databaseUrl, max: 1 });
    const queue = async (where: string): Promise<number> => {
      const { rows } = await pool.query(
        `select count(*)::integer as jobs from graphile_worker.jobs where task_identifier = 'deliver-code' and ${where}`,
      );
      return rows[0].jobs;
    };
    try {
      await first.ready();
      // One has failed once and waits for its next attempt; then some are on their way, the others wait behind them.
      mailbox.refuse({ code: 451 });
      const asked = [await ask('email', first.origin)];
      await eventually(async () => (await queue('last_error is not null')) === 1, 'one was tried in vain');
      const connections = await fallSilent();
      mailbox.refuse(undefined);
      for (let n = 0; n < 5; n++) asked.push(await ask('email', first.origin));
      await eventually(() => mailbox.connections() > connections, 'one is on its way');
      await first.stop('SIGKILL');
      mailbox.hang(false);
      assert.equal(await queue('true'), asked.length, 'nothing is lost');
      assert.ok((await queue('locked_at is not null')) >= 1);
      assert.deepEqual(mailbox.mails, []);

      await eventually(async () => (await takeBackJobs(pool)) === 0, 'it was taken back');
      second = startServerProcess(await variables());
      await second.ready();
      for (const one of asked) await scene.assertArrived('email', one);
      await stage.settled();
      scene.assertOnce(asked);
      assert.equal(mailbox.mails.length, asked.length);
    } finally {
      await pool.end();
      await first.stop('SIGKILL');
      await second?.stop();
    }
  });
});
