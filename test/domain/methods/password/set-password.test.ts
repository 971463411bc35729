import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { systemCaller } from '../../../../src/domain/audit/audit-events.ts';
import { deleteUser } from '../../../../src/domain/lifecycle/end-person.ts';
import { createPasswordHasher } from '../../../../src/domain/methods/password/password-hash.ts';
import { signInWithPassword } from '../../../../src/domain/methods/password/password-sign-in.ts';
import { setPassword } from '../../../../src/domain/methods/password/set-password.ts';
import { createTenant } from '../../../../src/domain/setup/create-tenant.ts';
import { unlockAccount } from '../../../../src/domain/sign-in/unlock-account.ts';
import { createUser } from '../../../../src/domain/users/users.ts';
import { createDatabase, type Database } from '../../../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { unlimited } from '../../../support/limits.ts';

const passwords = createPasswordHasher({ memoryKiB: 64, iterations: 1 });
const secrets = createSecrets([randomToken(48)]);
const context = { passwords, secrets, limits: unlimited, caller: systemCaller };
const first = 'lantern orbit velvet';
const second = 'another orbit velvet';

describe('setting a password', () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  let otherTenantId: string;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 5 });
    tenantId = (await createTenant(db, { slug: 'north', name: 'Northwind' }, systemCaller)).id;
    otherTenantId = (await createTenant(db, { slug: 'south', name: 'Southgate' }, systemCaller)).id;
  });

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  let number = 0;
  async function add(password: string | null): Promise<{ userId: string; address: string }> {
    number += 1;
    const address = `person${number}@example.com`;
    const user = await createUser(db, { tenantId, email: address, fullName: 'Ada Quill', password }, context);
    return { userId: user.id, address };
  }
  const signIn = (address: string, password: string) =>
    signInWithPassword(db, { address, password, tenantId }, context);

  it('replaces the old one and signs the person out everywhere', async () => {
    const { userId, address } = await add(first);
    await db('oidc_payloads').insert({
      model: 'RefreshToken',
      idHash: randomBytes(32),
      payload: randomBytes(8),
      accountId: userId,
    });
    await setPassword(db, { tenantId, userId, password: second }, context);
    await assert.rejects(signIn(address, first), { code: 'INVALID_CREDENTIALS' });
    assert.equal((await signIn(address, second)).accounts[0]?.userId, userId);
    assert.equal((await db('oidc_payloads').where({ accountId: userId })).length, 0);
    const events = await db('audit_events').where({ entityId: userId }).pluck('action');
    assert.deepEqual(
      new Set(events),
      new Set(['user.created', 'password.changed', 'session.all_revoked', 'login.failed']),
    );
  });

  it('gives a first one to a person without', async () => {
    const { userId, address } = await add(null);
    await setPassword(db, { tenantId, userId, password: first }, context);
    assert.equal((await signIn(address, first)).accounts.length, 1);
    const row = await db('users').where({ id: userId }).first('password_changed_at');
    assert.ok(row.passwordChangedAt instanceof Date);
  });

  it('frees an account that failures have locked', async () => {
    const { userId, address } = await add(first);
    await assert.rejects(signIn(address, second), { code: 'INVALID_CREDENTIALS' });
    await db('sign_in_failures').update({ failures: 100 });
    await assert.rejects(signIn(address, first), { code: 'ACCOUNT_LOCKED' });
    await setPassword(db, { tenantId, userId, password: second }, context);
    assert.equal((await signIn(address, second)).accounts.length, 1);
  });

  it('holds the password against the policy, with what is known of the person', async () => {
    const { userId, address } = await add(first);
    for (const [password, code] of [
      ['short', 'PASSWORD_TOO_SHORT'],
      ['password123', 'PASSWORD_COMMON'],
      ['ada-quill-1999', 'PASSWORD_CONTAINS_PERSONAL'],
      ['northwind-1999', 'PASSWORD_CONTAINS_PERSONAL'],
      [address, 'PASSWORD_CONTAINS_PERSONAL'],
    ] as const)
      await assert.rejects(
        setPassword(db, { tenantId, userId, password }, context),
        { kind: 'invalid', code },
        password,
      );
    assert.equal((await signIn(address, first)).accounts.length, 1);
  });

  it('reaches nobody in another tenant, and nobody deleted', async () => {
    const { userId, address } = await add(first);
    const wrong = { tenantId: otherTenantId, userId };
    await assert.rejects(setPassword(db, { ...wrong, password: second }, context), { kind: 'not_found' });
    await assert.rejects(unlockAccount(db, wrong, context), { kind: 'not_found' });
    assert.equal((await signIn(address, first)).accounts.length, 1);
    await deleteUser(db, { tenantId, userId }, systemCaller);
    await assert.rejects(setPassword(db, { tenantId, userId, password: second }, context), { kind: 'not_found' });
  });
});
