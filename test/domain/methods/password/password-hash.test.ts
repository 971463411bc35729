import assert from 'node:assert/strict';
import { createPasswordHasher } from '../../../../src/domain/methods/password/password-hash.ts';
import { eventually } from '../../../support/eventually.ts';

const weak = { memoryKiB: 64, iterations: 1 };

const busyIn = (seconds: number) => ({ kind: 'unavailable', code: 'SERVICE_BUSY', params: { seconds } });

describe('hashing passwords', () => {
  it('uses argon2id at 19 MiB, two passes and one lane unless told otherwise', async () => {
    const passwords = createPasswordHasher();
    const hash = await passwords.hash('lantern orbit velvet');
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.deepEqual(await passwords.verify(hash, 'lantern orbit velvet'), { ok: true, needsRehash: false });
    assert.deepEqual(await passwords.verify(hash, 'lantern orbit velveT'), { ok: false, needsRehash: false });
    assert.notEqual(await passwords.hash('lantern orbit velvet'), hash);
  });

  it('compares all of a long password, and both encodings of one text', async () => {
    const passwords = createPasswordHasher(weak);
    const long = 'lantern-orbit-'.repeat(9);
    const hash = await passwords.hash(`${long}a`);
    assert.equal((await passwords.verify(hash, `${long}a`)).ok, true);
    assert.equal((await passwords.verify(hash, `${long}b`)).ok, false);
    assert.equal((await passwords.verify(hash, long)).ok, false);
    const accented = await passwords.hash('Ame\u0301lie et ses amis');
    assert.equal((await passwords.verify(accented, 'Am\u00e9lie et ses amis')).ok, true);
    const withNul = await passwords.hash('lantern\0orbit');
    assert.equal((await passwords.verify(withNul, 'lantern\0velvet')).ok, false);
  });

  it('refuses to hash what is longer than any password', async () => {
    const hash = await createPasswordHasher(weak).hash('lantern orbit velvet');
    // One turn and no place to wait for it: the one who asked for one now would be refused.
    const passwords = createPasswordHasher({ ...weak, concurrency: 1, longestWaitMs: 0 });
    const endless = 'x'.repeat(5_000_000);
    const [busy, refused, verified, nothing] = await Promise.allSettled([
      passwords.hash('lantern orbit velvet'),
      passwords.hash(endless),
      passwords.verify(hash, endless),
      passwords.verifyAgainstNothing(endless),
    ]);
    assert.equal(busy.status, 'fulfilled');
    assert.equal((refused as PromiseRejectedResult).reason.code, 'PASSWORD_TOO_LONG');
    assert.deepEqual((verified as PromiseFulfilledResult<unknown>).value, { ok: false, needsRehash: false });
    assert.equal(nothing.status, 'fulfilled');
  });

  it('asks the policy about a new password', async () => {
    const passwords = createPasswordHasher(weak);
    await assert.rejects(passwords.hashNew('password123', {}), { kind: 'invalid', code: 'PASSWORD_COMMON' });
    const hash = await passwords.hashNew('lantern orbit velvet', {});
    assert.equal((await passwords.verify(hash, 'lantern orbit velvet')).ok, true);
  });

  it('asks for a new hash when its parameters have risen, never when they have fallen', async () => {
    const before = createPasswordHasher(weak);
    const risen = [
      createPasswordHasher({ ...weak, memoryKiB: 128 }),
      createPasswordHasher({ ...weak, iterations: 2 }),
      createPasswordHasher({ ...weak, parallelism: 2 }),
    ];
    const old = await before.hash('lantern orbit velvet');
    for (const now of risen) {
      assert.deepEqual(await now.verify(old, 'lantern orbit velvet'), { ok: true, needsRehash: true });
      assert.deepEqual(await now.verify(old, 'wrong'), { ok: false, needsRehash: false });
      const strong = await now.hash('lantern orbit velvet');
      assert.deepEqual(await before.verify(strong, 'lantern orbit velvet'), { ok: true, needsRehash: false });
    }
  });

  it('takes a hash it cannot read for a wrong password', async () => {
    const passwords = createPasswordHasher(weak);
    for (const hash of [
      '',
      '$argon2id$',
      '$2b$10$abcdefghijklmnopqrstuv',
      '$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA',
    ])
      assert.deepEqual(await passwords.verify(hash, 'lantern orbit velvet'), { ok: false, needsRehash: false }, hash);
  });

  it('hashes in the order of arrival, and refuses at once what would wait longer than two seconds', async () => {
    // Nothing was measured yet, so a hash is thought to take half a second.
    const passwords = createPasswordHasher({ concurrency: 1, expectedMs: 500 });
    const finished: number[] = [];
    const work = Array.from({ length: 5 }, async (_, index) => {
      await passwords.verifyAgainstNothing('lantern orbit velvet');
      finished.push(index);
    });
    assert.equal(passwords.pending, 5);
    // In three seconds, or more where the first one runs for longer than it was thought to.
    const busy = { kind: 'unavailable', code: 'SERVICE_BUSY' };
    assert.throws(() => passwords.forAttempt(1), busy);
    await assert.rejects(passwords.hash('lantern orbit velvet'), busy);
    await Promise.all(work);
    assert.deepEqual(finished, [0, 1, 2, 3, 4]);
    assert.equal(passwords.pending, 0);
    await passwords.hash('lantern orbit velvet');
  });

  it('lets wait as many as the cores can do in two seconds, and no number besides', () => {
    for (const [concurrency, expectedMs, places] of [
      [1, 50, 41],
      [1, 5, 401],
      [4, 50, 164],
      [4, 2_001, 7],
    ] as const) {
      const passwords = createPasswordHasher({ concurrency, expectedMs });
      let taken = 0;
      assert.throws(() => {
        for (;;) {
          passwords.forAttempt(1);
          taken += 1;
        }
      }, busyIn(3));
      assert.equal(taken, places);
    }
  });

  it('keeps the places of an attempt, and frees those that were not used', async () => {
    const passwords = createPasswordHasher({ ...weak, concurrency: 1, expectedMs: 1_000 });
    const attempt = passwords.forAttempt(2);
    assert.throws(() => passwords.forAttempt(2), busyIn(3));
    await attempt.verifyAgainstNothing('lantern orbit velvet');
    attempt.leave();
    attempt.leave();
    passwords.forAttempt(2).leave();
    await assert.rejects(attempt.verifyAgainstNothing('lantern orbit velvet'), /more work than places/);
  });

  it('learns from one that runs long, before it has ended', async () => {
    const passwords = createPasswordHasher({ concurrency: 1, expectedMs: 1, longestWaitMs: 20, iterations: 20 });
    const running = passwords.hash('lantern orbit velvet');
    const startedAt = performance.now();
    await eventually(async () => performance.now() - startedAt > 25, 'it has run for longer than anybody may wait');
    if (passwords.pending > 0) assert.throws(() => passwords.forAttempt(1), { code: 'SERVICE_BUSY' });
    await running;
  });

  it('gives its turn on when the work fails', async () => {
    const passwords = createPasswordHasher({ ...weak, concurrency: 1 });
    const broken = '$argon2id$v=19$m=1,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g';
    await Promise.allSettled([passwords.verify(broken, 'x'), passwords.verify(broken, 'x')]);
    assert.equal(passwords.pending, 0);
    assert.ok(await passwords.hash('lantern orbit velvet'));
  });

  it('spends on a wrong password what today’s parameters cost, whatever its hash was made with', async function () {
    this.timeout(300_000);
    const now = createPasswordHasher({ concurrency: 1 });
    const old = await createPasswordHasher({ memoryKiB: 4_864, iterations: 2 }).hash('lantern orbit velvet');
    const today = await now.hash('lantern orbit velvet');
    /** The quickest of some, in milliseconds: what else runs on the machine only ever adds. */
    async function quickest(works: (() => Promise<unknown>)[]): Promise<number[]> {
      const best = works.map(() => Number.POSITIVE_INFINITY);
      for (let round = 0; round < 8; round += 1) {
        for (const [index, work] of works.entries()) {
          const startedAt = performance.now();
          await work();
          best[index] = Math.min(best[index] ?? 0, performance.now() - startedAt);
        }
      }
      return best;
    }
    const series = [];
    let same = false;
    while (!same && series.length < 20) {
      const [todayMs = 0, ...others] = await quickest([
        () => now.verify(today, 'wrong'),
        () => now.verify(old, 'wrong'),
        () => now.verifyAgainstNothing('wrong'),
      ]);
      series.push([todayMs, ...others].join(' '));
      same = others.every((ms) => Math.abs(ms - todayMs) < todayMs * 0.3);
    }
    assert.ok(same, series.join('; '));
  });
});
