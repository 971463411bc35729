import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deliverCode, deliverCodeJob } from '../../../src/domain/codes/deliver-code.ts';
import { type CodeRequest, requestCode, verifyCode } from '../../../src/domain/codes/one-time-codes.ts';
import { deactivateUser } from '../../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import { createMessenger, type Messenger } from '../../../src/domain/messages/deliver-message.ts';
import { createMessageViews } from '../../../src/domain/messages/message-views.ts';
import type { Channel } from '../../../src/domain/messages/outgoing-message.ts';
import { signInWithCode } from '../../../src/domain/methods/code/code-sign-in.ts';
import { signInMethods } from '../../../src/domain/methods/methods.ts';
import { updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import type { NewUser } from '../../../src/domain/users/users.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { DomainError } from '../../../src/platform/errors.ts';
import { createI18n } from '../../../src/platform/i18n.ts';
import { type Jobs, startJobs } from '../../../src/platform/jobs/jobs.ts';
import { createMailer, type Mailer } from '../../../src/platform/mailer.ts';
import { createPhoneMessages } from '../../../src/platform/phone-messages.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { createTenant, createUser } from '../../support/factories.ts';
import { unlimited } from '../../support/limits.ts';
import { type Mailbox, startMailbox } from '../../support/mailbox.ts';
import { startTwilioServer, type TwilioServer } from '../../support/twilio-server.ts';
import { letPass, waitingJobs } from './code-jobs.ts';

const secrets = createSecrets([randomToken(48)]);
const caller = { ...systemCaller, userAgent: 'test' };
const logger = pino({ level: 'silent' });
const viewsDirectory = fileURLToPath(new URL('../../../views', import.meta.url));
const issuer = 'https://id.example.test';
const channels: Channel[] = ['email', 'sms', 'whatsapp'];
const budgets = { email: 100_000, phone: 1_000 };
const phoneCountries = ['CH', 'GB'];
const deps = { secrets, limits: unlimited, caller, channels, phoneCountries, budgets };

describe('delivering a one-time code', () => {
  let database: TestDatabase;
  let db: Database;
  let mailbox: Mailbox;
  let twilio: TwilioServer;
  let mailer: Mailer | undefined;
  let messenger: Messenger;
  let jobs: Jobs;
  let north: string;

  before(async () => {
    [database, mailbox, twilio] = await Promise.all([createTestDatabase(), startMailbox(), startTwilioServer()]);
    db = createDatabase({ url: database.url, poolMax: 10 });
    const views = createMessageViews({
      directory: viewsDirectory,
      i18n: createI18n(join(viewsDirectory, 'locales')),
      issuer,
      brand: { name: 'Gatehouse' },
      cache: true,
    });
    mailer = createMailer({
      smtpUrl: mailbox.url,
      toFiles: false,
      from: 'Gatehouse <no-reply@id.example.test>',
      directory: '/nowhere',
      log: assert.fail,
    });
    const config = {
      mail: { dailyBudget: budgets.email },
      phone: { dailyBudget: budgets.phone, countries: phoneCountries },
    };
    const phone = createPhoneMessages({ ...twilio, whatsappContentSid: undefined, baseUrl: twilio.url });
    messenger = createMessenger({ db, config, views, mailer, phone, channels: ['email', 'sms', 'whatsapp'], logger });
    await work();
    north = (await createTenant(db, { name: 'Northwind', settings: { countryList: ['CH'], selfSignUp: true } })).id;
  });
  beforeEach(() => db('rate_limits').where('key', 'like', 'codes%').delete());

  after(async () => {
    await jobs?.stop();
    mailer?.close();
    await Promise.all([mailbox?.stop(), twilio?.stop()]);
    await db?.destroy();
    await database?.drop();
  });

  let number = 0;
  const newEmail = () => `deliver-${++number}@example.com`;
  const newPhone = () => `+4176${String(4_000_000 + 10_007 * ++number)}`;
  const add = (user: Partial<NewUser> = {}) => createUser(db, { tenantId: north, ...user });
  const ask = async (address: string, overrides: Partial<CodeRequest> = {}) => {
    const challenge = overrides.challenge ?? randomToken();
    const channel: Channel = address.startsWith('+') ? 'sms' : 'email';
    const request = {
      tenantId: north,
      purpose: 'login',
      channel,
      address,
      locale: 'en',
      ...overrides,
      challenge,
    } as const;
    const { destination } = await requestCode(db, request, deps);
    return { challenge, tenantId: request.tenantId, destination, purpose: request.purpose };
  };
  const drained = async () => {
    await eventually(async () => (await waitingJobs(db)).length === 0, 'no job is waiting');
  };
  const rowOf = (destination: string) => db('otp_codes').where({ destination }).orderBy('created_at', 'desc').first();
  const eventsOf = (entityId: string) => db('audit_events').where({ entityId }).orderBy('id');

  it('sends a person their code, which signs them in', async () => {
    const user = await add();
    const email = user.email as string;
    const sent = await ask(email);
    const mail = await mailbox.waitFor(email);
    await drained();
    assert.deepEqual(mail.envelope.to, [email]);
    assert.match(mail.text, /Northwind/);
    const code = mail.code as string;
    const { accounts } = await signInWithCode(
      db,
      { ...sent, purpose: 'login', code },
      { methods: signInMethods, secrets, caller, issuer },
    );
    assert.deepEqual(
      accounts.map(({ userId }) => userId),
      [user.id],
    );
    const row = await rowOf(email);
    assert.ok(row.sentAt instanceof Date);
    assert.equal(row.failedAt, null);
    const [event] = (await eventsOf(user.id)).filter(({ action }) => action === 'code.sent');
    assert.deepEqual(event.payload, { purpose: 'login', channel: 'email' });
    assert.equal(event.tenantId, north);
    assert.equal(event.userAgent, 'test');
  });

  it('sends it by SMS, bound to the origin, and by WhatsApp', async () => {
    const phone = newPhone();
    await add({ phone, phoneVerified: true });
    const bySms = await ask(phone);
    const sms = await twilio.waitFor(phone);
    assert.equal(sms.channel, 'sms');
    assert.ok(sms.body.endsWith(`\n@id.example.test #${sms.code}`), sms.body);
    const right = { ...bySms, purpose: 'login' as const, code: sms.code as string };
    assert.deepEqual((await signInWithCode(db, right, { methods: signInMethods, secrets, caller, issuer })).amr, [
      'otp',
      'sms',
    ]);
    await ask(phone, { channel: 'whatsapp' });
    assert.equal((await twilio.waitFor(phone, { count: 2 })).channel, 'whatsapp');
    await drained();
    assert.ok((await rowOf(phone)).sentAt instanceof Date);
  });

  it('sends nothing to a person who may not come in by it, and keeps no trace of that', async () => {
    const mute = (await createTenant(db, { settings: { countryList: ['CH'] } })).id;
    const asleep = (await createTenant(db)).id;
    const inactive = await add();
    await deactivateUser(db, { tenantId: north, userId: inactive.id }, caller);
    const unproved = await add({ phone: newPhone() });
    const ofMute = await add({ tenantId: mute });
    const ofAsleep = await add({ tenantId: asleep });
    const cases: [string, string | null][] = [
      [newEmail(), north],
      [newPhone(), north],
      [newEmail(), null],
      [inactive.email as string, north],
      [unproved.phone as string, north],
      [ofMute.email as string, mute],
      [ofAsleep.email as string, asleep],
      [ofAsleep.email as string, null],
    ];
    const [mails, messages] = [mailbox.mails.length, twilio.messages.length];
    await jobs.stop();
    for (const [address, tenantId] of cases.slice(0, -1)) await ask(address, { tenantId });
    await updateTenantSettings(db, mute, { signInMethods: ['password'] }, systemCaller);
    await suspendTenant(db, asleep, systemCaller);
    await work();
    await drained();
    await letPass(db, ofAsleep.email as string, '1 minute');
    await ask(ofAsleep.email as string, { tenantId: null });
    await drained();
    assert.deepEqual([mailbox.mails.length, twilio.messages.length], [mails, messages]);
    for (const [address] of cases) {
      const row = await rowOf(address);
      assert.deepEqual([row.sentAt, row.failedAt], [null, null], address);
    }
    const events = await db('audit_events').whereIn('action', ['code.sent', 'message.refused', 'message.failed']);
    const known = [inactive.id, unproved.id, ofMute.id, ofAsleep.id];
    assert.equal(events.filter(({ entityId }) => known.includes(entityId)).length, 0);
  });

  it('goes by the tenant of the person where it was asked for without one', async () => {
    const email = newEmail();
    const phone = newPhone();
    const user = await add({ email, phone, phoneVerified: true });
    await ask(email, { tenantId: null });
    assert.match((await mailbox.waitFor(email)).subject, /Northwind/);
    const south = await createTenant(db, { name: 'Southgate' });
    await createUser(db, { tenantId: south.id, email, phone, phoneVerified: true });
    await letPass(db, email, '1 minute');
    await ask(email, { tenantId: null });
    const both = await mailbox.waitFor(email, { count: 2 });
    assert.match(both.subject, /id\.example\.test/, 'two tenants: none is named');
    assert.doesNotMatch(both.text, /Northwind|Southgate/);

    await ask(phone, { tenantId: null });
    const { code } = await twilio.waitFor(phone);
    await drained();
    const spent = await db('rate_limits').where('key', 'like', 'budget:phone:%');
    assert.ok(spent.some(({ key }) => key === `budget:phone:${north}`));
    assert.ok(!spent.some(({ key }) => key === 'budget:phone:server' || key === `budget:phone:${south.id}`));
    const row = await rowOf(phone);
    assert.equal(row.tenantId, null);
    const told = (await db('audit_events').where({ action: 'code.sent' })).filter(
      ({ payload }) => payload.channel === 'sms',
    );
    assert.equal(told.at(-1).entityId, user.id, 'the other tenant sends nothing to phones');
    assert.ok(code);
  });

  it('writes to a person in their own language', async () => {
    const user = await add({ locale: 'fr' });
    await ask(user.email as string);
    await ask(newEmail(), { purpose: 'sign_up', locale: 'fr' });
    assert.match((await mailbox.waitFor(user.email as string)).subject, /code pour|Votre code/);
    await drained();
    assert.match(mailbox.mails.at(-1)?.subject ?? '', /code pour|Votre code/);
  });

  describe('to sign up', () => {
    it('is sent to a new address, and proves it', async () => {
      const email = newEmail();
      const sent = await ask(email, { purpose: 'sign_up' });
      const { code } = await mailbox.waitFor(email);
      const proved = await verifyCode(db, { ...sent, code: code as string }, { secrets, caller });
      assert.equal(proved.destination, email);
    });

    it('is not sent to the holder of an account, who is told of it instead', async () => {
      const phone = newPhone();
      const user = await add({ phone, phoneVerified: true });
      const email = user.email as string;
      for (const address of [email, phone]) {
        await ask(address, { purpose: 'sign_up' });
        await drained();
        assert.ok((await rowOf(address)).sentAt instanceof Date);
      }
      const [mail] = mailbox.to(email);
      assert.equal(mail?.code, undefined);
      assert.deepEqual(mail?.links, [`${issuer}/account`]);
      const [sms] = twilio.to(phone);
      assert.equal(sms?.code, undefined);
      assert.match(String(sms?.body), /already have an account/);
      const events = await eventsOf(user.id);
      assert.equal(events.filter(({ action }) => action === 'sign_up.refused').length, 2);
      assert.equal(events.filter(({ action }) => action === 'code.sent').length, 0);
    });

    it('is not sent where the tenant takes nobody in any more', async () => {
      const closing = (await createTenant(db, { settings: { selfSignUp: true } })).id;
      const email = newEmail();
      await jobs.stop();
      await ask(email, { purpose: 'sign_up', tenantId: closing });
      await updateTenantSettings(db, closing, { selfSignUp: false }, systemCaller);
      await work();
      await drained();
      assert.equal(mailbox.to(email).length, 0);
    });
  });

  it('goes to the person who verifies an address of theirs, and to nobody else who has it', async () => {
    const email = newEmail();
    const user = await add({ email, emailVerified: false, phone: newPhone(), phoneVerified: true });
    await createUser(db, { email });
    await ask(email, { purpose: 'verify_email', userId: user.id });
    await mailbox.waitFor(email);
    await drained();
    const told = (await eventsOf(user.id)).filter(({ action }) => action === 'code.sent');
    assert.deepEqual(
      told.map(({ payload }) => payload.purpose),
      ['verify_email'],
    );
    assert.equal(mailbox.to(email).length, 1);
  });

  it('leaves out codes that a newer one has replaced, and sends those of other browsers', async () => {
    const user = await add();
    const email = user.email as string;
    await jobs.stop();
    const first = await ask(email);
    await letPass(db, email, '1 minute');
    await ask(email, { challenge: first.challenge });
    await letPass(db, email, '2 minutes');
    await ask(email);
    await work();
    await drained();
    assert.equal(mailbox.to(email).length, 2);
    assert.equal((await waitingJobs(db)).length, 0);
  });

  it('is tried again with the same code, and goes out once', async () => {
    const user = await add();
    const email = user.email as string;
    mailbox.refuse({ code: 451 });
    const sent = await ask(email);
    await eventually(() => mailbox.connections() > 0);
    const waiting = async () =>
      (await db.raw(`select attempts from graphile_worker.jobs where task_identifier = ?`, [deliverCodeJob])).rows[0];
    await eventually(async () => (await waiting())?.attempts > 0);
    assert.equal((await rowOf(email)).sentAt, null);
    mailbox.refuse(undefined);
    const { code } = await mailbox.waitFor(email);
    await drained();
    assert.equal(mailbox.to(email).length, 1);
    const attempt = { ...sent, purpose: 'login' as const, code: code as string };
    assert.equal(
      (await signInWithCode(db, attempt, { methods: signInMethods, secrets, caller, issuer })).accounts.length,
      1,
    );
  });

  it('is not sent again by a job that runs twice, nor when its time is over', async () => {
    const [user, late] = [await add(), await add()];
    await jobs.stop();
    const run = async (payload: unknown) =>
      deliverCode(payload, { db, secrets, messenger, issuer, phoneCountries, isLastAttempt: false });
    await ask(user.email as string);
    const [job] = await waitingJobs(db);
    await run(job?.payload);
    await run(job?.payload);
    assert.equal(mailbox.to(user.email as string).length, 1);
    await db.raw('delete from graphile_worker._private_jobs');

    await ask(late.email as string);
    await letPass(db, late.email as string, '5 minutes');
    await work();
    await drained();
    const row = await rowOf(late.email as string);
    assert.equal(row.sentAt, null);
    assert.ok(row.failedAt instanceof Date);
    assert.equal(mailbox.to(late.email as string).length, 0);
  });

  it('fails for good where the provider will never take it', async () => {
    const user = await add();
    mailbox.refuse({ code: 550 });
    await ask(user.email as string);
    await drained();
    mailbox.refuse(undefined);
    const row = await rowOf(user.email as string);
    assert.equal(row.sentAt, null);
    assert.ok(row.failedAt instanceof Date);
    const failed = await db('audit_events').where({ action: 'message.failed', entityId: row.id });
    assert.equal(failed.length, 1);
    assert.equal((await eventsOf(user.id)).filter(({ action }) => action === 'code.sent').length, 0);
  });

  it('refuses a payload that is not its own', async () => {
    const run = (payload: unknown) => deliverCode(payload, { db, secrets, messenger, issuer, phoneCountries });
    await jobs.stop();
    await ask(newEmail());
    const [job] = await waitingJobs(db);
    await assert.rejects(
      deliverCode(job?.payload, { db, secrets: createSecrets([randomToken(48)]), messenger, issuer, phoneCountries }),
    );
    for (const payload of [{}, null, 'text', { ...(job?.payload as object), id: randomToken() }])
      await assert.rejects(run(payload));
    await work();
    await drained();
  });

  it('stops at the budget of the day when somebody pumps 2,000 numbers', async function () {
    this.timeout(120_000);
    const daily = 50;
    const settings = { countryList: ['CH'], selfSignUp: true, dailyPhoneMessages: daily };
    const pumped = (await createTenant(db, { settings })).id;
    const before = twilio.messages.length;
    const answers = new Map<string, number>();
    let next = 0;
    const pump = async (): Promise<void> => {
      while (next < 2_000) {
        const n = next++;
        const address = `+417${6 + (n % 4)}${String(2_000_000 + 677 * n).slice(0, 7)}`;
        const ip = `2001:db8:${(n >> 8).toString(16)}:${(n & 255).toString(16)}::1`;
        const request = {
          tenantId: pumped,
          purpose: 'sign_up',
          channel: 'sms',
          address,
          challenge: randomToken(),
          locale: 'en',
        } as const;
        const answer = await requestCode(db, request, { ...deps, caller: { ...caller, ip } }).then(
          () => 'taken',
          (error: unknown) => {
            assert.ok(error instanceof DomainError, String(error));
            return error.code;
          },
        );
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        // A minute passes, and what was taken is delivered.
        if (answer === 'TOO_MANY_CODES') {
          await db('rate_limits').where('key', 'like', 'codesPerTenant:%').delete();
          await drained();
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, pump));
    await drained();
    assert.equal(twilio.messages.length - before, daily);
    assert.ok((answers.get('MESSAGES_EXHAUSTED') ?? 0) > 1_500, JSON.stringify([...answers]));
    const refused = await db('audit_events').where({ action: 'message.refused', tenantId: pumped });
    assert.equal(daily + refused.length, answers.get('taken'));
  });

  /** Takes jobs as the server does. */
  async function work(): Promise<void> {
    jobs = startJobs({
      databaseUrl: database.url,
      tasks: {
        [deliverCodeJob]: (payload, { signal, attempt, maxAttempts }) =>
          deliverCode(payload, {
            db,
            secrets,
            messenger,
            issuer,
            phoneCountries,
            signal,
            isLastAttempt: attempt >= maxAttempts,
          }),
      },
      logger,
    });
    await jobs.started;
  }
});
