import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Caller, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deactivateUser, deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import {
  kindOf,
  type OutgoingMessage,
  openPayload,
  revivedMessage,
  sendMessageJob,
} from '../../../src/domain/messages/outgoing-message.ts';
import { signInMethods } from '../../../src/domain/methods/methods.ts';
import { proveAddress, verifyAddress } from '../../../src/domain/sign-in/prove-address.ts';
import type { User } from '../../../src/domain/users/users.ts';
import { opensAccount } from '../../../src/domain/users/verified-address.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { eventsOf, installFaults, stateOf, withFault } from '../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';

const passwordHash = '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo';
const caller: Caller = { type: 'user', ip: '192.0.2.7' };
const secrets = createSecrets([randomToken(48)]);
const deps = { methods: signInMethods, secrets, issuer: 'https://id.example.test', caller };

describe('proving an address', () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 10 });
    tenantId = (await createTenant(db)).id;
    await installFaults(db);
  });

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  /** With a password, an identity at a provider, a session and a refresh token. */
  async function someone(overrides: Parameters<typeof createUser>[1] = {}): Promise<User> {
    const user = await createUser(db, { tenantId, emailVerified: false, passwordHash, ...overrides });
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
    return user;
  }
  const byEmail = ({ id: userId, email, ...user }: User) =>
    ({ tenantId: user.tenantId, userId, channel: 'email', address: email as string, locale: 'fr' }) as const;

  /** What was enqueued for an address. */
  async function noticesTo(address: string): Promise<OutgoingMessage[]> {
    const { rows } = await db.raw(
      `select j.payload
         from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id
        where t.identifier = ?`,
      [sendMessageJob],
    );
    return (rows as { payload: unknown }[])
      .map(({ payload }) => revivedMessage(openPayload(secrets, sendMessageJob, payload).value))
      .filter(({ to }) => to === address);
  }

  async function holdings(userId: string) {
    const user = await db('users').where({ id: userId }).first();
    return {
      emailVerified: user.emailVerifiedAt !== null,
      phoneVerified: user.phoneVerifiedAt !== null,
      passwordChanged: user.passwordChangedAt !== null,
      identities: await db('user_identities').where({ userId }).orderBy('provider').pluck('provider'),
      sessions: (await db('user_sessions').where({ userId, revokedAt: null })).length,
      tokens: (await db('oidc_payloads').where({ accountId: userId })).length,
    };
  }
  const everything = {
    emailVerified: false,
    phoneVerified: false,
    passwordChanged: true,
    identities: ['google', 'password'],
    sessions: 1,
    tokens: 1,
  };

  it('takes away what could sign in before the first proof', async () => {
    const user = await someone();
    assert.deepEqual(await holdings(user.id), everything);
    const { result, events } = await eventsOf(db, () => proveAddress(db, byEmail(user), deps));
    assert.deepEqual(result, { first: true, removed: ['google', 'password'] });
    assert.deepEqual(await holdings(user.id), {
      emailVerified: true,
      phoneVerified: false,
      passwordChanged: false,
      identities: [],
      sessions: 0,
      tokens: 0,
    });
    assert.deepEqual(
      events.map(({ action, entityId, tenantId: tenant, ip, payload }) => [action, entityId, tenant, ip, payload]),
      [
        ['address.verified', user.id, tenantId, '192.0.2.7', { kind: 'email' }],
        ['credentials.removed', user.id, tenantId, '192.0.2.7', { kind: 'email', methods: ['google', 'password'] }],
        ['session.all_revoked', user.id, tenantId, '192.0.2.7', { sessions: 1 }],
      ],
    );
  });

  it('tells the person by the address that they proved, once and in their language', async () => {
    const user = await someone();
    await proveAddress(db, byEmail(user), deps);
    await proveAddress(db, byEmail(user), deps);
    const [notice, ...more] = await noticesTo(user.email as string);
    assert.equal(notice?.template, 'credentials-removed');
    assert.deepEqual([notice?.channel, notice?.locale, notice?.tenantId, more], ['email', 'fr', tenantId, []]);
    const { name: tenantName } = await db('tenants').where({ id: tenantId }).first();
    assert.deepEqual(notice?.model, { tenantName, href: 'https://id.example.test/account' });

    const german = await someone({ locale: 'de' });
    await proveAddress(db, byEmail(german), deps);
    assert.equal((await noticesTo(german.email as string))[0]?.locale, 'de');
  });

  it('does not tell of what the person sets anew, and of the rest it does', async () => {
    const [both, alone] = [await someone(), await someone()];
    await db('user_identities').where({ userId: alone.id, provider: 'google' }).delete();
    for (const user of [both, alone]) await proveAddress(db, { ...byEmail(user), replacing: 'password' }, deps);
    assert.deepEqual((await noticesTo(both.email as string)).length, 1);
    assert.deepEqual((await noticesTo(alone.email as string)).length, 0);
    assert.deepEqual((await holdings(alone.id)).identities, []);
  });

  it('takes nothing from the other people of the tenant', async () => {
    const [user, bystander] = [await someone(), await someone()];
    await proveAddress(db, byEmail(user), deps);
    assert.deepEqual(await holdings(bystander.id), everything);
  });

  it('changes nothing where the address was proved before', async () => {
    const user = await someone({ emailVerified: true });
    const before = await stateOf(db);
    const { result, events } = await eventsOf(db, () => proveAddress(db, byEmail(user), deps));
    assert.deepEqual(result, { first: false, removed: [] });
    assert.deepEqual(events, []);
    assert.deepEqual(await stateOf(db), before);
    assert.deepEqual(await noticesTo(user.email as string), []);
  });

  it('leaves everything to a person who is signed in and verifies one more address', async () => {
    const user = await someone();
    const { tenantId, id: userId, email } = user;
    const proved = { tenantId, userId, kind: 'email', address: email as string } as const;
    const { result, events } = await eventsOf(db, () => verifyAddress(db, proved, caller));
    assert.deepEqual(result, { first: true });
    assert.deepEqual(await noticesTo(email as string), []);
    assert.deepEqual(await holdings(user.id), { ...everything, emailVerified: true });
    assert.deepEqual(
      events.map(({ action }) => action),
      ['address.verified'],
    );
  });

  it('says nothing of credentials where there were none', async () => {
    const user = await createUser(db, { tenantId, emailVerified: false });
    const { result, events } = await eventsOf(db, () => proveAddress(db, byEmail(user), deps));
    assert.deepEqual(result, { first: true, removed: [] });
    assert.deepEqual(
      events.map(({ action }) => action),
      ['address.verified', 'session.all_revoked'],
    );
  });

  it('lets nobody in by a phone that was never proved, where the email address was', async () => {
    const phone = '+41791234501';
    const user = await someone({ emailVerified: true, phone });
    const wanted = { tenantId, userId: user.id, address: phone };
    const toComeIn = { ...wanted, channel: 'sms', locale: 'en' } as const;
    const before = await stateOf(db);
    await assert.rejects(proveAddress(db, toComeIn, deps), { kind: 'not_found' });
    assert.deepEqual(await stateOf(db), before);
    assert.equal((await verifyAddress(db, { ...wanted, kind: 'phone' }, caller)).first, true);
    assert.equal((await proveAddress(db, toComeIn, deps)).first, false);
    assert.deepEqual(await holdings(user.id), { ...everything, emailVerified: true, phoneVerified: true });
  });

  it('gives the account to the first of two addresses that is proved', async () => {
    const phone = '+41791234502';
    const user = await someone({ phone });
    const wanted = { tenantId, userId: user.id, channel: 'sms', address: phone, locale: 'en' } as const;
    const outcomes = await Promise.allSettled([proveAddress(db, byEmail(user), deps), proveAddress(db, wanted, deps)]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const { emailVerified, phoneVerified } = await holdings(user.id);
    assert.equal(emailVerified, !phoneVerified);
  });

  it('finds an address whatever the case it is stored in', async () => {
    const user = await someone();
    await db('users').where({ id: user.id }).update({ email: 'Mixed.Case@Example.Test' });
    const wanted = { ...byEmail(user), address: 'mixed.case@example.test' };
    assert.equal((await proveAddress(db, wanted, deps)).first, true);
  });

  const refused: [string, (user: User) => Promise<Partial<ReturnType<typeof byEmail>> | undefined>][] = [
    ['an address that the user has no longer', async () => ({ address: 'earlier@example.test' })],
    ['a phone where an email address is meant', async () => ({ channel: 'sms' as never })],
    ['a user of another tenant', async () => ({ tenantId: (await createTenant(db)).id })],
    ['a user that nobody knows', async () => ({ userId: newId() })],
    ['an id that is none', async () => ({ userId: "' or true --" })],
    ['an inactive user', async (user) => void (await deactivateUser(db, { tenantId, userId: user.id }, systemCaller))],
    ['a deleted user', async (user) => void (await deleteUser(db, { tenantId, userId: user.id }, systemCaller))],
  ];
  for (const [what, change] of refused)
    it(`refuses ${what}`, async () => {
      const user = await someone();
      const wanted = { ...byEmail(user), ...(await change(user)) };
      const before = await stateOf(db);
      const kind = kindOf(wanted.channel);
      await assert.rejects(proveAddress(db, wanted, deps), { kind: 'not_found' });
      await assert.rejects(verifyAddress(db, { ...wanted, kind }, caller), { kind: 'not_found' });
      assert.deepEqual(await stateOf(db), before);
    });

  it('refuses the users of a suspended tenant', async () => {
    const tenant = await createTenant(db);
    const user = await someone({ tenantId: tenant.id });
    await suspendTenant(db, tenant.id, systemCaller);
    await assert.rejects(proveAddress(db, byEmail(user), deps), { kind: 'not_found' });
    assert.equal((await holdings(user.id)).emailVerified, false);
  });

  it('takes away once, of twenty at the same time', async () => {
    const user = await someone();
    const { result, events } = await eventsOf(db, () =>
      Promise.all(Array.from({ length: 20 }, () => proveAddress(db, byEmail(user), deps))),
    );
    assert.equal(result.filter(({ first }) => first).length, 1);
    assert.equal(events.filter(({ action }) => action === 'credentials.removed').length, 1);
  });

  it('changes nothing without its events', async () => {
    const user = await someone();
    const before = await stateOf(db);
    for (const event of ['address.verified', 'credentials.removed', 'session.all_revoked'])
      await withFault(db, event, () => assert.rejects(proveAddress(db, byEmail(user), deps), /out of order/));
    assert.deepEqual(await stateOf(db), before);
  });
});

describe('the addresses that open an account', () => {
  it('are the proved ones, and every one while none is', () => {
    const both = (emailVerified: boolean, phoneVerified: boolean) =>
      (['email', 'phone'] as const).filter((kind) => opensAccount({ emailVerified, phoneVerified }, kind));
    assert.deepEqual(both(false, false), ['email', 'phone']);
    assert.deepEqual(both(true, false), ['email']);
    assert.deepEqual(both(false, true), ['phone']);
    assert.deepEqual(both(true, true), ['email', 'phone']);
  });
});
