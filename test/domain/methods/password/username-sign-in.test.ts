import assert from 'node:assert/strict';
import { systemCaller } from '../../../../src/domain/audit/audit-events.ts';
import { createPasswordHasher, type PasswordHasher } from '../../../../src/domain/methods/password/password-hash.ts';
import { signInWithPassword } from '../../../../src/domain/methods/password/password-sign-in.ts';
import { createTenant } from '../../../../src/domain/setup/create-tenant.ts';
import { unlockAccount } from '../../../../src/domain/sign-in/unlock-account.ts';
import { updateTenantSettings } from '../../../../src/domain/tenants/tenants.ts';
import { parseUsername } from '../../../../src/domain/users/username.ts';
import { createUser, type User } from '../../../../src/domain/users/users.ts';
import { createDatabase, type Database } from '../../../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { keepWaiting } from '../../../support/held-back.ts';
import { unlimited } from '../../../support/limits.ts';

const secrets = createSecrets([randomToken(48)]);
const hasher = createPasswordHasher({ memoryKiB: 64, iterations: 1, longestWaitMs: 600_000 });
const right = 'lantern orbit velvet';

describe('signing in with a username and a password', () => {
  let database: TestDatabase;
  let db: Database;
  let school: string;
  let office: string;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 8, acquireTimeoutMs: 60_000 });
    const settings = { usernames: true };
    school = (await createTenant(db, { slug: 'school', name: 'School', settings }, systemCaller)).id;
    office = (await createTenant(db, { slug: 'office', name: 'Office' }, systemCaller)).id;
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  async function add(tenantId: string, username: string, more: { email?: string } = {}): Promise<User> {
    return createUser(
      db,
      { tenantId, username, password: right, ...more },
      { passwords: hasher, caller: systemCaller },
    );
  }

  const calls = { nothing: 0, real: 0 };
  const passwords: PasswordHasher = {
    ...hasher,
    verify: (hash: string, password: string) => {
      calls.real += 1;
      return hasher.verify(hash, password);
    },
    verifyAgainstNothing: (password: string) => {
      calls.nothing += 1;
      return hasher.verifyAgainstNothing(password);
    },
    // What an attempt compares is counted as well.
    forAttempt: (hashes: number) => {
      const { verify, verifyForeign, verifyAgainstNothing } = passwords;
      return { verify, verifyForeign, verifyAgainstNothing, leave: hasher.forAttempt(hashes).leave };
    },
  };
  const tryIn = (address: string, tenantId: string | null, password = right) =>
    signInWithPassword(
      db,
      { address, password, tenantId },
      { passwords, secrets, limits: unlimited, caller: systemCaller },
    );
  const refused = { code: 'INVALID_CREDENTIALS' };

  it('proves the account, whatever the case, the width and the space around it', async () => {
    const { id } = await add(school, 'Ada.Lovelace');
    for (const typed of ['Ada.Lovelace', 'ada.lovelace', ' ADA.LOVELACE\u200b', 'ａｄａ.lovelace']) {
      const { accounts } = await tryIn(typed, school);
      assert.deepEqual(
        accounts.map(({ userId }) => userId),
        [id],
        typed,
      );
    }
    await assert.rejects(tryIn('ada.lovelace', school, 'another password'), refused);
  });

  it('is off until the tenant allows it, and again when it allows it no more', async () => {
    await add(office, 'grace');
    await assert.rejects(tryIn('grace', office), refused);
    await updateTenantSettings(db, office, { usernames: true }, systemCaller);
    assert.equal((await tryIn('grace', office)).accounts.length, 1);
    await updateTenantSettings(db, office, { usernames: false }, systemCaller);
    await assert.rejects(tryIn('grace', office), refused);
  });

  it('finds nobody of another tenant, and nobody where the tenant is not known', async () => {
    await updateTenantSettings(db, office, { usernames: true }, systemCaller);
    const [here, there] = [await add(school, 'twin'), await add(office, 'twin')];
    assert.equal((await tryIn('twin', school)).accounts[0]?.userId, here.id);
    assert.equal((await tryIn('twin', office)).accounts[0]?.userId, there.id);
    await add(school, 'lonely');
    await assert.rejects(tryIn('lonely', office), refused);
    await assert.rejects(tryIn('lonely', null), refused);
  });

  it('costs the same for a name that nobody has, and is counted and refused alike', async () => {
    await add(school, 'known');
    const costs = async (name: string) => {
      Object.assign(calls, { nothing: 0, real: 0 });
      await assert.rejects(tryIn(name, school, 'not the right one'), refused);
      return calls.nothing + calls.real;
    };
    assert.equal(await costs('known'), 1);
    assert.equal(await costs('nobody'), 1);
    const answers = { known: [] as string[], nobody: [] as string[] };
    for (let n = 0; n < 12; n += 1)
      for (const name of ['known', 'nobody'] as const) {
        answers[name].push(await tryIn(name, school, 'not the right one').catch(({ code }) => code));
        await keepWaiting(db);
      }
    assert.deepEqual(answers.known, answers.nobody);
    assert.equal(answers.known.at(-1), 'TOO_MANY_ATTEMPTS');
  });

  it('counts guesses by the name and by the address as those at one account, and frees both', async () => {
    const user = await add(school, 'both', { email: 'both@example.test' });
    for (let n = 0; n < 6; n += 1) {
      await tryIn('both', school, 'wrong by name').catch(() => undefined);
      await tryIn('both@example.test', school, 'wrong by address').catch(() => undefined);
    }
    await keepWaiting(db);
    // Ten were wrong: the right one is not compared by either door.
    await assert.rejects(tryIn('BOTH', school));
    await assert.rejects(tryIn('both@example.test', school));
    await unlockAccount(db, { tenantId: school, userId: user.id }, { secrets, caller: systemCaller });
    assert.equal((await tryIn('both', school)).accounts.length, 1);
    assert.equal((await tryIn('both@example.test', school)).accounts.length, 1);
  });

  it('takes nothing for a username that could be an address or a number', () => {
    for (const text of [
      'ada@example.test',
      'ada@',
      '+41791234567',
      '079 123 45 67',
      '079-1234567',
      '12345',
      'a b',
      '',
      ' ',
    ])
      assert.equal(parseUsername(text), undefined, text);
    for (const text of ['a\u202eb', 'a\nb', 'x'.repeat(65), '\ud800']) assert.equal(parseUsername(text), undefined);
    assert.equal(parseUsername('pupil-2031'), 'pupil-2031');
    assert.equal(parseUsername('ÉLODIE'), 'élodie');
  });
});
