import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { systemCaller } from '../../../../src/domain/audit/audit-events.ts';
import { deactivateUser, deleteUser } from '../../../../src/domain/lifecycle/end-person.ts';
import { createPasswordHasher, type PasswordHasher } from '../../../../src/domain/methods/password/password-hash.ts';
import { signInWithPassword } from '../../../../src/domain/methods/password/password-sign-in.ts';
import { setPassword } from '../../../../src/domain/methods/password/set-password.ts';
import { createTenant } from '../../../../src/domain/setup/create-tenant.ts';
import { accountKey, clearFailures, doorKey } from '../../../../src/domain/sign-in/sign-in-failures.ts';
import { unlockAccount } from '../../../../src/domain/sign-in/unlock-account.ts';
import { updateTenantSettings } from '../../../../src/domain/tenants/tenants.ts';
import { createUser, findAccount, type NewUser, type User } from '../../../../src/domain/users/users.ts';
import { createAddressLimits } from '../../../../src/platform/address-limits.ts';
import { createDatabase, type Database } from '../../../../src/platform/database.ts';
import { DomainError } from '../../../../src/platform/errors.ts';
import { newId } from '../../../../src/platform/ids.ts';
import { createSecrets, randomToken } from '../../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { eventually } from '../../../support/eventually.ts';
import { keepWaiting } from '../../../support/held-back.ts';
import { unlimited } from '../../../support/limits.ts';

const secrets = createSecrets([randomToken(48)]);
const caller = { ...systemCaller, ip: '192.0.2.1', userAgent: 'test' };
const cheap = createPasswordHasher({ memoryKiB: 64, iterations: 1, longestWaitMs: 600_000 });
const right = 'lantern orbit velvet';
const wrong = 'lantern orbit velveT';

interface Counted extends PasswordHasher {
  /** Comparisons with somebody's hash, and those with nothing. */
  counts: { real: number; nothing: number };
}

/** The attempts of a hasher compare as the hasher does: what a test changes of it holds in them. */
function inAttempts<T extends PasswordHasher>(hasher: T): T {
  const { verify, verifyForeign, verifyAgainstNothing } = hasher;
  return {
    ...hasher,
    forAttempt: (hashes) => ({ verify, verifyForeign, verifyAgainstNothing, leave: hasher.forAttempt(hashes).leave }),
  };
}

/** The hasher itself, with its calls counted. */
function counting(hasher: PasswordHasher = cheap): Counted {
  const counts = { real: 0, nothing: 0 };
  return inAttempts<Counted>({
    ...hasher,
    counts,
    verify(hash, password) {
      counts.real += 1;
      return hasher.verify(hash, password);
    },
    verifyAgainstNothing(password) {
      counts.nothing += 1;
      return hasher.verifyAgainstNothing(password);
    },
  });
}

describe('signing in with a password', () => {
  let database: TestDatabase;
  let db: Database;
  let otherNode: Database;
  let north: string;
  let south: string;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 8, acquireTimeoutMs: 60_000 });
    otherNode = createDatabase({ url: database.url, poolMax: 8, acquireTimeoutMs: 60_000 });
    north = (await createTenant(db, { slug: 'north', name: 'Northwind' }, systemCaller)).id;
    south = (await createTenant(db, { slug: 'south', name: 'Southgate' }, systemCaller)).id;
  });

  after(async () => {
    await db?.destroy();
    await otherNode?.destroy();
    await database?.drop();
  });

  let number = 0;
  const newAddress = () => {
    number += 1;
    return `person${number}@example.com`;
  };
  const add = (email: string, user: Partial<NewUser> = {}): Promise<User> =>
    createUser(db, { tenantId: north, email, password: right, ...user }, { passwords: cheap, caller });
  const tryIn = (
    address: string,
    password: string,
    tenantId: string | null = north,
    passwords: PasswordHasher = cheap,
    on: Database = db,
  ) => signInWithPassword(on, { address, password, tenantId }, { passwords, limits: unlimited, secrets, caller });
  const answer = async (attempt: Promise<unknown>): Promise<string> => {
    try {
      await attempt;
      return 'OK';
    } catch (error) {
      assert.ok(error instanceof DomainError, String(error));
      return `${error.kind} ${error.code} ${Object.keys(error.params)}`;
    }
  };
  const refused = 'unauthenticated INVALID_CREDENTIALS ';
  const slowed = 'rate_limited TOO_MANY_ATTEMPTS seconds';
  const locked = 'rate_limited ACCOUNT_LOCKED ';
  const lastEvent = () =>
    db('audit_events').where({ action: 'login.failed' }).orderBy('occurred_at', 'desc').orderBy('id', 'desc').first();
  const failedCount = async () =>
    Number((await db('audit_events').where({ action: 'login.failed' }).count())[0]?.count);

  it('proves the account, by any spelling of its address or by its phone number', async () => {
    const user = await add('mia@bücher.example', { phone: '+41795550177', fullName: 'Mia' });
    const account = {
      userId: user.id,
      tenantId: north,
      tenantName: 'Northwind',
      tenantSlug: 'north',
      name: 'Mia',
      email: 'mia@xn--bcher-kva.example',
    };
    for (const address of [' MIA@BÜCHER.example', 'mia@xn--bcher-kva.example', '+41 79 555 01 77'])
      for (const tenantId of [north, null])
        assert.deepEqual((await tryIn(address, right, tenantId)).accounts, [account]);
    // It came along with the proof.
    const { account: read } = await tryIn('mia@bücher.example', right);
    assert.deepEqual(read, await findAccount(db, user.id));
    assert.equal(await answer(tryIn('mia@bücher.example', wrong)), refused);
    assert.equal(await answer(tryIn('mia@bücher.example', right, south)), refused);
    const identity = await db('user_identities').where({ userId: user.id }).first();
    assert.ok(identity.lastUsedAt instanceof Date);
  });

  it('hashes again when the parameters have risen, and then no more', async () => {
    const address = newAddress();
    const user = await add(address);
    const stronger = createPasswordHasher({ memoryKiB: 128, iterations: 2 });
    const hashOf = async () => (await db('user_identities').where({ userId: user.id }).first()).passwordHash as string;
    const before = await hashOf();
    assert.equal(await answer(tryIn(address, wrong, north, stronger)), refused);
    assert.equal(await hashOf(), before);
    await tryIn(address, right, north, stronger);
    const after = await hashOf();
    assert.match(after, /m=128,t=2,p=1/);
    await tryIn(address, right, north, stronger);
    await tryIn(address, right, north, cheap);
    assert.equal(await hashOf(), after);
  });

  it('answers as for a wrong password, with as many hashes, for a person who may not sign in', async () => {
    const asleep = (await createTenant(db, { slug: 'asleep', name: 'Asleep' }, systemCaller)).id;
    const withoutPasswords = (await createTenant(db, { slug: 'keyless', name: 'Keyless' }, systemCaller)).id;
    const inTenant = async (tenantId: string) => (await add(newAddress(), { tenantId })).email as string;
    const [ofSuspended, ofKeyless] = [await inTenant(asleep), await inTenant(withoutPasswords)];
    await db('tenants').where({ id: asleep }).update({ state: 'suspended' });
    await updateTenantSettings(db, withoutPasswords, { signInMethods: ['otp'] }, systemCaller);
    const [inactive, deleted, passwordless, known] = [newAddress(), newAddress(), newAddress(), newAddress()];
    await add(known);
    await deactivateUser(db, { tenantId: north, userId: (await add(inactive)).id }, caller);
    await deleteUser(db, { tenantId: north, userId: (await add(deleted)).id }, caller);
    await add(passwordless, { password: null });

    const cases: [string, string, string, string][] = [
      ['wrong_password', known, wrong, north],
      ['unknown_account', newAddress(), right, north],
      ['unknown_account', 'no address at all', right, north],
      ['unknown_account', deleted, right, north],
      ['user_inactive', inactive, right, north],
      ['no_password_set', passwordless, right, north],
      ['tenant_suspended', ofSuspended, right, asleep],
      ['method_not_offered', ofKeyless, right, withoutPasswords],
    ];
    for (const [reason, address, password, tenantId] of cases) {
      const passwords = counting();
      assert.equal(await answer(tryIn(address, password, tenantId, passwords)), refused, reason);
      // What a tenant offers is no secret, and is not worth a hash.
      const hashes = reason === 'method_not_offered' ? 0 : 1;
      assert.equal(passwords.counts.real + passwords.counts.nothing, hashes, reason);
      const event = await lastEvent();
      assert.deepEqual(event.payload, { method: 'pwd', reason });
      assert.equal(event.tenantId, tenantId);
      assert.equal(event.entityId === null, reason === 'unknown_account', reason);
    }
  });

  it('takes the same time for an unknown address as for a wrong password', async function () {
    this.timeout(300_000);
    const passwords = createPasswordHasher();
    const address = newAddress();
    await createUser(db, { tenantId: north, email: address, password: right }, { passwords, caller });
    const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
    /** Medians of some pairs, in milliseconds. */
    async function measure(tenantId: string | null): Promise<{ known: number; unknown: number }> {
      const times = { known: [] as number[], unknown: [] as number[] };
      for (let round = 0; round < 16; round += 1) {
        const pair = [['known', address] as const, ['unknown', newAddress()] as const];
        for (const [name, tried] of round % 2 ? pair : pair.reverse()) {
          const startedAt = performance.now();
          assert.equal(await answer(tryIn(tried, wrong, tenantId, passwords)), refused);
          times[name].push(performance.now() - startedAt);
        }
        await db('sign_in_failures').delete();
      }
      return { known: median(times.known), unknown: median(times.unknown) };
    }
    for (const tenantId of [north, null]) {
      // A hash takes some 20 ms; on a quiet machine the difference is below 1 ms. What else runs on the machine can
      // spoil one series; a leak shows in each.
      const series = [];
      let same = false;
      while (!same && series.length < 20) {
        const { known, unknown } = await measure(tenantId);
        series.push(`${known} ms known, ${unknown} ms unknown`);
        same = Math.abs(known - unknown) < Math.max(4, known * 0.15);
      }
      assert.ok(same, series.join('; '));
    }
  });

  it('gives 1,000 parallel guesses on two nodes ten comparisons', async function () {
    this.timeout(120_000);
    const address = newAddress();
    await add(address);
    const passwords = counting();
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        answer(
          tryIn(address, `guess number ${index}`, index % 3 ? north : null, passwords, index % 2 ? db : otherNode),
        ),
      ),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    // After the first ten one more is due 2 s later, the next 4 s after it, and so on.
    const due = 10 + [2, 6, 14, 30].filter((wait) => seconds >= wait).length;
    assert.ok(passwords.counts.real >= 10 && passwords.counts.real <= due, `${passwords.counts.real} in ${seconds} s`);
    assert.deepEqual(new Set(answers), new Set([refused, slowed]));
    await keepWaiting(db);
    assert.equal(await answer(tryIn(address, right)), slowed);
  });

  for (const kind of ['known', 'unknown']) {
    it(`slows and locks an address that is ${kind}`, async () => {
      const address = newAddress();
      const user = kind === 'known' ? await add(address) : undefined;
      for (let attempt = 0; attempt < 10; attempt += 1) assert.equal(await answer(tryIn(address, wrong)), refused);
      await keepWaiting(db);
      const passwords = counting();
      const before = await failedCount();
      assert.equal(await answer(tryIn(address, right, north, passwords)), slowed);
      assert.equal(await failedCount(), before + 1);
      assert.deepEqual((await lastEvent()).payload, { method: 'pwd', reason: 'account_slowed' });
      await db('sign_in_failures').where('failures', '>=', 10).update({ failures: 100 });
      assert.equal(await answer(tryIn(address, right, north, passwords)), locked);
      assert.deepEqual(passwords.counts, { real: 0, nothing: 0 });
      if (user) {
        await unlockAccount(db, { tenantId: north, userId: user.id }, { secrets, caller });
        assert.equal(await answer(tryIn(address, right)), 'OK');
      }
    });
  }

  it('begins the count anew after success', async () => {
    const address = newAddress();
    await add(address);
    for (let round = 0; round < 3; round += 1) {
      for (let attempt = 0; attempt < 9; attempt += 1) assert.equal(await answer(tryIn(address, wrong)), refused);
      assert.equal(await answer(tryIn(address, right)), 'OK');
    }
  });

  it('counts an account behind all doors together, and says nothing of it at any of them', async () => {
    const [known, unknown] = [newAddress(), newAddress()];
    const user = await add(known, { phone: '+41795550188' });
    const passwords = counting();
    const attempt = async (address: string) => {
      const answers = [];
      for (const tenantId of [north, null])
        for (let index = 0; index < 8; index += 1) {
          answers.push(await answer(tryIn(address, wrong, tenantId, passwords)));
          await keepWaiting(db);
        }
      return answers;
    };
    assert.deepEqual(await attempt(known), await attempt(unknown));
    assert.equal(passwords.counts.real, 10);
    // A third door: another address of the same account.
    assert.equal(await answer(tryIn('+41795550188', right, north, passwords)), refused);
    assert.equal(passwords.counts.real, 10);
    assert.deepEqual((await lastEvent()).payload, { method: 'pwd', reason: 'account_slowed' });
    await unlockAccount(db, { tenantId: north, userId: user.id }, { secrets, caller });
    assert.equal(await answer(tryIn('+41795550188', right)), 'OK');
  });

  it('keeps the counts of two tenants apart', async () => {
    const address = newAddress();
    await add(address);
    await add(address, { tenantId: south, password: 'another orbit velvet' });
    for (let attempt = 0; attempt < 11; attempt += 1) await answer(tryIn(address, wrong, north));
    await keepWaiting(db);
    assert.equal(await answer(tryIn(address, right, north)), slowed);
    assert.equal(await answer(tryIn(address, 'another orbit velvet', south)), 'OK');
    assert.equal(await answer(tryIn(address, right, north)), slowed);
  });

  describe('without a tenant', () => {
    it('proves every account that has this password, and no other', async () => {
      const [shared, apart] = [newAddress(), newAddress()];
      const both = [await add(shared), await add(shared, { tenantId: south })];
      const [one, two] = [await add(apart), await add(apart, { tenantId: south, password: 'another orbit velvet' })];
      const ids = async (address: string, password: string) =>
        new Set((await tryIn(address, password, null)).accounts.map((account) => account.userId));
      assert.deepEqual(await ids(shared, right), new Set(both.map(({ id }) => id)));
      assert.deepEqual(await ids(apart, right), new Set([one.id]));
      assert.equal((await lastEvent()).entityId, two.id);
      assert.deepEqual(await ids(apart, 'another orbit velvet'), new Set([two.id]));
      assert.equal(await answer(tryIn(apart, wrong, null)), refused);
    });

    it('lets right sign-ins to one account hold up none of the same person elsewhere', async () => {
      const address = newAddress();
      await add(address);
      await add(address, { tenantId: south, password: 'another orbit velvet' });
      for (let round = 0; round < 15; round += 1) assert.equal(await answer(tryIn(address, right, null)), 'OK');
      const before = await failedCount();
      assert.equal(await answer(tryIn(address, right, null)), 'OK');
      assert.equal(await failedCount(), before);
      assert.equal(await answer(tryIn(address, 'another orbit velvet', null)), 'OK');
      assert.equal(await answer(tryIn(address, 'another orbit velvet', south)), 'OK');
    });

    it('never proves an account by trying it beside one’s own in another tenant, more often than by itself', async () => {
      const address = newAddress();
      const victim = await add(address);
      const own = await add(address, { tenantId: south, password: 'guess number 0' });
      const guessed = new Set<string>();
      for (let guess = 0; guess < 15; guess += 1) {
        // Who owns the other tenant sets any password there, to prove that account with each guess at this one.
        const password = `guess number ${guess}`;
        await setPassword(db, { tenantId: south, userId: own.id, password }, { passwords: cheap, secrets, caller });
        const counted: PasswordHasher = inAttempts({
          ...cheap,
          verify: async (hash, typed) => {
            const result = await cheap.verify(hash, typed);
            if (!result.ok) guessed.add(typed);
            return result;
          },
        });
        for (let time = 0; time < 2; time += 1) {
          const { accounts } = await tryIn(address, password, null, counted);
          assert.deepEqual(
            accounts.map((account) => account.userId),
            [own.id],
          );
          await keepWaiting(db);
        }
      }
      assert.equal(guessed.size, 10);
      await unlockAccount(db, { tenantId: north, userId: victim.id }, { secrets, caller });
    });

    it('costs two hashes, whether nobody has the address, or one account, or two', async () => {
      const hashes = async (address: string) => {
        const passwords = counting();
        assert.equal(await answer(tryIn(address, wrong, null, passwords)), refused);
        return passwords.counts.real + passwords.counts.nothing;
      };
      const [unknown, known, both] = [newAddress(), newAddress(), newAddress()];
      await add(known);
      await add(both);
      await add(both, { tenantId: south });
      for (const address of [unknown, known, both, 'no address at all'])
        assert.equal(await hashes(address), 2, address);
    });

    it('costs one on a server of one tenant, where no address can have two', async () => {
      const small = await createTestDatabase();
      const alone = createDatabase({ url: small.url, poolMax: 2 });
      try {
        const { id: tenantId } = await createTenant(alone, { slug: 'only', name: 'Only' }, systemCaller);
        await createUser(alone, { tenantId, email: 'a@example.com', password: right }, { passwords: cheap, caller });
        for (const address of ['a@example.com', 'b@example.com']) {
          const passwords = counting();
          assert.equal(await answer(tryIn(address, wrong, null, passwords, alone)), refused);
          assert.equal(passwords.counts.real + passwords.counts.nothing, 1);
        }
      } finally {
        await alone.destroy();
        await small.drop();
      }
    });

    it('compares with two accounts at the most, so that the time tells nothing of more', async () => {
      const address = newAddress();
      for (let index = 0; index < 7; index += 1) {
        const tenant = await createTenant(db, { slug: `many-${index}`, name: `Many ${index}` }, systemCaller);
        await add(address, { tenantId: tenant.id });
      }
      const passwords = counting();
      assert.equal((await tryIn(address, right, null, passwords)).accounts.length, 2);
      assert.equal(passwords.counts.real, 2);
    });
  });

  describe('at a browser that the person has signed in with', () => {
    const device = randomBytes(32);
    const at = (known: Buffer) => ({
      passwords: cheap,
      secrets,
      limits: unlimited,
      caller: { ...caller, device: known },
    });
    async function signedInWith(user: User, known: Buffer): Promise<void> {
      const { tenantId, id: userId } = user;
      const rest = { expiresAt: new Date(Date.now() + 60_000), oidcSessionUidHash: randomBytes(32) };
      await db('user_sessions').insert({ id: newId(), tenantId, userId, deviceFingerprint: known, ...rest });
    }

    it('no stranger shuts them out in a day of guessing, nor guesses more often than before', async function () {
      this.timeout(300_000);
      const address = newAddress();
      const owner = await add(address);
      await signedInWith(owner, device);
      const signIn = (password: string, known: Buffer) =>
        answer(signInWithPassword(db, { address, password, tenantId: north }, at(known)));
      let compared = 0;
      const stranger: PasswordHasher = inAttempts({
        ...cheap,
        async verify(hash, password) {
          compared += 1;
          return cheap.verify(hash, password);
        },
      });
      // A thousand addresses and as many browsers, in a day and a few hours.
      for (let knock = 0; knock < 1000; knock += 1) {
        const from = { ...caller, ip: `198.51.${Math.floor(knock / 250)}.${knock % 250}`, device: randomBytes(32) };
        const guess = { address, password: `guess number ${knock}`, tenantId: knock % 2 ? north : null };
        await answer(signInWithPassword(db, guess, { passwords: stranger, limits: unlimited, secrets, caller: from }));
        await db('sign_in_failures').update({ lastFailedAt: db.raw(`last_failed_at - interval '100 seconds'`) });
        if (knock % 100 === 99) assert.equal(await signIn(right, device), 'OK', `after ${knock}`);
      }
      assert.equal(compared, 100);
      assert.equal(await signIn(right, randomBytes(32)), locked);
      assert.equal(await signIn(right, device), 'OK');
      // The owner's own sign-ins give the strangers nothing back.
      assert.equal(await answer(tryIn(address, wrong, north, stranger)), locked);
      assert.equal(compared, 100);
    });

    it('has a count of its own, which recovery forgets', async () => {
      const address = newAddress();
      const owner = await add(address);
      await signedInWith(owner, device);
      const tryHere = (password: string) =>
        answer(signInWithPassword(db, { address, password, tenantId: north }, at(device)));
      for (let attempt = 0; attempt < 10; attempt += 1) assert.equal(await tryHere(wrong), refused);
      await keepWaiting(db);
      assert.equal(await tryHere(right), slowed);
      assert.equal(await answer(tryIn(address, right)), 'OK');
      assert.equal(await tryHere(right), slowed);
      await unlockAccount(db, { tenantId: north, userId: owner.id }, { secrets, caller });
      assert.equal(await tryHere(right), 'OK');
    });

    it('counts nothing of its own for anybody else', async () => {
      const [address, others] = [newAddress(), newAddress()];
      await add(address);
      await signedInWith(await add(others), device);
      for (let attempt = 0; attempt < 10; attempt += 1)
        await answer(signInWithPassword(db, { address, password: wrong, tenantId: north }, at(device)));
      await keepWaiting(db);
      assert.equal(await answer(tryIn(address, right)), slowed);
    });
  });

  it('counts codes apart, and nothing that the tenant does not offer', async () => {
    const address = newAddress();
    const user = await add(address);
    for (const key of [accountKey(secrets, 'code', user.id), doorKey(secrets, 'code', north, address)])
      await db('sign_in_failures').insert({ subjectHash: key[0] as Buffer, failures: 100, lastFailedAt: new Date() });
    assert.equal(await answer(tryIn(address, right)), 'OK');

    const keyless = (await createTenant(db, { slug: 'codes-only', name: 'Codes only' }, systemCaller)).id;
    const inKeyless = newAddress();
    await add(inKeyless, { tenantId: keyless });
    await updateTenantSettings(db, keyless, { signInMethods: ['otp'] }, systemCaller);
    const [{ count: before } = { count: 0 }] = await db('sign_in_failures').count();
    for (let attempt = 0; attempt < 12; attempt += 1)
      for (const tried of [inKeyless, newAddress()]) assert.equal(await answer(tryIn(tried, right, keyless)), refused);
    const [{ count: after } = { count: 1 }] = await db('sign_in_failures').count();
    assert.equal(after, before);
  });

  it('answers anything hostile in words of its own', async () => {
    const addresses = [
      '',
      '\0',
      'a\0@example.com',
      'x'.repeat(10_000),
      '@'.repeat(10_000),
      '\ud800@example.com',
      "' or 1=1 --",
      'a@b\r\nc',
      '%00',
      '{"$ne":1}',
    ];
    for (const address of addresses)
      for (const tenantId of [north, null])
        assert.equal(await answer(tryIn(address, right, tenantId)), refused, address.slice(0, 20));
    const known = newAddress();
    await add(known);
    for (const password of ['\0', '\ud800', '🦊', "' or 1=1 --"])
      assert.equal(await answer(tryIn(known, password)), refused);
    const passwords = counting();
    for (const password of ['', 'x'.repeat(129), 'x'.repeat(3_000_000)])
      assert.equal(await answer(tryIn(known, password, north, passwords)), refused);
    assert.deepEqual(passwords.counts, { real: 0, nothing: 0 });
  });

  it('keeps what was typed out of the trail and out of the counts', async () => {
    const canary = 'canary-7Qx9-lantern';
    await answer(tryIn(canary, canary));
    await answer(tryIn(`${canary}@example.com`, canary, null));
    const dump = JSON.stringify([await db('audit_events').select('*'), await db('sign_in_failures').select('*')]);
    assert.ok(!dump.includes(canary));
    assert.ok(!dump.includes(Buffer.from(canary).toString('base64')));
  });

  describe('of many people behind one address', () => {
    const limits = createAddressLimits({ trustedNetworks: ['203.0.113.0/24'], numbers: { signInPerIp: 10 } });
    const from = (ip: string) => ({ passwords: cheap, secrets, limits, caller: { ...caller, ip } });
    const at = (ip: string, address: string, password: string, tenantId: string | null = north, on = db) =>
      answer(signInWithPassword(on, { address, password, tenantId }, from(ip)));

    it('lets hundreds in who know their passwords, and counts what was wrong', async function () {
      this.timeout(300_000);
      const address = newAddress();
      await add(address);
      for (let person = 0; person < 300; person++)
        assert.equal(await at('192.0.2.1', address, right, north, person % 2 ? db : otherNode), 'OK', String(person));
      const wrongs = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          at('192.0.2.1', newAddress(), wrong, north, index % 2 ? db : otherNode),
        ),
      );
      assert.equal(wrongs.filter((text) => text === refused).length, 10);
      assert.equal(wrongs.filter((text) => text === slowed).length, 20);
      assert.equal(await at('192.0.2.1', address, right), slowed);
      assert.equal(await at('192.0.2.2', address, right), 'OK');
    });

    it('gives back all that right passwords were counted as, however many come at once', async () => {
      const address = newAddress();
      const { id: userId } = await add(address);
      const subjects = [...accountKey(secrets, 'password', userId), ...doorKey(secrets, 'password', north, address)];
      const signIns = await Promise.all(
        Array.from({ length: 50 }, (_, n) => at('192.0.2.9', address, right, north, n % 2 ? db : otherNode)),
      );
      assert.ok(
        signIns.every((text) => text === 'OK' || text === slowed),
        String(new Set(signIns)),
      );
      assert.ok(signIns.includes('OK'));
      // Those above the ten of the address were not counted, and nothing that was counted was refused before it was compared.
      assert.deepEqual(await db('rateLimits').where('key', 'like', '%192.0.2.9').pluck('hits'), [0]);
      assert.deepEqual(await db('sign_in_failures').whereIn('subjectHash', subjects), []);
    });

    it('takes nothing back where the password changed while it was compared', async () => {
      const address = newAddress();
      const { tenantId, id: userId } = await add(address);
      const changing = inAttempts({
        ...cheap,
        async verify(hash: string, password: string) {
          const compared = await cheap.verify(hash, password);
          await db('user_identities')
            .where({ tenantId, userId })
            .update({ passwordHash: `${hash}changed` });
          return compared;
        },
      });
      const deps = { ...from('192.0.2.10'), passwords: changing };
      assert.equal(await answer(signInWithPassword(db, { address, password: right, tenantId: north }, deps)), refused);
      assert.deepEqual(await db('rateLimits').where('key', 'like', '%192.0.2.10').pluck('hits'), [1]);
      const [account] = accountKey(secrets, 'password', userId);
      assert.deepEqual(await db('sign_in_failures').where({ subjectHash: account }).pluck('failures'), [1]);
    });

    it('writes nothing about attempts that an address has no more of', async () => {
      const before = Number((await db('audit_events').count())[0]?.count);
      for (let guess = 0; guess < 25; guess++) await at('192.0.2.3', newAddress(), wrong);
      assert.equal(Number((await db('audit_events').count())[0]?.count), before + 10);
    });

    it('lets a browser pass that the person has signed in with, where others have used the address up', async () => {
      const address = newAddress();
      const { tenantId, id: userId } = await add(address);
      const device = randomBytes(32);
      const rest = { expiresAt: new Date(Date.now() + 60_000), oidcSessionUidHash: randomBytes(32) };
      await db('user_sessions').insert({ id: newId(), tenantId, userId, deviceFingerprint: device, ...rest });
      for (let guess = 0; guess < 10; guess++) await at('192.0.2.4', newAddress(), wrong);
      const deps = from('192.0.2.4');
      const own = { ...deps, caller: { ...deps.caller, device } };
      assert.equal(await at('192.0.2.4', address, right), slowed);
      assert.equal(await answer(signInWithPassword(db, { address, password: right, tenantId }, own)), 'OK');
      // And it opens no other account's count.
      const other = { address: newAddress(), password: wrong, tenantId };
      assert.equal(await answer(signInWithPassword(db, other, own)), slowed);
    });

    it('limits nobody in a network that the operator trusts, or the tenant, and less where the tenant says so', async () => {
      const school = await createTenant(db, { slug: 'school', name: 'School' }, systemCaller);
      const addressLimits = { trustedNetworks: ['198.51.100.0/24'], signInFailures: 3 };
      await updateTenantSettings(db, school.id, { addressLimits }, systemCaller);
      const refusals = async (ip: string, tenantId: string | null) => {
        const answers = [];
        for (let guess = 0; guess < 12; guess++) answers.push(await at(ip, newAddress(), wrong, tenantId));
        return answers.filter((text) => text === slowed).length;
      };
      assert.equal(await refusals('203.0.113.1', null), 0);
      assert.equal(await refusals('198.51.100.1', school.id), 0);
      assert.equal(await refusals('198.51.100.1', north), 2);
      assert.equal(await refusals('192.0.2.5', school.id), 9);
      await updateTenantSettings(db, school.id, { addressLimits: { signInFailures: 1_000 } }, systemCaller);
      assert.equal(await refusals('192.0.2.6', school.id), 2, 'never more than the server lets through');
    });
  });

  it('counts nothing when it is too busy to compare', async () => {
    const address = newAddress();
    await add(address);
    const full = createPasswordHasher({ concurrency: 1, longestWaitMs: 0 });
    const occupied = full.forAttempt(1);
    const before = await db('sign_in_failures').count();
    assert.equal(await answer(tryIn(address, right, north, full)), 'unavailable SERVICE_BUSY seconds');
    assert.deepEqual(await db('sign_in_failures').count(), before);
    occupied.leave();
    assert.equal(await answer(tryIn(address, right, north, full)), 'OK');
  });

  it('holds no connection while it hashes', async () => {
    const single = createDatabase({ url: database.url, poolMax: 1, acquireTimeoutMs: 60_000 });
    try {
      const addresses = Array.from({ length: 6 }, newAddress);
      for (const address of addresses) await add(address);
      const answers = await Promise.all(
        addresses.map((address) => answer(tryIn(address, right, north, cheap, single))),
      );
      assert.deepEqual(new Set(answers), new Set(['OK']));
      let free = false;
      const asking: PasswordHasher = inAttempts({
        ...cheap,
        async verify(hash, password) {
          await single.raw('select 1');
          free = true;
          return cheap.verify(hash, password);
        },
      });
      assert.equal(await answer(tryIn(String(addresses[0]), right, north, asking, single)), 'OK');
      assert.equal(free, true);
    } finally {
      await single.destroy();
    }
  });

  it('takes a proof for nothing when the account changed while it was compared', async () => {
    const during = (change: () => Promise<unknown>): PasswordHasher =>
      inAttempts({
        ...cheap,
        async verify(hash, password) {
          const result = await cheap.verify(hash, password);
          await change();
          return result;
        },
      });
    const changes: ((user: User) => Promise<unknown>)[] = [
      (user) => deactivateUser(db, { tenantId: north, userId: user.id }, caller),
      (user) => deleteUser(db, { tenantId: north, userId: user.id }, caller),
      (user) =>
        setPassword(
          db,
          { tenantId: north, userId: user.id, password: 'another orbit velvet' },
          { passwords: cheap, secrets, caller },
        ),
    ];
    for (const change of changes) {
      const address = newAddress();
      const user = await add(address);
      assert.equal(
        await answer(
          tryIn(
            address,
            right,
            north,
            during(() => change(user)),
          ),
        ),
        refused,
      );
    }
  });

  it('signs one person in many times at once', async () => {
    const address = newAddress();
    await add(address);
    await add(address, { tenantId: south });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => answer(tryIn(address, right, null, cheap, index % 2 ? db : otherNode))),
    );
    assert.deepEqual(new Set(answers), new Set(['OK']));
  });

  it('tells no right password that it was wrong because another came to good while it was counted', async () => {
    const address = newAddress();
    const user = await add(address);
    const door = doorKey(secrets, 'password', north, address);
    const account = accountKey(secrets, 'password', user.id);
    assert.equal(await answer(tryIn(address, wrong)), refused);
    // Who counts at the account waits there, as on a busy machine; who compares waits as well.
    await db.raw(`
      create function wait_in_line() returns trigger language plpgsql as
        $$ begin perform pg_advisory_xact_lock_shared(7); return new; end $$;
      create trigger wait_in_line before insert on sign_in_failures for each row
        when (new.subject_hash = '\\x${account[0]?.toString('hex')}') execute function wait_in_line()`);
    const line = await db.transaction();
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    let comparing = 0;
    const patient = inAttempts({
      ...cheap,
      async verify(hash: string, password: string) {
        comparing += 1;
        await opened;
        return cheap.verify(hash, password);
      },
    });
    const some = (count: number) =>
      Array.from({ length: count }, (_, n) => answer(tryIn(address, right, north, patient, n % 2 ? db : otherNode)));
    const isWaiting = async (count: number) => {
      const [row] = await db('pg_stat_activity')
        .where({ waitEventType: 'Lock' })
        .andWhereRaw('datname = current_database()')
        .count();
      return Number(row?.count) === count;
    };
    try {
      await line.raw('select pg_advisory_xact_lock(7)');
      const first = some(9);
      await eventually(() => isWaiting(9), 'they wait');
      let isCleared = false;
      const cleared = clearFailures(db, { doors: [door], accounts: [account] }).then(() => {
        isCleared = true;
      });
      await eventually(async () => isCleared || (await isWaiting(10)), 'another came to good');
      await line.commit();
      await cleared;
      await eventually(() => comparing === 9, 'they are compared');
      const more = some(5);
      // Those who are let through are compared, the others are answered.
      let answered = 0;
      for (const one of more) void one.then(() => (answered += 1));
      await eventually(() => comparing - 9 + answered === 5, 'the others are counted');
      open();
      const answers = await Promise.all([...first, ...more]);
      // More than ten at one moment wait, and are told so.
      assert.deepEqual(
        [...new Set(answers)].filter((told) => told !== slowed),
        ['OK'],
      );
    } finally {
      open();
      if (!line.isCompleted()) await line.rollback();
      await db.raw('drop trigger wait_in_line on sign_in_failures; drop function wait_in_line()');
    }
  });
});
