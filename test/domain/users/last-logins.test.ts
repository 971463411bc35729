/** The triggers of `users`: the order of last sign-ins follows, and a sign-in is no change of the profile. */
import assert from 'node:assert/strict';
import { createDatabase, type Database, firstRow, rows } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createUser } from '../../support/factories.ts';

describe('what follows an account', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 2 });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const at = async (userId: string) =>
    (
      await firstRow<{ lastLoginAt: Date }>(db, 'select last_login_at from user_last_logins where user_id = ?', [
        userId,
      ])
    )?.lastLoginAt;

  it('is its place in the order of last sign-ins, from the first moment to its erasure', async () => {
    const { id } = await createUser(db);
    assert.deepEqual(await at(id), new Date(0));
    const moment = new Date('2026-11-01T10:00:00Z');
    await db('users').where({ id }).update({ lastLoginAt: moment });
    assert.deepEqual(await at(id), moment);
    await db('users').where({ id }).update({ lastLoginAt: null });
    assert.deepEqual(await at(id), new Date(0));
    await db('users').where({ id }).delete();
    assert.equal(await at(id), undefined);
  });

  it('is when the profile changed: every column counts but those that tell of sign-ins and of a wish to be deleted', async () => {
    const [{ named = [] } = {}] = await rows<{ named: string[] }>(
      db,
      `select array_agg(a.attname::text order by a.attname) as named
         from pg_trigger t join pg_attribute a on a.attrelid = t.tgrelid and a.attnum = any(t.tgattr::int2[])
        where t.tgname = 'users_touch'`,
    );
    const all = await rows<{ name: string }>(
      db,
      `select column_name::text as name from information_schema.columns where table_name = 'users' order by 1`,
    );
    const never = ['id', 'last_login_at', 'password_changed_at', 'created_at', 'tenant_id', 'updated_at', 'updated_by'];
    const wish = ['deletion_requested_at', 'deletion_due_at'];
    // Set by a trigger of `state`, which counts.
    const follows = ['deactivated_at'];
    assert.deepEqual(
      all.map(({ name }) => name).filter((name) => ![...never, ...wish, ...follows].includes(name)),
      named,
      'a new column of users is named in the trigger users_touch, in a migration',
    );
  });
});
