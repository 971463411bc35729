import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { activateUser, deactivateUser } from '../../../src/domain/lifecycle/end-person.ts';
import { eraseInactivePeople } from '../../../src/domain/lifecycle/erase-inactive.ts';
import { updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';

const secrets = createSecrets([randomToken(48)]);

describe('people who stay deactivated', () => {
  let database: TestDatabase;
  let db: Database;
  let otherNode: Database;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 4, acquireTimeoutMs: 60_000 });
    otherNode = createDatabase({ url: database.url, poolMax: 4, acquireTimeoutMs: 60_000 });
    tenantId = (await make.createTenant(db)).id;
    await updateTenantSettings(db, tenantId, { inactiveErasureDays: 30 }, systemCaller);
  });
  after(async () => {
    await db?.destroy();
    await otherNode?.destroy();
    await database?.drop();
  });

  const run = (on: Database = db) => eraseInactivePeople(on, { secrets, sealedAbove: [] });
  const rowOf = (userId: string) => db('users').where({ id: userId }).first();
  /** @param days how long ago, by the clock of the database */
  async function inactiveFor(days: number | null, at = tenantId) {
    const { id: userId } = await make.createUser(db, { tenantId: at });
    await deactivateUser(db, { tenantId: at, userId }, systemCaller);
    const since = days === null ? null : db.raw('now() - make_interval(days => ?)', [days]);
    await db('users').where({ id: userId }).update({ deactivatedAt: since });
    return userId;
  }

  it('are erased after the days of their tenant, once, by as many as there are, and the trail says why', async () => {
    const [due, early] = [await inactiveFor(31), await inactiveFor(29)];
    await Promise.all([run(), run(otherNode), run(), run(otherNode)]);
    const gone = await rowOf(due);
    assert.ok(gone.erasedAt && gone.deletedAt);
    assert.deepEqual([gone.email, gone.fullName], [null, null]);
    const events = await db('audit_events').where({ entityId: due, action: 'user.erased' });
    assert.deepEqual(
      events.map(({ actorType, payload }) => [actorType, payload.cause]),
      [['system', 'inactive_erasure_days']],
    );
    assert.equal((await rowOf(early)).erasedAt, null);
  });

  it('stay where the tenant says nothing, and where it has changed its mind', async () => {
    const silent = (await make.createTenant(db)).id;
    const [there, here] = [await inactiveFor(4_000, silent), await inactiveFor(4_000)];
    await updateTenantSettings(db, tenantId, { inactiveErasureDays: null }, systemCaller);
    await run();
    for (const userId of [there, here]) assert.equal((await rowOf(userId)).erasedAt, null);
    await updateTenantSettings(db, tenantId, { inactiveErasureDays: 30 }, systemCaller);
    await run();
    assert.ok((await rowOf(here)).erasedAt);
  });

  it('count anew where they were let in and stopped again, and not while they are let in', async () => {
    const userId = await inactiveFor(31);
    await activateUser(db, { tenantId, userId }, systemCaller);
    await run();
    assert.deepEqual([(await rowOf(userId)).erasedAt, (await rowOf(userId)).deactivatedAt], [null, null]);
    await deactivateUser(db, { tenantId, userId }, systemCaller);
    await run();
    assert.equal((await rowOf(userId)).erasedAt, null);
    assert.ok((await rowOf(userId)).deactivatedAt);
  });

  it('who were it before that was written down count from the first look', async () => {
    const userId = await inactiveFor(null);
    await run();
    const { deactivatedAt, erasedAt } = await rowOf(userId);
    assert.ok(deactivatedAt);
    assert.equal(erasedAt, null);
  });

  it('are never the last owner, who cannot be deactivated', async () => {
    const owner = await make.createUser(db, { tenantId });
    const second = await make.createUser(db, { tenantId });
    const { id: roleId } = await db('roles').where({ tenantId, name: 'owner' }).first();
    const { id: orgNodeId } = await db('org_nodes').where({ tenantId, parentId: null }).first();
    for (const { id: userId } of [owner, second]) await make.assign(db, { tenantId, userId, roleId, orgNodeId });
    await deactivateUser(db, { tenantId, userId: second.id }, systemCaller);
    await assert.rejects(deactivateUser(db, { tenantId, userId: owner.id }, systemCaller), { code: 'LAST_OWNER' });
    await db('users')
      .where({ id: second.id })
      .update({ deactivatedAt: new Date(0) });
    await run();
    assert.ok((await rowOf(second.id)).erasedAt);
    assert.equal((await rowOf(owner.id)).state, 'active');
  });
});
