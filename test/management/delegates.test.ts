import assert from 'node:assert/strict';
import { createRole, grantCapabilityToRole } from '../../src/domain/access/roles.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { assignRole } from '../../src/domain/organisation/org-assignments.ts';
import { createOrgNode } from '../../src/domain/organisation/org-nodes.ts';
import type { Actor } from '../../src/management/actor.ts';
import { operationOf, operations } from '../../src/management/operations.ts';
import { type ManagementAnswer, perform } from '../../src/management/perform.ts';
import { managementDependencies } from '../../src/management-dependencies.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

const dayMs = 86_400_000;

describe('administration that follows the tree', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let north: string;
  let school: string;
  let south: string;
  const roleIds: Record<string, string> = {};

  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant();
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    const add = async (parentId: string, name: string) =>
      (await createOrgNode(app.db, { tenantId, parentId, type: 'place', name }, systemCaller)).id;
    north = await add(rootId, 'North');
    school = await add(north, 'Lakeside');
    south = await add(rootId, 'South');
    Object.assign(roleIds, tenant.systemRoleIds);
    const define = async (name: string, ...capabilities: string[]) => {
      const { id } = await createRole(app.db, { tenantId, name }, systemCaller);
      for (const capability of capabilities)
        await grantCapabilityToRole(app.db, { tenantId, roleId: id, capability }, systemCaller);
      roleIds[name] = id;
    };
    await define('Head', 'users.read', 'users.manage', 'roles.read', 'roles.assign', 'org.read', 'org.manage');
    await define('Helper', 'users.read');
    await define('Auditor', 'audit.read');
  });
  after(() => app?.stop());

  async function personWith(role?: string, orgNodeId?: string, endsAt?: Date): Promise<string> {
    const { id } = await app.person({ tenantId });
    if (role && orgNodeId) await give(id, role, orgNodeId, endsAt);
    return id;
  }

  async function give(userId: string, role: string, orgNodeId: string, endsAt?: Date): Promise<string> {
    const roleId = roleIds[role] as string;
    return (await assignRole(app.db, { tenantId, userId, roleId, orgNodeId, endsAt }, systemCaller)).id;
  }

  /** Performs an operation as a person. */
  function as(userId: string) {
    const actor: Actor = {
      kind: 'person',
      id: userId,
      tenantId,
      scopes: null,
      authTime: new Date(),
      caller: { type: 'user', id: userId },
      standingOf: { person: userId },
    };
    const deps = managementDependencies(app);
    return (id: string, input: { params?: object; query?: object; body?: object }): Promise<ManagementAnswer> =>
      perform(
        operationOf(id),
        { actor, tenantId, params: {}, query: {}, body: undefined, ...(input as Record<string, never>), ifMatch: '*' },
        deps,
        operations,
      );
  }

  const code = (expected: string) => (error: { code?: string }) => {
    assert.equal(error.code, expected);
    return true;
  };
  const assignment = (userId: string, role: string, orgNodeId: string, more = {}) => ({
    body: { user_id: userId, role_id: roleIds[role], org_node_id: orgNodeId, ...more },
  });

  it('lets a delegate give what they hold, there and below, to whom they reach', async () => {
    const head = as(await personWith('Head', north));
    const teacher = await personWith('member', school);
    const made = await head('assignments.create', assignment(teacher, 'Helper', school));
    assert.equal(made.status, 201);
    await head('assignments.create', assignment(teacher, 'Head', north));
  });

  it('answers what is out of reach as what does not exist', async () => {
    const head = as(await personWith('Head', north));
    const elsewhere = await personWith('member', south);
    const nowhere = '01890a5d-ac96-774b-bcce-b302099a8057';
    await assert.rejects(head('assignments.create', assignment(elsewhere, 'Helper', south)), code('NOT_FOUND'));
    await assert.rejects(head('assignments.create', assignment(elsewhere, 'Helper', north)), code('NOT_FOUND'));
    await assert.rejects(head('org_nodes.get', { params: { org_node_id: south } }), code('NOT_FOUND'));
    await assert.rejects(head('org_nodes.get', { params: { org_node_id: nowhere } }), code('NOT_FOUND'));
    await assert.rejects(head('org_nodes.get', { params: { org_node_id: rootId } }), code('NOT_FOUND'));
  });

  it('shows a part of the tree, of the assignments and of what is above', async () => {
    const headId = await personWith('Head', north);
    const head = as(headId);
    await personWith('member', south);
    const nodes = (await head('org_nodes.list', {})).body as { items: { id: string }[] };
    assert.deepEqual(new Set(nodes.items.map(({ id }) => id)), new Set([north, school]));
    const held = (await head('assignments.list', {})).body as { items: { org_node_id: string }[] };
    assert.ok(held.items.length > 0);
    for (const { org_node_id: node } of held.items) assert.ok([north, school].includes(node));
    const above = (await head('org_nodes.ancestors', { params: { org_node_id: school } })).body as {
      items: { id: string }[];
    };
    assert.deepEqual(
      above.items.map(({ id }) => id),
      [north],
    );
  });

  it('refuses to give a capability that the delegate does not hold, or not for as long', async () => {
    const until = new Date(Date.now() + 7 * dayMs);
    const head = as(await personWith('Head', north, until));
    const teacher = await personWith('member', school);
    await assert.rejects(
      head('assignments.create', assignment(teacher, 'Auditor', school)),
      code('PRIVILEGE_EXCEEDED'),
    );
    await assert.rejects(head('assignments.create', assignment(teacher, 'Helper', school)), code('PRIVILEGE_EXCEEDED'));
    const later = new Date(until.getTime() + 1000).toISOString();
    await assert.rejects(
      head('assignments.create', assignment(teacher, 'Helper', school, { ends_at: later })),
      code('PRIVILEGE_EXCEEDED'),
    );
    await head('assignments.create', assignment(teacher, 'Helper', school, { ends_at: until.toISOString() }));
  });

  it('lets nobody but an owner give or end ownership', async () => {
    const admin = as(await personWith('admin', rootId));
    const ownerId = await personWith('owner', rootId);
    const another = await give(await personWith(), 'owner', rootId);
    const somebody = await personWith('member', rootId);
    await assert.rejects(
      admin('assignments.create', assignment(somebody, 'owner', rootId)),
      code('PRIVILEGE_EXCEEDED'),
    );
    await assert.rejects(
      admin('assignments.end', { params: { assignment_id: another }, body: {} }),
      code('PRIVILEGE_EXCEEDED'),
    );
    const owner = as(ownerId);
    await owner('assignments.end', { params: { assignment_id: another }, body: {} });
    await owner('assignments.create', assignment(somebody, 'owner', rootId));
  });

  it('asks for a capability wherever the role is held before it is put into the role', async () => {
    const { id: roleId } = await createRole(app.db, { tenantId, name: 'Manager' }, systemCaller);
    await grantCapabilityToRole(app.db, { tenantId, roleId, capability: 'roles.manage' }, systemCaller);
    roleIds.Manager = roleId;
    const manager = as(await personWith('Manager', rootId));
    await personWith('Helper', school);
    const put = { params: { role_id: roleIds.Helper, capability: 'audit.read' } };
    await assert.rejects(manager('roles.capabilities.add', put), code('PRIVILEGE_EXCEEDED'));
    await manager('roles.capabilities.add', { params: { role_id: roleIds.Helper, capability: 'roles.manage' } }).catch(
      () => assert.fail('they hold it at the root'),
    );
    await as(await personWith('owner', rootId))('roles.capabilities.add', put);
  });

  it('moves what stands below both places alone', async () => {
    const head = as(await personWith('Head', north));
    const { body } = await head('org_nodes.create', { body: { parent_id: school, type: 'class', name: '1A' } });
    const room = (body as { id: string }).id;
    await head('org_nodes.move', { params: { org_node_id: room }, body: { parent_id: north } });
    await assert.rejects(
      head('org_nodes.move', { params: { org_node_id: room }, body: { parent_id: south } }),
      code('NOT_FOUND'),
    );
    // Its own top hangs at a place of others.
    await assert.rejects(
      head('org_nodes.move', { params: { org_node_id: north }, body: { parent_id: south } }),
      code('NOT_FOUND'),
    );
  });

  it('gives nothing to somebody whose time is over, or whose place is switched off', async () => {
    const headId = await personWith('Head', school);
    const head = as(headId);
    await as(await personWith('owner', rootId))('org_nodes.deactivate', { params: { org_node_id: north } });
    await assert.rejects(head('org_nodes.list', {}), code('FORBIDDEN'));
    await as(await personWith('owner', rootId))('org_nodes.activate', { params: { org_node_id: north } });
    await head('org_nodes.list', {});
  });

  it('stays within the tenant, but for the owners of the platform', async () => {
    const other = await app.tenant();
    const owner = await personWith('owner', rootId);
    const actor: Actor = {
      kind: 'person',
      id: owner,
      tenantId,
      scopes: null,
      authTime: null,
      caller: { type: 'user', id: owner },
      standingOf: { person: owner },
    };
    const deps = managementDependencies(app);
    const create = () =>
      perform(
        operationOf('roles.create'),
        { actor, tenantId: other.id, params: {}, query: {}, body: { name: 'From outside' } },
        deps,
        operations,
      );
    await assert.rejects(create(), code('NOT_FOUND'));
    await app.db('tenants').where({ id: tenantId }).update({ isPlatform: true });
    const { body } = await create();
    const [event] = await app.db('audit_events').where({ entityId: (body as { id: string }).id });
    assert.equal(event.payload.actorTenantId, tenantId);
  });
});
