import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deleteOrgNode } from '../../../src/domain/organisation/org-nodes.ts';
import {
  endVisibilityGrant,
  grantVisibility,
  listVisibilityGrants,
} from '../../../src/domain/organisation/visibility-grants.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';

const hour = 3_600_000;
const soon = (hours: number) => new Date(Date.now() + hours * hour);

describe('visibility grants', () => {
  let database: TestDatabase;
  let db: Database;
  let tenant: NewTenant;
  let other: NewTenant;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url });
    tenant = await make.createTenant(db);
    other = await make.createTenant(db);
  });

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  async function target() {
    const tenantId = tenant.id;
    const userId = (await make.createUser(db, { tenantId })).id;
    return { tenantId, userId, orgNodeId: (await make.createNode(db, { tenantId })).id, accessScope: 'read' as const };
  }

  async function events(grantId: string): Promise<{ action: string; payload: Record<string, unknown> }[]> {
    return rows(
      db,
      `select action, payload from audit_events
        where entity_type = 'visibility_grant' and entity_id = ? order by occurred_at, id`,
      [grantId],
    );
  }

  const own = async ({ userId }: { userId: string }) =>
    (await listVisibilityGrants(db, { tenantId: tenant.id, userId })).items;

  it('are given for a time, and recorded', async () => {
    const wanted = await target();
    const granter = await make.createUser(db, { tenantId: tenant.id });
    const [startsAt, endsAt] = [soon(1), soon(2)];
    const made = await grantVisibility(db, { ...wanted, startsAt, endsAt }, { type: 'user', id: granter.id });
    assert.deepEqual([made.startsAt, made.endsAt, made.grantedBy], [startsAt, endsAt, granter.id]);
    assert.deepEqual(await own(wanted), [made]);
    const { tenantId, ...facts } = wanted;
    assert.equal(made.tenantId, tenantId);
    assert.deepEqual(await events(made.id), [
      {
        action: 'visibility.granted',
        payload: { ...facts, startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString() },
      },
    ]);
  });

  it('refuse a scope and a time that are none', async () => {
    const wanted = await target();
    await assert.rejects(grantVisibility(db, { ...wanted, accessScope: 'write' as never }, systemCaller), {
      code: 'INVALID_INPUT',
      params: { field: 'accessScope' },
    });
    for (const period of [{ endsAt: soon(-1) }, { startsAt: soon(2), endsAt: soon(1) }])
      await assert.rejects(grantVisibility(db, { ...wanted, ...period }, systemCaller), { code: 'PERIOD_INVALID' });
    assert.deepEqual(await own(wanted), []);
  });

  it('refuse a user or a node that is missing, deleted or of another tenant', async () => {
    const [wanted, gone] = [await target(), await target()];
    await db('users').where({ id: gone.userId }).update({ deletedAt: new Date() });
    await deleteOrgNode(db, gone, systemCaller);
    const theirs = { userId: (await make.createUser(db, { tenantId: other.id })).id, orgNodeId: other.rootNodeId };
    for (const name of ['userId', 'orgNodeId'] as const)
      for (const id of [newId(), 'not-an-id', gone[name], theirs[name]])
        await assert.rejects(grantVisibility(db, { ...wanted, [name]: id }, systemCaller), {
          kind: 'not_found',
          code: 'NOT_FOUND',
        });
  });

  it('are not given twice for one time, but each scope is its own', async () => {
    const wanted = await target();
    const attempts = await Promise.allSettled(
      Array.from({ length: 4 }, () => grantVisibility(db, wanted, systemCaller)),
    );
    const refused = attempts.filter((attempt) => attempt.status === 'rejected');
    assert.deepEqual(
      refused.map(({ reason }) => reason.code),
      ['PERIOD_OVERLAP', 'PERIOD_OVERLAP', 'PERIOD_OVERLAP'],
    );
    await grantVisibility(db, { ...wanted, accessScope: 'analyze' }, systemCaller);
    assert.equal((await own(wanted)).length, 2);
  });

  it('end once, at once or later, or are withdrawn before they begin', async () => {
    const wanted = await target();
    const tenantId = tenant.id;
    const running = await grantVisibility(db, { ...wanted, startsAt: soon(-1) }, systemCaller);
    const coming = await grantVisibility(db, { ...wanted, accessScope: 'analyze', startsAt: soon(9) }, systemCaller);
    const later = soon(3);
    await endVisibilityGrant(db, { tenantId, grantId: running.id, endsAt: later }, systemCaller);
    assert.deepEqual((await own(wanted))[0]?.endsAt, later);
    await endVisibilityGrant(db, { tenantId, grantId: running.id }, systemCaller);
    await endVisibilityGrant(db, { tenantId, grantId: running.id }, systemCaller);
    await endVisibilityGrant(db, { tenantId, grantId: coming.id }, systemCaller);
    const [ended, ...more] = await own(wanted);
    assert.ok(ended?.endsAt && Math.abs(ended.endsAt.getTime() - Date.now()) < 60_000);
    assert.equal(more.length, 0);
    assert.deepEqual(
      (await events(running.id)).map(({ action }) => action),
      ['visibility.granted', 'visibility.ended', 'visibility.ended'],
    );
    assert.equal((await events(coming.id))[1]?.payload.withdrawn, true);
  });

  it('of another tenant are neither ended nor listed', async () => {
    const userId = (await make.createUser(db, { tenantId: other.id })).id;
    const theirs = await grantVisibility(
      db,
      { tenantId: other.id, userId, orgNodeId: other.rootNodeId, accessScope: 'read' },
      systemCaller,
    );
    for (const grantId of [theirs.id, newId(), 'not-an-id'])
      await assert.rejects(endVisibilityGrant(db, { tenantId: tenant.id, grantId }, systemCaller), {
        kind: 'not_found',
        code: 'NOT_FOUND',
      });
    assert.deepEqual((await listVisibilityGrants(db, { tenantId: tenant.id, userId })).items, []);
    assert.deepEqual((await listVisibilityGrants(db, { tenantId: tenant.id, orgNodeId: other.rootNodeId })).items, []);
    assert.deepEqual((await listVisibilityGrants(db, { tenantId: other.id, orgNodeId: other.rootNodeId })).items, [
      theirs,
    ]);
  });
});
