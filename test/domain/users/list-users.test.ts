import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deactivateUser, deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { findUserByIdOrAddress, listUsers } from '../../../src/domain/users/list-users.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';

describe('listing the people of a tenant', () => {
  let database: TestDatabase;
  let db: Database;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 3 });
  });
  after(async () => {
    await db.destroy();
    await database.drop();
  });

  it('shows this tenant alone, page by page, without those who were deleted', async () => {
    const { id: tenantId } = await createTenant(db);
    const stranger = await createUser(db);
    const made = [];
    for (let n = 0; n < 4; n++) made.push(await createUser(db, { tenantId }));
    const [, inactive, gone] = made.map(({ id }) => id) as [string, string, string, string];
    await deactivateUser(db, { tenantId, userId: inactive }, systemCaller);
    await deleteUser(db, { tenantId, userId: gone }, systemCaller);
    const kept = made.map(({ id }) => id).filter((id) => id !== gone);

    const first = await listUsers(db, { tenantId, limit: 2 });
    const second = await listUsers(db, { tenantId, limit: 2, after: first.next });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ id }) => id),
      kept,
    );
    assert.equal(second.next, null);
    assert.deepEqual(
      Object.keys(first.items[0] ?? {}).filter((name) => /page/i.test(name)),
      [],
    );

    const ids = async (query: object) => (await listUsers(db, { tenantId, ...query })).items.map(({ id }) => id);
    assert.deepEqual(await ids({ state: 'inactive' }), [inactive]);
    assert.deepEqual(
      await ids({ after: stranger.id }),
      kept.filter((id) => id > stranger.id),
    );
    assert.deepEqual(await ids({ tenantId: newId() }), []);
    assert.deepEqual(await ids({ tenantId: 'x' }), []);
  });

  it('finds one by id or address, whatever the form, and never in another tenant', async () => {
    const { id: tenantId } = await createTenant(db);
    const { id: elsewhere } = await createTenant(db);
    const user = await createUser(db, { tenantId, email: 'lin@example.test', phone: '+41791234567' });
    for (const named of [user.id, 'Lin@Example.TEST', '+41 79 123 45 67']) {
      assert.equal((await findUserByIdOrAddress(db, tenantId, named))?.id, user.id, named);
      assert.equal(await findUserByIdOrAddress(db, elsewhere, named), undefined, named);
    }
    for (const named of ['', 'lin', newId(), "' or true --"])
      assert.equal(await findUserByIdOrAddress(db, tenantId, named), undefined, named);
    await deleteUser(db, { tenantId, userId: user.id }, systemCaller);
    assert.equal(await findUserByIdOrAddress(db, tenantId, user.id), undefined);
  });
});
