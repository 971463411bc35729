import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { makeLeaf, packLeaves } from '../../../src/domain/seals/leaves.ts';
import { sealAudit } from '../../../src/domain/seals/seal-events.ts';
import { openSealKeys } from '../../../src/domain/seals/seal-keys.ts';
import { type Seal, statementHash, statementOf } from '../../../src/domain/seals/seal-statement.ts';
import { insertSeal, selectEncodedEvents } from '../../../src/domain/seals/seal-store.ts';
import { selectSealsAfter } from '../../../src/domain/seals/verify-store.ts';
import { type VerifyOptions, verifyTrail } from '../../../src/domain/seals/verify-trail.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createSecrets, type Secrets } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';
import { addEvent, addEvents, asSuperuser, hourMs, someHour } from '../../support/trail.ts';

describe('verifying the sealed trail', () => {
  let test: TestDatabase;
  let db: Database;
  let secrets: Secrets;
  let tenantId: string;
  let ids: string[];
  const first = someHour(40);
  const hours = [0, 1, 2].map((n) => new Date(first.getTime() + n * hourMs));

  beforeEach(async () => {
    test = await createTestDatabase();
    db = createDatabase({ url: test.url });
    secrets = createSecrets(['a-key-for-tests-that-is-long-enough-1']);
    tenantId = (await make.createTenant(db)).id;
    // What making it has written is of this hour.
    await asSuperuser(db, (trx) => trx.raw('delete from audit_events'));
    ids = [];
    for (const hour of hours) ids.push(...(await addEvents(db, { tenantId, hour, count: 6 })));
    await addEvents(db, { tenantId: null, hour: hours[1] as Date, count: 2 });
    await sealAudit(db, secrets, { now: new Date(first.getTime() + 4 * hourMs) });
  });
  afterEach(async () => {
    await db?.destroy();
    await test?.drop();
  });

  const verify = (options: Partial<VerifyOptions> = {}) => verifyTrail(db, secrets, { retentionDays: 180, ...options });
  const firstFault = async (options?: Partial<VerifyOptions>) => {
    const [fault] = (await verify(options)).faults;
    return fault && [fault.kind, fault.tenantId, fault.sealNumber, fault.eventId];
  };
  const idAt = (n: number) => ids[n] as string;
  const tamper = (sql: string, bindings: Record<string, unknown> = {}) =>
    asSuperuser(db, (trx) => trx.raw(sql, bindings as never));

  it('finds nothing wrong with what nobody has touched', async () => {
    const found = await verify();
    assert.deepEqual(found.faults, []);
    assert.equal(found.events, 20);
    assert.equal(found.late, 0);
    assert.deepEqual((await verify({ tenantId })).faults, []);
    const part = await verify({ from: hours[1], until: hours[2] });
    assert.deepEqual([part.faults, part.events], [[], 8]);
  });

  const changes: Record<string, string> = {
    id: `id = '00000000-0000-7000-8000-000000000000'`,
    tenant_id: 'tenant_id = null',
    actor_type: `actor_type = 'client'`,
    actor_id: `actor_id = 'other'`,
    'actor_id to none': 'actor_id = null',
    action: `action = 'sample.other'`,
    entity_type: `entity_type = 'other'`,
    entity_id: `entity_id = 'other'`,
    ip: `ip = '192.0.2.8'`,
    'ip to a network': `ip = '192.0.2.7/24'`,
    'ip to none': `ip = null`,
    user_agent: `user_agent = 'other'`,
    request_id: `request_id = 'other'`,
    payload: `payload = payload || '{"name": "other"}'`,
    'a number of the payload': `payload = payload || '{"aa": 1.5000001}'`,
    'the cause': `payload = payload || '{"cause": "samples.delete"}'`,
    'payload as if erased': `payload = '{"erased": true, "cause": "samples.update"}'`,
    'occurred_at by a microsecond': `occurred_at = occurred_at + interval '1 microsecond'`,
    'occurred_at to another hour': `occurred_at = occurred_at + interval '1 hour'`,
  };
  it('names the event of which any column was changed', async () => {
    for (const [name, change] of Object.entries(changes)) {
      const before = await db.raw('select * from audit_events where id = ?', [idAt(8)]);
      await tamper(`update audit_events set ${change} where id = :id`, { id: idAt(8) });
      const { faults } = await verify();
      const gone = name === 'id';
      const [fault] = faults;
      assert.equal(fault?.eventId, name === 'tenant_id' ? fault?.eventId : gone ? fault?.eventId : idAt(8), name);
      assert.ok(
        faults.some(({ eventId }) => eventId === idAt(8)),
        name,
      );
      const kinds = name.startsWith('occurred_at')
        ? ['reordered', 'changed']
        : ['changed', 'removed', 'added', 'reordered'];
      assert.ok(kinds.includes(fault?.kind ?? ''), `${name}: ${fault?.kind}`);
      await asSuperuser(db, async (trx) => {
        await trx.raw(`delete from audit_events where id in (:id, '00000000-0000-7000-8000-000000000000')`, {
          id: idAt(8),
        });
        await trx('audit_events').insert(before.rows[0]);
      });
      assert.deepEqual((await verify()).faults, [], `${name}, undone`);
    }
  });

  it('names an event that was removed, and one that was added', async () => {
    const [removed] = (await db.raw('select * from audit_events where id = ?', [idAt(7)])).rows;
    await tamper('delete from audit_events where id = :id', { id: idAt(7) });
    assert.deepEqual(await firstFault(), ['removed', tenantId, 2, idAt(7)]);
    await asSuperuser(db, (trx) => trx('audit_events').insert(removed));
    const added = await addEvent(db, { tenantId, at: new Date((hours[1] as Date).getTime() + 2500) });
    assert.deepEqual(await firstFault(), ['added', tenantId, null, added]);
    await tamper('delete from audit_events where id = :id', { id: added });
    const early = await addEvent(db, { tenantId, at: new Date(first.getTime() - 9 * hourMs) });
    assert.deepEqual(await firstFault(), ['added', tenantId, null, early], 'before all seals');
    await tamper('delete from audit_events where id = :id', { id: early });
    const strange = (await make.createTenant(db)).id;
    const other = await addEvent(db, { tenantId: strange, at: new Date((hours[1] as Date).getTime() + 2500) });
    assert.deepEqual(await firstFault(), ['added', strange, null, other], 'of a tenant without seals');
  });

  it('names events that changed places, by their times or by their ids', async () => {
    const swap = (column: string) =>
      tamper(
        `update audit_events e set ${column} = o.${column}
           from audit_events o
          where (e.id, o.id) in ((:a::uuid, :b::uuid), (:b::uuid, :a::uuid))`,
        { a: idAt(7), b: idAt(9) },
      );
    await swap('occurred_at');
    assert.deepEqual(await firstFault(), ['reordered', tenantId, 2, idAt(7)]);
    await swap('occurred_at');
    assert.deepEqual((await verify()).faults, []);
    await swap('payload');
    await swap('entity_id');
    assert.deepEqual(await firstFault(), ['changed', tenantId, 2, idAt(7)]);
  });

  it('names the event also where its leaf was changed with it', async () => {
    await tamper(`update audit_events set entity_id = 'forged' where id = :id`, { id: idAt(8) });
    await rewriteLeaves(1);
    assert.deepEqual(await firstFault(), ['changed', tenantId, 2, idAt(8)]);
  });

  it('names what was removed, added or reordered with its leaf', async () => {
    await tamper('delete from audit_events where id = :id', { id: idAt(8) });
    await rewriteLeaves(1);
    assert.deepEqual(await firstFault(), ['removed', tenantId, 2, idAt(9)], 'the one behind it');
    const added = await addEvent(db, { tenantId, at: new Date((hours[2] as Date).getTime() + 2500) });
    await rewriteLeaves(2);
    const { faults } = await verify();
    assert.ok(faults.some(({ kind, eventId }) => kind === 'added' && eventId === added));
    await tamper(
      `update audit_leaves l
          set hashes = substr(hashes, 33, 32) || substr(hashes, 1, 32) || substr(hashes, 65),
              ids = substr(ids, 17, 16) || substr(ids, 1, 16) || substr(ids, 33),
              tags = substr(tags, 17, 16) || substr(tags, 1, 16) || substr(tags, 33)
         from audit_seals s
        where s.id = l.seal_id and s.number = 1 and s.tenant_id = :tenantId`,
      { tenantId },
    );
    assert.deepEqual(await firstFault(), ['reordered', tenantId, 1, idAt(1)]);
  });

  /** As one who has the database and not the keys: leaves that fit the events as they are now, with tags that were there. */
  async function rewriteLeaves(n: number): Promise<void> {
    const [seal] = await selectSealsAfter(db, { tenantId, number: n, limit: 1 });
    const { id: sealId, startsAt, endsAt } = seal as Seal;
    const events = await db('audit_events')
      .where({ tenantId })
      .where('occurredAt', '>=', startsAt)
      .where('occurredAt', '<', endsAt)
      .orderBy('occurredAt')
      .orderBy('id')
      .select('id');
    const [key] = [...(await openSealKeys(db, secrets)).values()];
    const encoded = await selectEncodedEvents(db, { tenantId, ids: events.map(({ id }) => id) });
    const leaves = encoded.map((event) => makeLeaf(event));
    const packed = packLeaves(leaves, { key: key as never, sealId: newId(), firstIndex: 0 });
    const [before] = await db('audit_leaves').where({ sealId }).select('ids', 'hashes', 'tags', 'commitments', 'salts');
    const at = (id: string) => {
      const hex = before.ids.toString('hex').indexOf(id.replaceAll('-', ''));
      return hex === -1 ? -1 : hex / 32;
    };
    // What was not touched keeps its own.
    const parts = (name: 'hashes' | 'tags' | 'commitments' | 'salts', size: number) =>
      Buffer.concat(
        leaves.map(({ eventId }, place) => {
          const old = at(eventId);
          const isForged = old === -1 || encoded[place]?.plain.includes('forged');
          const source = isForged ? packed[name] : before[name];
          const from = (isForged ? place : old) * size;
          return (source as Buffer).subarray(from, from + size);
        }),
      );
    const changed = {
      ids: packed.ids,
      hashes: parts('hashes', 32),
      tags: parts('tags', 16),
      commitments: parts('commitments', 64),
      salts: parts('salts', 32),
    };
    await asSuperuser(db, (trx) => trx('audit_leaves').where({ sealId }).update(changed));
  }

  it('sees a seal that is gone, in the middle of a chain, at its end, and with all that it sealed', async () => {
    const remove = (where: string) =>
      tamper(
        `with gone as (delete from audit_seals where ${where} returning id)
              delete from audit_leaves where seal_id in (select id from gone)`,
        { tenantId },
      );
    await remove('tenant_id = :tenantId and number = 3');
    assert.deepEqual(await firstFault(), ['seal_removed', null, 3, null]);
    await remove('tenant_id = :tenantId and number = 2');
    await remove('tenant_id is null and number = 2');
    assert.deepEqual((await firstFault())?.slice(0, 3), ['seal_removed', null, 3]);
    await tamper('delete from audit_events');
    assert.deepEqual((await firstFault())?.slice(0, 3), ['seal_removed', null, 3]);
  });

  it('sees that the newest seals were cut off with their events, by one that was kept elsewhere', async () => {
    const kept = (await verify()).newest as Seal;
    const witnessed = [{ tenantId: null, number: kept.number, hash: kept.hash.toString('hex') }];
    assert.deepEqual((await verify({ witnessed })).faults, []);
    await tamper('delete from audit_events where occurred_at >= :at', { at: hours[2] });
    await tamper(`delete from audit_leaves where seal_id in (select id from audit_seals where ends_at > :at);`, {
      at: hours[2],
    });
    await tamper('delete from audit_seals where ends_at > :at', { at: hours[2] });
    assert.deepEqual((await verify()).faults, [], 'what is left is whole');
    assert.deepEqual(await firstFault({ witnessed }), ['seal_removed', null, kept.number, null]);
    await sealAudit(db, secrets, { now: new Date(first.getTime() + 4 * hourMs) });
    assert.deepEqual(await firstFault({ witnessed }), ['seal_forged', null, kept.number, null], 'sealed anew');
  });

  it('believes no key that somebody put there, and no seal that was changed', async () => {
    const [seal] = await selectSealsAfter(db, { tenantId: null, number: 1, limit: 1 });
    const pair = generateKeyPairSync('ed25519');
    const publicJwk = pair.publicKey.export({ format: 'jwk' }) as JWK;
    const kid = await calculateJwkThumbprint(publicJwk);
    const forged = { ...(seal as Seal), kid };
    const text = statementOf(forged);
    const signature = sign(null, Buffer.from(text), pair.privateKey);
    const [mine] = await db('audit_seal_keys').select('sealed');
    await asSuperuser(db, async (trx) => {
      await trx('audit_seal_keys').insert({ kid, publicJwk, sealed: mine.sealed, state: 'retired' });
      await trx('audit_seals').where({ id: forged.id }).delete();
      await insertSeal(trx, { ...forged, hash: statementHash(text), signature });
    });
    assert.deepEqual((await firstFault())?.slice(0, 3), ['seal_forged', null, 2]);
    await asSuperuser(db, async (trx) => {
      await trx('audit_seals').where({ id: forged.id }).delete();
      await insertSeal(trx, seal as Seal);
    });
    assert.deepEqual((await verify()).faults, []);
    for (const change of [
      'events = events + 1',
      `sealed_at = now()`,
      `previous = decode(repeat('00', 32), 'hex')`,
      `signature = decode(repeat('00', 64), 'hex')`,
    ]) {
      await tamper(`update audit_seals set ${change} where tenant_id is null and number = 2`);
      assert.deepEqual((await firstFault())?.slice(0, 3), ['seal_changed', null, 2], change);
      await asSuperuser(db, async (trx) => {
        await trx('audit_seals').where({ id: forged.id }).delete();
        await insertSeal(trx, seal as Seal);
      });
    }
    await tamper(
      `update audit_seals set signature = decode(repeat('00', 64), 'hex') where tenant_id = :tenantId and number = 2`,
      { tenantId },
    );
    const { faults } = await verify();
    assert.ok(
      faults.some(
        ({ kind, tenantId: of, sealNumber }) => kind === 'seal_changed' && of === tenantId && sealNumber === 2,
      ),
    );
  });

  it('needs the keys: with another SECRET_KEY nothing is taken for sealed', async () => {
    const [fault] = (
      await verifyTrail(db, createSecrets(['another-key-that-is-long-enough-too-2']), { retentionDays: 180 })
    ).faults;
    assert.equal(fault?.kind, 'seal_forged');
  });

  it('takes for gone what is older than it is kept, and nothing younger', async () => {
    await tamper('delete from audit_events where occurred_at < :at', { at: hours[1] });
    assert.deepEqual(await firstFault(), ['removed', tenantId, 1, idAt(0)]);
    const short = await verify({ retentionDays: 30 });
    assert.deepEqual([short.faults, short.pruned, short.events], [[], 6, 14]);
    await tamper('delete from audit_events where tenant_id = :tenantId', { tenantId });
    assert.deepEqual((await verify({ retentionDays: 30 })).faults, [], 'all of it');
    await tamper(`update tenants set settings = settings || '{"auditRetentionDays": 60}' where id = :tenantId`, {
      tenantId,
    });
    assert.deepEqual(
      (await firstFault({ retentionDays: 30 }))?.slice(0, 2),
      ['removed', tenantId],
      'a tenant’s own time',
    );
  });
});
