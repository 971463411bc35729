import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { activateUser, deactivateUser, deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { createPasswordHasher } from '../../../src/domain/methods/password/password-hash.ts';
import { createTenant } from '../../../src/domain/setup/create-tenant.ts';
import { updateProfile, updateSettings } from '../../../src/domain/users/profiles.ts';
import { updateLastLogin } from '../../../src/domain/users/user-store.ts';
import {
  createUser,
  fillInProfile,
  findAccount,
  findUser,
  type NewUser,
  storePasswordHash,
} from '../../../src/domain/users/users.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const passwords = createPasswordHasher({ memoryKiB: 64, iterations: 1 });
const context = { passwords, caller: systemCaller };
const password = 'tarn-wicket-orbit-58';

describe('users', () => {
  let database: TestDatabase;
  let db: Database;
  let tenant: { id: string; name: string; slug: string };
  let otherTenant: { id: string };

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 5 });
    tenant = await createTenant(db, { slug: 'north', name: 'Northwind' }, systemCaller);
    otherTenant = await createTenant(db, { slug: 'south', name: 'Southgate' }, systemCaller);
  });

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  let number = 0;
  const add = (user: Partial<NewUser> = {}) => {
    number += 1;
    return createUser(db, { tenantId: tenant.id, email: `user${number}@example.com`, ...user }, context);
  };
  const events = (userId: string) =>
    db('audit_events').where({ entityType: 'user', entityId: userId }).orderBy('id').pluck('action');

  describe('the moment of the last change', () => {
    const momentOf = async (userId: string) => (await findAccount(db, userId))?.updatedAt.getTime();

    it('stays where somebody signs in, proves themselves or gets a new password', async () => {
      const { id } = await add({ fullName: 'Ada', locale: 'fr' });
      const before = await momentOf(id);
      const passwordHash = await passwords.hashNew(password, {});
      await db.transaction((trx) => updateLastLogin(trx, id, new Date()));
      await db.transaction((trx) =>
        storePasswordHash(trx, { tenantId: tenant.id, userId: id, passwordHash }, systemCaller),
      );
      await updateProfile(db, { tenantId: tenant.id, userId: id, fullName: 'Ada' }, systemCaller);
      await updateSettings(db, { tenantId: tenant.id, userId: id, locale: 'fr' }, systemCaller);
      assert.equal(await momentOf(id), before);
    });

    it('moves with the profile and with the settings', async () => {
      const { id } = await add({ fullName: 'Ada' });
      const user = { tenantId: tenant.id, userId: id };
      const moments = [await momentOf(id)];
      await updateProfile(db, { ...user, fullName: 'Ada L.' }, systemCaller);
      moments.push(await momentOf(id));
      await updateSettings(db, { ...user, zoneinfo: 'Europe/Zurich' }, systemCaller);
      moments.push(await momentOf(id));
      await fillInProfile(db, {
        ...user,
        fullName: null,
        givenName: null,
        familyName: null,
        pictureUrl: 'https://a.example/p',
        locale: null,
      });
      moments.push(await momentOf(id));
      assert.deepEqual(
        moments.map((moment, index) => index === 0 || Number(moment) > Number(moments[index - 1])),
        [true, true, true, true],
      );
    });
  });

  describe('making one', () => {
    it('keeps the canonical address, the settings, the password and the event', async () => {
      const user = await add({
        email: ' Alice@EXAMPLE.com ',
        phone: '+41 79 555 01 02',
        givenName: ' Alice ',
        familyName: 'Moor',
        emailVerified: true,
        locale: 'FR-ch',
        zoneinfo: 'Asia/Kolkata',
        password,
      });
      assert.equal(user.email, 'alice@example.com');
      assert.equal(user.phone, '+41795550102');
      assert.equal(user.fullName, 'Alice Moor');
      assert.equal(user.state, 'active');
      assert.ok(user.emailVerifiedAt instanceof Date);
      assert.equal(user.phoneVerifiedAt, null);
      assert.ok(user.passwordChangedAt instanceof Date);

      const [settings] = await db('user_settings').where({ userId: user.id }).select('locale', 'zoneinfo', 'tenant_id');
      assert.deepEqual(settings, { locale: 'fr-CH', zoneinfo: 'Asia/Kolkata', tenantId: tenant.id });
      const [identity] = await db('user_identities')
        .where({ userId: user.id })
        .select('provider', 'subject', 'password_hash');
      assert.equal(identity.provider, 'password');
      assert.equal(identity.subject, user.id);
      assert.equal((await passwords.verify(identity.passwordHash, password)).ok, true);
      const [event] = await db('audit_events').where({ entityId: user.id }).select('action', 'tenant_id', 'payload');
      assert.deepEqual(event, {
        action: 'user.created',
        tenantId: tenant.id,
        payload: { methods: ['pwd'], emailVerified: true },
      });
    });

    it('needs no password, and takes a hash made before', async () => {
      const without = await add();
      assert.equal(without.passwordChangedAt, null);
      assert.equal((await db('user_identities').where({ userId: without.id })).length, 0);
      const withHash = await add({ passwordHash: await passwords.hashNew(password, {}) });
      assert.equal((await db('user_identities').where({ userId: withHash.id })).length, 1);
    });

    it('makes one user of 50 that arrive at once under one address', async () => {
      const spellings = ['twin@bücher.example', 'TWIN@xn--bcher-kva.example', 'Twin@BÜCHER.example'];
      const results = await Promise.allSettled(
        Array.from({ length: 50 }, (_, index) => add({ email: spellings[index % 3] })),
      );
      assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
      for (const result of results) {
        if (result.status === 'rejected')
          assert.deepEqual(
            [result.reason.kind, result.reason.code],
            ['conflict', 'DUPLICATE_EMAIL'],
            String(result.reason),
          );
      }
      assert.equal((await db('users').where({ email: 'twin@xn--bcher-kva.example' })).length, 1);
    });

    it('refuses a phone number that another has, and the same in another tenant not', async () => {
      const phone = '+41795550103';
      await add({ phone });
      await assert.rejects(add({ phone }), { kind: 'conflict', code: 'DUPLICATE_PHONE' });
      await add({ phone, tenantId: otherTenant.id });
    });

    it('refuses what it cannot keep', async () => {
      const refusals: [Partial<NewUser>, string][] = [
        [{ email: 'nobody' }, 'EMAIL_INVALID'],
        [{ email: 'a@example.com\r\nBcc: b@example.com' }, 'EMAIL_INVALID'],
        [{ phone: '0795550102' }, 'PHONE_INVALID'],
        [{ email: '', phone: ' ' }, 'FIELD_REQUIRED'],
        [{ fullName: 'Al\0ice' }, 'INVALID_INPUT'],
        [{ givenName: 'Al\r\nice' }, 'INVALID_INPUT'],
        [{ familyName: 'x'.repeat(201) }, 'INVALID_INPUT'],
        [{ locale: 'not a locale' }, 'INVALID_INPUT'],
        [{ zoneinfo: 'Mars/Olympus' }, 'INVALID_INPUT'],
        [{ pictureUrl: 'javascript:alert(1)' }, 'INVALID_INPUT'],
        [{ password: 'short' }, 'PASSWORD_TOO_SHORT'],
        [{ password: 'northwind-2024' }, 'PASSWORD_CONTAINS_PERSONAL'],
      ];
      const before = await db('users').count();
      for (const [user, code] of refusals)
        await assert.rejects(add(user), { kind: 'invalid', code }, JSON.stringify(user));
      assert.deepEqual(await db('users').count(), before);
      await assert.rejects(add({ tenantId: newId() }), { kind: 'not_found' });
    });

    it('leaves nothing behind when the transaction around it fails', async () => {
      let userId = '';
      await assert.rejects(
        db.transaction(async (trx) => {
          const user = await createUser(trx, { tenantId: tenant.id, email: 'undone@example.com' }, context);
          userId = user.id;
          throw new Error('later');
        }),
        /later/,
      );
      assert.equal((await db('users').where({ id: userId })).length, 0);
      assert.deepEqual(await events(userId), []);
    });

    it('names the one who made it in their own tenant alone', async () => {
      const admin = await add();
      const stranger = await add({ tenantId: otherTenant.id });
      for (const [by, expected] of [
        [admin.id, admin.id],
        [stranger.id, null],
      ]) {
        const made = await createUser(
          db,
          { tenantId: tenant.id, email: `by-${by}@example.com` },
          { passwords, caller: { type: 'user', id: by ?? undefined } },
        );
        assert.equal((await db('users').where({ id: made.id }).first('created_by')).createdBy, expected);
      }
    });
  });

  describe('finding an account', () => {
    it('answers the profile with settings and tenant', async () => {
      const user = await add({ fullName: 'Zoë', locale: 'de', emailVerified: true });
      const profile = await findAccount(db, user.id);
      assert.ok(profile);
      assert.equal(profile.userId, user.id);
      assert.equal(profile.tenantId, tenant.id);
      assert.equal(profile.fullName, 'Zoë');
      assert.equal(profile.emailVerified, true);
      assert.equal(profile.phoneVerified, false);
      assert.equal(profile.locale, 'de');
      assert.equal(profile.theme, 'system');
      assert.equal(profile.notifyByEmail, true);
      assert.deepEqual(
        { ...profile.tenant, settings: 0 },
        { id: tenant.id, slug: 'north', name: 'Northwind', state: 'active', settings: 0 },
      );
      assert.deepEqual(profile.tenant.settings.countryList, []);
      assert.ok(!Object.keys(profile).some((name) => /password(?!ChangedAt)|hash/i.test(name)));
    });

    it('finds nobody who may not act now', async () => {
      const { id: tenantId } = await createTenant(db, { slug: 'asleep', name: 'Asleep' }, systemCaller);
      const ofSuspended = await add({ tenantId });
      await db('tenants').where({ id: tenantId }).update({ state: 'suspended' });
      const inactive = await add();
      await deactivateUser(db, { tenantId: tenant.id, userId: inactive.id }, systemCaller);
      const deleted = await add();
      await deleteUser(db, { tenantId: tenant.id, userId: deleted.id }, systemCaller);
      for (const id of [ofSuspended.id, inactive.id, deleted.id, newId(), '', 'x', 'a\0b'])
        assert.equal(await findAccount(db, id), undefined, id);
    });
  });

  describe('stopping one', () => {
    async function signIn(userId: string): Promise<void> {
      const uid = randomBytes(32);
      await db('user_sessions').insert({
        id: newId(),
        tenantId: tenant.id,
        userId,
        oidcSessionUidHash: uid,
        expiresAt: db.raw(`now() + interval '1 hour'`),
      });
      for (const model of ['Session', 'RefreshToken', 'AuthorizationCode'])
        await db('oidc_payloads').insert({
          model,
          idHash: randomBytes(32),
          payload: randomBytes(8),
          accountId: userId,
        });
    }
    const live = async (userId: string) => ({
      sessions: (await db('user_sessions').where({ userId, revokedAt: null })).length,
      payloads: (await db('oidc_payloads').where({ accountId: userId })).length,
    });

    it('ends the sessions and tokens of a deactivated user, and nobody else’s', async () => {
      const [user, neighbour] = [await add(), await add()];
      await signIn(user.id);
      await signIn(neighbour.id);
      await deactivateUser(db, { tenantId: tenant.id, userId: user.id }, systemCaller);
      assert.deepEqual(await live(user.id), { sessions: 0, payloads: 0 });
      assert.deepEqual(await live(neighbour.id), { sessions: 1, payloads: 3 });
      assert.deepEqual(await events(user.id), ['user.created', 'user.deactivated', 'session.all_revoked']);
    });

    it('changes nothing where the sessions cannot be ended', async () => {
      const user = await add();
      await signIn(user.id);
      await assert.rejects(
        db.transaction(async (trx) => {
          await deactivateUser(trx, { tenantId: tenant.id, userId: user.id }, systemCaller);
          throw new Error('later');
        }),
        /later/,
      );
      assert.deepEqual(await live(user.id), { sessions: 1, payloads: 3 });
      assert.ok(await findAccount(db, user.id));
    });

    it('lets a deactivated user act again, but brings no session back', async () => {
      const user = await add();
      const of = { tenantId: tenant.id, userId: user.id };
      await deactivateUser(db, of, systemCaller);
      await deactivateUser(db, of, systemCaller);
      await signIn(user.id);
      await activateUser(db, of, systemCaller);
      await activateUser(db, of, systemCaller);
      assert.ok(await findAccount(db, user.id));
      assert.deepEqual(await live(user.id), { sessions: 0, payloads: 0 });
      const actions = (await events(user.id)).filter((action) => action.startsWith('user.'));
      assert.deepEqual(actions, ['user.created', 'user.deactivated', 'user.activated']);
    });

    it('writes one event when two deactivate at once', async () => {
      const user = await add();
      const of = { tenantId: tenant.id, userId: user.id };
      await Promise.all(Array.from({ length: 5 }, () => deactivateUser(db, of, systemCaller)));
      assert.equal((await events(user.id)).filter((action) => action === 'user.deactivated').length, 1);
    });

    it('deletes softly: the row stays, its proofs go, the address is free', async () => {
      const user = await add({ email: 'gone@example.com', password });
      await signIn(user.id);
      await deleteUser(db, { tenantId: tenant.id, userId: user.id }, systemCaller);
      const row = await db('users').where({ id: user.id }).first('deleted_at', 'state');
      assert.ok(row.deletedAt instanceof Date);
      assert.equal(row.state, 'inactive');
      assert.equal((await db('user_identities').where({ userId: user.id })).length, 0);
      assert.deepEqual(await live(user.id), { sessions: 0, payloads: 0 });
      await deleteUser(db, { tenantId: tenant.id, userId: user.id }, systemCaller);
      assert.equal((await events(user.id)).filter((action) => action === 'user.deleted').length, 1);
      await assert.rejects(activateUser(db, { tenantId: tenant.id, userId: user.id }, systemCaller), {
        kind: 'not_found',
      });
      const again = await add({ email: 'gone@example.com', password });
      assert.notEqual(again.id, user.id);
    });

    it('reaches nobody in another tenant', async () => {
      const user = await add();
      const wrong = { tenantId: otherTenant.id, userId: user.id };
      for (const change of [deactivateUser, activateUser, deleteUser])
        await assert.rejects(change(db, wrong, systemCaller), { kind: 'not_found', code: 'NOT_FOUND' });
      await assert.rejects(deactivateUser(db, { tenantId: 'x', userId: '\0' }, systemCaller), { kind: 'not_found' });
      assert.equal(await findUser(db, wrong), undefined);
      assert.ok(await findAccount(db, user.id));
    });
  });
});
