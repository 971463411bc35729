import assert from 'node:assert/strict';
import { systemCaller } from '../../../../src/domain/audit/audit-events.ts';
import {
  addIdentityProvider,
  clientSecretOf,
  findIdentityProvider,
  isOffered,
  listIdentityProviders,
  type NewIdentityProvider,
  offeredProviders,
  removeIdentityProvider,
  setIdentityProviderState,
} from '../../../../src/domain/methods/federation/identity-providers.ts';
import { updateTenantSettings } from '../../../../src/domain/tenants/tenants.ts';
import { createDatabase, type Database } from '../../../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { createTenant, createUser } from '../../../support/factories.ts';

describe('identity providers', () => {
  const secrets = createSecrets([randomToken(36)]);
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 4 });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  let count = 0;
  function add(overrides: Partial<NewIdentityProvider> = {}, allowHttp = false) {
    count += 1;
    const values = { key: `provider-${count}`, name: `Provider ${count}`, issuer: 'https://provider.example' };
    return addIdentityProvider(
      db,
      { ...values, clientId: 'us', ...overrides },
      { secrets, caller: systemCaller, allowHttp },
    );
  }

  it('are added with what differs, and with nothing that everybody knows', async () => {
    const google = await add({ key: 'google', name: undefined, issuer: undefined, clientSecret: 'a client secret' });
    assert.deepEqual(
      [google.name, google.issuer, google.scopes, google.state, google.tenantId],
      ['Google', 'https://accounts.google.com', ['openid', 'email', 'profile'], 'active', null],
    );
    assert.equal(google.claimMapping.hosted_domain, 'hd');
    assert.deepEqual(await findIdentityProvider(db, 'google'), google);
    const event = await db('audit_events').where({ entityId: google.id }).first();
    assert.equal(event.action, 'identity_provider.added');
    assert.doesNotMatch(JSON.stringify(event), /a client secret/);
  });

  it('know how Apple differs, and believe nobody else who has its key', async () => {
    const apple = await add({ key: 'apple', name: undefined, issuer: undefined });
    assert.deepEqual(
      [apple.name, apple.issuer, apple.scopes, apple.responseMode, apple.claimMapping.email_verified_values],
      ['Apple', 'https://appleid.apple.com', ['openid', 'email', 'name'], 'form_post', [true, 'true']],
    );
    await removeIdentityProvider(db, 'apple', { withIdentities: false }, systemCaller);
    const other = await add({ key: 'apple', name: undefined });
    assert.deepEqual(
      [other.scopes, other.responseMode, other.claimMapping.email_verified_values],
      [['openid', 'email', 'profile'], 'query', [true]],
    );
  });

  it('keep their secrets sealed, each in its own row', async () => {
    const [first, second] = [
      await add({ clientSecret: 'the first secret' }),
      await add({ clientSecret: 'the second' }),
    ];
    assert.equal(clientSecretOf(first, secrets), 'the first secret');
    assert.equal(clientSecretOf(await add(), secrets), null);
    assert.throws(
      () => clientSecretOf({ ...first, clientSecretSealed: second.clientSecretSealed }, secrets),
      /SECRET_KEY/,
    );
    assert.throws(() => clientSecretOf(first, createSecrets([randomToken(36)])), /SECRET_KEY/);
    const { rows } = await db.raw(`select t::text as row from identity_providers t`);
    assert.doesNotMatch(JSON.stringify(rows), /the first secret/);
  });

  it('are refused where something of them cannot be', async () => {
    const faults: [Partial<NewIdentityProvider>, string][] = [
      [{ key: 'password' }, 'key'],
      [{ key: 'otp' }, 'key'],
      [{ key: 'Upper' }, 'key'],
      [{ key: 'a/b' }, 'key'],
      [{ key: '-a' }, 'key'],
      [{ key: 'x'.repeat(33) }, 'key'],
      [{ key: '' }, 'key'],
      [{ name: 'two\nlines' }, 'name'],
      [{ issuer: 'http://provider.example' }, 'issuer'],
      [{ issuer: 'https://provider.example/?tenant=1' }, 'issuer'],
      [{ issuer: 'https://provider.example/#' }, 'issuer'],
      [{ issuer: 'https://provider.example/.well-known/openid-configuration' }, 'issuer'],
      [{ issuer: 'https://user@provider.example' }, 'issuer'],
      [{ issuer: 'https://PROVIDER.example' }, 'issuer'],
      [{ issuer: 'provider.example' }, 'issuer'],
      [{ issuer: 'javascript:alert(1)' }, 'issuer'],
      [{ clientId: '' }, 'clientId'],
      [{ clientId: 'two words' }, 'clientId'],
      [{ clientSecret: '' }, 'clientSecret'],
      [{ clientSecret: 'two\nlines' }, 'clientSecret'],
      [{ scopes: ['two words'] }, 'scopes'],
    ];
    for (const [overrides, field] of faults)
      await assert.rejects(add(overrides), { code: 'INVALID_INPUT', params: { field } }, JSON.stringify(overrides));
    await assert.rejects(add({ issuer: undefined }), { code: 'FIELD_REQUIRED', params: { field: 'issuer' } });
    await assert.rejects(add({ name: undefined }), { code: 'FIELD_REQUIRED', params: { field: 'name' } });
    assert.equal((await add({ issuer: 'http://127.0.0.1:9/realm' }, true)).issuer, 'http://127.0.0.1:9/realm');
  });

  it('have a key that nobody else has, also of two at once', async () => {
    const both = await Promise.allSettled([add({ key: 'twice' }), add({ key: 'twice' })]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await assert.rejects(add({ key: 'twice' }), { code: 'DUPLICATE', params: { field: 'key', value: 'twice' } });
  });

  it('are offered where the tenant’s methods name them, and to a tenant of their own', async () => {
    const [tenant, other] = [await createTenant(db), await createTenant(db)];
    const { key } = await add();
    const own = await add({ tenantId: tenant.id });
    const provider = await findIdentityProvider(db, key);
    assert.ok(provider);
    assert.deepEqual(
      [isOffered(provider, tenant), isOffered(provider, null), isOffered(own, tenant), isOffered(own, other)],
      [false, true, true, false],
    );
    assert.equal(isOffered(own, null), false);
    const updated = await updateTenantSettings(
      db,
      other.id,
      { signInMethods: ['password', key, own.key] },
      systemCaller,
      // As if the other tenant's had been there for all.
      async () => true,
    );
    assert.deepEqual(
      (await offeredProviders(db, updated)).map((offered) => offered.key),
      [key],
    );
    await setIdentityProviderState(db, key, 'disabled', systemCaller);
    assert.deepEqual(await offeredProviders(db, updated), []);
    await setIdentityProviderState(db, key, 'active', systemCaller);
    await setIdentityProviderState(db, key, 'active', systemCaller);
    const events = await db('audit_events').where({ entityId: provider.id }).orderBy('occurredAt').select('action');
    assert.deepEqual(
      events.map(({ action }: { action: string }) => action.replace('identity_provider.', '')),
      ['added', 'disabled', 'enabled'],
    );
    await assert.rejects(setIdentityProviderState(db, 'nobody', 'active', systemCaller), { code: 'NOT_FOUND' });
  });

  it('stay while people sign in with them, unless these are unlinked too', async () => {
    const { key, issuer } = await add();
    const user = await createUser(db);
    const identity = { tenantId: user.tenantId, userId: user.id, provider: key, issuer, subject: 'them' };
    await db('user_identities').insert(identity);
    const remove = (withIdentities: boolean) => removeIdentityProvider(db, key, { withIdentities }, systemCaller);
    await assert.rejects(remove(false), { code: 'IDENTITY_IN_USE', params: { count: 1 } });
    assert.ok(await findIdentityProvider(db, key));
    assert.equal(await remove(true), 1);
    assert.equal(await findIdentityProvider(db, key), undefined);
    assert.equal(await db('user_identities').where({ provider: key }).first(), undefined);
    await assert.rejects(remove(true), { code: 'NOT_FOUND' });
  });

  it('are listed page by page, also of one tenant', async () => {
    const tenant = await createTenant(db);
    const added = [
      await add({ tenantId: tenant.id }),
      await add({ tenantId: tenant.id }),
      await add({ tenantId: tenant.id }),
    ];
    const list = (after?: string | null) => listIdentityProviders(db, { tenantId: tenant.id, limit: 2, after });
    const first = await list();
    assert.deepEqual(
      first.items.map(({ key }) => key),
      added.slice(0, 2).map(({ key }) => key),
    );
    assert.deepEqual(
      (await list(first.next)).items.map(({ key }) => key),
      [added[2]?.key],
    );
  });
});
