import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRole, deleteRole } from '../../../src/domain/access/roles.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { assignRole, endAssignment, listAssignments } from '../../../src/domain/organisation/org-assignments.ts';
import { deleteOrgNode } from '../../../src/domain/organisation/org-nodes.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';

const hour = 3_600_000;
const soon = (hours: number) => new Date(Date.now() + hours * hour);

describe('role assignments', () => {
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

  /** A person, a role and a node of the tenant, to be put together. */
  async function target() {
    const tenantId = tenant.id;
    const [user, role, node] = [
      await make.createUser(db, { tenantId }),
      await make.createRole(db, { tenantId }),
      await make.createNode(db, { tenantId }),
    ];
    return { tenantId, userId: user.id, roleId: role.id, orgNodeId: node.id };
  }

  async function events(assignmentId: string): Promise<{ action: string; payload: Record<string, unknown> }[]> {
    return rows(
      db,
      `select action, payload from audit_events
        where entity_type = 'org_assignment' and entity_id = ? order by occurred_at, id`,
      [assignmentId],
    );
  }

  const own = async ({ userId }: { userId: string }) =>
    (await listAssignments(db, { tenantId: tenant.id, userId })).items;

  describe('assigning a role', () => {
    it('holds from now on until further notice, unless told otherwise', async () => {
      const wanted = await target();
      const assigner = await make.createUser(db, { tenantId: tenant.id });
      const before = Date.now();
      const made = await assignRole(db, wanted, { type: 'user', id: assigner.id });
      assert.ok(made.startsAt.getTime() >= before - 1000 && made.startsAt.getTime() <= Date.now() + 1000);
      assert.equal(made.endsAt, null);
      assert.equal(made.assignedBy, assigner.id);
      assert.deepEqual(await own(wanted), [made]);
      const { userId, roleId, orgNodeId } = wanted;
      const startsAt = made.startsAt.toISOString();
      assert.deepEqual(await events(made.id), [
        { action: 'role.assigned', payload: { userId, roleId, orgNodeId, startsAt, endsAt: null } },
      ]);
    });

    it('holds for the time it is given for, to the millisecond', async () => {
      const [startsAt, endsAt] = [new Date('2031-01-01T00:00:00.001Z'), new Date('2031-01-01T00:00:00.002Z')];
      const made = await assignRole(db, { ...(await target()), startsAt, endsAt }, systemCaller);
      assert.deepEqual([made.startsAt, made.endsAt, made.assignedBy], [startsAt, endsAt, null]);
    });

    it('refuses a time that is none', async () => {
      const wanted = await target();
      const moment = soon(1);
      const periods: [Date | undefined, Date | undefined][] = [
        [soon(2), soon(1)],
        [moment, moment],
        [undefined, soon(-1)],
        [new Date(Number.NaN), undefined],
        [undefined, new Date(Number.NaN)],
        [undefined, new Date(Date.UTC(10_000, 0))],
        [new Date(-1), undefined],
      ];
      for (const [startsAt, endsAt] of periods)
        await assert.rejects(assignRole(db, { ...wanted, startsAt, endsAt }, systemCaller), {
          kind: 'invalid',
          code: 'PERIOD_INVALID',
        });
      assert.deepEqual(await own(wanted), []);
    });

    it('refuses a user, a role or a node that is missing, deleted or of another tenant', async () => {
      const wanted = await target();
      const gone = await target();
      await db('users').where({ id: gone.userId }).update({ deletedAt: new Date() });
      await deleteRole(db, gone, systemCaller);
      await deleteOrgNode(db, gone, systemCaller);
      const theirs = {
        userId: (await make.createUser(db, { tenantId: other.id })).id,
        roleId: other.systemRoleIds.member,
        orgNodeId: other.rootNodeId,
      };
      for (const name of ['userId', 'roleId', 'orgNodeId'] as const)
        for (const id of [newId(), 'not-an-id', gone[name], theirs[name]])
          await assert.rejects(assignRole(db, { ...wanted, [name]: id }, systemCaller), {
            kind: 'not_found',
            code: 'NOT_FOUND',
          });
      await assert.rejects(assignRole(db, { ...wanted, tenantId: other.id }, systemCaller), { code: 'NOT_FOUND' });
      assert.deepEqual(await own(wanted), []);
    });

    it('refuses the same role at the same node twice at one time', async () => {
      const wanted = await target();
      const kept = { startsAt: soon(10), endsAt: soon(20) };
      await assignRole(db, { ...wanted, ...kept }, systemCaller);
      const overlapping: [Date, Date | undefined][] = [
        [soon(5), new Date(kept.startsAt.getTime() + 1)],
        [new Date(kept.endsAt.getTime() - 1), soon(30)],
        [soon(12), soon(15)],
        [soon(5), soon(30)],
        [soon(5), undefined],
        [kept.startsAt, kept.endsAt],
      ];
      for (const [startsAt, endsAt] of overlapping)
        await assert.rejects(assignRole(db, { ...wanted, startsAt, endsAt }, systemCaller), {
          kind: 'conflict',
          code: 'PERIOD_OVERLAP',
        });
      await assignRole(db, { ...wanted, startsAt: soon(5), endsAt: kept.startsAt }, systemCaller);
      await assignRole(db, { ...wanted, startsAt: kept.endsAt }, systemCaller);
      assert.equal((await own(wanted)).length, 3);
    });

    it('takes another role there, and the same role elsewhere', async () => {
      const [first, second] = [await target(), await target()];
      await assignRole(db, first, systemCaller);
      await assignRole(db, { ...first, roleId: second.roleId }, systemCaller);
      await assignRole(db, { ...first, orgNodeId: second.orgNodeId }, systemCaller);
      await assignRole(db, { ...first, userId: second.userId }, systemCaller);
      assert.equal((await own(first)).length, 3);
    });

    it('succeeds once for many who ask at once, and tells the others why', async () => {
      for (let round = 0; round < 6; round++) {
        const wanted = await target();
        const attempts = await Promise.allSettled(
          Array.from({ length: 10 }, () => assignRole(db, wanted, systemCaller)),
        );
        const refused = attempts.filter((attempt) => attempt.status === 'rejected');
        assert.equal(refused.length, 9);
        for (const { reason } of refused) assert.equal(reason.code, 'PERIOD_OVERLAP');
        const [only, ...more] = await own(wanted);
        assert.equal(more.length, 0);
        assert.equal((await events(only?.id ?? '')).length, 1);
      }
    });
  });

  describe('ending an assignment', () => {
    it('takes effect at once, and frees the place for a new one', async () => {
      const wanted = await target();
      const { id, startsAt } = await assignRole(db, { ...wanted, startsAt: soon(-1) }, systemCaller);
      await endAssignment(db, { tenantId: tenant.id, assignmentId: id }, systemCaller);
      const [ended] = await own(wanted);
      assert.ok(ended?.endsAt && Math.abs(ended.endsAt.getTime() - Date.now()) < 60_000);
      const { userId, roleId, orgNodeId } = wanted;
      const period = { startsAt: startsAt.toISOString(), endsAt: ended.endsAt.toISOString() };
      assert.deepEqual((await events(id))[1], {
        action: 'role.removed',
        payload: { userId, roleId, orgNodeId, ...period },
      });
      const again = await assignRole(db, wanted, systemCaller);
      assert.ok(again.startsAt >= ended.endsAt);
    });

    it('once more changes nothing and records nothing', async () => {
      const wanted = await target();
      const { id } = await assignRole(db, { ...wanted, startsAt: soon(-1) }, systemCaller);
      const ending = { tenantId: tenant.id, assignmentId: id };
      await endAssignment(db, ending, systemCaller);
      const [first] = await own(wanted);
      await endAssignment(db, ending, systemCaller);
      await endAssignment(db, { ...ending, endsAt: soon(5) }, systemCaller);
      assert.deepEqual(await own(wanted), [first]);
      assert.equal((await events(id)).length, 2);
    });

    it('at a later moment shortens it and never lengthens it', async () => {
      const wanted = await target();
      const { id } = await assignRole(db, { ...wanted, startsAt: soon(-1), endsAt: soon(10) }, systemCaller);
      const end = async (endsAt: Date) => {
        await endAssignment(db, { tenantId: tenant.id, assignmentId: id, endsAt }, systemCaller);
        return (await own(wanted))[0]?.endsAt;
      };
      const [five, three] = [soon(5), soon(3)];
      assert.deepEqual(await end(five), five);
      assert.deepEqual(await end(soon(8)), five);
      assert.deepEqual(await end(three), three);
      assert.equal((await events(id)).length, 3);
    });

    it('never rewrites what has been', async () => {
      const wanted = await target();
      const { id } = await assignRole(db, { ...wanted, startsAt: soon(-9) }, systemCaller);
      await endAssignment(db, { tenantId: tenant.id, assignmentId: id, endsAt: soon(-5) }, systemCaller);
      const [ended] = await own(wanted);
      assert.ok(ended?.endsAt && ended.endsAt.getTime() > Date.now() - 60_000);
    });

    it('withdraws one that has not begun', async () => {
      const wanted = await target();
      const { id } = await assignRole(db, { ...wanted, startsAt: soon(10) }, systemCaller);
      await endAssignment(db, { tenantId: tenant.id, assignmentId: id, endsAt: soon(2) }, systemCaller);
      assert.deepEqual(await own(wanted), []);
      const [, removed] = await events(id);
      assert.deepEqual([removed?.action, removed?.payload.withdrawn], ['role.removed', true]);
    });

    it('refuses one that is not there, or of another tenant', async () => {
      const theirs = await make.assign(db, { tenantId: other.id });
      for (const assignmentId of [theirs.id, newId(), 'not-an-id'])
        await assert.rejects(endAssignment(db, { tenantId: tenant.id, assignmentId }, systemCaller), {
          kind: 'not_found',
          code: 'NOT_FOUND',
        });
      assert.equal((await listAssignments(db, { tenantId: other.id, userId: theirs.userId })).items[0]?.endsAt, null);
      const endsAt = new Date(Number.NaN);
      await assert.rejects(endAssignment(db, { tenantId: other.id, assignmentId: theirs.id, endsAt }, systemCaller), {
        code: 'PERIOD_INVALID',
      });
    });
  });

  describe('listing assignments', () => {
    it('is by user or by node, within the tenant', async () => {
      const [first, second] = [await target(), await target()];
      const made = [
        await assignRole(db, first, systemCaller),
        await assignRole(db, { ...first, orgNodeId: second.orgNodeId }, systemCaller),
        await assignRole(db, { ...second, startsAt: soon(1) }, systemCaller),
      ].map(({ id }) => id);
      const ids = async (query: { tenantId?: string; limit?: number; after?: string } & Partial<typeof first>) =>
        (await listAssignments(db, { tenantId: tenant.id, ...query } as never)).items.map(({ id }) => id);
      assert.deepEqual(await ids({ userId: first.userId }), made.slice(0, 2));
      assert.deepEqual(await ids({ userId: first.userId, limit: 1 }), made.slice(0, 1));
      assert.deepEqual(await ids({ userId: first.userId, limit: 1, after: made[0] }), made.slice(1, 2));
      assert.deepEqual(await ids({ orgNodeId: second.orgNodeId }), made.slice(1));
      assert.deepEqual(await ids({ userId: second.userId, orgNodeId: second.orgNodeId }), made.slice(2));
      assert.deepEqual(await ids({ tenantId: other.id, userId: first.userId }), []);
      assert.deepEqual(await ids({ userId: 'not-an-id' }), []);
    });
  });

  describe('the last owner of a tenant', () => {
    const refused = { kind: 'conflict', code: 'LAST_OWNER' };
    let owned: NewTenant;

    beforeEach(async () => {
      owned = await make.createTenant(db);
    });

    const own = (overrides: { startsAt?: Date; endsAt?: Date; orgNodeId?: string; userId?: string } = {}) =>
      make.assign(db, { tenantId: owned.id, roleId: owned.systemRoleIds.owner, ...overrides });
    const end = (assignment: { id: string }, endsAt?: Date) =>
      endAssignment(db, { tenantId: owned.id, assignmentId: assignment.id, endsAt }, systemCaller);

    it('keeps the role, now and later', async () => {
      const owner = await own();
      await assert.rejects(end(owner), refused);
      await assert.rejects(end(owner, soon(24)), refused);
      const [kept] = (await listAssignments(db, { tenantId: owned.id, userId: owner.userId })).items;
      assert.equal(kept?.endsAt, null);
      assert.equal((await events(owner.id)).length, 1);
    });

    it('may leave when another stays', async () => {
      const [first, second] = [await own(), await own()];
      await end(first);
      await assert.rejects(end(second), refused);
    });

    it('is not another whose time has not come, has an end, or is held elsewhere', async () => {
      const owner = await own();
      await own({ startsAt: soon(1) });
      await own({ endsAt: soon(1) });
      await own({ orgNodeId: (await make.createNode(db, { tenantId: owned.id })).id });
      const namesake = await createRole(db, { tenantId: owned.id, name: 'owner of things' }, systemCaller);
      await make.assign(db, { tenantId: owned.id, roleId: namesake.id });
      const inactive = await own();
      await db('users').where({ id: inactive.userId }).update({ state: 'inactive' });
      await assert.rejects(end(owner), refused);
    });

    it('stays when two leave at once', async () => {
      const [first, second] = [await own(), await own()];
      const trx = await db.transaction();
      await endAssignment(trx, { tenantId: owned.id, assignmentId: first.id }, systemCaller);
      // Does not see yet that the first has left, and must not decide before it does.
      const ending = Promise.allSettled([end(second)]);
      await sleep(100);
      await trx.commit();
      const [outcome] = await ending;
      assert.equal(outcome.status, 'rejected');
      assert.equal((outcome as PromiseRejectedResult).reason.code, 'LAST_OWNER');
    });

    it('is neither deactivated nor deleted', async () => {
      const { userId } = await own();
      for (const change of [{ state: 'inactive' }, { deletedAt: new Date() }])
        await assert.rejects(async () => db('users').where({ id: userId }).update(change), {
          constraint: 'tenants_keep_an_owner',
        });
      await db('users').where({ id: userId }).update({ fullName: 'Renamed' });
      await own();
      await db('users').where({ id: userId }).update({ state: 'inactive' });
    });

    it('is not removed past the domain either', async () => {
      const { id } = await own();
      await assert.rejects(async () => db('org_assignments').where({ id }).delete(), {
        constraint: 'tenants_keep_an_owner',
      });
      await assert.rejects(
        async () => db('org_assignments').where({ id }).update({ roleId: owned.systemRoleIds.member }),
        { constraint: 'tenants_keep_an_owner' },
      );
    });

    it('binds nobody where there never was one', async () => {
      const lent = await own({ endsAt: soon(5) });
      await end(lent);
      const admin = await make.assign(db, { tenantId: owned.id, roleId: owned.systemRoleIds.admin });
      await end(admin);
      await db('users').where({ id: admin.userId }).update({ state: 'inactive' });
    });
  });
});
