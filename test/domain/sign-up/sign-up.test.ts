import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import { signInMethods } from '../../../src/domain/methods/methods.ts';
import { createPasswordHasher, type PasswordHasher } from '../../../src/domain/methods/password/password-hash.ts';
import { signInWithPassword } from '../../../src/domain/methods/password/password-sign-in.ts';
import { ensureReferralCode } from '../../../src/domain/referrals/referrals.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { completeSignUp, passwordAtSignUp, type SignUp } from '../../../src/domain/sign-up/sign-up.ts';
import {
  isDomainAllowed,
  parseTenantSettings,
  type TenantSettingsInput,
} from '../../../src/domain/tenants/tenant-settings.ts';
import { updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { eventsOf, installFaults, stateOf, withFault } from '../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';
import { unlimited } from '../../support/limits.ts';

const passwords = createPasswordHasher({ memoryKiB: 64, iterations: 1 });
const secrets = createSecrets([randomToken(48)]);
const password = 'lantern orbit velvet';
const closed = { kind: 'forbidden', code: 'SIGN_UP_CLOSED' };

describe('completing a sign-up', () => {
  let database: TestDatabase;
  let db: Database;
  let tenant: NewTenant;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 20 });
    await installFaults(db);
    tenant = await open();
  });

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const open = (settings: TenantSettingsInput = {}) =>
    createTenant(db, { settings: { selfSignUp: true, countryList: ['CH'], ...settings } });
  let number = 0;
  const newEmail = (domain = 'example.com') => `new-${++number}@${domain}`;
  const newPhone = () => `+4179${5_580_000 + ++number}`;

  const complete = (
    overrides: Partial<SignUp> = {},
    { hasher = passwords }: { hasher?: Pick<PasswordHasher, 'hashNew'> } = {},
  ) =>
    completeSignUp(
      db,
      {
        tenantId: tenant.id,
        destination: newEmail(),
        channel: 'email',
        fullName: 'Ada Quill',
        locale: 'de',
        ...overrides,
      },
      {
        methods: signInMethods,
        passwords: hasher,
        caller: systemCaller,
        channels: ['email', 'sms'],
        phoneCountries: [],
      },
    );
  const usersAt = (email: string) => db('users').where({ email, deletedAt: null });

  it('makes a user with the proved address, who can sign in', async () => {
    const destination = newEmail();
    const { result: user, events } = await eventsOf(db, () => complete({ destination, password }));
    assert.deepEqual(
      [user.tenantId, user.email, user.phone, user.fullName, user.state],
      [tenant.id, destination, null, 'Ada Quill', 'active'],
    );
    assert.ok(user.emailVerifiedAt instanceof Date);
    assert.equal((await db('user_settings').where({ userId: user.id }).first()).locale, 'de');
    assert.deepEqual(
      events.map(({ action, actorId, entityId, payload }) => [action, actorId, entityId, payload]),
      [
        ['user.created', null, user.id, { methods: ['pwd'], emailVerified: true }],
        ['user.signed_up', user.id, user.id, { channel: 'email' }],
      ],
    );
    const attempt = { address: destination, password, tenantId: tenant.id };
    const { accounts } = await signInWithPassword(db, attempt, {
      passwords,
      limits: unlimited,
      secrets,
      caller: systemCaller,
    });
    assert.equal(accounts[0]?.userId, user.id);
  });

  it('makes a user of a phone, without a password', async () => {
    const destination = newPhone();
    const user = await complete({ destination, channel: 'sms' });
    assert.deepEqual([user.email, user.emailVerifiedAt, user.phone], [null, null, destination]);
    assert.ok(user.phoneVerifiedAt instanceof Date);
    assert.equal((await db('user_identities').where({ userId: user.id })).length, 0);
  });

  it('gives no role and no session', async () => {
    const user = await complete({ password });
    assert.equal((await db('org_assignments').where({ userId: user.id })).length, 0);
    assert.equal((await db('user_sessions').where({ userId: user.id })).length, 0);
  });

  it('makes one user, of fifty completions at the same time', async () => {
    const destination = newEmail();
    const { result, events } = await eventsOf(db, () =>
      Promise.allSettled(Array.from({ length: 50 }, () => complete({ destination, password }))),
    );
    assert.equal(result.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of result)
      if (outcome.status === 'rejected')
        assert.deepEqual([outcome.reason.kind, outcome.reason.code], ['expired', 'CODE_EXPIRED']);
    assert.equal((await usersAt(destination)).length, 1);
    assert.deepEqual(
      events.map(({ action }) => action),
      ['user.created', 'user.signed_up'],
    );
  });

  it('tells of an account that exists as of a code that no longer works', async () => {
    const phone = newPhone();
    const known = await createUser(db, { tenantId: tenant.id, phone });
    const before = await stateOf(db);
    for (const wanted of [
      { destination: known.email as string },
      { destination: known.email as string, password },
      { destination: phone, channel: 'sms' as const },
    ])
      await assert.rejects(complete(wanted), { kind: 'expired', code: 'CODE_EXPIRED' });
    assert.deepEqual(await stateOf(db), before);
  });

  it('takes an address that another tenant has, or that a deleted user had', async () => {
    const elsewhere = await createUser(db);
    await complete({ destination: elsewhere.email as string });
    const gone = await createUser(db, { tenantId: tenant.id });
    await deleteUser(db, { tenantId: tenant.id, userId: gone.id }, systemCaller);
    await complete({ destination: gone.email as string });
  });

  it('refuses where the tenant takes nobody in', async () => {
    const byInvitation = await createTenant(db);
    await assert.rejects(complete({ tenantId: byInvitation.id }), closed);
    const suspended = await open();
    await suspendTenant(db, suspended.id, systemCaller);
    await assert.rejects(complete({ tenantId: suspended.id }), closed);
    await assert.rejects(complete({ tenantId: '018f4e5c-0000-7000-8000-000000000000' }), closed);
    await assert.rejects(complete({ tenantId: 'none' }), closed);
  });

  it('refuses where nothing would lead back in', async () => {
    const byProvider = await open({ signInMethods: ['google'] });
    await assert.rejects(complete({ tenantId: byProvider.id }), closed);
    const byMailedCodes = await open({ signInMethods: ['otp'], codeChannels: ['email'] });
    await assert.rejects(complete({ tenantId: byMailedCodes.id, destination: newPhone(), channel: 'sms' }), closed);
    await complete({ tenantId: byMailedCodes.id });
  });

  it('refuses where the tenant closes while the password is being hashed', async () => {
    const closing = await open();
    const destination = newEmail();
    const slow: Pick<PasswordHasher, 'hashNew'> = {
      async hashNew(...parameters) {
        await updateTenantSettings(db, closing.id, { selfSignUp: false }, systemCaller);
        return passwords.hashNew(...parameters);
      },
    };
    await assert.rejects(complete({ tenantId: closing.id, destination, password }, { hasher: slow }), closed);
    assert.equal((await usersAt(destination)).length, 0);
  });

  it('takes the listed domains alone', async () => {
    const { id: tenantId } = await open({ signUpEmailDomains: ['example.org', 'school.example.com'] });
    await complete({ tenantId, destination: newEmail('example.org') });
    await complete({ tenantId, destination: newEmail('school.example.com') });
    for (const domain of ['example.com', 'sub.example.org', 'myexample.org', 'example.org.evil.test'])
      await assert.rejects(
        complete({ tenantId, destination: newEmail(domain) }),
        { kind: 'invalid', code: 'EMAIL_DOMAIN_NOT_ALLOWED' },
        domain,
      );
    await assert.rejects(complete({ tenantId, destination: newPhone(), channel: 'sms' }), {
      code: 'CHANNEL_UNAVAILABLE',
    });
  });

  it('asks for a password where no code would lead back in', async () => {
    const required = { kind: 'invalid', code: 'FIELD_REQUIRED', params: { field: 'password' } };
    for (const settings of [{ signInMethods: ['password'] }, { codeChannels: ['sms'] }] as TenantSettingsInput[]) {
      const { id: tenantId } = await open(settings);
      await assert.rejects(complete({ tenantId }), required);
      await assert.rejects(complete({ tenantId, password: '' }), required);
      await complete({ tenantId, password });
    }
  });

  it('takes no password where the tenant has none', async () => {
    const { id: tenantId } = await open({ signInMethods: ['otp'] });
    await assert.rejects(complete({ tenantId, password }), {
      kind: 'invalid',
      code: 'INVALID_INPUT',
      params: { field: 'password' },
    });
    await complete({ tenantId });
  });

  it('holds name and password against their rules', async () => {
    const destination = newEmail();
    for (const [wanted, code] of [
      [{ fullName: ' ' }, 'FIELD_REQUIRED'],
      [{ fullName: 'x'.repeat(300) }, 'INVALID_INPUT'],
      [{ fullName: 'Ada\r\nQuill' }, 'INVALID_INPUT'],
      [{ fullName: 'Ada\0' }, 'INVALID_INPUT'],
      [{ password: 'short' }, 'PASSWORD_TOO_SHORT'],
      [{ password: 'ada-quill-1999' }, 'PASSWORD_CONTAINS_PERSONAL'],
      [{ password: destination }, 'PASSWORD_CONTAINS_PERSONAL'],
    ] as [Partial<SignUp>, string][])
      await assert.rejects(complete({ destination, ...wanted }), { kind: 'invalid', code }, JSON.stringify(wanted));
    assert.equal((await usersAt(destination)).length, 0);
  });

  it('makes nobody without the events', async () => {
    const destination = newEmail();
    const before = await stateOf(db);
    for (const fault of ['user.created', 'user.signed_up', 'users'])
      await withFault(db, fault, () => assert.rejects(complete({ destination, password }), /out of order/));
    assert.deepEqual(await stateOf(db), before);
    await complete({ destination, password });
  });

  describe('by a referral', () => {
    const referralsOf = (referredUserId: string) => db('referrals').where({ referredUserId });

    it('remembers who referred the person', async () => {
      const referrer = await createUser(db, { tenantId: tenant.id });
      const { code } = await ensureReferralCode(db, { tenantId: tenant.id, userId: referrer.id }, systemCaller);
      const { result: user, events } = await eventsOf(db, () => complete({ referralCode: ` ${code.toLowerCase()}` }));
      const [referral, ...others] = await referralsOf(user.id);
      assert.deepEqual(
        [referral.referrerUserId, referral.status, referral.convertedAt, others.length],
        [referrer.id, 'pending', null, 0],
      );
      assert.deepEqual(
        events.map(({ action }) => action),
        ['user.created', 'referral.recorded', 'user.signed_up'],
      );
      assert.equal(events[2]?.payload.referralId, referral.id);
    });

    it('passes over a code that counts for nothing', async () => {
      const referrer = await createUser(db, { tenantId: tenant.id });
      const { code: expired } = await ensureReferralCode(
        db,
        { tenantId: tenant.id, userId: referrer.id },
        systemCaller,
      );
      await db('referral_codes')
        .where({ code: expired })
        .update({ expiresAt: new Date(0) });
      const stranger = await createUser(db);
      const { code: foreign } = await ensureReferralCode(
        db,
        { tenantId: stranger.tenantId, userId: stranger.id },
        systemCaller,
      );
      for (const referralCode of ['', 'BCDFGHJKMN', "'; drop table users", 'x'.repeat(5_000), '\0', expired, foreign]) {
        const user = await complete({ referralCode });
        assert.equal((await referralsOf(user.id)).length, 0, referralCode);
      }
    });
  });
});

describe('the password of a new person', () => {
  const server = { methods: signInMethods, channels: ['email', 'sms'], phoneCountries: [] } as const;
  const asked = (settings: TenantSettingsInput, channel: 'email' | 'sms' | 'whatsapp', on = server) =>
    passwordAtSignUp(parseTenantSettings(settings), channel, on as Parameters<typeof passwordAtSignUp>[2]);

  it('can be left out where a code leads back to the proved address', () => {
    assert.equal(asked({}, 'email'), 'optional');
    assert.equal(asked({ countryList: ['CH'] }, 'sms'), 'optional');
    assert.equal(asked({ countryList: ['CH'] }, 'whatsapp'), 'optional');
  });

  it('is needed where none does', () => {
    assert.equal(asked({ signInMethods: ['password'] }, 'email'), 'required');
    assert.equal(asked({ codeChannels: ['sms'], countryList: ['CH'] }, 'email'), 'required');
    assert.equal(asked({}, 'sms'), 'required');
  });

  it('is not asked for where the tenant has none', () => {
    assert.equal(asked({ signInMethods: ['otp', 'google'] }, 'email'), 'none');
  });
});

describe('the domains of a tenant', () => {
  it('are compared whole', () => {
    const settings = parseTenantSettings({ signUpEmailDomains: ['example.org'] });
    assert.equal(isDomainAllowed(settings, 'a@example.org'), true);
    for (const email of ['a@sub.example.org', 'a@notexample.org', 'a@example.org.test', 'example.org@evil.test'])
      assert.equal(isDomainAllowed(settings, email), false, email);
    assert.equal(isDomainAllowed(parseTenantSettings({}), 'a@anywhere.test'), true);
  });
});
