import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createPasswordHasher } from '../../../src/domain/methods/password/password-hash.ts';
import { findPayload } from '../../../src/domain/sessions/find-payload.ts';
import {
  consumePayload,
  insertPayloadOnce,
  type PayloadRow,
  sweepPayloads,
  upsertPayload,
} from '../../../src/domain/sessions/payload-store.ts';
import { createTenant } from '../../../src/domain/setup/create-tenant.ts';
import { createUser, findAccount } from '../../../src/domain/users/users.ts';
import { createDeviceCodeAdapter } from '../../../src/oidc/storage/device-code-adapter.ts';
import { refreshSuccessor } from '../../../src/oidc/storage/refresh-rotation.ts';
import { openPayload, sealPayload } from '../../../src/oidc/storage/sealing.ts';
import { lifetimeWithin } from '../../../src/oidc/tokens/resources.ts';
import { createAddressLimits } from '../../../src/platform/address-limits.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createSecrets, randomToken, sha256 } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

describe('what the protocol library persists', () => {
  let database: TestDatabase;
  let db: Database;
  const secrets = createSecrets([randomToken(36)]);
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 8 });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  function newRow(overrides: Partial<PayloadRow> = {}): PayloadRow {
    return {
      model: 'AuthorizationCode',
      idHash: randomBytes(32),
      payload: Buffer.from('sealed'),
      grantId: null,
      uidHash: null,
      userCodeHash: null,
      sessionUidHash: null,
      accountId: null,
      clientId: null,
      expiresAt: new Date(Date.now() + 60_000),
      ...overrides,
    };
  }

  const many = <T>(work: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 50 }, work));

  it('brings along the account of a token, a session and an interaction, while the person may act', async () => {
    const tenant = await createTenant(
      db,
      { slug: `t${randomBytes(6).toString('hex')}`, name: 'T' },
      systemCaller,
      async () => true,
    );
    const email = 'along@example.test';
    const passwords = createPasswordHasher({ memoryKiB: 64, iterations: 1 });
    const person = await createUser(
      db,
      { tenantId: tenant.id, email, fullName: 'A' },
      { passwords, caller: systemCaller },
    );
    const stored = ['AccessToken', 'Session', 'Interaction', 'Grant'].map((model) =>
      newRow({ model, accountId: person.id }),
    );
    for (const row of stored) await upsertPayload(db, row, null);
    const found = () => Promise.all(stored.map(({ model, idHash }) => findPayload(db, model, idHash)));
    const account = await findAccount(db, person.id);
    assert.equal(account?.email, email);
    assert.deepEqual(
      (await found()).map((payload) => payload?.account),
      [account, account, account, undefined],
    );
    await db('users').where({ id: person.id }).update({ state: 'inactive' });
    for (const payload of await found()) {
      assert.equal(payload?.payload.toString(), 'sealed');
      assert.equal(payload?.account, undefined);
    }
  });

  it('is consumed by one of fifty', async () => {
    const row = newRow();
    await upsertPayload(db, row, null);
    const won = await many(() => consumePayload(db, row.model, row.idHash));
    assert.equal(won.filter(Boolean).length, 1);
    assert.equal((await findPayload(db, row.model, row.idHash))?.consumed, true);
  });

  it('is not written over once it was consumed', async () => {
    const row = newRow();
    assert.equal(await upsertPayload(db, row, null), true);
    assert.equal(await upsertPayload(db, { ...row, payload: Buffer.from('again') }, null), true);
    await consumePayload(db, row.model, row.idHash);
    assert.equal(await upsertPayload(db, { ...row, payload: Buffer.from('late') }, null), false);
    assert.equal((await findPayload(db, row.model, row.idHash))?.payload.toString(), 'again');
  });

  it('is neither found nor consumed after its time, whether it was swept or not', async () => {
    const row = newRow({ expiresAt: new Date(Date.now() - 1) });
    await upsertPayload(db, row, null);
    assert.equal(await findPayload(db, row.model, row.idHash), undefined);
    assert.equal(await consumePayload(db, row.model, row.idHash), undefined);
    const living = newRow();
    await upsertPayload(db, living, null);
    await sweepPayloads(db, { size: 2 });
    assert.equal((await db('oidcPayloads').where({ idHash: row.idHash })).length, 0);
    assert.ok(await findPayload(db, living.model, living.idHash));
  });

  it('is inserted by one of fifty where it may be used once, until its time is over', async () => {
    const idHash = randomBytes(32);
    const insert = (expiresAt: Date) => insertPayloadOnce(db, 'ReplayDetection', idHash, Buffer.alloc(0), expiresAt);
    const inserted = await many(() => insert(new Date(Date.now() + 60_000)));
    assert.equal(inserted.filter(Boolean).length, 1);
    await db('oidcPayloads')
      .where({ idHash })
      .update({ expiresAt: new Date(Date.now() - 1) });
    const again = await many(() => insert(new Date(Date.now() + 60_000)));
    assert.equal(again.filter(Boolean).length, 1);
  });

  it('is found by a user code of before a new SECRET_KEY', async () => {
    const [old, renewed] = [randomToken(36), randomToken(36)];
    const limits = createAddressLimits({ trustedNetworks: [], numbers: {} });
    const adapterOf = (keys: string[]) =>
      createDeviceCodeAdapter({ db, secrets: createSecrets(keys), limits, issuer: '' });
    const [before, after] = [adapterOf([old]), adapterOf([renewed, old])];
    await before.upsert('device', { userCode: 'BCDFGHJK', deviceInfo: {} } as never, 60);
    assert.ok(await after.findByUserCode('BCDFGHJK'));
    await after.upsert('device', { userCode: 'BCDFGHJK', deviceInfo: {} } as never, 60);
    assert.ok(await adapterOf([old, renewed]).findByUserCode('BCDFGHJK'));
    assert.equal(await after.findByUserCode('BCDFGHJL'), undefined);
  });

  it('opens in its own row alone, and under the key it was sealed with', () => {
    const idHash = sha256('id');
    const sealed = sealPayload(secrets, 'AccessToken', idHash, { accountId: 'anna', jti: 'id' });
    const open = (model: string, hash: Buffer, by = secrets) =>
      openPayload(by, model, { idHash: hash, payload: sealed, consumed: false });
    assert.deepEqual(open('AccessToken', idHash), { accountId: 'anna' });
    assert.equal(open('AccessToken', sha256('other')), undefined);
    assert.equal(open('RefreshToken', idHash), undefined);
    assert.equal(open('AccessToken', idHash, createSecrets([randomToken(36)])), undefined);
    assert.equal(sealed.includes('anna'), false);
  });
});

describe('the successor of a refresh token', () => {
  it('is the same for everybody who has token and key, and for nobody else', () => {
    const key = randomToken(36);
    const successor = refreshSuccessor(createSecrets([key]), 'token');
    assert.equal(refreshSuccessor(createSecrets([key, randomToken(36)]), 'token'), successor);
    assert.notEqual(refreshSuccessor(createSecrets([randomToken(36), key]), 'token'), successor);
    assert.notEqual(refreshSuccessor(createSecrets([key]), 'tokem'), successor);
    assert.match(successor, /^[\w-]{43}$/);
  });
});

describe('the lifetime of an access token', () => {
  it('is the API’s, or what is left of the first assignment to end', () => {
    const now = Date.UTC(2030, 0, 1);
    assert.equal(lifetimeWithin(600, null, now), 600);
    assert.equal(lifetimeWithin(600, new Date(now + 3_600_000), now), 600);
    assert.equal(lifetimeWithin(600, new Date(now + 90_900), now), 90);
    assert.equal(lifetimeWithin(600, new Date(now + 200), now), 1);
  });
});
