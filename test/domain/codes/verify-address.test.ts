import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Caller, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { type CodePurpose, requestCode } from '../../../src/domain/codes/one-time-codes.ts';
import { confirmAddress } from '../../../src/domain/codes/verify-address.ts';
import { deactivateUser, deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import type { Channel } from '../../../src/domain/messages/outgoing-message.ts';
import type { User } from '../../../src/domain/users/users.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { eventsOf, installFaults, withFault } from '../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';
import { unlimited } from '../../support/limits.ts';
import { lastCode, letPass, otherThan } from './code-jobs.ts';

const secrets = createSecrets([randomToken(48)]);
const passwordHash = '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo';

describe('verifying an address while signed in', () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 10 });
    await installFaults(db);
    tenantId = (await createTenant(db, { settings: { countryList: ['CH'] } })).id;
  });
  beforeEach(() => db('rate_limits').delete());

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  let number = 0;
  const newPhone = () => `+4179${5_570_000 + ++number}`;
  /** With a password and a session. */
  async function someone(overrides: Parameters<typeof createUser>[1] = {}): Promise<User> {
    const user = await createUser(db, { tenantId, emailVerified: false, passwordHash, ...overrides });
    await db('user_sessions').insert({
      id: newId(),
      tenantId: user.tenantId,
      userId: user.id,
      oidcSessionUidHash: randomBytes(32),
      amr: ['pwd'],
      expiresAt: new Date(Date.now() + 3_600_000),
    });
    return user;
  }

  interface Sent {
    user: User;
    kind: 'email' | 'phone';
    destination: string;
    challenge: string;
    code: string;
  }
  async function send(user: User, purpose: CodePurpose = 'verify_email'): Promise<Sent> {
    const kind = purpose === 'verify_phone' ? 'phone' : 'email';
    const address = user[kind] as string;
    const challenge = randomToken();
    const channel: Channel = kind === 'email' ? 'email' : 'sms';
    const { destination } = await requestCode(
      db,
      { tenantId: user.tenantId, userId: user.id, purpose, channel, address, challenge, locale: 'en' },
      {
        secrets,
        caller: systemCaller,
        limits: unlimited,
        channels: ['email', 'sms'],
        phoneCountries: [],
        budgets: { email: 1_000, phone: 1_000 },
      },
    );
    return { user, kind, destination, challenge, code: await lastCode(db, secrets, destination) };
  }
  const confirm = ({ user, ...sent }: Sent, overrides: Partial<Parameters<typeof confirmAddress>[1]> = {}) => {
    const caller: Caller = { type: 'user', id: user.id };
    const wanted = { tenantId: user.tenantId, userId: user.id, ...sent, ...overrides };
    return confirmAddress(db, wanted, { secrets, caller });
  };
  const isVerified = async ({ id }: { id: string }, kind: 'email' | 'phone' = 'email') =>
    (await db('users').where({ id }).first())[`${kind}VerifiedAt`] !== null;

  it('marks it and takes nothing away', async () => {
    const sent = await send(await someone());
    const { user } = sent;
    const { result, events } = await eventsOf(db, () => confirm(sent));
    assert.deepEqual(result, { first: true });
    assert.deepEqual(
      events.map(({ action, actorId, entityId, payload }) => [action, actorId, entityId, payload]),
      [['address.verified', user.id, user.id, { kind: 'email' }]],
    );
    assert.equal(await isVerified(user), true);
    assert.equal((await db('user_identities').where({ userId: user.id, provider: 'password' })).length, 1);
    assert.equal((await db('user_sessions').where({ userId: user.id, revokedAt: null })).length, 1);
  });

  it('marks a phone beside a verified email address', async () => {
    const user = await someone({ emailVerified: true, phone: newPhone() });
    const sent = await send(user, 'verify_phone');
    assert.deepEqual(await confirm(sent), { first: true });
    assert.equal(await isVerified(user, 'phone'), true);
  });

  it('does no harm where it was verified before', async () => {
    const user = await someone({ emailVerified: true });
    const { result, events } = await eventsOf(db, async () => confirm(await send(user)));
    assert.deepEqual(result, { first: false });
    assert.deepEqual(events, []);
  });

  it('takes a code as people type it, once', async () => {
    const sent = await send(await someone());
    const code = `${sent.code.slice(0, 3)} ${sent.code.slice(3)}`.replace(/\d/, (digit) =>
      String.fromCodePoint(0xff10 + Number(digit)),
    );
    assert.deepEqual(await confirm(sent, { code }), { first: true });
    await assert.rejects(confirm(sent), { code: 'CODE_EXPIRED' });
  });

  it('takes it once, of twenty at the same time', async () => {
    const sent = await send(await someone());
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => confirm(sent)));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('refuses a wrong code and keeps the right one good', async () => {
    const sent = await send(await someone());
    await assert.rejects(confirm(sent, { code: otherThan(sent.code) }), { code: 'CODE_INVALID' });
    assert.equal(await isVerified(sent.user), false);
    await confirm(sent);
  });

  it('refuses a code that is too old', async () => {
    const sent = await send(await someone());
    await letPass(db, sent.destination, '5 minutes');
    await assert.rejects(confirm(sent), { kind: 'expired', code: 'CODE_EXPIRED' });
  });

  it('refuses a code of somebody else, of another tenant, browser, address or purpose', async () => {
    const phone = newPhone();
    const sent = await send(await someone({ phone }));
    const [neighbour, stranger] = [await someone(), await someone({ tenantId: (await createTenant(db)).id })];
    const expired = { kind: 'expired', code: 'CODE_EXPIRED' };
    await assert.rejects(confirm(sent, { userId: neighbour.id }), expired);
    await assert.rejects(confirm(sent, { userId: stranger.id, tenantId: stranger.tenantId }), expired);
    await assert.rejects(confirm(sent, { challenge: randomToken() }), expired);
    await assert.rejects(confirm(sent, { destination: neighbour.email as string }), expired);
    await assert.rejects(confirm(sent, { kind: 'phone', destination: phone }), expired);
    for (const { id } of [neighbour, stranger]) assert.equal(await isVerified({ id }), false);
    await confirm(sent);
  });

  it('marks it for the person alone where somebody else has the address as well', async () => {
    const mine = await someone();
    const theirs = await someone({ email: mine.email, tenantId: (await createTenant(db)).id });
    await confirm(await send(mine));
    assert.deepEqual([await isVerified(mine), await isVerified(theirs)], [true, false]);
  });

  const changes: [string, (user: User) => Promise<unknown>][] = [
    [
      'the address',
      (user) =>
        db('users')
          .where({ id: user.id })
          .update({ email: `changed-${user.email}` }),
    ],
    ['an inactive user', (user) => deactivateUser(db, { tenantId: user.tenantId, userId: user.id }, systemCaller)],
    ['a deleted user', (user) => deleteUser(db, { tenantId: user.tenantId, userId: user.id }, systemCaller)],
    ['a suspended tenant', (user) => suspendTenant(db, user.tenantId, systemCaller)],
  ];
  for (const [what, change] of changes)
    it(`refuses what has changed meanwhile: ${what}`, async () => {
      const sent = await send(await someone({ tenantId: (await createTenant(db)).id }));
      await change(sent.user);
      await assert.rejects(confirm(sent), { kind: 'expired', code: 'CODE_EXPIRED' });
      assert.equal(await isVerified(sent.user), false);
    });

  it('does not lock up with somebody who stops the person at the same moment', async () => {
    const sent = await send(await someone());
    const { id, tenantId } = sent.user;
    let confirming: Promise<unknown> | undefined;
    await db.transaction(async (trx) => {
      await trx('users').where({ id }).forNoKeyUpdate().select('id');
      confirming = assert.rejects(confirm(sent), { kind: 'expired', code: 'CODE_EXPIRED' });
      await sleep(300);
      await deactivateUser(trx, { tenantId, userId: id }, systemCaller);
    });
    await confirming;
    assert.equal(await isVerified(sent.user), false);
  });

  it('leaves the code as good as before where the mark cannot be made', async () => {
    const sent = await send(await someone());
    for (const fault of ['address.verified', 'users', 'otp_codes'])
      await withFault(db, fault, () => assert.rejects(confirm(sent), /out of order/));
    assert.equal(await isVerified(sent.user), false);
    await confirm(sent);
  });
});
