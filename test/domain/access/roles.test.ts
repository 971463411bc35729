import assert from 'node:assert/strict';
import { defineCapability, findCapability, listCapabilities } from '../../../src/domain/access/capabilities.ts';
import {
  createRole,
  deleteRole,
  findRole,
  findRoleByName,
  grantCapabilityToRole,
  listRoleCapabilities,
  listRoles,
  revokeCapabilityFromRole,
  updateRole,
} from '../../../src/domain/access/roles.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';

describe('roles and capabilities', () => {
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

  async function events(entityId: string): Promise<{ action: string; payload: Record<string, unknown> }[]> {
    return rows(db, 'select action, payload from audit_events where entity_id = ? order by occurred_at, id', [
      entityId,
    ]);
  }

  const named = (roleId: string) => ({ tenantId: tenant.id, roleId });

  describe('a role', () => {
    it('is made, renamed and deleted, each recorded once', async () => {
      const maker = await make.createUser(db, { tenantId: tenant.id });
      const caller = { type: 'user', id: maker.id } as const;
      const made = await createRole(db, { tenantId: tenant.id, name: ' Clerk ', description: 'At the desk' }, caller);
      assert.deepEqual([made.name, made.description, made.isSystem], ['Clerk', 'At the desk', false]);
      assert.deepEqual(await findRole(db, named(made.id)), made);
      assert.deepEqual(await findRoleByName(db, tenant.id, 'cLERK'), made);
      await updateRole(db, { ...named(made.id), name: 'Teller' }, caller);
      await updateRole(db, { ...named(made.id), name: 'Teller' }, caller);
      assert.equal((await findRole(db, named(made.id)))?.name, 'Teller');
      await deleteRole(db, named(made.id), caller);
      assert.equal(await findRole(db, named(made.id)), undefined);
      assert.equal(await findRoleByName(db, tenant.id, 'Teller'), undefined);
      assert.deepEqual(await events(made.id), [
        { action: 'role.created', payload: { name: 'Clerk', description: 'At the desk' } },
        { action: 'role.renamed', payload: { from: { name: 'Clerk' }, to: { name: 'Teller' } } },
        { action: 'role.deleted', payload: { name: 'Teller' } },
      ]);
      const [row] = await db('roles').select('createdBy', 'updatedBy', 'deletedBy').where({ id: made.id });
      assert.deepEqual(row, { createdBy: maker.id, updatedBy: maker.id, deletedBy: maker.id });
    });

    it('has a name nobody else has in its tenant, whatever the case', async () => {
      const first = await createRole(db, { tenantId: tenant.id, name: 'Auditor' }, systemCaller);
      const second = await make.createRole(db, { tenantId: tenant.id });
      const refused = { kind: 'conflict', code: 'DUPLICATE', params: { field: 'name' } };
      await assert.rejects(createRole(db, { tenantId: tenant.id, name: 'AUDITOR' }, systemCaller), refused);
      await assert.rejects(createRole(db, { tenantId: tenant.id, name: 'Owner' }, systemCaller), refused);
      await assert.rejects(updateRole(db, { ...named(second.id), name: 'auditor' }, systemCaller), refused);
      await createRole(db, { tenantId: other.id, name: 'Auditor' }, systemCaller);
      await updateRole(db, { ...named(first.id), name: 'AUDITOR' }, systemCaller);
      await deleteRole(db, named(first.id), systemCaller);
      await createRole(db, { tenantId: tenant.id, name: 'Auditor' }, systemCaller);
    });

    it('needs a name and a tenant', async () => {
      await assert.rejects(createRole(db, { tenantId: tenant.id, name: ' ' }, systemCaller), {
        code: 'FIELD_REQUIRED',
      });
      await assert.rejects(createRole(db, { tenantId: newId(), name: 'Lost' }, systemCaller), {
        code: 'NOT_FOUND',
        params: { entity: 'tenant' },
      });
    });

    it('of the system stays as it is', async () => {
      const refused = { kind: 'conflict', code: 'SYSTEM_ROLE_FIXED' };
      for (const roleId of Object.values(tenant.systemRoleIds)) {
        await assert.rejects(updateRole(db, { ...named(roleId), name: 'Chief' }, systemCaller), refused);
        await assert.rejects(deleteRole(db, named(roleId), systemCaller), refused);
        await assert.rejects(async () => db('roles').where({ id: roleId }).delete(), {
          constraint: 'roles_system_is_fixed',
        });
      }
    });

    it('of another tenant is not found', async () => {
      await defineCapability(db, { key: 'boundary.read' }, systemCaller);
      const theirs = await make.createRole(db, { tenantId: other.id });
      const missing = { kind: 'not_found', code: 'NOT_FOUND', params: { entity: 'role' } };
      for (const roleId of [theirs.id, other.systemRoleIds.owner, newId(), 'not-an-id']) {
        const capability = 'boundary.read';
        assert.equal(await findRole(db, named(roleId)), undefined);
        await assert.rejects(updateRole(db, { ...named(roleId), name: 'Mine' }, systemCaller), missing);
        await assert.rejects(deleteRole(db, named(roleId), systemCaller), missing);
        await assert.rejects(grantCapabilityToRole(db, { ...named(roleId), capability }, systemCaller), missing);
        await assert.rejects(revokeCapabilityFromRole(db, { ...named(roleId), capability }, systemCaller), missing);
        assert.deepEqual(await listRoleCapabilities(db, named(roleId)), []);
      }
    });

    it('is listed page by page', async () => {
      const { id: tenantId, systemRoleIds } = await make.createTenant(db);
      const gone = await make.createRole(db, { tenantId });
      const kept = await make.createRole(db, { tenantId });
      await deleteRole(db, { tenantId, roleId: gone.id }, systemCaller);
      const expected = [...Object.values(systemRoleIds), kept.id].sort();
      const first = await listRoles(db, { tenantId, limit: 3 });
      const rest = await listRoles(db, { tenantId, limit: 3, after: first.next });
      assert.deepEqual(
        [...first.items, ...rest.items].map(({ id }) => id),
        expected,
      );
    });
  });

  describe('a capability', () => {
    it('is defined once, and brought up to date by defining it again', async () => {
      const key = 'inventory.read';
      const made = await defineCapability(db, { key, description: 'See stock', module: 'inventory' }, systemCaller);
      assert.deepEqual(await findCapability(db, key), made);
      const values = { key, description: 'See all stock', module: 'inventory' };
      const changed = await defineCapability(db, values, systemCaller);
      assert.deepEqual(changed, { ...made, description: 'See all stock' });
      assert.deepEqual(await defineCapability(db, values, systemCaller), changed);
      assert.deepEqual(
        (await events(made.id)).map(({ action, payload }) => [action, payload.description]),
        [
          ['capability.defined', 'See stock'],
          ['capability.changed', 'See all stock'],
        ],
      );
    });

    it('keeps what a change does not name, also of two at once', async () => {
      const key = 'kept.read';
      await defineCapability(db, { key, description: 'Before', module: 'before' }, systemCaller);
      await Promise.all([
        defineCapability(db, { key, description: 'After' }, systemCaller),
        defineCapability(db, { key, module: 'after' }, systemCaller),
      ]);
      const { description, module } = await defineCapability(db, { key }, systemCaller);
      assert.deepEqual([description, module], ['After', 'after']);
      assert.equal((await defineCapability(db, { key, description: null }, systemCaller)).description, null);
    });

    it('belongs to an API that is there', async () => {
      const resourceServerId = newId();
      const missing = { code: 'NOT_FOUND', params: { entity: 'resource_server' } };
      const define = (id: string) => defineCapability(db, { key: 'api.read', resourceServerId: id }, systemCaller);
      await assert.rejects(define(resourceServerId), missing);
      await assert.rejects(define('not-an-id'), missing);
      await db('resource_servers').insert({
        id: resourceServerId,
        identifier: 'https://api.example.test',
        name: 'API',
      });
      assert.equal((await define(resourceServerId)).resourceServerId, resourceServerId);
    });

    it('is defined by one of many at once, and found by all', async () => {
      const made = await Promise.all(
        Array.from({ length: 8 }, () => defineCapability(db, { key: 'race.win' }, systemCaller)),
      );
      assert.equal(new Set(made.map(({ id }) => id)).size, 1);
      assert.equal((await events(made[0]?.id ?? '')).length, 1);
    });

    it('has a key that can be a scope', async () => {
      const keys = [
        '',
        'read',
        'Inventory.read',
        '.read',
        'inventory.',
        'a b.c',
        'a."b',
        'a.b\n',
        `a.${'b'.repeat(99)}`,
      ];
      for (const key of keys) {
        await assert.rejects(defineCapability(db, { key }, systemCaller), {
          code: 'INVALID_INPUT',
          params: { field: 'key' },
        });
        assert.equal(await findCapability(db, key), undefined);
      }
      for (const key of ['a.b', 'inventory:stock-level.read_all', `a.${'b'.repeat(98)}`])
        assert.equal((await defineCapability(db, { key }, systemCaller)).key, key);
    });

    it('is listed page by page', async () => {
      const all = (await listCapabilities(db, { limit: 200 })).items.map(({ key }) => key);
      const first = await listCapabilities(db, { limit: 2 });
      const rest = await listCapabilities(db, { after: first.next });
      assert.deepEqual(
        [...first.items, ...rest.items].map(({ key }) => key),
        all,
      );
    });
  });

  describe('what a role carries', () => {
    it('is granted and revoked, each recorded once', async () => {
      for (const key of ['orders.read', 'orders.write']) await defineCapability(db, { key }, systemCaller);
      const role = await make.createRole(db, { tenantId: tenant.id });
      for (let twice = 0; twice < 2; twice++)
        for (const capability of ['orders.write', 'orders.read'])
          await grantCapabilityToRole(db, { ...named(role.id), capability }, systemCaller);
      assert.deepEqual(await listRoleCapabilities(db, named(role.id)), ['orders.read', 'orders.write']);
      for (let twice = 0; twice < 2; twice++)
        await revokeCapabilityFromRole(db, { ...named(role.id), capability: 'orders.write' }, systemCaller);
      assert.deepEqual(await listRoleCapabilities(db, named(role.id)), ['orders.read']);
      assert.deepEqual((await events(role.id)).slice(1), [
        { action: 'role.capability_granted', payload: { capability: 'orders.write' } },
        { action: 'role.capability_granted', payload: { capability: 'orders.read' } },
        { action: 'role.capability_revoked', payload: { capability: 'orders.write' } },
      ]);
    });

    it('may be granted to a system role', async () => {
      await defineCapability(db, { key: 'members.see' }, systemCaller);
      const { member } = tenant.systemRoleIds;
      await grantCapabilityToRole(db, { ...named(member), capability: 'members.see' }, systemCaller);
      assert.deepEqual(await listRoleCapabilities(db, named(member)), ['members.see']);
      assert.deepEqual(await listRoleCapabilities(db, { tenantId: other.id, roleId: other.systemRoleIds.member }), []);
    });

    it('is a capability that is there', async () => {
      const role = await make.createRole(db, { tenantId: tenant.id });
      const missing = { code: 'NOT_FOUND', params: { entity: 'capability' } };
      for (const capability of ['no.such', 'nonsense'])
        await assert.rejects(grantCapabilityToRole(db, { ...named(role.id), capability }, systemCaller), missing);
    });
  });
});
