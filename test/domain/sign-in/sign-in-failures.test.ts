import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { forgiveBystander } from '../../../src/domain/sign-in/forgive-bystander.ts';
import {
  accountFailureKeys,
  accountKey,
  clearFailures,
  countAttempt,
  deviceKey,
  doorKey,
  type FailureKey,
  sweepSignInFailures,
} from '../../../src/domain/sign-in/sign-in-failures.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { hitsOf } from '../../../src/platform/rate-limits.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const secrets = createSecrets([randomToken(48)]);

describe('counting failures in a row', () => {
  let database: TestDatabase;
  let db: Database;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 8 });
  });

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const count = async (keys: readonly FailureKey[], on: Database = db) => (await countAttempt(on, keys)).doors;
  const clear = (on: Database, keys: readonly FailureKey[]) => clearFailures(on, { doors: keys, accounts: [] });
  const newKey = () => accountKey(secrets, 'password', newId());
  /** As if so many attempts had failed, the last so many seconds ago. */
  async function failed([key]: FailureKey, failures: number, secondsAgo: number, on: Database = db): Promise<void> {
    await on('sign_in_failures')
      .insert({ subjectHash: key, failures, lastFailedAt: db.raw('now() - make_interval(secs => ?)', [secondsAgo]) })
      .onConflict('subject_hash')
      .merge();
  }
  const failuresOf = async ([key]: FailureKey) =>
    (await db('sign_in_failures').where({ subjectHash: key }).first())?.failures;

  it('lets ten through of many at once, then none', async () => {
    const key = newKey();
    const begun = performance.now();
    const verdicts = await Promise.all(Array.from({ length: 60 }, () => count([key])));
    // One more after each wait of 2, 4, 8 ... seconds, on a machine that takes so long.
    const due = 10 + Math.floor(Math.log2(1 + (performance.now() - begun) / 2000));
    const allowed = verdicts.filter(([verdict]) => verdict?.allowed).length;
    assert.ok(allowed >= 10 && allowed <= due, `${allowed} of ${due}`);
    assert.equal(await failuresOf(key), allowed);
    const longest = 2 ** (allowed - 9);
    for (const [verdict] of verdicts)
      if (verdict && !verdict.allowed) assert.ok(!verdict.locked && verdict.seconds >= 1 && verdict.seconds <= longest);
  });

  it('counts at the address first, and nowhere where that is full, however many come at once on two processes', async () => {
    const other = createDatabase({ url: database.url, poolMax: 8 });
    const hits = hitsOf({ name: 'attempts', hits: 5, windowSeconds: 3_600 }, '192.0.2.7');
    const keys = Array.from({ length: 50 }, newKey);
    const tried = await Promise.allSettled(keys.map((key, n) => countAttempt(n % 2 ? db : other, [key], [], hits)));
    await other.destroy();
    const counted = keys.filter((_, n) => tried[n]?.status === 'fulfilled');
    assert.equal(counted.length, 5);
    for (const key of keys) assert.equal(await failuresOf(key), counted.includes(key) ? 1 : undefined);
    for (const { status, ...rest } of tried)
      if (status === 'rejected') assert.equal((rest as { reason: { code?: string } }).reason.code, 'TOO_MANY_ATTEMPTS');
    assert.equal((await db('rate_limits').where({ key: hits.keys[0] }).first()).hits, 5);
  });

  it('doubles the wait with each failure, from 2 seconds to 15 minutes', async () => {
    for (const [failures, wait] of [
      [10, 2],
      [11, 4],
      [13, 16],
      [18, 512],
      [19, 900],
      [60, 900],
      [99, 900],
    ] as const) {
      const key = newKey();
      // At one moment, which a transaction is by its clock.
      const [verdict] = await db.transaction(async (trx) => {
        await failed(key, failures, 0, trx);
        return count([key], trx);
      });
      assert.deepEqual(verdict, { allowed: false, locked: false, seconds: wait }, `${failures}`);
      assert.equal(await failuresOf(key), failures, 'knocking does not lengthen the wait');
      await failed(key, failures, wait + 1);
      assert.deepEqual(await count([key]), [{ allowed: true }]);
      assert.equal(await failuresOf(key), failures + 1);
    }
  });

  it('locks after 100, however long one waits', async () => {
    const key = newKey();
    await failed(key, 99, 901);
    assert.deepEqual(await count([key]), [{ allowed: true }]);
    await failed(key, 100, 10 * 365 * 86_400);
    assert.deepEqual(await count([key]), [{ allowed: false, locked: true }]);
    assert.equal(await failuresOf(key), 100);
  });

  it('judges several keys at once, each by itself and in the order asked', async () => {
    const [fresh, slowed, locked] = [newKey(), newKey(), newKey()];
    // In an hour to come: the wait is over on no machine.
    await failed(slowed, 12, -3600);
    await failed(locked, 100, 0);
    const verdicts = await count([locked, fresh, slowed, fresh]);
    assert.deepEqual(
      verdicts.map((verdict) => (verdict.allowed ? 'allowed' : verdict.locked ? 'locked' : 'slowed')),
      ['locked', 'allowed', 'slowed', 'allowed'],
    );
    assert.equal(await failuresOf(fresh), 1);
  });

  it('does not lock up when attempts share keys in different orders', async () => {
    const keys = Array.from({ length: 4 }, newKey);
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const mixed = [...keys.slice(index % 4), ...keys.slice(0, index % 4)];
        await count(mixed);
        if (index % 3 === 0) await db.transaction((trx) => clear(trx, mixed));
      }),
    );
  });

  it('counts at no account what no door lets in', async () => {
    const [shut, ajar, account] = [newKey(), newKey(), newKey()];
    await failed(shut, 100, 0);
    const locked = { allowed: false, locked: true };
    assert.deepEqual(await countAttempt(db, [shut], [account]), { doors: [locked], accounts: [false] });
    assert.equal(await failuresOf(account), undefined);
    const counted = await countAttempt(db, [shut, ajar], [account]);
    assert.deepEqual(counted, { doors: [locked, { allowed: true }], accounts: [true] });
    await failed(account, 12, -3600);
    assert.deepEqual((await countAttempt(db, [ajar], [account])).accounts, [false]);
  });

  it('never has an account ahead of its only door, whoever comes to good in between', async () => {
    const account = accountKey(secrets, 'password', newId());
    const door = doorKey(secrets, 'password', newId(), 'a@example.com');
    const other = doorKey(secrets, 'password', null, 'a@example.com');
    const answers = await Promise.all(
      Array.from({ length: 120 }, async (_, n) => {
        if (n % 5 === 0) await clearFailures(db, { doors: [other, door], accounts: [account] });
        return n % 5 === 0 ? undefined : countAttempt(db, [door], [account]);
      }),
    );
    for (const answer of answers)
      if (answer) assert.deepEqual(answer.accounts, [answer.doors[0]?.allowed], 'what the door says, the account says');
    assert.equal(await failuresOf(account), await failuresOf(door));
  });

  it('begins at nothing after success, unless the transaction fails', async () => {
    const key = newKey();
    await failed(key, 9, 0);
    await assert.rejects(
      db.transaction(async (trx) => {
        await clear(trx, [key]);
        throw new Error('later');
      }),
      /later/,
    );
    assert.equal(await failuresOf(key), 9);
    await db.transaction((trx) => clear(trx, [key]));
    assert.equal(await failuresOf(key), undefined);
  });

  it('forgets a short run after 90 days, and sweeps just that', async () => {
    const [short, recent, slowed] = [newKey(), newKey(), newKey()];
    await failed(short, 9, 91 * 86_400);
    assert.deepEqual(await count([short]), [{ allowed: true }]);
    assert.equal(await failuresOf(short), 1);
    await failed(short, 9, 91 * 86_400);
    await failed(recent, 9, 89 * 86_400);
    await failed(slowed, 10, 91 * 86_400);
    assert.equal(await sweepSignInFailures(db), 1);
    assert.deepEqual(await Promise.all([short, recent, slowed].map(failuresOf)), [undefined, 9, 10]);
  });

  it('keeps ways, tenants, doors, accounts and devices apart, and names nobody', () => {
    const [one, two] = [newId(), newId()];
    const keys = [
      doorKey(secrets, 'password', one, 'a@example.com'),
      doorKey(secrets, 'code', one, 'a@example.com'),
      doorKey(secrets, 'password', two, 'a@example.com'),
      doorKey(secrets, 'password', null, 'a@example.com'),
      doorKey(secrets, 'password', one, 'b@example.com'),
      accountKey(secrets, 'password', one),
      accountKey(secrets, 'code', one),
      deviceKey(secrets, 'password', one, randomBytes(32)),
      deviceKey(secrets, 'password', one, randomBytes(32)),
      doorKey(createSecrets([randomToken(48)]), 'password', one, 'a@example.com'),
    ].flat();
    assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 10);
    for (const key of keys) assert.equal(key.length, 32);
    const user = { userId: one, tenantId: two, email: 'a@example.com', phone: null };
    const { doors, accounts } = accountFailureKeys(secrets, user);
    const mine = [...doors, ...accounts];
    for (const way of ['password', 'code'] as const)
      for (const key of [
        accountKey(secrets, way, one),
        doorKey(secrets, way, two, 'a@example.com'),
        doorKey(secrets, way, undefined, 'a@example.com'),
      ])
        assert.ok(mine.some((other) => other[0]?.equals(key[0] as Buffer)));
    assert.equal(mine.length, 6);
  });

  describe('while SECRET_KEY is being renewed', () => {
    const [old, renewed] = [randomToken(48), randomToken(48)];
    const before = createSecrets([old]);
    const both = createSecrets([renewed, old]);
    const after = createSecrets([renewed]);

    it('forgets no lock, on any node and in any order', async () => {
      const userId = newId();
      await failed(accountKey(before, 'code', userId), 100, 10);
      const locked = [{ allowed: false, locked: true }];
      for (const secretsOfNode of [both, before, both, after])
        assert.deepEqual(await count([accountKey(secretsOfNode, 'code', userId)]), locked);
    });

    it('gives no more guesses than before, whichever nodes are asked', async () => {
      const userId = newId();
      const nodes = [before, both, before, both];
      const verdicts = await Promise.all(
        Array.from({ length: 40 }, (_, n) => count([accountKey(nodes[n % 4] as typeof both, 'password', userId)])),
      );
      assert.ok(verdicts.filter(([verdict]) => verdict?.allowed).length <= 10);
      assert.equal((await count([accountKey(both, 'password', userId)]))[0]?.allowed, false);
      await clear(db, [accountKey(both, 'password', userId)]);
      for (const secretsOfNode of [before, both, after])
        assert.deepEqual(await count([accountKey(secretsOfNode, 'password', userId)]), [{ allowed: true }]);
    });
  });

  it('gives a bystander back what was proved elsewhere, and counts each proof there once', async () => {
    const userId = newId();
    const account = accountKey(secrets, 'password', userId);
    const beside = async (proof: string) => {
      await count([account]);
      return db.transaction((trx) => forgiveBystander(trx, secrets, { way: 'password', userId, proof }));
    };
    const forgiven = [];
    for (const proof of ['one', 'one', 'one', 'two', 'two', 'one']) forgiven.push(await beside(proof));
    assert.deepEqual(forgiven, [false, true, true, false, true, true]);
    assert.equal(await failuresOf(account), 2);
  });
});
