import assert from 'node:assert/strict';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { DomainError } from '../../src/platform/errors.ts';
import {
  consume,
  defineLimits,
  giveBackHit,
  rateLimitSubjects,
  sweepRateLimits,
} from '../../src/platform/rate-limits.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

const limits = defineLimits({
  knocksPerIp: { hits: 20, windowSeconds: 600 },
  bellsPerIp: { hits: 20, windowSeconds: 600 },
  lettersPerWriter: { hits: 10, windowSeconds: 600 },
});

describe('rate limits', () => {
  let database: TestDatabase;
  let db: Database;
  let otherNode: Database;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 5 });
    otherNode = createDatabase({ url: database.url, poolMax: 5 });
  });

  after(async () => {
    await db?.destroy();
    await otherNode?.destroy();
    await database?.drop();
  });

  /** How many of so many hits at once are let through. */
  async function letThrough(hits: number, subject: string): Promise<number> {
    const results = await Promise.allSettled(
      Array.from({ length: hits }, (_, index) => consume(index % 2 ? db : otherNode, limits.knocksPerIp, subject)),
    );
    for (const result of results) {
      if (result.status === 'rejected') assert.equal(result.reason.code, 'TOO_MANY_ATTEMPTS', String(result.reason));
    }
    return results.filter((result) => result.status === 'fulfilled').length;
  }

  it('lets exactly the limit through, of many at once on two nodes', async () => {
    assert.equal(await letThrough(3 * limits.knocksPerIp.hits, '192.0.2.1'), limits.knocksPerIp.hits);
  });

  it('says how long to wait', async () => {
    await letThrough(limits.knocksPerIp.hits, '192.0.2.2');
    await assert.rejects(consume(db, limits.knocksPerIp, '192.0.2.2'), (error) => {
      assert.ok(error instanceof DomainError);
      assert.equal(error.kind, 'rate_limited');
      const seconds = Number(error.params.seconds);
      assert.ok(seconds > limits.knocksPerIp.windowSeconds - 30 && seconds <= limits.knocksPerIp.windowSeconds);
      return true;
    });
  });

  it('counts each limit and each subject by itself', async () => {
    await letThrough(limits.knocksPerIp.hits, '192.0.2.3');
    await consume(db, limits.knocksPerIp, '192.0.2.4');
    await consume(db, limits.bellsPerIp, '192.0.2.3');
    await assert.rejects(consume(db, limits.knocksPerIp, '192.0.2.3'), { code: 'TOO_MANY_ATTEMPTS' });
  });

  it('begins again when the window has ended, swept or not', async () => {
    await letThrough(limits.knocksPerIp.hits, '192.0.2.5');
    await db('rate_limits')
      .where({ key: 'knocksPerIp:192.0.2.5' })
      .update({ windowEndsAt: db.raw(`now() - interval '1 second'`) });
    assert.equal(await letThrough(limits.knocksPerIp.hits + 1, '192.0.2.5'), limits.knocksPerIp.hits);
  });

  it('counts an IPv6 address by its /64, /56 and /48, and an IPv4 address inside one as itself', () => {
    const names = (subject: string) => rateLimitSubjects(subject).map(({ name }) => name);
    const levels = ['2001:db8:1:203::/64', '2001:db8:1:200::/56', '2001:db8:1::/48'];
    assert.deepEqual(names('2001:db8:1:203:4:5:6:7'), levels);
    assert.deepEqual(names('2001:DB8:1:203::'), levels);
    assert.deepEqual(names('fe80::1%eth0'), ['fe80::/64', 'fe80::/56', 'fe80::/48']);
    assert.deepEqual(names('::ffff:192.0.2.9'), ['192.0.2.9']);
    assert.deepEqual(names('192.0.2.9'), ['192.0.2.9']);
  });

  it('holds a /56 to twice the limit of a /64 and a /48 to four times, however many are in them', async () => {
    const { hits } = limits.knocksPerIp;
    const hex = (value: number) => value.toString(16);
    /** How many of three times as many as may are let through, from one /64 after another. */
    async function fromSubnets(subnets: readonly string[]): Promise<number> {
      let passed = 0;
      for (const subnet of subnets) passed += await letThrough(3 * hits, `${subnet}::1`);
      return passed;
    }
    const inOne56 = Array.from({ length: 5 }, (_, index) => `2001:db8:7:1${hex(index).padStart(2, '0')}`);
    // Of many at once, what one level refuses may have been counted at another: never more pass, now and then one less.
    const passed56 = await fromSubnets(inOne56);
    assert.ok(passed56 <= 2 * hits && passed56 > 1.5 * hits, String(passed56));
    const inOne48 = Array.from({ length: 8 }, (_, index) => `2001:db8:8:${hex(index + 1)}00`);
    const passed48 = await fromSubnets(inOne48);
    assert.ok(passed48 <= 4 * hits && passed48 > 3 * hits, String(passed48));
    const rows = await db('rate_limits').where('key', 'like', 'knocksPerIp:2001:db8:8:%').select('key');
    assert.ok(rows.length <= 2 * 6 + 1, 'a network that is full makes no rows of the small ones in it');
  });

  it('gives a hit back, at every level, and never more than was counted', async () => {
    const counted = await consume(db, limits.knocksPerIp, '2001:db8:9::1');
    await Promise.all(Array.from({ length: 10 }, (_, index) => giveBackHit(index % 2 ? db : otherNode, counted)));
    const rows = await db('rate_limits')
      .whereIn('key', [...counted])
      .select('hits');
    assert.deepEqual(rows, [{ hits: 0 }, { hits: 0 }, { hits: 0 }]);
    assert.equal(await letThrough(3 * limits.knocksPerIp.hits, '2001:db8:9::1'), limits.knocksPerIp.hits);
  });

  for (const subject of ['192.0.2.7', '2001:db8:a::1'])
    it(`counts none of those that it refuses, who come before they can know: ${subject}`, async () => {
      const { hits } = limits.knocksPerIp;
      await letThrough(hits - 5, subject);
      const keys = rateLimitSubjects(subject).map(({ name }) => `knocksPerIp:${name}`);
      const holding = await db.transaction();
      await holding('rate_limits').whereIn('key', keys).forUpdate().select('key');
      const asked = letThrough(8, subject);
      try {
        await eventually(async () => {
          const { rows } = await otherNode.raw(
            `select count(*)::integer as n from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock'`,
          );
          return rows[0].n === 8;
        }, 'eight wait that saw room for five');
      } finally {
        await holding.rollback();
      }
      assert.equal(await asked, 5);
      assert.deepEqual(
        await db('rate_limits').whereIn('key', keys).pluck('hits'),
        keys.map(() => hits),
      );
    });

  it('takes any text as a subject and stores none of it', async () => {
    for (const subject of ['', 'alice@example.com', 'a\0b', '0x7f.1', 'x'.repeat(100_000), '\ud800']) {
      await consume(db, limits.lettersPerWriter, subject);
    }
    const keys = await db('rate_limits').where('key', 'like', 'lettersPerWriter:%').pluck('key');
    assert.equal(keys.length, 6);
    for (const key of keys) assert.match(key, /^lettersPerWriter:[\w-]{43}$/);
  });

  it('sweeps what has ended and nothing else', async () => {
    await consume(db, limits.bellsPerIp, '192.0.2.6');
    await consume(db, limits.bellsPerIp, '192.0.2.7');
    await db('rate_limits')
      .where({ key: 'bellsPerIp:192.0.2.6' })
      .update({ windowEndsAt: db.raw(`now() - interval '1 second'`) });
    assert.equal(await sweepRateLimits(db), 1);
    assert.equal((await db('rate_limits').where({ key: 'bellsPerIp:192.0.2.7' })).length, 1);
  });
});
