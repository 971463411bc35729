import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deactivateUser, deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import { createMessenger, type Messenger } from '../../../src/domain/messages/deliver-message.ts';
import { createMessageViews } from '../../../src/domain/messages/message-views.ts';
import { type Channel, sealPayload } from '../../../src/domain/messages/outgoing-message.ts';
import { signInMethods } from '../../../src/domain/methods/methods.ts';
import { createPasswordHasher } from '../../../src/domain/methods/password/password-hash.ts';
import { deliverRecovery } from '../../../src/domain/recovery/deliver-recovery.ts';
import {
  deliverRecoveryJob,
  findRecovery,
  requestRecovery,
  resetPassword,
} from '../../../src/domain/recovery/recovery.ts';
import type { TenantSettingsInput } from '../../../src/domain/tenants/tenant-settings.ts';
import { updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import type { User } from '../../../src/domain/users/users.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createI18n } from '../../../src/platform/i18n.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createMailer, type Mailer } from '../../../src/platform/mailer.ts';
import { createPhoneMessages } from '../../../src/platform/phone-messages.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { eventsOf } from '../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';
import { unlimited } from '../../support/limits.ts';
import { type Mailbox, startMailbox } from '../../support/mailbox.ts';
import { startTwilioServer, type TwilioServer } from '../../support/twilio-server.ts';
import { letPass } from '../codes/code-jobs.ts';

const secrets = createSecrets([randomToken(48)]);
const passwords = createPasswordHasher({ memoryKiB: 64, iterations: 1 });
const issuer = 'https://id.example.test';
const views = fileURLToPath(new URL('../../../views', import.meta.url));
const phoneCountries = ['CH', 'DE'];

describe('delivering a recovery link', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let db: Database;
  let mailbox: Mailbox;
  let twilio: TwilioServer;
  let mailer: Mailer | undefined;
  let messenger: Messenger;
  let tenantId: string;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 10 });
    [mailbox, twilio] = await Promise.all([startMailbox(), startTwilioServer()]);
    const from = 'Gatehouse <no-reply@id.example.test>';
    mailer = createMailer({ smtpUrl: mailbox.url, toFiles: false, from, directory: '', log() {} });
    const { accountSid, authToken, smsFrom, whatsappFrom, url: baseUrl } = twilio;
    messenger = createMessenger({
      db,
      config: { mail: { dailyBudget: 1_000 }, phone: { dailyBudget: 1_000, countries: phoneCountries } },
      views: createMessageViews({
        directory: views,
        i18n: createI18n(`${views}/locales`),
        issuer,
        brand: { name: 'Gatehouse' },
        cache: true,
      }),
      mailer,
      phone: createPhoneMessages({
        accountSid,
        authToken,
        smsFrom,
        whatsappFrom,
        whatsappContentSid: undefined,
        baseUrl,
      }),
      channels: ['email', 'sms', 'whatsapp'],
      logger: pino({ level: 'silent' }),
    });
    tenantId = (await createTenant(db, { name: 'Northwind', settings: { countryList: ['CH'] } })).id;
  });
  beforeEach(() => db('rate_limits').delete());

  after(async () => {
    mailer?.close();
    await Promise.all([mailbox?.stop(), twilio?.stop()]);
    await db?.destroy();
    await database?.drop();
  });

  let number = 0;
  const newEmail = () => `delivered-${++number}@example.com`;
  const newPhone = () => `+4179${5_590_000 + ++number}`;

  /** Asks, and answers the job that it enqueued. */
  async function ask(
    address: string,
    { askedIn = tenantId, channel }: { askedIn?: string | null; channel?: Channel } = {},
  ): Promise<{ payload: unknown; run: () => Promise<void> }> {
    await requestRecovery(
      db,
      {
        tenantId: askedIn,
        address,
        channel: channel ?? (address.startsWith('+') ? 'sms' : 'email'),
        locale: 'fr',
      },
      {
        secrets,
        caller: { ...systemCaller, ip: `192.0.2.${1 + (number % 250)}`, requestId: 'request-7' },
        limits: unlimited,
        channels: ['email', 'sms', 'whatsapp'],
        phoneCountries,
        budgets: { email: 1_000, phone: 1_000 },
      },
    );
    const { rows } = await db.raw(
      `select j.payload
         from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id and t.identifier = ?
        order by j.id desc limit 1`,
      [deliverRecoveryJob],
    );
    const { payload } = rows[0];
    return { payload, run: () => deliverRecovery(payload, { db, secrets, messenger, issuer }) };
  }
  const rowOf = (destination: string) => db('otp_codes').where({ destination }).orderBy('created_at', 'desc').first();
  const tokenIn = (links: string[]) => links[0]?.split('/').at(-1) ?? '';
  const sentTo = (address: string) =>
    address.startsWith('+') ? twilio.to(address).length : mailbox.to(address).length;

  it('sends a link of the configured issuer that works', async () => {
    const user = await createUser(db, { tenantId, email: newEmail(), locale: 'en' });
    const email = user.email as string;
    const { run } = await ask(email);
    const { events } = await eventsOf(db, run);
    const [mail, ...others] = mailbox.to(email);
    assert.ok(mail && others.length === 0);
    assert.match(mail.links[0] ?? '', /^https:\/\/id\.example\.test\/recovery\/[\w-]{43}$/);
    assert.match(mail.text, /Northwind/);
    assert.match(mail.text, /30 minutes/);
    assert.deepEqual(
      events.map(({ action, actorType, ip, requestId, entityId, payload }) => [
        action,
        actorType,
        ip,
        requestId,
        entityId,
        payload,
      ]),
      [['recovery.sent', 'system', events[0]?.ip, 'request-7', user.id, { channel: 'email' }]],
    );
    assert.match(events[0]?.ip ?? '', /^192\.0\.2\./);
    const { sentAt, failedAt } = await rowOf(email);
    assert.ok(sentAt instanceof Date && failedAt === null);

    const token = tokenIn(mail.links);
    assert.equal((await findRecovery(db, token)).destination, email);
    await resetPassword(
      db,
      { token, userId: user.id, password: 'another orbit velvet' },
      { methods: signInMethods, passwords, secrets, caller: systemCaller, issuer },
    );
  });

  it('reads in the language of the page where the person has set none', async () => {
    const user = await createUser(db, { tenantId, email: newEmail() });
    await (await ask(user.email as string)).run();
    const [mail] = mailbox.to(user.email as string);
    assert.match(mail?.text ?? '', /nouveau mot de passe/);
  });

  for (const channel of ['sms', 'whatsapp'] as const)
    it(`sends it by ${channel}`, async () => {
      const phone = newPhone();
      await createUser(db, { tenantId, email: null, phone, phoneVerified: true });
      await (await ask(phone, { channel })).run();
      const [message] = twilio.to(phone);
      assert.equal(message?.channel, channel);
      assert.equal((await findRecovery(db, tokenIn(message?.links ?? []))).destination, phone);
    });

  it('is not sent twice by a job that runs again', async () => {
    const user = await createUser(db, { tenantId, email: newEmail() });
    const { run } = await ask(user.email as string);
    await run();
    const { events } = await eventsOf(db, run);
    assert.deepEqual([sentTo(user.email as string), events.length], [1, 0]);
  });

  it('is the same link with the same identity where the first attempt failed', async () => {
    const user = await createUser(db, { tenantId, email: newEmail() });
    const email = user.email as string;
    const { run } = await ask(email);
    mailbox.refuse({ code: 451 });
    await assert.rejects(run(), { name: 'DeliveryError' });
    assert.deepEqual([(await rowOf(email)).sentAt, (await rowOf(email)).failedAt], [null, null]);
    mailbox.refuse(undefined);
    await run();
    const [mail] = mailbox.to(email);
    assert.equal(mail?.messageId.startsWith(`<${(await rowOf(email)).id}@`), true);
    assert.equal((await findRecovery(db, tokenIn(mail?.links ?? []))).destination, email);
  });

  it('is given up where the provider will never take it', async () => {
    const user = await createUser(db, { tenantId, email: newEmail() });
    const email = user.email as string;
    const { run } = await ask(email);
    mailbox.refuse({ code: 550 });
    await run();
    mailbox.refuse(undefined);
    const { sentAt, failedAt } = await rowOf(email);
    assert.ok(sentAt === null && failedAt instanceof Date);
    await run();
    assert.equal(sentTo(email), 0);
  });

  it('is one message for the accounts of several tenants', async () => {
    const email = newEmail();
    const south = await createTenant(db, { name: 'Southgate' });
    const people = [await createUser(db, { tenantId, email }), await createUser(db, { tenantId: south.id, email })];
    const { events } = await eventsOf(db, (await ask(email, { askedIn: null })).run);
    const [mail, ...others] = mailbox.to(email);
    assert.ok(mail && others.length === 0);
    assert.match(mail.text, /Northwind, Southgate|Southgate, Northwind/);
    assert.deepEqual(
      events.map(({ action, tenantId: tenant }) => [action, tenant]).sort(),
      people.map((person) => ['recovery.sent', person.tenantId]).sort(),
    );
    assert.equal((await findRecovery(db, tokenIn(mail.links))).accounts.length, 2);
  });

  describe('sends nothing', () => {
    it('to an address that nobody has', async () => {
      for (const address of [newEmail(), newPhone()]) {
        const { events } = await eventsOf(db, (await ask(address)).run);
        assert.deepEqual([sentTo(address), events.length], [0, 0]);
        const { sentAt, failedAt } = await rowOf(address);
        assert.deepEqual([sentAt, failedAt], [null, null]);
      }
    });

    it('to somebody of another tenant', async () => {
      const stranger = await createUser(db, { email: newEmail() });
      await (await ask(stranger.email as string)).run();
      assert.equal(sentTo(stranger.email as string), 0);
    });

    const idle: [string, (user: User) => Promise<unknown>][] = [
      ['an inactive user', (user) => deactivateUser(db, { tenantId: user.tenantId, userId: user.id }, systemCaller)],
      ['a deleted user', (user) => deleteUser(db, { tenantId: user.tenantId, userId: user.id }, systemCaller)],
      ['the user of a suspended tenant', (user) => suspendTenant(db, user.tenantId, systemCaller)],
      [
        'the user of a tenant without passwords',
        (user) => updateTenantSettings(db, user.tenantId, { signInMethods: ['otp'] }, systemCaller),
      ],
      [
        'the user of a tenant that has switched the channel off',
        (user) => updateTenantSettings(db, user.tenantId, { codeChannels: ['sms'] }, systemCaller),
      ],
      [
        'an address that leads nowhere, for another was proved',
        (user) =>
          db('users')
            .where({ id: user.id })
            .update({ emailVerifiedAt: null, phone: newPhone(), phoneVerifiedAt: db.fn.now() }),
      ],
    ];
    for (const [who, change] of idle)
      it(`to ${who}`, async () => {
        const user = await createUser(db, { tenantId: (await createTenant(db)).id, email: newEmail() });
        const email = user.email as string;
        const atTheServer = await ask(email, { askedIn: null });
        await letPass(db, email, '1 minute');
        const atTheTenant = await ask(email, { askedIn: user.tenantId });
        await change(user);
        for (const { run } of [atTheServer, atTheTenant]) {
          const { events } = await eventsOf(db, run);
          assert.deepEqual([sentTo(email), events.length], [0, 0]);
        }
      });

    it('to a phone in a country that the tenant has not on its list', async () => {
      const german = '+4915123456789';
      await createUser(db, { tenantId, email: null, phone: german, phoneVerified: true });
      await (await ask(german, { askedIn: null })).run();
      assert.equal(sentTo(german), 0);
      assert.ok((await rowOf(german)).failedAt instanceof Date);
    });

    it('of a link that was used, revoked or is too old', async () => {
      const ends: [object | undefined, string][] = [
        [{ consumedAt: new Date() }, '0 s'],
        [{ revokedAt: new Date() }, '0 s'],
        [undefined, '30 minutes'],
      ];
      for (const [change, passed] of ends) {
        const user = await createUser(db, { tenantId, email: newEmail() });
        const email = user.email as string;
        const { run } = await ask(email);
        if (change) await db('otp_codes').where({ destination: email }).update(change);
        await letPass(db, email, passed);
        await run();
        assert.equal(sentTo(email), 0);
        assert.equal((await rowOf(email)).failedAt !== null, change === undefined);
      }
    });

    it('of what is no payload of this job', async () => {
      const user = await createUser(db, { tenantId, email: newEmail() });
      const { payload } = await ask(user.email as string);
      const { codeId } = { codeId: (await rowOf(user.email as string)).id };
      const run = (value: unknown) => deliverRecovery(value, { db, secrets, messenger, issuer });
      const foreign = sealPayload(secrets, 'send-message', { codeId, token: 'x', locale: 'en' });
      const stranger = createSecrets([randomToken(48)]);
      const unknown = sealPayload(stranger, deliverRecoveryJob, { codeId, token: 'x', locale: 'en' });
      const moved = { ...(payload as object), id: newId() };
      for (const value of [undefined, {}, [], 'x', foreign, unknown, moved]) await assert.rejects(run(value));
      await assert.rejects(run(sealPayload(secrets, deliverRecoveryJob, { codeId })));
      await run(sealPayload(secrets, deliverRecoveryJob, { codeId: newId(), token: 'x', locale: 'en' }));
      assert.equal(sentTo(user.email as string), 0);
    });
  });

  it('goes by the settings of each tenant where the server itself was asked', async () => {
    const email = newEmail();
    const settings: TenantSettingsInput = { signInMethods: ['otp'] };
    const byCode = await createTenant(db, { name: 'Codes only', settings });
    await createUser(db, { tenantId: byCode.id, email });
    const user = await createUser(db, { tenantId, email });
    await (await ask(email, { askedIn: null })).run();
    const [mail] = mailbox.to(email);
    assert.doesNotMatch(mail?.text ?? '', /Codes only/);
    assert.deepEqual(
      (await findRecovery(db, tokenIn(mail?.links ?? []))).accounts.map(({ userId }) => userId),
      [user.id],
    );
  });
});
