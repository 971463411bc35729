import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../../src/domain/lifecycle/end-person.ts';
import { listReferrals } from '../../../src/domain/referrals/listed-referrals.ts';
import {
  completeReferral,
  ensureReferralCode,
  parseReferralCode,
  recordReferral,
} from '../../../src/domain/referrals/referrals.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { eventsOf, installFaults, stateOf, withFault } from '../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';

describe('referrals', () => {
  let database: TestDatabase;
  let db: Database;
  let tenant: NewTenant;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 10 });
    await installFaults(db);
    tenant = await createTenant(db);
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  async function someone(tenantId = tenant.id) {
    return { tenantId, userId: (await createUser(db, { tenantId })).id };
  }

  async function someCode() {
    const referrer = await someone();
    return { referrer, ...(await ensureReferralCode(db, referrer, systemCaller)) };
  }

  describe('a code', () => {
    it('is made once, however often and from however many places it is asked for', async () => {
      const user = await someone();
      const { result, events } = await eventsOf(db, () =>
        Promise.all(Array.from({ length: 10 }, () => ensureReferralCode(db, user, systemCaller))),
      );
      assert.equal(new Set(result.map(({ code }) => code)).size, 1);
      assert.match(result[0]?.code ?? '', /^[2-9BCDFGHJKMNPQRSTVWXYZ]{10}$/);
      assert.deepEqual(
        events.map(({ action }) => action),
        ['referral_code.created'],
      );
    });

    it('is nobody else’s, nor of one who may not act', async () => {
      const user = await someone();
      const other = await createTenant(db);
      const wrong = { kind: 'not_found', code: 'NOT_FOUND' };
      await assert.rejects(ensureReferralCode(db, { ...user, tenantId: other.id }, systemCaller), wrong);
      await assert.rejects(ensureReferralCode(db, { ...user, userId: newId() }, systemCaller), wrong);
      await assert.rejects(ensureReferralCode(db, { ...user, userId: 'x' }, systemCaller), wrong);
      await deactivateUser(db, user, systemCaller);
      await assert.rejects(ensureReferralCode(db, user, systemCaller), wrong);
      const { code: first } = await someCode();
      assert.notEqual((await someCode()).code, first);
    });

    it('is read as people type it', () => {
      for (const text of [
        'BCDFG23456',
        'bcdfg23456',
        ' bcdfg-23456 ',
        'ＢＣＤＦＧ２３４５６',
        'BCDFG\u201323456',
        '\u200bBCDFG23456\ufeff',
      ])
        assert.equal(parseReferralCode(text), 'BCDFG23456', text);
      for (const text of [
        '',
        'BCDFG2345',
        'BCDFG234567',
        'ABCDE12345',
        "BCDFG2345'",
        'BCDFG2345\0',
        'B'.repeat(10_000),
      ])
        assert.equal(parseReferralCode(text), undefined, text.slice(0, 20));
    });

    it('counts in its tenant, while it is active, not expired, and its owner may act', async () => {
      const { code, tenantId, id, referrer } = await someCode();
      // Each time somebody new: a person is referred once.
      const counts = async () => {
        const referred = { ...(await someone(tenantId)), code: code.toLowerCase() };
        return (await recordReferral(db, referred, systemCaller)) !== undefined;
      };
      assert.equal(await counts(), true);
      const elsewhere = await someone((await createTenant(db)).id);
      assert.equal(await recordReferral(db, { ...elsewhere, code }, systemCaller), undefined);
      const set = (change: object) => db('referral_codes').where({ id }).update(change);
      await set({ expiresAt: new Date() });
      assert.equal(await counts(), false);
      await set({ expiresAt: null, isActive: false });
      assert.equal(await counts(), false);
      assert.equal((await ensureReferralCode(db, referrer, systemCaller)).isActive, false, 'asking wakes nothing');
      await set({ isActive: true });
      assert.equal(await counts(), true);
      await deactivateUser(db, referrer, systemCaller);
      assert.equal(await counts(), false);
    });
  });

  it('wait until the person signs in, and count once', async () => {
    const { code, referrer } = await someCode();
    const user = await someone();
    const recorded = await eventsOf(db, () =>
      recordReferral(db, { ...user, code: ` ${code.toLowerCase()}` }, systemCaller),
    );
    assert.deepEqual(
      [recorded.result?.status, recorded.result?.referrerUserId, recorded.result?.referredUserId],
      ['pending', referrer.userId, user.userId],
    );
    assert.equal(recorded.result?.convertedAt, null);
    const completed = await eventsOf(db, () =>
      Promise.all([1, 2, 3].map(() => completeReferral(db, user, systemCaller))),
    );
    assert.deepEqual(completed.result.map((one) => one?.status).filter(Boolean), ['completed_signup']);
    const [referral] = (await listReferrals(db, { tenantId: user.tenantId, referrerUserId: referrer.userId })).items;
    assert.equal(referral?.status, 'completed_signup');
    assert.ok(referral?.convertedAt instanceof Date);
    assert.deepEqual(
      [...recorded.events, ...completed.events].map(({ action, entityId }) => [action, entityId]),
      [
        ['referral.recorded', referral?.id],
        ['referral.completed', referral?.id],
      ],
    );
  });

  it('are one a person: the first code stays', async () => {
    const [first, second] = [await someCode(), await someCode()];
    const user = await someone();
    assert.ok(await recordReferral(db, { ...user, code: first.code }, systemCaller));
    assert.equal(await recordReferral(db, { ...user, code: second.code }, systemCaller), undefined);
    const [row, ...others] = await db('referrals').where({ referredUserId: user.userId });
    assert.equal(row.referrerUserId, first.referrer.userId);
    assert.equal(others.length, 0);
  });

  it('of a code that counts for nothing are passed over without a trace', async () => {
    const { code, referrer, id } = await someCode();
    const other = await createTenant(db);
    const stranger = await someone(other.id);
    const user = await someone();
    const { events, result } = await eventsOf(db, () =>
      Promise.all([
        recordReferral(db, { ...referrer, code }, systemCaller),
        recordReferral(db, { ...stranger, code }, systemCaller),
        recordReferral(db, { ...user, code: 'BCDFGHJKMN' }, systemCaller),
        recordReferral(db, { ...user, code: "' or 1=1 --" }, systemCaller),
        recordReferral(db, { ...user, code: '' }, systemCaller),
        completeReferral(db, user, systemCaller),
      ]),
    );
    assert.deepEqual(result, Array(6).fill(undefined));
    assert.deepEqual(events, []);
    await assert.rejects(
      db('referrals').insert({
        tenantId: other.id,
        referrerUserId: referrer.userId,
        referredUserId: stranger.userId,
        referralCodeId: id,
      }),
      { constraint: 'referrals_referrer_fk' },
    );
  });

  it('are listed within the tenant, page by page', async () => {
    const { code, referrer } = await someCode();
    const people = [await someone(), await someone(), await someone()];
    for (const person of people) await recordReferral(db, { ...person, code }, systemCaller);
    const list = async (query: object = {}) =>
      (await listReferrals(db, { tenantId: tenant.id, referrerUserId: referrer.userId, ...query })).items;
    const all = await list();
    assert.deepEqual(
      all.map(({ referredUserId }) => referredUserId),
      people.map(({ userId }) => userId),
    );
    assert.deepEqual(await list({ limit: 1, after: all[0]?.id }), [all[1]]);
    assert.deepEqual(await list({ tenantId: (await createTenant(db)).id }), []);
    await assert.rejects(list({ after: 'x' }), { code: 'CURSOR_INVALID' });
  });

  it('and their events are both or neither', async () => {
    const { code } = await someCode();
    const [owner, user] = [await someone(), await someone()];
    const changes: [string, () => Promise<unknown>][] = [
      ['referral_code.created', () => ensureReferralCode(db, owner, systemCaller)],
      ['referral.recorded', () => recordReferral(db, { ...user, code }, systemCaller)],
      ['referral.completed', () => completeReferral(db, user, systemCaller)],
    ];
    for (const [action, change] of changes) {
      const before = await stateOf(db);
      for (const fault of [action, 'change'])
        await withFault(db, fault, () => assert.rejects(change(), /out of order/, fault));
      assert.deepEqual(await stateOf(db), before);
      assert.deepEqual(
        (await eventsOf(db, change)).events.map((event) => event.action),
        [action],
      );
    }
  });
});
