import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { erasePerson } from '../../../src/domain/lifecycle/erase-person.ts';
import { forgetSaltsOf } from '../../../src/domain/seals/data-of-person.ts';
import { findSealState, sealAudit } from '../../../src/domain/seals/seal-events.ts';
import { openSealKeys, resealKeys, rotateSealKey } from '../../../src/domain/seals/seal-keys.ts';
import { forgetUselessSalts } from '../../../src/domain/seals/useless-salts.ts';
import { verifyTrail } from '../../../src/domain/seals/verify-trail.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createSecrets, type Secrets } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';
import { addEvent, addEvents, asSuperuser, hourMs, someHour } from '../../support/trail.ts';

const secret = 'a-key-for-tests-that-is-long-enough-1';

describe('sealing the trail', () => {
  let test: TestDatabase;
  let db: Database;
  /** As the server works where it owns nothing. */
  let program: Database;
  let secrets: Secrets;
  let tenantId: string;
  const hour = someHour(1);
  const later = (ms: number) => new Date(hour.getTime() + ms);

  beforeEach(async () => {
    test = await createTestDatabase();
    db = createDatabase({ url: test.url });
    program = createDatabase({ url: test.serverUrl });
    secrets = createSecrets([secret]);
    tenantId = (await make.createTenant(db)).id;
  });
  afterEach(async () => {
    await db?.destroy();
    await program?.destroy();
    await test?.drop();
  });

  const verify = (withSecrets = secrets) => verifyTrail(program, withSecrets, { retentionDays: 180 });
  const seals = () =>
    db('audit_seals').orderBy('number').select('tenantId', 'number', 'events', 'late', 'seals', 'startsAt');
  const ofTenant = async () => (await seals()).filter((seal) => seal.tenantId === tenantId);
  const forgetEverything = () => asSuperuser(db, (trx) => trx.raw('delete from audit_events'));

  it('seals each hour that is over, for each tenant that has events and for the server, and no hour that is not', async () => {
    await forgetEverything();
    await addEvents(db, { tenantId, hour, count: 300 });
    await addEvents(db, { tenantId, hour: later(2 * hourMs), count: 1 });
    await addEvents(db, { tenantId: null, hour: later(2 * hourMs), count: 1 });
    assert.equal(
      (await sealAudit(program, secrets, { now: later(hourMs + 119_000) })).length,
      0,
      'an hour is let settle',
    );
    const [seal, ...others] = await sealAudit(program, secrets, { now: later(hourMs + 121_000) });
    assert.deepEqual([seal?.number, seal?.events, seal?.seals, others.length], [1, 0, 1, 0]);
    assert.equal((await sealAudit(program, secrets, { now: later(3 * hourMs + 121_000) })).length, 2);
    const { startsAt, ...second } = (await ofTenant())[1];
    assert.deepEqual([second, startsAt], [{ tenantId, number: 2, events: 1, late: 0, seals: 0 }, later(2 * hourMs)]);
    assert.equal((await sealAudit(program, secrets, { now: later(3 * hourMs + 121_000) })).length, 0, 'once each');
    assert.deepEqual((await verify()).faults, []);
    assert.equal((await db('audit_leaves').select('sealId')).length, 4, 'packed');
  });

  it('waits for a transaction that began in the hour, but not for ever', async () => {
    const open = await program.transaction();
    try {
      const [{ began }] = (await open.raw('select now() as began')).rows;
      const end = new Date(Math.ceil((began.getTime() + 1) / hourMs) * hourMs);
      const newest = async (now: number) => (await sealAudit(program, secrets, { now: new Date(now) })).at(-1)?.endsAt;
      await addEvents(db, { tenantId, hour, count: 1 });
      assert.deepEqual(await newest(end.getTime() + 3 * 60_000), new Date(end.getTime() - hourMs));
      assert.equal(await newest(end.getTime() + 14 * 60_000), undefined, 'it is waited for');
      assert.deepEqual(await newest(end.getTime() + 16 * 60_000), end);
    } finally {
      await open.rollback();
    }
  });

  it('seals what commits late with the next hour, and says that it was late', async () => {
    await forgetEverything();
    const early = await addEvent(db, { tenantId, at: later(1000) });
    const late = await db.transaction();
    const lateId = await addEvent(late, { tenantId, at: later(2000) });
    await addEvent(db, { tenantId, at: later(3000) });
    await sealAudit(program, secrets, { now: later(hourMs + 20 * 60_000) });
    assert.equal((await ofTenant())[0].events, 2);
    await late.commit();
    const [fault] = (await verify()).faults;
    assert.deepEqual([fault?.kind, fault?.eventId], ['added', lateId], 'not sealed yet');
    await addEvent(db, { tenantId, at: later(hourMs + 1000) });
    await sealAudit(program, secrets, { now: later(2 * hourMs + 20 * 60_000) });
    assert.deepEqual(
      (await ofTenant()).map(({ events, late }) => [events, late]),
      [
        [2, 0],
        [2, 1],
      ],
    );
    const found = await verify();
    assert.deepEqual([found.faults, found.late, found.events], [[], 1, 4]);
    assert.deepEqual(found.lateEvents, [lateId]);
    for (const id of [early, lateId]) {
      await asSuperuser(db, (trx) =>
        trx.raw(`update audit_events set entity_id = 'x' || entity_id where id = ?`, [id]),
      );
      assert.equal((await verify()).faults[0]?.eventId, id);
      await asSuperuser(db, (trx) =>
        trx.raw(`update audit_events set entity_id = substr(entity_id, 2) where id = ?`, [id]),
      );
    }
    await asSuperuser(db, (trx) => trx.raw('delete from audit_events where id = ?', [lateId]));
    const [gone] = (await verify()).faults;
    assert.deepEqual([gone?.kind, gone?.eventId], ['removed', lateId]);
  });

  it('does not take in by itself what comes when it should be long known', async () => {
    await forgetEverything();
    await addEvent(db, { tenantId, at: later(1000) });
    await sealAudit(program, secrets, { now: later(5 * hourMs + 20 * 60_000) });
    const backdated = await addEvent(db, { tenantId, at: later(2000) });
    await sealAudit(program, secrets, { now: later(8 * hourMs + 20 * 60_000) });
    const { faults } = await verify();
    assert.deepEqual(
      faults.map(({ kind, eventId }) => [kind, eventId]),
      [['added', backdated]],
    );
  });

  it('makes one chain where ten seal at once', async () => {
    await forgetEverything();
    for (let n = 0; n < 5; n++) await addEvents(db, { tenantId, hour: later(n * hourMs), count: 3 });
    const now = later(5 * hourMs + 20 * 60_000);
    const made = await Promise.all(Array.from({ length: 10 }, () => sealAudit(program, secrets, { now })));
    assert.equal(made.flat().length, 5);
    assert.deepEqual(
      (await ofTenant()).map(({ number }) => number),
      [1, 2, 3, 4, 5],
    );
    assert.deepEqual((await verify()).faults, []);
  });

  it('seals an hour whole or not at all, and goes on where it was ended', async () => {
    await forgetEverything();
    await addEvents(db, { tenantId, hour, count: 30 });
    await addEvents(db, { tenantId, hour: later(hourMs), count: 30 });
    // Ends the connection when the last row is written: as kill -9 does, or a restart of the database.
    await db.raw(`
      create function end_here() returns trigger language plpgsql as $$
      begin
        if new.tenant_id is null then raise exception 'killed' using errcode = 'admin_shutdown'; end if;
        return new;
      end $$;
      create trigger end_here after insert on audit_seals for each row execute function end_here()`);
    await assert.rejects(sealAudit(program, secrets));
    assert.deepEqual([(await seals()).length, (await db('audit_leaves').select('sealId')).length], [0, 0]);
    await db.raw('drop trigger end_here on audit_seals');
    await sealAudit(program, secrets);
    assert.equal((await ofTenant()).length, 2);
    assert.deepEqual((await verify()).faults, []);
  });

  it('is whole or not there after a kill -9 at its worst moments, and whoever comes next goes on', async () => {
    await forgetEverything();
    await addEvents(db, { tenantId, hour, count: 300 });
    await addEvents(db, { tenantId: null, hour, count: 2 });
    const now = later(hourMs + 20 * 60_000);
    /** Real processes, each gone after the answer to a statement. */
    const killedAfter = async (statement?: string, at = 1) => {
      const env = { SEAL_DATABASE_URL: test.serverUrl, SEAL_SECRET: secret, SEAL_NOW: now.toISOString() };
      const child = fork(new URL('../../support/seal-process.ts', import.meta.url), {
        env: { ...process.env, ...env, ...(statement && { KILLED_AFTER: statement, KILLED_AT: String(at) }) },
      });
      const [code, signal] = await once(child, 'exit');
      assert.deepEqual([code, signal], [null, 'SIGKILL'], `${statement} ${at}`);
      return [(await seals()).length, (await db('audit_leaves').select('sealId')).length];
    };
    const moments: [string, number][] = [
      ['insert into audit_seal_keys', 1],
      ['insert into audit_leaves', 1],
      ['insert into audit_leaves', 2],
      ['insert into audit_seals', 1],
      ['insert into audit_seals', 2],
    ];
    const left = await Promise.all(moments.map(([statement, at]) => killedAfter(statement, at)));
    assert.deepEqual(
      left,
      moments.map(() => [0, 0]),
    );
    assert.equal((await db('audit_seal_keys').select('kid')).length, 0, 'a key that signed nothing is not kept');
    assert.deepEqual(await killedAfter(), [2, 3], 'all of it');
    assert.equal((await sealAudit(program, secrets, { now: later(2 * hourMs + 20 * 60_000) })).length, 1);
    const found = await verify();
    assert.deepEqual([found.faults, found.seals], [[], 3]);
  });

  it('keeps its seals good when a person is erased, and forgets the salts of what was taken', async () => {
    const person = await make.createUser(db, { tenantId, fullName: 'Edda Erased' });
    const other = await make.createUser(db, { tenantId });
    await asSuperuser(db, (trx) => trx.raw('delete from audit_events'));
    const by = { tenantId, actorId: person.id, entityType: 'user', entityId: person.id };
    await addEvent(db, { ...by, at: later(1000), payload: { name: 'Edda Erased', cause: 'users.update' } });
    await addEvent(db, { ...by, at: later(2000), payload: { count: 2 } });
    await addEvent(db, { ...by, at: later(3000), actorId: other.id, payload: { to: 'Edda Erased' } });
    await addEvent(db, { tenantId, actorId: other.id, at: later(4000) });
    await sealAudit(program, secrets);
    await erasePerson(program, { tenantId, userId: person.id }, { secrets, caller: systemCaller, sealedAbove: [] });
    const found = await verify();
    assert.deepEqual([found.faults, found.erased], [[], 3]);
    const { salts } = await db('audit_leaves').first('salts');
    const zeros = [0, 1, 2, 3].map((n) =>
      [0, 16].map((at) => salts.subarray(32 * n + at, 32 * n + at + 16).every((byte: number) => byte === 0)),
    );
    assert.deepEqual(zeros, [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ]);
    const [{ id }] = await db('audit_events').where({ actorId: person.id }).orderBy('occurredAt').select('id');
    const changes = [
      `ip = '192.0.2.1'`,
      `payload = '{"erased": true, "cause": "other"}'`,
      `payload = '{"erased": true, "more": 1, "cause": "users.update"}'`,
      `action = 'other.happened'`,
    ];
    for (const change of changes) {
      const { rows } = await db.raw('select * from audit_events where id = ?', [id]);
      await asSuperuser(db, (trx) => trx.raw(`update audit_events set ${change} where id = ?`, [id]));
      assert.equal((await verify()).faults[0]?.eventId, id, change);
      await asSuperuser(db, async (trx) => {
        await trx('audit_events').where({ id }).delete();
        await trx('audit_events').insert(rows[0]);
      });
    }
    assert.deepEqual((await verify()).faults, []);
  });

  it('takes no event for erased that is blank without an erasure', async () => {
    await forgetEverything();
    const actorId = (await make.createUser(db, { tenantId })).id;
    await forgetEverything();
    const id = await addEvent(db, { tenantId, actorId, at: later(1000) });
    await sealAudit(program, secrets);
    await asSuperuser(db, (trx) => trx.raw(`update audit_events set ip = null, user_agent = null where id = ?`, [id]));
    assert.equal((await verify()).faults[0]?.kind, 'changed');
    await db.transaction((trx) => forgetSaltsOf(trx, { userId: actorId }));
    const [fault] = (await verify()).faults;
    assert.deepEqual([fault?.kind, fault?.eventId], ['changed', id], 'the salts are gone, and nobody was erased');
  });

  it('erases nothing beside an hour that is being sealed: one waits for the other', async () => {
    await forgetEverything();
    const person = await make.createUser(db, { tenantId });
    await forgetEverything();
    for (let n = 0; n < 6; n++) {
      await addEvent(db, { tenantId, actorId: person.id, at: later(n * hourMs + 1000) });
      await addEvents(db, { tenantId, hour: later(n * hourMs), count: 20 });
    }
    const erase = () =>
      erasePerson(program, { tenantId, userId: person.id }, { secrets, caller: systemCaller, sealedAbove: [] });
    await Promise.all([sealAudit(program, secrets), erase(), sealAudit(program, secrets)]);
    assert.deepEqual((await verify()).faults, []);
  });

  it('replaces its key, and believes what the one before has signed', async () => {
    await forgetEverything();
    await addEvents(db, { tenantId, hour, count: 2 });
    await sealAudit(program, secrets, { now: later(hourMs + 20 * 60_000) });
    await rotateSealKey(program, secrets, systemCaller);
    await addEvents(db, { tenantId, hour: later(hourMs), count: 2 });
    await sealAudit(program, secrets);
    assert.deepEqual((await verify()).faults, []);
    const keys = [...(await openSealKeys(db, secrets)).values()];
    assert.deepEqual(
      keys.map(({ privateKey }) => privateKey !== undefined).sort(),
      [false, true],
      'what is retired cannot sign',
    );
    const renewed = createSecrets([
      'a-newer-key-for-tests-that-is-long-enough-2',
      'a-key-for-tests-that-is-long-enough-1',
    ]);
    await resealKeys(program, renewed);
    const newest = createSecrets(['a-newer-key-for-tests-that-is-long-enough-2']);
    assert.deepEqual((await verify(newest)).faults, []);
  });

  it('forgets the salts of hours whose events are gone, and keeps their seals', async () => {
    await forgetEverything();
    await addEvents(db, { tenantId, hour, count: 3 });
    const long = someHour(90);
    await addEvents(db, { tenantId, hour: long, count: 3 });
    await addEvents(db, { tenantId, hour: new Date(long.getTime() + 8 * hourMs), count: 3 });
    await sealAudit(program, secrets, { milliseconds: 600_000 });
    await forgetUselessSalts(program, 60);
    const kept = () => db('audit_leaves').whereNotNull('salts').select('sealId');
    assert.equal((await kept()).length, 3, 'the events are there');
    await asSuperuser(db, (trx) =>
      trx.raw('delete from audit_events where occurred_at < ?', [new Date(long.getTime() + hourMs)]),
    );
    await forgetUselessSalts(program, 100);
    assert.equal((await kept()).length, 3, 'younger than all is kept');
    await forgetUselessSalts(program, 60);
    assert.equal((await kept()).length, 2);
    const { faults, pruned } = await verifyTrail(program, secrets, { retentionDays: 60 });
    assert.deepEqual([faults, pruned], [[], 3]);
  });

  it('says how far it is', async () => {
    await forgetEverything();
    assert.deepEqual(await findSealState(db), { until: null, behindMs: 0 });
    await addEvents(db, { tenantId, hour, count: 1 });
    assert.ok((await findSealState(db)).behindMs > 20 * hourMs);
    await sealAudit(program, secrets);
    assert.equal((await findSealState(db)).behindMs, 0);
  });
});
