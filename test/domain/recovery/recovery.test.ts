import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Caller, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deactivateUser, deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import { openPayload, sendMessageJob } from '../../../src/domain/messages/outgoing-message.ts';
import { signInMethods } from '../../../src/domain/methods/methods.ts';
import { createPasswordHasher, type PasswordHasher } from '../../../src/domain/methods/password/password-hash.ts';
import { signInWithPassword } from '../../../src/domain/methods/password/password-sign-in.ts';
import {
  deliverRecoveryJob,
  findRecovery,
  type RecoveryToDeliver,
  requestRecovery,
  resetPassword,
} from '../../../src/domain/recovery/recovery.ts';
import { updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import type { NewUser, User } from '../../../src/domain/users/users.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { eventsOf, installFaults, stateOf, withFault } from '../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';
import { unlimited } from '../../support/limits.ts';
import { letPass } from '../codes/code-jobs.ts';

const passwords = createPasswordHasher({ memoryKiB: 64, iterations: 1 });
const secrets = createSecrets([randomToken(48)]);
const issuer = 'https://id.example.test';
const caller: Caller = { type: 'system', ip: '192.0.2.7' };
const first = 'lantern orbit velvet';
const second = 'another orbit velvet';
const invalid = { kind: 'not_found', code: 'RECOVERY_LINK_INVALID' };

describe('recovering an account', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  let firstHash: string;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 20 });
    await installFaults(db);
    tenantId = (await createTenant(db, { settings: { countryList: ['CH'] } })).id;
    firstHash = await passwords.hash(first);
  });
  beforeEach(() => db('rate_limits').delete());

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  let number = 0;
  const newEmail = () => `recovery-${++number}@example.com`;
  const newPhone = () => `+4179${5_560_000 + ++number}`;

  const ask = (address: string, overrides: Partial<Parameters<typeof requestRecovery>[1]> = {}) =>
    requestRecovery(
      db,
      { tenantId, address, channel: address.startsWith('+') ? 'sms' : 'email', locale: 'en', ...overrides },
      {
        secrets,
        caller: systemCaller,
        limits: unlimited,
        channels: ['email', 'sms'],
        phoneCountries: ['CH', 'DE'],
        budgets: { email: 1_000, phone: 1_000 },
      },
    );

  async function sealedJobs(name: string): Promise<unknown[]> {
    const found = await db.raw(
      `select j.payload
         from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id and t.identifier = ?
        order by j.id`,
      [name],
    );
    return found.rows.map(({ payload }: { payload: unknown }) => openPayload(secrets, name, payload).value);
  }
  /** What the link in the person's mailbox ends with. */
  async function askedToken(address: string, askedIn: string | null = tenantId): Promise<string> {
    await letPass(db, address, '5 minutes');
    await ask(address, { tenantId: askedIn });
    const [last] = (await sealedJobs(deliverRecoveryJob)).slice(-1) as RecoveryToDeliver[];
    return (last as RecoveryToDeliver).token;
  }
  interface Notice {
    to: string;
    channel: string;
    template: string;
    locale: string;
    model: { href: string };
  }
  const notices = async (to: string) =>
    ((await sealedJobs(sendMessageJob)) as Notice[]).filter((message) => message.to === to);

  /** With a verified address, a password, an identity at a provider, a session and a refresh token. */
  async function someone(overrides: Partial<Omit<NewUser, 'password'>> = {}): Promise<User & { email: string }> {
    const user = await createUser(db, { tenantId, email: newEmail(), passwordHash: firstHash, ...overrides });
    await db('user_identities').insert({
      tenantId: user.tenantId,
      userId: user.id,
      provider: 'google',
      issuer: 'https://accounts.example.com',
      subject: user.id,
    });
    await db('user_sessions').insert({
      id: newId(),
      tenantId: user.tenantId,
      userId: user.id,
      oidcSessionUidHash: randomBytes(32),
      amr: ['pwd'],
      expiresAt: new Date(Date.now() + 3_600_000),
    });
    await db('oidc_payloads').insert({
      model: 'RefreshToken',
      idHash: randomBytes(32),
      payload: randomBytes(8),
      accountId: user.id,
    });
    return user as User & { email: string };
  }
  const openSessions = async (userId: string) =>
    (await db('user_sessions').where({ userId, revokedAt: null })).length +
    (await db('oidc_payloads').where({ accountId: userId })).length;

  const reset = (
    token: string,
    user: { id: string },
    { password = second, hasher = passwords }: { password?: string; hasher?: Pick<PasswordHasher, 'hashNew'> } = {},
  ) =>
    resetPassword(
      db,
      { token, userId: user.id, password },
      { methods: signInMethods, passwords: hasher, secrets, caller, issuer },
    );

  async function passwordOf(address: string): Promise<string | undefined> {
    for (const password of [second, first])
      try {
        await signInWithPassword(
          db,
          { address, password, tenantId: null },
          { passwords, limits: unlimited, secrets, caller },
        );
        return password;
      } catch {
        // Another, or none.
      }
    return undefined;
  }

  describe('by asking for a link', () => {
    it('answers the same, no matter who lives at the address', async () => {
      const known = await someone();
      for (const address of [known.email, newEmail()]) {
        const { expiresAt, ...answer } = await ask(` ${address.toUpperCase()} `);
        assert.deepEqual(answer, { destination: address, channel: 'email', resendInSeconds: 30 });
        assert.ok(Math.abs(expiresAt.getTime() - Date.now() - 1_800_000) < 60_000, String(expiresAt));
      }
    });

    it('looks nobody up', async () => {
      const hidden = ['users', 'user_identities', 'user_settings'];
      for (const table of hidden) await db.raw('alter table ?? rename to ??', [table, `hidden_${table}`]);
      try {
        await ask(newEmail());
        await ask(newEmail(), { tenantId: null });
      } finally {
        for (const table of hidden) await db.raw('alter table ?? rename to ??', [`hidden_${table}`, table]);
      }
    });

    it('keeps neither the link nor the address in the queue, nor the link anywhere', async () => {
      const { email } = await someone();
      const token = await askedToken(email);
      const queue = JSON.stringify((await db.raw('select * from graphile_worker._private_jobs')).rows);
      assert.ok(!queue.includes(token) && !queue.includes(email));
      const codes = JSON.stringify((await db.raw('select t::text from otp_codes t')).rows);
      assert.ok(!codes.includes(token) && !codes.includes(Buffer.from(token).toString('hex')));
      const events = JSON.stringify((await db.raw('select t::text from audit_events t')).rows);
      assert.ok(!events.includes(token) && !events.includes(email));
    });

    it('waits between two, as between codes', async () => {
      const address = newEmail();
      await ask(address);
      await assert.rejects(ask(address), { kind: 'rate_limited', code: 'TOO_MANY_CODES', params: { seconds: 30 } });
    });

    it('enqueues nothing where the limits refuse', async () => {
      const address = newEmail();
      await ask(address);
      const before = await stateOf(db);
      await assert.rejects(ask(address), { code: 'TOO_MANY_CODES' });
      assert.deepEqual(await stateOf(db), before);
    });

    const malformed: [string, string][] = [
      ['', 'EMAIL_INVALID'],
      ['no address', 'EMAIL_INVALID'],
      ['a@b.example\r\nBcc: c@d.example', 'EMAIL_INVALID'],
      [`${'x'.repeat(320)}@example.com`, 'EMAIL_INVALID'],
      ['+41 12', 'PHONE_INVALID'],
      ['+1 900 555 0100', 'PHONE_NOT_SUPPORTED'],
      ['+49 151 23456789', 'PHONE_NOT_SUPPORTED'],
    ];
    for (const [address, code] of malformed)
      it(`refuses ${JSON.stringify(address.slice(0, 40))}`, async () => {
        const before = await stateOf(db);
        await assert.rejects(ask(address), { kind: 'invalid', code });
        assert.deepEqual(await stateOf(db), before);
      });

    it('is not offered by a tenant without passwords, nor by a channel that is switched off', async () => {
      const byCode = await createTenant(db, { settings: { signInMethods: ['otp'] } });
      const unavailable = { kind: 'invalid', code: 'CHANNEL_UNAVAILABLE' };
      await assert.rejects(ask(newEmail(), { tenantId: byCode.id }), unavailable);
      const noMail = await createTenant(db, { settings: { codeChannels: ['sms'], countryList: ['CH'] } });
      await assert.rejects(ask(newEmail(), { tenantId: noMail.id }), unavailable);
      await assert.rejects(ask(newPhone(), { channel: 'whatsapp' }), unavailable);
      const suspended = await createTenant(db);
      await suspendTenant(db, suspended.id, systemCaller);
      await assert.rejects(ask(newEmail(), { tenantId: suspended.id }), { code: 'TENANT_SUSPENDED' });
    });
  });

  describe('by opening the link', () => {
    it('tells whose it is, and changes nothing however often it is opened', async () => {
      const user = await someone({ fullName: 'Ada Quill' });
      const token = await askedToken(user.email);
      const before = await stateOf(db);
      for (let times = 0; times < 10; times++) {
        const { accounts, ...rest } = await findRecovery(db, token);
        assert.deepEqual(rest, { destination: user.email, channel: 'email', clientId: null });
        assert.deepEqual(
          accounts.map(({ userId, tenantId: tenant, name }) => [userId, tenant, name]),
          [[user.id, tenantId, 'Ada Quill']],
        );
      }
      assert.deepEqual(await stateOf(db), before);
      await reset(token, user);
      assert.equal(await passwordOf(user.email), second);
    });

    it('refuses what is no link', async () => {
      for (const token of ['', 'x', randomToken(), `${randomToken()}\0`, 'ü'.repeat(3_000)])
        await assert.rejects(findRecovery(db, token), invalid);
    });

    it('does not take a code for a link', async () => {
      const user = await someone();
      const token = await askedToken(user.email);
      await db('otp_codes')
        .where({ destination: user.email })
        .update({ purpose: 'login', challengeHash: randomBytes(32) });
      await assert.rejects(findRecovery(db, token), invalid);
    });

    it('works for half an hour', async () => {
      const user = await someone();
      const token = await askedToken(user.email);
      await letPass(db, user.email, '29 minutes');
      assert.equal((await findRecovery(db, token)).accounts.length, 1);
      await letPass(db, user.email, '1 minute');
      const expired = { kind: 'expired', code: 'RECOVERY_LINK_EXPIRED' };
      await assert.rejects(findRecovery(db, token), expired);
      await assert.rejects(reset(token, user), expired);
      assert.equal(await passwordOf(user.email), first);
    });
  });

  describe('by a new password', () => {
    it('signs out everywhere, signs nobody in, and tells the person', async () => {
      const user = await someone({ mfaRequired: true, locale: 'de' });
      const token = await askedToken(user.email);
      assert.equal(await openSessions(user.id), 2);
      const { result, events } = await eventsOf(db, () => reset(token, user));
      assert.deepEqual(result, { tenantId, userId: user.id, clientId: null });
      assert.equal(await openSessions(user.id), 0);
      assert.equal((await db('users').where({ id: user.id }).first()).mfaRequired, true);
      assert.deepEqual(
        events.map(({ action, actorId, entityId, payload }) => [action, actorId, entityId, payload]),
        [
          ['password.changed', user.id, user.id, {}],
          ['session.all_revoked', user.id, user.id, { sessions: 1 }],
          ['password.recovered', user.id, user.id, { channel: 'email' }],
        ],
      );
      const told = await notices(user.email);
      assert.deepEqual(
        told.map(({ channel, template, locale, model }) => [channel, template, locale, model.href]),
        [['email', 'password-changed', 'de', 'https://id.example.test/account']],
      );
      assert.equal(await passwordOf(user.email), second);
    });

    it('keeps the other identities of an address that was proved before', async () => {
      const user = await someone();
      await reset(await askedToken(user.email), user);
      assert.deepEqual(await db('user_identities').where({ userId: user.id }).orderBy('provider').pluck('provider'), [
        'google',
        'password',
      ]);
    });

    it('works once', async () => {
      const user = await someone();
      const token = await askedToken(user.email);
      await reset(token, user);
      await assert.rejects(reset(token, user, { password: first }), invalid);
      await assert.rejects(findRecovery(db, token), invalid);
      assert.equal(await passwordOf(user.email), second);
    });

    it('works once, of fifty at the same time', async () => {
      const user = await someone();
      const token = await askedToken(user.email);
      const { result, events } = await eventsOf(db, () =>
        Promise.allSettled(Array.from({ length: 50 }, () => reset(token, user))),
      );
      assert.equal(result.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const outcome of result)
        if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'RECOVERY_LINK_INVALID');
      for (const action of ['password.changed', 'password.recovered'])
        assert.equal(events.filter((event) => event.action === action).length, 1);
      assert.equal((await notices(user.email)).length, 1);
    });

    it('ends the other links of the address', async () => {
      const user = await someone();
      const [earlier, later] = [await askedToken(user.email), await askedToken(user.email)];
      await reset(earlier, user);
      await assert.rejects(findRecovery(db, later), invalid);
      await assert.rejects(reset(later, user), invalid);
    });

    it('frees an account that failures have locked', async () => {
      const user = await someone();
      await assert.rejects(
        signInWithPassword(
          db,
          { address: user.email, password: second, tenantId },
          { passwords, limits: unlimited, secrets, caller },
        ),
        { code: 'INVALID_CREDENTIALS' },
      );
      await db('sign_in_failures').update({ failures: 100 });
      await assert.rejects(
        signInWithPassword(
          db,
          { address: user.email, password: first, tenantId },
          { passwords, limits: unlimited, secrets, caller },
        ),
        { code: 'ACCOUNT_LOCKED' },
      );
      await reset(await askedToken(user.email), user);
      await signInWithPassword(
        db,
        { address: user.email, password: second, tenantId },
        { passwords, limits: unlimited, secrets, caller },
      );
    });

    it('leaves the link as it was where the policy or a full queue refuses', async () => {
      const user = await someone({ fullName: 'Ada Quill' });
      const token = await askedToken(user.email);
      const before = await stateOf(db);
      for (const [password, code] of [
        ['short', 'PASSWORD_TOO_SHORT'],
        ['password123', 'PASSWORD_COMMON'],
        ['ada-quill-1999', 'PASSWORD_CONTAINS_PERSONAL'],
        [user.email, 'PASSWORD_CONTAINS_PERSONAL'],
        ['x'.repeat(129), 'PASSWORD_TOO_LONG'],
      ])
        await assert.rejects(reset(token, user, { password }), { kind: 'invalid', code }, password);
      const busy = createPasswordHasher({ concurrency: 1, longestWaitMs: 0 });
      const occupied = busy.forAttempt(1);
      await assert.rejects(reset(token, user, { hasher: busy }), { kind: 'unavailable', code: 'SERVICE_BUSY' });
      occupied.leave();
      assert.deepEqual(await stateOf(db), before);
      await reset(token, user);
    });

    it('takes the power from the person who set the account up without having the address', async () => {
      const user = await someone({ emailVerified: false });
      const { events } = await eventsOf(db, async () => reset(await askedToken(user.email), user));
      assert.deepEqual(
        events.map(({ action }) => action),
        [
          'address.verified',
          'credentials.removed',
          'session.all_revoked',
          'password.changed',
          'session.all_revoked',
          'password.recovered',
        ],
      );
      assert.deepEqual(await db('user_identities').where({ userId: user.id }).pluck('provider'), ['password']);
      assert.equal(await openSessions(user.id), 0);
      assert.equal(await passwordOf(user.email), second);
      assert.deepEqual((await notices(user.email)).map(({ template }) => template).sort(), [
        'credentials-removed',
        'password-changed',
      ]);
      assert.ok((await db('users').where({ id: user.id }).first()).emailVerifiedAt instanceof Date);
    });

    it('gives a first password to a person without', async () => {
      const user = await createUser(db, { tenantId, email: newEmail() });
      await reset(await askedToken(user.email as string), user);
      assert.equal(await passwordOf(user.email as string), second);
    });

    it('changes all or nothing, with its events', async () => {
      const user = await someone({ emailVerified: false });
      const token = await askedToken(user.email);
      const before = await stateOf(db);
      const faults = ['address.verified', 'password.changed', 'password.recovered', 'session.all_revoked'];
      for (const fault of [...faults, 'otp_codes', 'user_identities', 'user_sessions'])
        await withFault(db, fault, () => assert.rejects(reset(token, user), /out of order/));
      assert.deepEqual(await stateOf(db), before);
      await reset(token, user);
    });
  });

  describe('by a phone', () => {
    it('tells of it by mail where the person has a verified address', async () => {
      const phone = newPhone();
      const user = await someone({ phone, phoneVerified: true });
      await reset(await askedToken(phone), user);
      assert.equal((await notices(user.email)).length, 1);
      assert.equal((await notices(phone)).length, 0);
      assert.equal(await passwordOf(phone), second);
    });

    it('tells of it by phone where there is no mail', async () => {
      const phone = newPhone();
      const user = await someone({ email: null, phone, phoneVerified: true });
      await reset(await askedToken(phone), user);
      assert.deepEqual(
        (await notices(phone)).map(({ channel, template }) => [channel, template]),
        [['sms', 'password-changed']],
      );
    });

    it('opens no account of which the email address alone was proved', async () => {
      const phone = newPhone();
      const user = await someone({ phone });
      const token = await askedToken(phone);
      await assert.rejects(findRecovery(db, token), invalid);
      await assert.rejects(reset(token, user), invalid);
    });
  });

  describe('of several tenants', () => {
    async function twoTenants(): Promise<{ email: string; here: User; there: User }> {
      const email = newEmail();
      const other = await createTenant(db);
      return { email, here: await someone({ email }), there: await someone({ email, tenantId: other.id }) };
    }
    const hasPassword = async (user: User, password: string) =>
      signInWithPassword(
        db,
        { address: user.email as string, password, tenantId: user.tenantId },
        { passwords, limits: unlimited, secrets, caller },
      ).then(
        () => true,
        () => false,
      );

    it('lets the person choose, and reaches that account alone', async () => {
      const { email, here, there } = await twoTenants();
      const token = await askedToken(email, null);
      const { accounts } = await findRecovery(db, token);
      assert.deepEqual(accounts.map(({ userId }) => userId).sort(), [here.id, there.id].sort());
      await reset(token, there);
      assert.deepEqual([await hasPassword(here, first), await hasPassword(there, second)], [true, true]);
      assert.equal(await openSessions(here.id), 2);
      await assert.rejects(reset(token, here), invalid);
    });

    it('reaches the tenant where it was asked for alone', async () => {
      const { email, here, there } = await twoTenants();
      const token = await askedToken(email);
      assert.deepEqual(
        (await findRecovery(db, token)).accounts.map(({ userId }) => userId),
        [here.id],
      );
      await assert.rejects(reset(token, there), invalid);
      const stranger = await someone();
      for (const id of [stranger.id, newId(), '', "'"]) await assert.rejects(reset(token, { id }), invalid);
      assert.deepEqual([await hasPassword(there, first), await hasPassword(stranger, first)], [true, true]);
      await reset(token, here);
    });

    it('leaves the link of another tenant as it was', async () => {
      const { email, here, there } = await twoTenants();
      const [forHere, forThere] = [await askedToken(email), await askedToken(email, there.tenantId)];
      await reset(forHere, here);
      await reset(forThere, there);
    });

    it('does not lock up where two links are used for two accounts at once', async () => {
      const { email, here, there } = await twoTenants();
      const links = [await askedToken(email, null), await askedToken(email, null)] as [string, string];
      const outcomes = await Promise.allSettled([
        ...Array.from({ length: 5 }, () => reset(links[0], here)),
        ...Array.from({ length: 5 }, () => reset(links[1], there)),
      ]);
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') assert.equal(outcome.reason.code, invalid.code);
    });
  });

  describe('where something has changed since it was asked for', () => {
    const changes: [string, (user: User) => Promise<unknown>][] = [
      ['the address', (user) => db('users').where({ id: user.id }).update({ email: newEmail() })],
      ['an inactive user', (user) => deactivateUser(db, { tenantId: user.tenantId, userId: user.id }, systemCaller)],
      ['a deleted user', (user) => deleteUser(db, { tenantId: user.tenantId, userId: user.id }, systemCaller)],
      ['a suspended tenant', (user) => suspendTenant(db, user.tenantId, systemCaller)],
      [
        'a tenant that gave passwords up',
        (user) => updateTenantSettings(db, user.tenantId, { signInMethods: ['otp'] }, systemCaller),
      ],
      [
        'a tenant that sends no mail any longer',
        (user) => updateTenantSettings(db, user.tenantId, { codeChannels: [] }, systemCaller),
      ],
    ];
    for (const [what, change] of changes) {
      it(`refuses the link: ${what}`, async () => {
        const user = await someone({ tenantId: (await createTenant(db)).id });
        const token = await askedToken(user.email, null);
        await change(user);
        const before = await stateOf(db);
        await assert.rejects(findRecovery(db, token), invalid);
        await assert.rejects(reset(token, user), invalid);
        assert.deepEqual(await stateOf(db), before);
      });

      it(`refuses it also while the new password is being hashed: ${what}`, async () => {
        const user = await someone({ tenantId: (await createTenant(db)).id });
        const token = await askedToken(user.email, user.tenantId);
        let before: Record<string, string> = {};
        const slow: Pick<PasswordHasher, 'hashNew'> = {
          async hashNew(...parameters) {
            await change(user);
            before = await stateOf(db);
            return passwords.hashNew(...parameters);
          },
        };
        await assert.rejects(reset(token, user, { hasher: slow }), invalid);
        assert.deepEqual(await stateOf(db), before);
      });
    }
  });
});
