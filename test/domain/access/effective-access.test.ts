import assert from 'node:assert/strict';
import { permittedNodes, permittedUsers } from '../../../src/domain/access/decisions.ts';
import { type EffectiveAccess, findEffectiveAccess } from '../../../src/domain/access/effective-access.ts';
import { deleteRole, revokeCapabilityFromRole } from '../../../src/domain/access/roles.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { activateTenant, suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import { endAssignment } from '../../../src/domain/organisation/org-assignments.ts';
import {
  activateOrgNode,
  deactivateOrgNode,
  deleteOrgNode,
  moveOrgNode,
} from '../../../src/domain/organisation/org-nodes.ts';
import { grantVisibility } from '../../../src/domain/organisation/visibility-grants.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';

const nothing: EffectiveAccess = {
  roles: [],
  capabilities: [],
  assignments: [],
  visibilityGrants: [],
  earliestEnd: null,
};

describe('effective access', () => {
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

  async function capabilitiesAt(query: { tenantId: string; userId: string; orgNodeId: string }): Promise<string[]> {
    return (await findEffectiveAccess(db, query)).capabilities;
  }

  /** As an API of the tenant is told, of capabilities that are of no API. */
  const asker = (tenantId: string) => ({ tenantId, resourceServerId: newId() });
  const action = (name: string) => ({ name, properties: {} });

  async function nodesWhere(query: { tenantId: string; userId: string; capability: string }) {
    const asked = { person: query.userId, action: action(query.capability), type: null };
    return (await permittedNodes(db, asker(query.tenantId), asked)).items;
  }

  async function peopleAt(query: { tenantId: string; orgNodeId: string; capability: string }) {
    const asked = { node: { name: query.orgNodeId, type: null }, action: action(query.capability) };
    return (await permittedUsers(db, asker(query.tenantId), asked)).items;
  }

  /** company > school > class, and a person who teaches at the school. */
  async function school() {
    const tenant = await make.createTenant(db);
    const tenantId = tenant.id;
    const company = await make.createNode(db, { tenantId, type: 'company', name: 'Company' });
    const place = await make.createNode(db, { tenantId, type: 'school', name: 'School', parentId: company.id });
    const group = await make.createNode(db, { tenantId, type: 'class', name: 'Class', parentId: place.id });
    const role = await make.createRole(db, {
      tenantId,
      name: 'Teacher',
      capabilities: ['grades.write', 'grades.read'],
    });
    const user = await make.createUser(db, { tenantId });
    const assignment = await make.assign(db, { tenantId, userId: user.id, roleId: role.id, orgNodeId: place.id });
    const person = { tenantId, userId: user.id };
    const at = (orgNodeId: string) => capabilitiesAt({ ...person, orgNodeId });
    return { tenant, tenantId, company, place, group, role, user, assignment, person, at };
  }

  it('is what a person holds, and where', async () => {
    const { person, assignment, company, place, group, tenant, at } = await school();
    const { startsAt } = assignment;
    assert.deepEqual(await findEffectiveAccess(db, person), {
      roles: ['Teacher'],
      capabilities: ['grades.read', 'grades.write'],
      assignments: [
        {
          id: assignment.id,
          role: 'Teacher',
          orgNodeId: place.id,
          orgNode: 'School',
          orgNodeType: 'school',
          startsAt,
          endsAt: null,
        },
      ],
      visibilityGrants: [],
      earliestEnd: null,
    });
    assert.deepEqual(await at(tenant.rootNodeId), []);
    assert.deepEqual(await at(company.id), []);
    assert.deepEqual(await at(place.id), ['grades.read', 'grades.write']);
    assert.deepEqual(await at(group.id), ['grades.read', 'grades.write']);
    const query = { ...person, capability: 'grades.read' };
    assert.deepEqual(await nodesWhere(query), [
      { id: place.id, parentId: company.id, type: 'school', name: 'School', externalId: null },
      { id: group.id, parentId: place.id, type: 'class', name: 'Class', externalId: null },
    ]);
    assert.deepEqual(await nodesWhere({ ...query, capability: 'grades.none' }), []);
  });

  it('says who may do something somewhere', async () => {
    const { tenantId, place, group, company, user } = await school();
    const query = { tenantId, capability: 'grades.write' };
    const teacher = [{ id: user.id, fullName: user.fullName, email: user.email, externalId: null }];
    assert.deepEqual(await peopleAt({ ...query, orgNodeId: group.id }), teacher);
    assert.deepEqual(await peopleAt({ ...query, orgNodeId: place.id }), teacher);
    assert.deepEqual(await peopleAt({ ...query, orgNodeId: company.id }), []);
  });

  it('begins at the first moment of an assignment and is over at its end', async () => {
    const { tenantId } = await school();
    const [startsAt, endsAt] = [new Date('2020-03-01T08:00:00.000Z'), new Date('2020-03-01T09:00:00.000Z')];
    const { userId, orgNodeId } = await make.assign(db, { tenantId, startsAt, endsAt });
    const user = { tenantId, userId };
    await grantVisibility(db, { ...user, orgNodeId, accessScope: 'read', startsAt, endsAt }, systemCaller);
    const held = async (ms: number) => {
      const access = await findEffectiveAccess(db, { ...user, at: new Date(ms) });
      assert.equal(access.visibilityGrants.length, access.assignments.length);
      assert.deepEqual(access.earliestEnd, access.assignments.length > 0 ? endsAt : null);
      return access.assignments.length;
    };
    assert.equal(await held(startsAt.getTime() - 1), 0);
    assert.equal(await held(startsAt.getTime()), 1);
    assert.equal(await held(endsAt.getTime() - 1), 1);
    assert.equal(await held(endsAt.getTime()), 0);
  });

  it('goes when its time is over, with nobody doing anything', async () => {
    const { tenantId } = await school();
    const { id, userId } = await make.assign(db, { tenantId, endsAt: new Date(Date.now() + 3_600_000) });
    assert.equal((await findEffectiveAccess(db, { tenantId, userId })).assignments.length, 1);
    await db('org_assignments')
      .where({ id })
      .update({ endsAt: new Date(Date.now() + 500) });
    await eventually(async () => {
      assert.deepEqual(await findEffectiveAccess(db, { tenantId, userId }), nothing);
      return true;
    });
  });

  it('is of the moment of asking, not of the beginning of a transaction', async () => {
    const { tenantId, person, role, tenant } = await school();
    const trx = await db.transaction();
    await trx.raw('select now(), pg_sleep(0.02)');
    const { id } = await make.assign(trx, { ...person, roleId: role.id, orgNodeId: tenant.rootNodeId });
    assert.equal((await findEffectiveAccess(trx, person)).assignments.length, 2);
    await endAssignment(trx, { tenantId, assignmentId: id }, systemCaller);
    assert.equal((await findEffectiveAccess(trx, person)).assignments.length, 1);
    await trx.rollback();
  });

  it('ends at the first end of all', async () => {
    const { tenantId, user, place } = await school();
    const [first, second] = [new Date(Date.now() + 60_000), new Date(Date.now() + 120_000)];
    await make.assign(db, { tenantId, userId: user.id, endsAt: second });
    assert.deepEqual((await findEffectiveAccess(db, { tenantId, userId: user.id })).earliestEnd, second);
    const grant = { tenantId, userId: user.id, orgNodeId: place.id, accessScope: 'analyze', endsAt: first } as const;
    const { id, startsAt } = await grantVisibility(db, grant, systemCaller);
    const access = await findEffectiveAccess(db, { tenantId, userId: user.id });
    assert.deepEqual(access.earliestEnd, first);
    assert.deepEqual(access.visibilityGrants, [
      { id, orgNodeId: place.id, orgNode: 'School', accessScope: 'analyze', startsAt, endsAt: first },
    ]);
  });

  it('stops at an inactive node and below it', async () => {
    const { tenantId, company, place, group, person, at } = await school();
    const node = (orgNodeId: string) => ({ tenantId, orgNodeId });
    await deactivateOrgNode(db, node(group.id), systemCaller);
    assert.deepEqual(await at(group.id), []);
    assert.equal((await at(place.id)).length, 2);
    assert.equal((await nodesWhere({ ...person, capability: 'grades.read' })).length, 1);
    for (const orgNodeId of [place.id, company.id]) {
      await deactivateOrgNode(db, node(orgNodeId), systemCaller);
      assert.deepEqual(await findEffectiveAccess(db, person), nothing);
      assert.deepEqual(await at(place.id), []);
      assert.deepEqual(await nodesWhere({ ...person, capability: 'grades.read' }), []);
      const query = { tenantId, orgNodeId: place.id, capability: 'grades.read' };
      assert.deepEqual(await peopleAt(query), []);
      await activateOrgNode(db, node(orgNodeId), systemCaller);
    }
    assert.equal((await findEffectiveAccess(db, person)).assignments.length, 1);
  });

  it('at one node is what is held there or above', async () => {
    const { person, tenantId, company, place, group, assignment } = await school();
    const grant = { ...person, orgNodeId: company.id, accessScope: 'read' } as const;
    await grantVisibility(db, grant, systemCaller);
    const at = async (orgNodeId: string) => {
      const { roles, assignments, visibilityGrants } = await findEffectiveAccess(db, { ...person, orgNodeId });
      return [roles, assignments.map(({ id }) => id), visibilityGrants.length];
    };
    assert.deepEqual(await at(company.id), [[], [], 1]);
    assert.deepEqual(await at(group.id), [['Teacher'], [assignment.id], 1]);
    await deactivateOrgNode(db, { tenantId, orgNodeId: group.id }, systemCaller);
    assert.deepEqual(await at(group.id), [[], [], 0]);
    assert.deepEqual(await at(place.id), [['Teacher'], [assignment.id], 1]);
    assert.deepEqual(await at(newId()), [[], [], 0]);
    assert.deepEqual(await at('not-an-id'), [[], [], 0]);
  });

  it('moves with the tree', async () => {
    const { tenantId, tenant, group, at } = await school();
    await moveOrgNode(db, { tenantId, orgNodeId: group.id, parentId: tenant.rootNodeId }, systemCaller);
    assert.deepEqual(await at(group.id), []);
  });

  it('goes with the node, the role and the capability', async () => {
    const [byNode, byRole, byCapability] = [await school(), await school(), await school()];
    await deleteOrgNode(db, { tenantId: byNode.tenantId, orgNodeId: byNode.group.id }, systemCaller);
    assert.deepEqual(await byNode.at(byNode.group.id), []);
    await deleteOrgNode(db, { tenantId: byNode.tenantId, orgNodeId: byNode.place.id }, systemCaller);
    assert.deepEqual(await findEffectiveAccess(db, byNode.person), nothing);
    await deleteRole(db, { tenantId: byRole.tenantId, roleId: byRole.role.id }, systemCaller);
    assert.deepEqual(await findEffectiveAccess(db, byRole.person), nothing);
    assert.deepEqual(await byRole.at(byRole.place.id), []);
    const { tenantId, role, place, person } = byCapability;
    await revokeCapabilityFromRole(db, { tenantId, roleId: role.id, capability: 'grades.write' }, systemCaller);
    assert.deepEqual((await findEffectiveAccess(db, person)).capabilities, ['grades.read']);
    await db('capabilities').where({ key: 'grades.read' }).update({ deletedAt: new Date() });
    assert.deepEqual((await findEffectiveAccess(db, person)).capabilities, []);
    assert.deepEqual(await byCapability.at(place.id), []);
    const query = { tenantId, orgNodeId: place.id, capability: 'grades.read' };
    assert.deepEqual(await peopleAt(query), []);
    await db('capabilities').where({ key: 'grades.read' }).update({ deletedAt: null });
  });

  it('is nothing for a person who may not act, or whose tenant may not', async () => {
    const { tenantId, place, person, user, at } = await school();
    const checkNothing = async () => {
      assert.deepEqual(await findEffectiveAccess(db, person), nothing);
      assert.deepEqual(await at(place.id), []);
      assert.deepEqual(await nodesWhere({ ...person, capability: 'grades.read' }), []);
      const query = { tenantId, orgNodeId: place.id, capability: 'grades.read' };
      assert.deepEqual(await peopleAt(query), []);
    };
    await db('users').where({ id: user.id }).update({ state: 'inactive' });
    await checkNothing();
    await db('users').where({ id: user.id }).update({ state: 'active', deletedAt: new Date() });
    await checkNothing();
    await db('users').where({ id: user.id }).update({ deletedAt: null });
    await suspendTenant(db, tenantId, systemCaller);
    await checkNothing();
    await activateTenant(db, tenantId, systemCaller);
    assert.equal((await findEffectiveAccess(db, person)).assignments.length, 1);
  });

  it('tells nothing across tenants, and nothing of what is not there', async () => {
    const [ours, theirs] = [await school(), await school()];
    const { tenantId } = ours;
    for (const userId of [theirs.user.id, newId(), 'not-an-id']) {
      assert.deepEqual(await findEffectiveAccess(db, { tenantId, userId }), nothing);
      assert.deepEqual(await capabilitiesAt({ tenantId, userId, orgNodeId: theirs.place.id }), []);
      assert.deepEqual(await nodesWhere({ tenantId, userId, capability: 'grades.read' }), []);
    }
    for (const orgNodeId of [theirs.place.id, newId(), 'not-an-id']) {
      assert.deepEqual(await ours.at(orgNodeId), []);
      const query = { tenantId, orgNodeId, capability: 'grades.read' };
      assert.deepEqual(await peopleAt(query), []);
    }
  });
});
