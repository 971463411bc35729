import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { auditEventRow, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { type Exchange, findSource, storeExchange } from '../../../src/domain/sessions/exchange-store.ts';
import { findPayload } from '../../../src/domain/sessions/find-payload.ts';
import { type PayloadRow, upsertPayload } from '../../../src/domain/sessions/payload-store.ts';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { sha256 } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

describe('exchanging a code or a refresh token', () => {
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

  function newRow(overrides: Partial<PayloadRow> = {}): PayloadRow {
    const none = { grantId: null, uidHash: null, userCodeHash: null, sessionUidHash: null, accountId: null };
    return {
      model: 'RefreshToken',
      idHash: randomBytes(32),
      payload: Buffer.from('sealed'),
      ...none,
      clientId: 'application',
      expiresAt: new Date(Date.now() + 60_000),
      ...overrides,
    };
  }

  async function newSource(overrides: Partial<PayloadRow> = {}): Promise<PayloadRow> {
    const row = newRow(overrides);
    await upsertPayload(db, row, null);
    return row;
  }

  function exchangeOf({ model, idHash, grantId }: PayloadRow): Exchange {
    const token = newRow({ model: 'AccessToken', grantId });
    const auditRow = auditEventRow({ action: 'token.issued' }, systemCaller);
    const isRefresh = model === 'RefreshToken';
    return {
      model,
      idHash,
      successorHash: isRefresh ? randomBytes(32) : null,
      grantIdHash: grantId === null ? null : sha256(grantId),
      tokens: [{ row: token, auditRow }],
    };
  }

  const isStored = async ({ tokens: [token] }: Exchange) =>
    (await findPayload(db, 'AccessToken', token?.row.idHash as Buffer)) !== undefined;

  async function eventsOf({ tokens: [token] }: Exchange): Promise<number> {
    return (await rows(db, 'select 1 from audit_events where id = ?', [token?.auditRow?.id])).length;
  }

  it('uses it up, and stores what it gives with the event', async () => {
    const source = await newSource({ model: 'AuthorizationCode' });
    const exchange = exchangeOf(source);
    assert.equal(await storeExchange(db, exchange), true);
    assert.equal((await findPayload(db, source.model, source.idHash))?.consumed, true);
    assert.deepEqual([await isStored(exchange), await eventsOf(exchange)], [true, 1]);
  });

  it('does nothing for what was used, has expired or is not there', async () => {
    const used = await newSource();
    await storeExchange(db, exchangeOf(used));
    const expired = await newSource({ expiresAt: new Date(Date.now() - 1000) });
    for (const source of [used, expired, newRow()]) {
      const exchange = exchangeOf(source);
      assert.equal(await storeExchange(db, exchange), false);
      assert.deepEqual([await isStored(exchange), await eventsOf(exchange)], [false, 0]);
    }
  });

  it('leaves a refresh token whose successor was named to those who know the line', async () => {
    const given = await newSource();
    await storeExchange(db, exchangeOf(given));
    await rows(db, 'update oidc_payloads set consumed_at = null where id_hash = ?', [given.idHash]);
    assert.equal(await storeExchange(db, exchangeOf(given)), false);
  });

  it('succeeds for one of fifty, whether they are gathered or not', async () => {
    const source = await newSource();
    const exchanges = Array.from({ length: 50 }, () => exchangeOf(source));
    const other = createDatabase({ url: database.url, poolMax: 4 });
    const done = await Promise.all(exchanges.map((exchange, n) => storeExchange(n % 2 ? db : other, exchange)));
    await other.destroy();
    assert.equal(done.filter(Boolean).length, 1);
    const stored = await Promise.all(exchanges.map(isStored));
    assert.deepEqual(stored, done);
  });

  it('notes the use of the grant once a minute, and waits for nobody who holds it', async () => {
    const grantId = randomBytes(16).toString('hex');
    const grant = await newSource({ model: 'Grant', idHash: sha256(grantId), grantId, expiresAt: null });
    const lastUsed = async () =>
      (
        await rows<{ lastUsedAt: Date | null }>(db, 'select last_used_at from oidc_payloads where id_hash = ?', [
          grant.idHash,
        ])
      )[0]?.lastUsedAt;
    await db.transaction(async (trx) => {
      await rows(trx, 'select 1 from oidc_payloads where id_hash = ? for update', [grant.idHash]);
      assert.equal(await storeExchange(db, exchangeOf(await newSource({ grantId }))), true);
    });
    assert.equal(await lastUsed(), null);
    await storeExchange(db, exchangeOf(await newSource({ grantId })));
    const noted = await lastUsed();
    assert.ok(noted);
    await storeExchange(db, exchangeOf(await newSource({ grantId })));
    assert.deepEqual(await lastUsed(), noted);
  });

  it('finds it with its session and its grant, live or not', async () => {
    const [grantId, uidHash] = [randomBytes(16).toString('hex'), randomBytes(32)];
    const source = await newSource({ model: 'AuthorizationCode', grantId, sessionUidHash: uidHash });
    const alone = await findSource(db, source);
    assert.deepEqual(alone?.session, { uidHash, stored: undefined });
    assert.deepEqual(alone?.grant, { idHash: sha256(grantId), stored: undefined });

    const grant = await newSource({ model: 'Grant', idHash: sha256(grantId), grantId, payload: Buffer.from('grant') });
    await newSource({ model: 'Session', uidHash, payload: Buffer.from('session') });
    const found = await findSource(db, source);
    assert.deepEqual(found?.source, { idHash: source.idHash, payload: source.payload, consumed: false });
    assert.equal(found?.session?.stored?.payload.toString(), 'session');
    assert.deepEqual(found?.grant?.stored, { idHash: grant.idHash, payload: grant.payload, consumed: false });
    assert.equal(await findSource(db, newRow()), undefined);
  });
});
