import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import {
  addIdentityProvider,
  removeIdentityProvider,
  setIdentityProviderState,
} from '../../../src/domain/methods/federation/identity-providers.ts';
import { changeTenantSettings, idleProviders, setProviderTerms } from '../../../src/domain/methods/tenant-methods.ts';
import { createTenant as createWholeTenant } from '../../../src/domain/setup/create-tenant.ts';
import { findTenantById, findTenantBySlug } from '../../../src/domain/tenants/tenants.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createSecrets } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant } from '../../support/factories.ts';

describe('the identity providers of a tenant', () => {
  let database: TestDatabase;
  let db: Database;
  let count = 0;
  const missing = { code: 'NOT_FOUND' };

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 10 });
  });
  after(async () => {
    await db.destroy();
    await database.drop();
  });

  async function add(tenantId?: string): Promise<string> {
    count += 1;
    const provider = { key: `provider-${count}`, name: 'Provider', issuer: 'https://idp.example', clientId: 'c' };
    const dependencies = { secrets: createSecrets(['x'.repeat(40)]), caller: systemCaller, allowHttp: false };
    return (await addIdentityProvider(db, { ...provider, tenantId }, dependencies)).key;
  }

  const settingsOf = async (id: string) => (await findTenantById(db, id))?.settings;

  it('are those of all tenants and its own; one that is not there or another’s is refused', async () => {
    const [{ id }, { id: elsewhere }] = [await createTenant(db), await createTenant(db)];
    const [shared, own, foreign] = [await add(), await add(id), await add(elsewhere)];
    const { settings } = await changeTenantSettings(db, id, { signInMethods: ['otp', shared, own] }, systemCaller);
    assert.deepEqual(settings.signInMethods, ['otp', shared, own]);
    for (const key of ['passkee', 'constructor', foreign]) {
      await assert.rejects(changeTenantSettings(db, id, { signInMethods: [key] }, systemCaller), missing);
      await assert.rejects(changeTenantSettings(db, id, { federation: { [key]: {} } }, systemCaller), missing);
      await assert.rejects(setProviderTerms(db, { tenantId: id, key, offer: true }, systemCaller), missing);
    }
    assert.deepEqual(await settingsOf(id), settings);
  });

  it('may be named by a new tenant, where they are for all', async () => {
    const [shared, { id: elsewhere }] = [await add(), await createTenant(db)];
    const foreign = await add(elsewhere);
    const make = (slug: string, key: string) =>
      createWholeTenant(db, { slug, name: 'New', settings: { signInMethods: ['otp', key] } }, systemCaller);
    assert.deepEqual((await make('new-one', shared)).settings.signInMethods, ['otp', shared]);
    for (const key of [foreign, 'passkee']) await assert.rejects(make('new-two', key), missing);
    assert.equal(await findTenantBySlug(db, 'new-two'), undefined);
  });

  it('may stay named while they are disabled or gone, and are told of as idle', async () => {
    const tenant = await createTenant(db);
    const [disabled, gone] = [await add(), await add()];
    await changeTenantSettings(db, tenant.id, { signInMethods: ['password', disabled, gone] }, systemCaller);
    await setIdentityProviderState(db, disabled, 'disabled', systemCaller);
    await removeIdentityProvider(db, gone, { withIdentities: false }, systemCaller);
    const methods = ['otp', disabled, gone];
    const changed = await changeTenantSettings(db, tenant.id, { signInMethods: methods }, systemCaller);
    assert.deepEqual(changed.settings.signInMethods, methods);
    assert.deepEqual(await idleProviders(db, tenant, methods), [disabled, gone]);
    // Dropped and gone, it is one that is not there.
    await changeTenantSettings(db, tenant.id, { signInMethods: ['otp'] }, systemCaller);
    await assert.rejects(changeTenantSettings(db, tenant.id, { signInMethods: [gone] }, systemCaller), missing);
  });

  it('are asked for what the tenant said last, and the rest stays', async () => {
    const { id: tenantId } = await createTenant(db);
    const key = await add();
    const set = (terms: object) => setProviderTerms(db, { tenantId, key, ...terms }, systemCaller);
    const first = await set({
      offer: true,
      requiredHostedDomain: 'Northwind.example',
      trustedEmailDomains: ['A.example'],
    });
    const asked = { requiredHostedDomain: 'northwind.example', trustedEmailDomains: ['a.example'] };
    assert.deepEqual(first, { offered: true, ...asked });
    assert.deepEqual(await set({}), first);
    assert.deepEqual(await set({ requiredHostedDomain: null }), { ...first, requiredHostedDomain: null });
    assert.deepEqual(await set({ offer: false, trustedEmailDomains: [] }), {
      offered: false,
      requiredHostedDomain: null,
      trustedEmailDomains: [],
    });
  });

  it('lose nothing where several are set at once', async () => {
    const { id: tenantId } = await createTenant(db);
    const keys = await Promise.all(Array.from({ length: 8 }, () => add()));
    await Promise.all(
      keys.map((key) =>
        setProviderTerms(db, { tenantId, key, offer: true, trustedEmailDomains: [`${key}.example`] }, systemCaller),
      ),
    );
    const settings = await settingsOf(tenantId);
    for (const key of keys) {
      assert.ok(settings?.signInMethods.includes(key), key);
      assert.deepEqual(settings?.federation[key]?.trustedEmailDomains, [`${key}.example`]);
    }
  });
});
