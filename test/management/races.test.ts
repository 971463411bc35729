import assert from 'node:assert/strict';
import { findStanding, mayGiveCapability, mayGiveRole } from '../../src/domain/access/authorise.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { assignRole } from '../../src/domain/organisation/org-assignments.ts';
import { DomainError } from '../../src/platform/errors.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import * as make from '../support/factories.ts';
import { performAs } from '../support/management.ts';

describe('a role that is given while a capability is put into it', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  /** Manages and gives roles everywhere, and has nothing to do with the trail. */
  let managerId: string;
  let ask: ReturnType<typeof performAs>;
  const wanted = 'audit.read';

  before(async () => {
    app = await startTestApp({ mailbox: true, runJobs: false });
    const tenant = await app.tenant();
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    const capabilities = [
      'roles.manage',
      'roles.read',
      'roles.assign',
      'users.read',
      'users.manage',
      'invitations.manage',
    ];
    const { id: roleId } = await make.createRole(app.db, { tenantId, capabilities });
    const { id: userId } = await app.person({ tenantId });
    await assignRole(app.db, { tenantId, userId, roleId, orgNodeId: rootId }, systemCaller);
    managerId = userId;
    ask = performAs(app, { tenantId, userId });
  });
  after(() => app?.stop());

  const outcome = (asked: Promise<unknown>): Promise<'done' | 'refused'> =>
    asked.then(
      () => 'done' as const,
      (error: unknown) => {
        assert.ok(error instanceof DomainError && error.code === 'PRIVILEGE_EXCEEDED', String(error));
        return 'refused' as const;
      },
    );

  /** Everybody who holds what nobody could give them. */
  async function holders(roleId: string): Promise<number> {
    const [row] = (
      await app.db.raw(
        `select count(*) as n
           from org_assignments a
           join role_capabilities rc on rc.role_id = a.role_id
           join capabilities c on c.id = rc.capability_id and c.key = ?
          where a.role_id = ? and (a.ends_at is null or a.ends_at > now())`,
        [wanted, roleId],
      )
    ).rows;
    return Number(row.n);
  }

  const ways: Record<string, (roleId: string) => Promise<unknown>> = {
    'an assignment': async (roleId) => {
      const { id } = await app.person({ tenantId });
      return ask('assignments.create', { body: { user_id: id, role_id: roleId, org_node_id: rootId } });
    },
    'a new person': (roleId) =>
      ask('users.create', {
        body: { email: `${crypto.randomUUID()}@example.test`, assignments: [{ role_id: roleId, org_node_id: rootId }] },
      }),
  };

  for (const [what, give] of Object.entries(ways))
    it(`is refused to the later of the two: ${what}`, async () => {
      for (let round = 0; round < 12; round++) {
        const { id: roleId } = await make.createRole(app.db, { tenantId });
        const put = () => ask('roles.capabilities.add', { params: { role_id: roleId, capability: wanted } });
        const attempts = Array.from({ length: 4 }, () => outcome(give(roleId)));
        const puts = Array.from({ length: 4 }, () => outcome(put()));
        const [given, putIn] = [await Promise.all(attempts), await Promise.all(puts)];
        assert.equal(await holders(roleId), 0, `${given} ${putIn}`);
        assert.ok([...given, ...putIn].includes('done'), 'somebody was the first');
      }
    });

  it('waits, of the two, for the other one to be through', async () => {
    const { id: roleId } = await make.createRole(app.db, { tenantId });
    const { id: userId } = await app.person({ tenantId });
    const standing = await findStanding(app.db, { tenantId, of: { person: managerId } });
    assert.ok(standing);
    const giving = await app.db.transaction();
    const filling = await app.db.transaction();
    try {
      assert.equal(await mayGiveRole(giving, standing, { roleId, orgNodeId: rootId, endsAt: null }), true);
      const may = mayGiveCapability(filling, standing, { roleId, capability: wanted });
      await eventually(async () => (await waiting()) === 1, 'who fills it waits');
      await assignRole(giving, { tenantId, userId, roleId, orgNodeId: rootId }, systemCaller);
      await giving.commit();
      assert.equal(await may, false, 'it is held now');
    } finally {
      if (!giving.isCompleted()) await giving.rollback();
      await filling.rollback();
    }
  });

  async function waiting(): Promise<number> {
    const { rows } = await app.db.raw(
      `select count(*) as n from pg_locks l join pg_stat_activity s on s.pid = l.pid
        where not l.granted and s.datname = current_database()`,
    );
    return Number(rows[0].n);
  }
});
