import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { codeMethod } from '../../../src/domain/methods/code/code-method.ts';
import { federationMethod } from '../../../src/domain/methods/federation/federation-method.ts';
import { addIdentityProvider } from '../../../src/domain/methods/federation/identity-providers.ts';
import { methodNames, signInMethods } from '../../../src/domain/methods/methods.ts';
import { passwordMethod } from '../../../src/domain/methods/password/password-method.ts';
import type { Provable, SignInServer } from '../../../src/domain/sign-in/method.ts';
import { findProvable, offeredWays, waysIn } from '../../../src/domain/sign-in/ways-in.ts';
import { parseTenantSettings, type TenantSettingsInput } from '../../../src/domain/tenants/tenant-settings.ts';
import type { User } from '../../../src/domain/users/users.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';

const google = { key: 'google', issuer: 'https://accounts.example.com' };
const all: SignInServer = {
  methods: [passwordMethod, codeMethod, federationMethod],
  channels: ['email', 'sms', 'whatsapp'],
  phoneCountries: [],
  providers: [google],
};
const settingsOf = (input: TenantSettingsInput = {}) => parseTenantSettings({ countryList: ['CH'], ...input });
const names = (ways: { method: string; by: string }[]) => ways.map(({ method, by }) => `${method} ${by}`);

describe('the ways to sign in', () => {
  it('are listed, each home of one, under names of their own', () => {
    const homes = readdirSync(new URL('../../../src/domain/methods', import.meta.url), { withFileTypes: true });
    assert.equal(signInMethods.length, homes.filter((entry) => entry.isDirectory()).length);
    assert.equal(new Set(signInMethods.map(({ id }) => id)).size, signInMethods.length);
    for (const name of ['password', 'otp']) assert.ok(methodNames.includes(name), name);
  });

  it('leave their names to no identity provider', async () => {
    const wanted = { name: 'Other', issuer: 'https://other.example', clientId: 'a' };
    const options = { secrets: createSecrets([randomToken(36)]), caller: systemCaller, allowHttp: false };
    // Refused before the database is asked.
    for (const key of methodNames)
      await assert.rejects(addIdentityProvider({} as Database, { ...wanted, key }, options), {
        code: 'INVALID_INPUT',
        params: { field: 'key' },
      });
  });

  it('are offered where the tenant allows them and the server can', () => {
    const offered = (input: TenantSettingsInput, server: Partial<SignInServer> = {}) =>
      names(offeredWays(settingsOf(input), { ...all, ...server }));
    assert.deepEqual(offered({}), ['password password', 'otp email', 'otp sms', 'otp whatsapp', 'federation google']);
    assert.deepEqual(offered({}, { channels: ['sms'], providers: undefined }), ['password password', 'otp sms']);
    assert.deepEqual(offered({ codeChannels: ['email'] }), ['password password', 'otp email', 'federation google']);
    assert.deepEqual(offered({ signInMethods: ['otp'] }, { phoneCountries: ['FR'], providers: [] }), ['otp email']);
    assert.deepEqual(offered({ signInMethods: ['password'] }, { providers: [] }), ['password password']);
  });

  it('are all offered where the tenant is not known yet, with the countries of the server', () => {
    const offered = (phoneCountries: string[]) => names(offeredWays(null, { ...all, phoneCountries }));
    assert.deepEqual(offered([]), ['password password', 'otp email', 'federation google']);
    assert.equal(offered(['CH']).length, 5);
  });

  describe('that are open to somebody', () => {
    const email = { kind: 'email', address: 'a@example.org' } as const;
    const phone = { kind: 'phone', address: '+41791234567' } as const;
    const cases: [string, Partial<Provable>, TenantSettingsInput, Partial<SignInServer>, string[]][] = [
      ['nothing proved, nothing held', {}, {}, {}, []],
      ['a password', { credentials: [{ name: 'password' }] }, {}, {}, ['password password']],
      ['a password, of a tenant without', { credentials: [{ name: 'password' }] }, { signInMethods: ['otp'] }, {}, []],
      ['an email address', { addresses: [email] }, {}, {}, ['otp email']],
      ['an email address, without a mail server', { addresses: [email] }, {}, { channels: ['sms'] }, []],
      ['an email address, without codes', { addresses: [email] }, { signInMethods: ['password'] }, {}, []],
      ['a phone', { addresses: [phone] }, {}, {}, ['otp sms', 'otp whatsapp']],
      ['a phone of another country', { addresses: [{ kind: 'phone', address: '+33612345678' }] }, {}, {}, []],
      ['a phone that is not known yet', { addresses: [{ kind: 'phone' }] }, {}, { channels: ['sms'] }, ['otp sms']],
      ['a phone, of a server for elsewhere', { addresses: [{ kind: 'phone' }] }, {}, { phoneCountries: ['FR'] }, []],
      ['an identity', { credentials: [{ name: 'google', issuer: google.issuer }] }, {}, {}, ['federation google']],
      [
        'an identity, of a disabled provider',
        { credentials: [{ name: 'google', issuer: google.issuer }] },
        {},
        { providers: [] },
        [],
      ],
      [
        'an identity, of an earlier provider of the key',
        { credentials: [{ name: 'google', issuer: 'https://old.example' }] },
        {},
        {},
        [],
      ],
    ];
    for (const [what, person, settings, server, ways] of cases)
      it(`are ${ways.join(', ') || 'none'}: ${what}`, () => {
        const somebody = { addresses: [], credentials: [], ...person };
        assert.deepEqual(names(waysIn(settingsOf(settings), { ...all, ...server }, somebody)), ways);
      });
  });

  describe('of an account', () => {
    let database: TestDatabase;
    let db: Database;
    let tenantId: string;
    before(async () => {
      database = await createTestDatabase();
      db = createDatabase({ url: database.url, poolMax: 4 });
      tenantId = (await createTenant(db)).id;
    });
    after(async () => {
      await db.destroy();
      await database.drop();
    });

    async function somebody(overrides: Parameters<typeof createUser>[1] = {}): Promise<User> {
      const passwordHash = '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo';
      const user = await createUser(db, { tenantId, passwordHash, ...overrides });
      const { issuer } = google;
      await db('user_identities').insert({ tenantId, userId: user.id, provider: 'google', issuer, subject: user.id });
      return user;
    }

    it('are what it holds and the addresses that were proved', async () => {
      const user = await somebody({ emailVerified: true, phone: '+41791234567', phoneVerified: false });
      const of = { tenantId, userId: user.id };
      assert.deepEqual(await findProvable(db, of, signInMethods), {
        addresses: [{ kind: 'email', address: user.email }],
        credentials: [{ name: 'password' }, { name: 'google', issuer: google.issuer }],
      });
      const nothing = { addresses: [], credentials: [] };
      assert.deepEqual(
        await findProvable(db, { ...of, tenantId: (await createTenant(db)).id }, signInMethods),
        nothing,
      );
    });

    it('are taken away by their method alone, of this account alone', async () => {
      const [user, other] = [await somebody(), await somebody()];
      const of = { tenantId, userId: user.id };
      const held = async (userId: string) => (await findProvable(db, { tenantId, userId }, signInMethods)).credentials;
      for (const method of signInMethods) {
        const before = (await held(user.id)).map(({ name }) => name);
        const removed = await db.transaction((trx) => method.takeAway(trx, of));
        assert.deepEqual(
          (await held(user.id)).map(({ name }) => name),
          before.filter((name) => !removed.includes(name)),
          method.id,
        );
        assert.deepEqual(await db.transaction((trx) => method.takeAway(trx, of)), [], method.id);
      }
      assert.deepEqual(await held(user.id), []);
      assert.equal((await held(other.id)).length, 2);
    });
  });
});
