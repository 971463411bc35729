import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { systemCaller } from '../../../../src/domain/audit/audit-events.ts';
import { type CodeRequest, requestCode, verifyCode } from '../../../../src/domain/codes/one-time-codes.ts';
import { deactivateUser, deleteUser } from '../../../../src/domain/lifecycle/end-person.ts';
import type { Channel } from '../../../../src/domain/messages/outgoing-message.ts';
import { type CodeSignIn, signInWithCode } from '../../../../src/domain/methods/code/code-sign-in.ts';
import { signInMethods } from '../../../../src/domain/methods/methods.ts';
import { accountKey, doorKey } from '../../../../src/domain/sign-in/sign-in-failures.ts';
import { updateTenantSettings } from '../../../../src/domain/tenants/tenants.ts';
import type { NewUser } from '../../../../src/domain/users/users.ts';
import { createDatabase, type Database, isConnectionError } from '../../../../src/platform/database.ts';
import { DomainError } from '../../../../src/platform/errors.ts';
import { newId } from '../../../../src/platform/ids.ts';
import { createSecrets, randomToken } from '../../../../src/platform/secrets.ts';
import { installFaults, withFault } from '../../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { createTenant, createUser } from '../../../support/factories.ts';
import { unlimited } from '../../../support/limits.ts';
import { lastCode, letPass, otherThan } from '../../codes/code-jobs.ts';

const secrets = createSecrets([randomToken(48)]);
const caller = { ...systemCaller, userAgent: 'test' };
/** Of no password; nothing is compared with it here. */
const passwordHash = `$argon2id$v=19$m=19456,t=2,p=1$${'a'.repeat(22)}$${'b'.repeat(43)}`;
const issuer = 'https://id.example.test';
const channels: Channel[] = ['email', 'sms', 'whatsapp'];
const deps = {
  secrets,
  limits: unlimited,
  caller,
  channels,
  phoneCountries: ['CH'],
  budgets: { email: 1e6, phone: 1e6 },
};

const wrong = 'unauthenticated CODE_INVALID';
const over = 'expired CODE_EXPIRED';
const slowed = 'rate_limited TOO_MANY_ATTEMPTS';

describe('signing in with a one-time code', () => {
  let database: TestDatabase;
  let db: Database;
  let otherNode: Database;
  let north: string;
  let south: string;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 10 });
    otherNode = createDatabase({ url: database.url, poolMax: 10 });
    north = (await createTenant(db, { name: 'Northwind', slug: 'north', settings: { countryList: ['CH'] } })).id;
    south = (await createTenant(db, { name: 'Southgate', slug: 'south', settings: { countryList: ['CH'] } })).id;
    await installFaults(db);
  });
  beforeEach(() => db('rate_limits').delete());

  after(async () => {
    await db?.destroy();
    await otherNode?.destroy();
    await database?.drop();
  });

  let number = 0;
  const newEmail = () => `sign-in-${++number}@example.com`;
  const newPhone = () => `+41795${String(550_000 + ++number)}`;
  const add = (user: Partial<NewUser> = {}) => createUser(db, { tenantId: north, ...user });
  /** A code that was asked for, with what signs in by it. */
  const asked = async (address: string, overrides: Partial<CodeRequest> = {}) => {
    const challenge = overrides.challenge ?? randomToken();
    const channel: Channel = address.startsWith('+') ? 'sms' : 'email';
    const request = {
      tenantId: north,
      purpose: 'login',
      channel,
      address,
      challenge,
      locale: 'en',
      ...overrides,
    } as const;
    const { destination } = await requestCode(db, request, deps);
    const code = await lastCode(db, secrets, destination);
    const attempt: CodeSignIn = { challenge, tenantId: request.tenantId, destination, code };
    return { attempt, code, destination };
  };
  const signIn = (attempt: CodeSignIn, on: Database = db) =>
    signInWithCode(on, attempt, { methods: signInMethods, secrets, caller, issuer });
  const answer = (attempt: Promise<unknown>): Promise<string> =>
    attempt.then(
      () => 'OK',
      (error: unknown) => {
        // A thousand at once wait for a few connections; on a slow machine some wait in vain.
        if (isConnectionError(error)) return 'busy';
        assert.ok(error instanceof DomainError, String(error));
        return `${error.kind} ${error.code}`;
      },
    );
  const failing = (attempt: CodeSignIn, step = 1) => ({ ...attempt, code: otherThan(attempt.code, step) });
  const eventsOf = async (entityId: string, action = 'login.failed') =>
    db('audit_events').where({ entityId, action }).orderBy('id');
  const lastFailure = () => db('audit_events').where({ action: 'login.failed' }).orderBy('id', 'desc').first();
  /** Forgets the run of failures, and what was sent and typed. */
  const forget = async () => {
    await db('sign_in_failures').delete();
    await db('otp_codes').delete();
    await db('rate_limits').delete();
  };

  it('proves the account of an email address or a phone number', async () => {
    const phone = newPhone();
    const user = await add({ fullName: 'Mia', phone, phoneVerified: true });
    const account = {
      userId: user.id,
      tenantId: north,
      tenantName: 'Northwind',
      tenantSlug: 'north',
      name: 'Mia',
      email: user.email,
    };
    const email = user.email as string;
    assert.deepEqual(await signIn((await asked(email)).attempt), { accounts: [account], amr: ['otp'] });
    assert.deepEqual(await signIn((await asked(phone)).attempt), { accounts: [account], amr: ['otp', 'sms'] });
    await forget();
    const byWhatsapp = await asked(phone, { channel: 'whatsapp' });
    assert.deepEqual((await signIn(byWhatsapp.attempt)).amr, ['otp']);
    await forget();
    const { attempt } = await asked(email, { tenantId: null });
    assert.deepEqual((await signIn(attempt)).accounts, [account]);
    assert.equal(await answer(signIn(attempt)), over, 'once');
  });

  it('is held up by no stranger at a browser that the person has signed in with', async () => {
    const email = newEmail();
    const user = await add({ email });
    const device = randomBytes(32);
    const { id: userId } = user;
    const rest = { expiresAt: new Date(Date.now() + 60_000), oidcSessionUidHash: randomBytes(32) };
    await db('user_sessions').insert({ id: newId(), tenantId: north, userId, deviceFingerprint: device, ...rest });
    const subjects = [...doorKey(secrets, 'code', north, email), ...accountKey(secrets, 'code', userId)];
    for (const subjectHash of subjects)
      await db('sign_in_failures').insert({ subjectHash, failures: 100, lastFailedAt: new Date() });
    const { attempt } = await asked(email);
    const at = (known: Buffer) =>
      answer(
        signInWithCode(db, attempt, { methods: signInMethods, secrets, caller: { ...caller, device: known }, issuer }),
      );
    assert.equal(await at(randomBytes(32)), 'rate_limited ACCOUNT_LOCKED');
    assert.equal(await at(device), 'OK');
    const left = await db('sign_in_failures').whereIn('subjectHash', subjects).select('failures');
    assert.deepEqual(left, [{ failures: 100 }, { failures: 100 }]);
    // Nor by wrong codes: each counts where it was asked for.
    await db('sign_in_failures').delete();
    await db('otp_codes').delete();
    const wrongOnes = await asked(email);
    for (let guess = 1; guess <= 5; guess++)
      assert.equal(await answer(signIn(failing(wrongOnes.attempt, guess))), wrong);
    await db('otp_codes').where({ destination: email }).update({ attemptMax: 20, attemptCount: 20 });
    const request = { tenantId: north, purpose: 'login', channel: 'email', address: email, locale: 'en' } as const;
    const mine = { ...deps, caller: { ...deps.caller, device } };
    const challenge = randomToken();
    const { destination } = await requestCode(db, { ...request, challenge }, mine);
    const code = await lastCode(db, secrets, destination);
    const typed: CodeSignIn = { challenge, tenantId: north, destination, code };
    const asOwner = { methods: signInMethods, secrets, caller: mine.caller, issuer };
    assert.equal(await answer(signInWithCode(db, typed, asOwner)), 'OK');
    await forget();
  });

  it('answers the accounts of every tenant where the tenant is not known, and of one where it is', async () => {
    const email = newEmail();
    const [inNorth, inSouth] = [await add({ email }), await add({ email, tenantId: south })];
    const everywhere = await signIn((await asked(email, { tenantId: null })).attempt);
    assert.deepEqual(everywhere.accounts.map(({ userId }) => userId).sort(), [inNorth.id, inSouth.id].sort());
    await forget();
    assert.deepEqual(
      (await signIn((await asked(email)).attempt)).accounts.map(({ userId }) => userId),
      [inNorth.id],
    );
    await forget();
    const ofNorth = await asked(email);
    assert.equal(await answer(signIn({ ...ofNorth.attempt, tenantId: south })), over, 'no code of another tenant');
    assert.equal(await answer(signIn({ ...ofNorth.attempt, tenantId: null })), over);
    assert.equal(await answer(signIn({ ...ofNorth.attempt, purpose: 'link_identity' })), over, 'for what it was sent');
    assert.equal(await answer(signIn(ofNorth.attempt)), 'OK');
  });

  it('proves an account that is to be linked', async () => {
    const user = await add();
    const { attempt } = await asked(user.email as string, { purpose: 'link_identity' });
    assert.equal(await answer(signIn(attempt)), over);
    assert.deepEqual(
      (await signIn({ ...attempt, purpose: 'link_identity' })).accounts.map(({ userId }) => userId),
      [user.id],
    );
  });

  it('answers a wrong code for a person who may not come in, also to the right one', async () => {
    const asleep = (await createTenant(db)).id;
    const keyed = (await createTenant(db)).id;
    const silent = (await createTenant(db, { settings: { countryList: ['CH'] } })).id;
    const listless = (await createTenant(db)).id;
    const inTenant = async (tenantId: string, user: Partial<NewUser> = {}) => {
      const { email, phone } = await add({ tenantId, ...user });
      return (user.phone ? phone : email) as string;
    };
    const [inactive, deleted] = [await add(), await add()];
    await deactivateUser(db, { tenantId: north, userId: inactive.id }, caller);
    await deleteUser(db, { tenantId: north, userId: deleted.id }, caller);
    const reachable = { phoneVerified: true };
    const cases: [string, string, string][] = [
      ['unknown_account', newEmail(), north],
      ['unknown_account', newPhone(), north],
      ['unknown_account', deleted.email as string, north],
      ['user_inactive', inactive.email as string, north],
      ['tenant_suspended', await inTenant(asleep), asleep],
      ['method_not_offered', await inTenant(keyed), keyed],
      ['method_not_offered', await inTenant(silent, { phone: newPhone(), ...reachable }), silent],
      ['country_not_allowed', await inTenant(listless, { phone: newPhone(), ...reachable }), listless],
      ['address_not_proved', await inTenant(north, { phone: newPhone() }), north],
    ];
    for (const [reason, address, tenantId] of cases) {
      // Asked for while it was allowed; the last word is at the end.
      await db('tenants')
        .where({ id: listless })
        .update({ settings: JSON.stringify({ countryList: ['CH'] }) });
      const { attempt } = await asked(address, { tenantId });
      if (reason === 'tenant_suspended') await db('tenants').where({ id: asleep }).update({ state: 'suspended' });
      await db('tenants').where({ id: listless }).update({ settings: '{}' });
      if (tenantId === keyed) await updateTenantSettings(db, keyed, { signInMethods: ['password'] }, systemCaller);
      if (tenantId === silent) await updateTenantSettings(db, silent, { codeChannels: ['email'] }, systemCaller);
      assert.equal(await answer(signIn(attempt)), wrong, reason);
      const event = await lastFailure();
      const channel = address.startsWith('+') ? 'sms' : 'email';
      assert.deepEqual(event.payload, { method: 'otp', channel, reason });
      assert.equal(event.tenantId, tenantId);
      assert.equal(event.entityId === null, reason === 'unknown_account');
    }
  });

  it('does the same statements for an unknown address as for a known one', async () => {
    // Below every pool: prepared statements do not pass Knex's events.
    const { Client } = createRequire(import.meta.url)('pg') as typeof pg;
    const query = Client.prototype.query;
    const seen: string[] = [];
    Client.prototype.query = function spied(this: pg.Client, ...args: unknown[]) {
      const [first] = args as [string | { text: string; name?: string; statementName?: string }];
      // By its name: what a connection knows already is sent without its text.
      seen.push(typeof first === 'string' ? first : (first.name ?? first.statementName ?? first.text));
      return (query as (...all: unknown[]) => unknown).apply(this, args);
    } as typeof query;
    const watched = createDatabase({ url: database.url, poolMax: 1 });
    try {
      await watched.raw('select 1');
      /** What each step sends to the database, and what it answers. */
      const journey = async (address: string, tenantId: string | null): Promise<string[]> => {
        await db('rate_limits').delete();
        const channel: Channel = address.startsWith('+') ? 'sms' : 'email';
        const challenge = randomToken();
        const request = { tenantId, purpose: 'login', channel, address, challenge, locale: 'en' } as const;
        seen.length = 0;
        const sent = await requestCode(watched, request, deps);
        const result = [...seen, `${Object.keys(sent)} ${sent.resendInSeconds}`];
        const code = otherThan(await lastCode(db, secrets, sent.destination));
        seen.length = 0;
        const attempt = { challenge, tenantId, destination: sent.destination, code };
        result.push(await answer(signIn(attempt, watched)), ...seen);
        assert.ok(seen.length > 5, `${seen.length} statements`);
        return result;
      };
      const [known, phone] = [await add(), newPhone()];
      await add({ phone, phoneVerified: true });
      const passwordless = await add({ email: newEmail(), emailVerified: false });
      const inactive = await add();
      await deactivateUser(db, { tenantId: north, userId: inactive.id }, caller);
      for (const tenantId of [north, null]) {
        await forget();
        const ofNobody = await journey(newEmail(), tenantId);
        for (const user of [known, passwordless, inactive])
          assert.deepEqual(await journey(user.email as string, tenantId), ofNobody);
        if (tenantId === null) continue;
        assert.deepEqual(await journey(phone, tenantId), await journey(newPhone(), tenantId));
      }
    } finally {
      Client.prototype.query = query;
      await watched.destroy();
    }
  });

  it('proves once what many type at once, and compares five guesses of 1,000', async () => {
    const user = await add();
    const { attempt } = await asked(user.email as string);
    const many = await Promise.all(
      Array.from({ length: 60 }, (_, index) => answer(signIn(attempt, index % 2 ? db : otherNode))),
    );
    assert.equal(many.filter((text) => text === 'OK').length, 1);
    assert.deepEqual([...new Set(many)].sort(), ['OK', over, ...(many.includes(slowed) ? [slowed] : [])].sort());

    await forget();
    const other = await asked(user.email as string);
    const guesses = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        answer(signIn(failing(other.attempt, index + 1), index % 2 ? db : otherNode)),
      ),
    );
    const compared = guesses.filter((text) => text === wrong).length;
    assert.ok(compared <= 5 && compared > 0, `${compared} compared`);
    assert.equal(guesses.filter((text) => text === 'OK').length, 0);
    const row = await db('otp_codes').where({ destination: other.destination }).first();
    assert.ok(row.attemptCount <= 5 && row.attemptCount >= compared, `${row.attemptCount} counted`);
    const told = (await eventsOf(user.id)).filter(({ payload }) => payload.reason === 'wrong_code').length;
    assert.ok(told >= compared && told <= row.attemptCount, `${told} events`);
  });

  it('counts failures at the address and the account, and forgets them when the person comes in', async () => {
    const user = await add();
    const email = user.email as string;
    const failuresOf = async (key: Buffer) =>
      (await db('sign_in_failures').where({ subjectHash: key }).first())?.failures ?? 0;
    const door = doorKey(secrets, 'code', north, email)[0] as Buffer;
    const account = accountKey(secrets, 'code', user.id)[0] as Buffer;
    const { attempt } = await asked(email);
    for (let tries = 1; tries <= 3; tries++) assert.equal(await answer(signIn(failing(attempt, tries))), wrong);
    assert.deepEqual([await failuresOf(door), await failuresOf(account)], [3, 3]);
    assert.equal(await answer(signIn(attempt)), 'OK');
    assert.deepEqual([await failuresOf(door), await failuresOf(account)], [0, 0]);
    assert.equal((await eventsOf(user.id)).length, 3);
  });

  it('lets nobody try while the address is slowed or locked by failures elsewhere, no matter who lives there', async () => {
    const user = await add();
    for (const address of [user.email as string, newEmail()]) {
      const { attempt, destination } = await asked(address);
      const subjectHash = doorKey(secrets, 'code', north, destination)[0] as Buffer;
      await db('sign_in_failures').insert({ subjectHash, failures: 20, lastFailedAt: db.fn.now() });
      assert.equal(await answer(signIn(attempt)), slowed);
      await db('sign_in_failures').where({ subjectHash }).update({ failures: 100 });
      assert.equal(await answer(signIn(attempt)), 'rate_limited ACCOUNT_LOCKED');
      const row = await db('otp_codes').where({ destination }).first();
      assert.equal(row.attemptCount, 0, 'what is made to wait is not counted');
      await db('sign_in_failures').where({ subjectHash }).delete();
      assert.equal(await answer(signIn(attempt)), address === user.email ? 'OK' : wrong);
    }
  });

  it('answers a wrong code to the right one while the account alone is slowed', async () => {
    const user = await add();
    const { attempt } = await asked(user.email as string);
    const subjectHash = accountKey(secrets, 'code', user.id)[0] as Buffer;
    await db('sign_in_failures').insert({ subjectHash, failures: 20, lastFailedAt: db.fn.now() });
    assert.equal(await answer(signIn(attempt)), wrong);
    assert.equal((await lastFailure()).payload.reason, 'account_slowed');
    await db('sign_in_failures').delete();
    assert.equal(await answer(signIn(attempt)), 'OK');
  });

  it('counts 10 failures an hour over the two addresses of an account, across codes and browsers', async () => {
    const phone = newPhone();
    const user = await add({ phone, phoneVerified: true });
    const email = user.email as string;
    const failFive = async (address: string) => {
      const { attempt } = await asked(address);
      for (let tries = 1; tries <= 5; tries++) assert.equal(await answer(signIn(failing(attempt, tries))), wrong);
      await letPass(db, address, '6 minutes');
      await db('sign_in_failures').delete();
    };
    await failFive(email);
    await failFive(phone);
    const { attempt } = await asked(email);
    assert.equal(await answer(signIn(attempt)), wrong, 'the right code, and nobody is told why');
    assert.equal((await lastFailure()).payload.reason, 'account_slowed');
    for (const address of [email, phone]) await letPass(db, address, '1 hour');
    assert.equal(await answer(signIn((await asked(email)).attempt)), 'OK');
  });

  it('tells a visitor who guesses at an address to wait after 10 failures in an hour, known or not', async () => {
    const user = await add();
    for (const address of [user.email as string, newEmail()]) {
      for (let codes = 0; codes < 2; codes++) {
        const { attempt } = await asked(address);
        for (let tries = 1; tries <= 5; tries++) assert.equal(await answer(signIn(failing(attempt, tries))), wrong);
        assert.equal(await answer(signIn(attempt)), codes === 0 ? over : slowed);
        await letPass(db, address, '6 minutes');
        await db('sign_in_failures').delete();
      }
      const { attempt } = await asked(address);
      assert.equal(await answer(signIn(attempt)), slowed);
    }
    const reasons = (await eventsOf(user.id)).map(({ payload }) => payload.reason);
    assert.deepEqual(reasons.slice(-1), ['too_many_failures']);
    assert.equal(reasons.filter((reason) => reason === 'wrong_code').length, 10);
    assert.equal(reasons.filter((reason) => reason === 'code_exhausted').length, 1);
  });

  it('keeps the failures in one tenant from an account of another, and its codes', async () => {
    const email = newEmail();
    const [inNorth, inSouth] = [await add({ email }), await add({ email, tenantId: south })];
    const { attempt } = await asked(email);
    for (let tries = 1; tries <= 4; tries++) await answer(signIn(failing(attempt, tries)));
    assert.equal((await eventsOf(inNorth.id)).length, 4);
    assert.equal((await eventsOf(inSouth.id)).length, 0, 'the trail of the other tenant tells nothing');
    const account = await db('sign_in_failures')
      .where({ subjectHash: accountKey(secrets, 'code', inSouth.id)[0] as Buffer })
      .first();
    assert.equal(account, undefined);
    await letPass(db, email, '2 minutes');
    assert.equal(await answer(signIn((await asked(email, { tenantId: south })).attempt)), 'OK');
    assert.equal((await eventsOf(inSouth.id)).length, 0);
  });

  describe('an address that was not verified', () => {
    const addUnproved = async () => {
      const user = await add({ email: newEmail(), emailVerified: false, passwordHash });
      const { attempt } = await asked(user.email as string);
      return { user, attempt };
    };
    const stateOfUser = async (userId: string) => {
      const user = await db('users').where({ id: userId }).first();
      const identities = await db('user_identities').where({ userId });
      return { verified: user.emailVerifiedAt !== null, identities: identities.length };
    };
    const messages = async () =>
      Number(
        (await db.raw(`select count(*) from graphile_worker.jobs where task_identifier = 'send-message'`)).rows[0]
          .count,
      );

    it('is from then on, and what somebody may have set up before is taken away and told of', async () => {
      const { user, attempt } = await addUnproved();
      const before = await messages();
      assert.equal(await answer(signIn(attempt)), 'OK');
      assert.deepEqual(await stateOfUser(user.id), { verified: true, identities: 0 });
      assert.equal((await eventsOf(user.id, 'address.verified')).length, 1);
      assert.equal((await eventsOf(user.id, 'credentials.removed')).length, 1);
      assert.equal(await messages(), before + 1);

      const proved = await add({ passwordHash });
      assert.equal(await answer(signIn((await asked(proved.email as string)).attempt)), 'OK');
      assert.deepEqual(await stateOfUser(proved.id), { verified: true, identities: 1 });
      assert.equal(await messages(), before + 1);
    });

    it('is all or nothing with its events and the code', async () => {
      const { user, attempt } = await addUnproved();
      const before = await messages();
      for (const fault of ['address.verified', 'credentials.removed', 'users', 'user_identities']) {
        await withFault(db, fault, () => assert.rejects(signIn(attempt), /out of order/));
        assert.deepEqual(await stateOfUser(user.id), { verified: false, identities: 1 });
        const row = await db('otp_codes').where({ destination: attempt.destination }).first();
        assert.equal(row.consumedAt, null);
      }
      assert.equal((await eventsOf(user.id, 'address.verified')).length, 0);
      assert.equal(await messages(), before);
      assert.equal(await answer(signIn(attempt)), 'OK');
    });
  });

  it('does not lock up with somebody who stops the person at the same moment', async () => {
    const user = await add();
    const { attempt } = await asked(user.email as string);
    let signingIn: Promise<string> | undefined;
    await otherNode.transaction(async (trx) => {
      await trx('users').where({ id: user.id }).forNoKeyUpdate().select('id');
      signingIn = answer(signIn(attempt));
      await sleep(300);
      await deactivateUser(trx, { tenantId: north, userId: user.id }, systemCaller);
    });
    assert.equal(await signingIn, over);
    assert.equal((await db('otp_codes').where({ destination: attempt.destination }).first()).consumedAt, null);
  });

  it('compares nothing where the attempt cannot be counted', async () => {
    const user = await add();
    const { attempt } = await asked(user.email as string);
    await withFault(db, 'otp_codes', () => assert.rejects(signIn(attempt), /out of order/));
    const row = await db('otp_codes').where({ destination: attempt.destination }).first();
    assert.deepEqual([row.attemptCount, row.consumedAt], [0, null]);
  });

  it('is no way around: a code to sign in proves nothing else, and none else signs in', async () => {
    const user = await add();
    const { attempt } = await asked(user.email as string);
    const asVerification = { ...attempt, purpose: 'verify_email' as const, userId: user.id };
    assert.equal(await answer(verifyCode(db, asVerification, { secrets, caller })), over);
    assert.equal(await answer(verifyCode(db, { ...attempt, purpose: 'sign_up' }, { secrets, caller })), over);
    await forget();
    const verification = await asked(user.email as string, { purpose: 'verify_email', userId: user.id });
    assert.equal(await answer(signIn(verification.attempt)), over);
  });
});
