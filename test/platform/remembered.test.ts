import assert from 'node:assert/strict';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { newId } from '../../src/platform/ids.ts';
import { rememberConfiguration, remembered } from '../../src/platform/remembered.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createTenant } from '../support/factories.ts';

describe('remembered configuration', () => {
  let database: TestDatabase;
  /** The process that remembers, and another one. */
  let db: Database;
  let other: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 4 });
    other = createDatabase({ url: database.url, poolMax: 8, acquireTimeoutMs: 60_000 });
    rememberConfiguration(db, { checkMs: 0 });
  });
  after(async () => {
    await Promise.all([db.destroy(), other.destroy()]);
    await database.drop();
  });

  let loads = 0;
  const load = async () => ++loads;
  const version = async () => (await other('configuration_version').first()).version as number;

  it('is asked for once, also by many at once', async () => {
    const before = loads;
    const answers = await Promise.all(Array.from({ length: 50 }, () => remembered(db, 'number a', load)));
    assert.deepEqual(new Set(answers), new Set([before + 1]));
    assert.equal(await remembered(db, 'number a', load), before + 1);
    assert.equal(loads, before + 1);
  });

  it('is not kept under a name longer than any that is meant', async () => {
    const key = `number ${'a'.repeat(1_000)}`;
    const first = await remembered(db, key, load);
    assert.notEqual(await remembered(db, key, load), first);
  });

  it('is not kept where there is nothing, nor where it failed', async () => {
    assert.equal(await remembered(db, 'number b', async () => undefined), undefined);
    await assert.rejects(
      remembered(db, 'number b', () => Promise.reject(new Error('not now'))),
      { message: 'not now' },
    );
    assert.equal(await remembered(db, 'number b', async () => 7), 7);
  });

  it('is not kept for a transaction, which may see its own changes', async () => {
    const first = await remembered(db, 'number c', load);
    const inside = await db.transaction((trx) => remembered(trx, 'number c', load));
    assert.notEqual(inside, first);
    assert.equal(await remembered(db, 'number c', load), first);
  });

  const clientId = newId();
  const secretId = newId();
  const apiId = newId();
  const capabilityId = newId();
  const changes: [string, (trx: Database) => Promise<unknown>][] = [
    ['a new tenant', (trx) => createTenant(trx)],
    ['a changed tenant', (trx) => trx('tenants').update({ name: 'Another name' })],
    ['a new API', (trx) => trx('resource_servers').insert({ id: apiId, identifier: 'https://a.example/', name: 'A' })],
    ['a changed API', (trx) => trx('resource_servers').where({ id: apiId }).update({ accessTokenTtl: 61 })],
    ['a new capability', (trx) => trx('capabilities').insert({ id: capabilityId, key: 'a.do' })],
    ['a changed capability', (trx) => trx('capabilities').update({ resourceServerId: apiId })],
    [
      'a new client',
      (trx) => trx('clients').insert({ id: clientId, clientId: 'remembered', kind: 'service', name: 'R' }),
    ],
    ['a disabled client', (trx) => trx('clients').update({ state: 'disabled' })],
    [
      'a new secret',
      (trx) => trx('client_secrets').insert({ id: secretId, clientId, secretHash: Buffer.alloc(32), hint: 'aaaa' }),
    ],
    ['a revoked secret', (trx) => trx('client_secrets').update({ revokedAt: new Date() })],
    ['a capability of a service', (trx) => trx('client_capabilities').insert({ clientId, capabilityId })],
    ['a capability withdrawn from it', (trx) => trx('client_capabilities').delete()],
    [
      'a capability that a service may get for people',
      (trx) => trx('client_exchange_capabilities').insert({ clientId, capabilityId }),
    ],
    ['one that it may get no longer', (trx) => trx('client_exchange_capabilities').delete()],
    [
      'a workload identity',
      (trx) =>
        trx('workload_identities').insert({ clientId, issuer: 'https://i.example', audience: 'a', subject: 'b:c' }),
    ],
    ['one that was taken away', (trx) => trx('workload_identities').delete()],
    [
      'another server that an application is vouched for at',
      (trx) =>
        trx('cross_app_audiences').insert({
          id: newId(),
          clientId,
          audience: 'https://a.example',
          audienceClientId: 'a',
          scopes: ['a'],
        }),
    ],
    ['one where it is no longer', (trx) => trx('cross_app_audiences').delete()],
    ['a deleted secret', (trx) => trx('client_secrets').delete()],
    [
      'a new identity provider',
      (trx) =>
        trx('identity_providers').insert({
          id: newId(),
          key: 'remembered',
          name: 'R',
          issuer: 'https://issuer.example',
          clientId: 'c',
        }),
    ],
    ['a changed identity provider', (trx) => trx('identity_providers').update({ state: 'disabled' })],
    ['a deleted client', (trx) => trx('clients').delete()],
  ];
  for (const [name, change] of changes)
    it(`is forgotten for ${name}, at the commit and not before`, async () => {
      const first = await remembered(db, 'number d', load);
      const before = await version();
      await other.transaction(async (trx) => {
        await change(trx);
        assert.equal(await remembered(db, 'number d', load), first);
      });
      assert.equal(await version(), before + 1);
      assert.equal(await remembered(db, 'number d', load), loads);
      assert.notEqual(loads, first);
    });

  it('outlives a change that was undone, and a secret that was used', async () => {
    await createTenant(other);
    await other('clients').insert({ id: clientId, clientId: 'used', kind: 'service', name: 'U' });
    await other('client_secrets').insert({ id: secretId, clientId, secretHash: Buffer.alloc(32, 1), hint: 'aaaa' });
    const before = await version();
    await other('client_secrets').update({ lastUsedAt: new Date() });
    await assert.rejects(
      other.transaction(async (trx) => {
        await trx('tenants').update({ name: 'Undone' });
        throw new Error('undone');
      }),
      { message: 'undone' },
    );
    assert.equal(await version(), before);
  });

  it('counts each of fifty changes at once, and none locks up with another', async () => {
    const before = await version();
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        other.transaction(async (trx) => {
          const tables = ['clients', 'tenants', 'client_secrets'];
          if (n % 2) tables.reverse();
          for (const table of tables)
            if (table === 'clients')
              await trx('clients').insert({ id: newId(), clientId: `many-${n}`, kind: 'service', name: 'M' });
            else if (table === 'tenants') await createTenant(trx);
            else
              await trx('client_secrets').insert({
                id: newId(),
                clientId,
                secretHash: Buffer.alloc(32, n + 2),
                hint: 'aaaa',
              });
        }),
      ),
    );
    assert.equal(await version(), before + 50);
  });

  it('counts for as long as it was said, and is looked at again then', async () => {
    const patient = createDatabase({ url: database.url, poolMax: 1 });
    try {
      rememberConfiguration(patient, { checkMs: 300 });
      const first = await remembered(patient, 'number e', load);
      await createTenant(other);
      await eventually(async () => (await remembered(patient, 'number e', load)) !== first, 'it is read again');
    } finally {
      await patient.destroy();
    }
  });

  it('counts for no longer by joining a check that was asked before', async () => {
    const joining = createDatabase({ url: database.url, poolMax: 2 });
    try {
      rememberConfiguration(joining, { checkMs: 0 });
      await remembered(joining, 'number g', load);
      for (let round = 0; round < 20; round++) {
        const first = remembered(joining, 'number g', load);
        await createTenant(other);
        const asked = remembered(joining, 'number g', load);
        const [before, after] = await Promise.all([first, asked]);
        assert.equal(after, loads, `round ${round}: ${before}, ${after}`);
      }
    } finally {
      await joining.destroy();
    }
  });

  it('answers nothing where the database does not answer', async () => {
    const cut = createDatabase({ url: database.url, poolMax: 1 });
    rememberConfiguration(cut, { checkMs: 0 });
    assert.equal(typeof (await remembered(cut, 'number f', load)), 'number');
    await cut.destroy();
    await assert.rejects(remembered(cut, 'number f', load));
  });
});
