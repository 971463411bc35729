import assert from 'node:assert/strict';
import { findEffectiveAccess } from '../../../src/domain/access/effective-access.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import {
  createCompany,
  joinCompany,
  leaveCompany,
  listCompanyMembers,
  setCompanyActive,
} from '../../../src/domain/organisation/companies.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createNode, createTenant, createUser } from '../../support/factories.ts';

describe('companies', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  it('are joined and left, and the history stays', async () => {
    const tenant = await createTenant(db);
    const tenantId = tenant.id;
    const company = await createCompany(db, { tenantId, name: 'Acme' }, systemCaller);
    assert.equal(company.type, 'company');
    const { id: userId } = await createUser(db, { tenantId });
    await joinCompany(db, { tenantId, companyId: company.id, userId }, systemCaller);
    assert.deepEqual((await findEffectiveAccess(db, { tenantId, userId })).roles, ['member']);
    const [member] = (await listCompanyMembers(db, { tenantId, companyId: company.id })).items;
    assert.deepEqual([member?.userId, member?.leftAt, member?.active], [userId, null, true]);

    await leaveCompany(db, { tenantId, companyId: company.id, userId }, systemCaller);
    assert.deepEqual((await findEffectiveAccess(db, { tenantId, userId })).roles, []);
    const [former] = (await listCompanyMembers(db, { tenantId, companyId: company.id })).items;
    assert.ok(former?.leftAt instanceof Date);
    assert.equal(former.active, false);
    await joinCompany(db, { tenantId, companyId: company.id, userId }, systemCaller);
    const [again] = (await listCompanyMembers(db, { tenantId, companyId: company.id })).items;
    assert.deepEqual([again?.leftAt, again?.active], [null, true]);

    const { rows } = await db.raw(`select action from audit_events where entity_id = ? order by occurred_at, id`, [
      company.id,
    ]);
    assert.deepEqual(
      rows.map((row: { action: string }) => row.action),
      ['org_node.created', 'company.joined', 'company.left', 'company.joined'],
    );
  });

  it('take nobody twice, and let nobody go who is not there', async () => {
    const { id: tenantId } = await createTenant(db);
    const company = await createCompany(db, { tenantId, name: 'Acme' }, systemCaller);
    const { id: userId } = await createUser(db, { tenantId });
    const join = () => joinCompany(db, { tenantId, companyId: company.id, userId }, systemCaller);
    const results = await Promise.allSettled(Array.from({ length: 10 }, join));
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
    const leave = (who: string) => leaveCompany(db, { tenantId, companyId: company.id, userId: who }, systemCaller);
    await leave(userId);
    await leave(userId);
    assert.equal((await db('audit_events').where({ entityId: company.id, action: 'company.left' })).length, 1);
    const { id: stranger } = await createUser(db, { tenantId });
    await assert.rejects(leave(stranger), { code: 'NOT_FOUND' });
  });

  it('show their members page by page, the latest first', async () => {
    const { id: tenantId } = await createTenant(db);
    const company = await createCompany(db, { tenantId, name: 'Acme' }, systemCaller);
    const joined: string[] = [];
    for (let n = 0; n < 5; n++) {
      const { id: userId } = await createUser(db, { tenantId });
      await joinCompany(db, { tenantId, companyId: company.id, userId }, systemCaller);
      joined.unshift(userId);
    }
    const list = (after: string | null) => listCompanyMembers(db, { tenantId, companyId: company.id, limit: 2, after });
    const first = await list(null);
    // Who joins between two pages belongs to the first, and moves nobody of the second.
    const late = await createUser(db, { tenantId });
    await joinCompany(db, { tenantId, companyId: company.id, userId: late.id }, systemCaller);
    const second = await list(first.next);
    const third = await list(second.next);
    assert.deepEqual(
      [...first.items, ...second.items, ...third.items].map(({ userId }) => userId),
      joined,
    );
    assert.equal(third.next, null);
    await assert.rejects(list(late.id), { code: 'CURSOR_INVALID' });
  });

  it('that are closed give nothing until they are opened again', async () => {
    const { id: tenantId } = await createTenant(db);
    const company = await createCompany(db, { tenantId, name: 'Acme' }, systemCaller);
    const { id: userId } = await createUser(db, { tenantId });
    await joinCompany(db, { tenantId, companyId: company.id, userId }, systemCaller);
    await setCompanyActive(db, { tenantId, companyId: company.id, active: false }, systemCaller);
    assert.deepEqual((await findEffectiveAccess(db, { tenantId, userId })).roles, []);
    assert.equal((await listCompanyMembers(db, { tenantId, companyId: company.id })).items[0]?.active, false);
    await setCompanyActive(db, { tenantId, companyId: company.id, active: true }, systemCaller);
    assert.deepEqual((await findEffectiveAccess(db, { tenantId, userId })).roles, ['member']);
  });

  it('are no other nodes, and none of another tenant', async () => {
    const { id: tenantId } = await createTenant(db);
    const { id: otherId } = await createTenant(db);
    const school = await createNode(db, { tenantId, type: 'school' });
    const company = await createCompany(db, { tenantId, name: 'Acme' }, systemCaller);
    const { id: userId } = await createUser(db, { tenantId });
    const refused = { code: 'NOT_FOUND' };
    await assert.rejects(joinCompany(db, { tenantId, companyId: school.id, userId }, systemCaller), refused);
    await assert.rejects(joinCompany(db, { tenantId: otherId, companyId: company.id, userId }, systemCaller), refused);
    await assert.rejects(
      setCompanyActive(db, { tenantId: otherId, companyId: company.id, active: false }, systemCaller),
      refused,
    );
    const { id: strangerId } = await createUser(db, { tenantId: otherId });
    await assert.rejects(
      joinCompany(db, { tenantId, companyId: company.id, userId: strangerId }, systemCaller),
      refused,
    );
    assert.deepEqual((await listCompanyMembers(db, { tenantId: otherId, companyId: company.id })).items, []);
  });
});
