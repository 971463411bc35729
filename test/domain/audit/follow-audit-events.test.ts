import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import { recordEvent, recordEvents, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { type Followed, type FollowOptions, followAuditEvents } from '../../../src/domain/audit/follow-audit-events.ts';
import type { ListedAuditEvent } from '../../../src/domain/audit/list-audit-events.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';

describe('following the audit trail', () => {
  let test: TestDatabase;
  let db: Database;
  let tenantId: string;
  const open: Readable[] = [];

  before(async () => {
    test = await createTestDatabase();
    db = createDatabase({ url: test.url });
    tenantId = (await make.createTenant(db)).id;
  });
  afterEach(() => {
    for (const stream of open.splice(0)) stream.destroy();
  });
  after(async () => {
    await db?.destroy();
    await test?.drop();
  });

  function follow(options: Partial<FollowOptions> = {}, filter: object = {}): Readable {
    const show = async (events: ListedAuditEvent[]) => events.map(({ action, entityId }) => ({ action, entityId }));
    const all = { mayGoOn: async () => true, show, seconds: 600, pollMs: 5, quietMs: 20, ...options };
    const stream = followAuditEvents(db, { tenantId, ...filter }, all);
    open.push(stream);
    return stream;
  }

  /** What comes, gathered; what is said of the stream itself too. */
  function gather(stream: Readable): Followed[] {
    const told: Followed[] = [];
    stream.on('data', (one: Followed) => told.push(one));
    return told;
  }

  const idsOf = (told: Followed[]) =>
    told.flatMap(({ data }) => (data ? [(data as { entityId: string }).entityId] : []));
  const isListening = (told: Followed[]) => eventually(() => told.some(({ kind }) => kind === 'quiet'), 'it listens');
  const happens = (entityId: string, action = 'sample.happened', of = tenantId) =>
    recordEvent(db, { tenantId: of, action, entityType: 'sample', entityId }, systemCaller);

  it('tells what happens from now on, once each and in order, of this tenant and filter alone', async () => {
    await happens('before');
    const told = gather(follow({}, { action: 'sample.' }));
    await isListening(told);
    const other = (await make.createTenant(db)).id;
    await happens('other tenant', 'sample.happened', other);
    await happens('other action', 'else.happened');
    for (const name of ['one', 'two', 'three']) await happens(name);
    await eventually(() => idsOf(told).length >= 3, 'they are told');
    await happens('last');
    await eventually(() => idsOf(told).includes('last'), 'it goes on');
    assert.deepEqual(idsOf(told), ['one', 'two', 'three', 'last']);
  });

  it('tells an event whose transaction was open while later ones were told', async () => {
    const told = gather(follow());
    await isListening(told);
    const late = await db.transaction();
    await recordEvent(late, { tenantId, action: 'sample.happened', entityId: 'late' }, systemCaller);
    await happens('early');
    await eventually(() => idsOf(told).includes('early'), 'the other one is told');
    await late.commit();
    await eventually(() => idsOf(told).includes('late'), 'the late one is told');
    assert.deepEqual(idsOf(told), ['early', 'late']);
  });

  it('goes on after an event, and tells what was missed', async () => {
    await happens('seen');
    const [{ id: lastEventId }] = await db('audit_events').where({ tenantId, entityId: 'seen' }).select('id');
    await happens('missed');
    const told = gather(follow({ lastEventId }));
    await eventually(() => idsOf(told).includes('missed'), 'it is told');
    assert.deepEqual(idsOf(told), ['missed']);
  });

  it('ends as soon as who listens may do so no longer, and tells nothing that came after', async () => {
    let may = true;
    // Between the answer and what would be read next: a turn that was let go on before may still be reading.
    const mayGoOn = async () => {
      if (!may) await happens('secret');
      return may;
    };
    const stream = follow({ mayGoOn });
    const told = gather(stream);
    await isListening(told);
    may = false;
    await eventually(() => told.at(-1)?.kind === 'end' && stream.readableEnded, 'it ends');
    assert.deepEqual(idsOf(told), []);
  });

  it('tells nothing while nobody can say whether they may go on, and goes on afterwards', async () => {
    let isLost = false;
    let asked = 0;
    const mayGoOn = async () => {
      asked += 1;
      if (isLost) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
      return true;
    };
    const told = gather(follow({ mayGoOn }));
    await isListening(told);
    isLost = true;
    let before = asked;
    await eventually(() => asked > before, 'the turn that was let go on is over');
    before = asked;
    await happens('meanwhile');
    await eventually(() => asked > before + 3, 'it asks again and again');
    assert.deepEqual(idsOf(told), []);
    isLost = false;
    await eventually(() => idsOf(told).includes('meanwhile'), 'what happened is told');
  });

  it('breaks off on a fault that is none of the connection', async () => {
    const stream = follow({ mayGoOn: async () => Promise.reject(new Error('a bug')) });
    const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
    assert.equal((await failed).message, 'a bug');
  });

  it('holds no more for a reader who takes nothing, says that some were left out, and tells the newest', async () => {
    let asked = 0;
    const mayGoOn = async () => {
      asked += 1;
      return true;
    };
    const stream = follow({ mayGoOn, quietMs: 600_000 });
    await eventually(() => asked > 1, 'it has begun');
    for (let part = 0; part < 5; part += 1)
      await recordEvents(
        db,
        Array.from({ length: 300 }, (_, n) => ({ tenantId, action: 'sample.flood', entityId: `${part}-${n}` })),
        systemCaller,
      );
    const before = asked;
    await eventually(() => asked > before + 5, 'it had time to read them all');
    assert.ok(stream.readableLength <= 402, `${stream.readableLength} are held`);
    const told = gather(stream);
    await happens('after the flood');
    await eventually(() => idsOf(told).includes('after the flood'), 'it goes on');
    assert.ok(told.some(({ kind }) => kind === 'skipped'));
    const ids = idsOf(told);
    assert.equal(new Set(ids).size, ids.length, 'none is told twice');
  });

  it('gives up a reader who takes nothing for long', async () => {
    const stream = follow({ quietMs: 5 });
    const events = Array.from({ length: 250 }, (_, n) => ({ tenantId, action: 'sample.flood', entityId: `${n}` }));
    await eventually(async () => {
      await recordEvents(db, events, systemCaller);
      return stream.destroyed;
    }, 'it is given up');
  });
});
