/** Operations on roles: what they are called, and which capabilities they carry. Roles belong to the whole tenant. */
import { z } from 'zod';
import {
  changedCapabilities,
  createRole,
  deleteRole,
  findRole,
  grantCapabilityToRole,
  listCapabilitiesOfRoles,
  listRoleCapabilities,
  listRoles,
  replaceRoleCapabilities,
  revokeCapabilityFromRole,
  updateRole,
} from '../domain/access/roles.ts';
import { DomainError } from '../platform/errors.ts';
import { operation } from './operation.ts';
import { capabilityKey, id, name, pageQuery, text, time } from './shapes.ts';

const Role = z
  .object({
    id,
    name,
    description: z.string().nullable(),
    is_system: z.boolean().meta({ description: 'Owner, admin and member: every tenant has them' }),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Role' });
const ListedRole = Role.extend({
  capabilities: z.array(capabilityKey).meta({ description: 'What it carries' }),
}).meta({ id: 'ListedRole' });
const params = z.strictObject({ role_id: id });
const ofCapability = z.strictObject({ role_id: id, capability: capabilityKey });
const Capabilities = z.object({ items: z.array(capabilityKey) }).meta({ id: 'RoleCapabilities' });

export const roles = [
  operation({
    id: 'roles.list',
    method: 'GET',
    path: '/roles',
    summary: 'List the roles of the tenant',
    needs: { capability: 'roles.read', at: 'anywhere' },
    query: pageQuery,
    list: true,
    answer: ListedRole,
    run: async ({ db, tenantId, query }) => {
      const page = await listRoles(db, { tenantId, ...query });
      const ids = page.items.map((role) => role.id);
      const carried = await listCapabilitiesOfRoles(db, tenantId, ids);
      return { ...page, items: page.items.map((role) => ({ ...role, capabilities: carried.get(role.id) ?? [] })) };
    },
  }),
  operation({
    id: 'roles.create',
    method: 'POST',
    path: '/roles',
    summary: 'Make a role',
    description: 'It carries nothing yet.',
    needs: { capability: 'roles.manage', at: 'root' },
    body: z.strictObject({ name, description: text(500).nullish() }),
    answer: Role,
    errors: ['DUPLICATE'],
    idempotent: true,
    run: ({ db, tenantId, body, actor }) => createRole(db, { tenantId, ...body }, actor.caller),
  }),
  operation({
    id: 'roles.get',
    method: 'GET',
    path: '/roles/{role_id}',
    summary: 'Show a role',
    needs: { capability: 'roles.read', at: 'anywhere' },
    params,
    answer: Role,
    run: async ({ db, tenantId, params }) => {
      const role = await findRole(db, { tenantId, roleId: params.role_id });
      if (!role) throw new DomainError('not_found', 'NOT_FOUND');
      return role;
    },
  }),
  operation({
    id: 'roles.update',
    method: 'PATCH',
    path: '/roles/{role_id}',
    summary: 'Change the name or the description of a role',
    needs: { capability: 'roles.manage', at: 'root' },
    params,
    body: z.strictObject({ name: name.optional(), description: text(500).nullish() }),
    answer: Role,
    errors: ['DUPLICATE', 'SYSTEM_ROLE_FIXED'],
    guards: { read: 'roles.get', ifMatch: 'required' },
    run: ({ db, tenantId, params, body, actor }) =>
      updateRole(db, { tenantId, roleId: params.role_id, ...body }, actor.caller),
  }),
  operation({
    id: 'roles.delete',
    method: 'DELETE',
    path: '/roles/{role_id}',
    summary: 'Delete a role',
    description: 'Who holds it holds nothing by it from now on.',
    needs: { capability: 'roles.manage', at: 'root' },
    params,
    errors: ['SYSTEM_ROLE_FIXED'],
    run: async ({ db, tenantId, params, actor }) => {
      await deleteRole(db, { tenantId, roleId: params.role_id }, actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'roles.capabilities.list',
    method: 'GET',
    path: '/roles/{role_id}/capabilities',
    summary: 'List what a role carries',
    needs: { capability: 'roles.read', at: 'anywhere' },
    params,
    answer: Capabilities,
    run: async ({ db, tenantId, params }) => {
      if (!(await findRole(db, { tenantId, roleId: params.role_id }))) throw new DomainError('not_found', 'NOT_FOUND');
      return { items: await listRoleCapabilities(db, { tenantId, roleId: params.role_id }) };
    },
  }),
  operation({
    id: 'roles.capabilities.replace',
    method: 'PUT',
    path: '/roles/{role_id}/capabilities',
    summary: 'Have a role carry these capabilities and no others',
    description: 'What comes and what goes has to be in the hands of the one who asks; what stays has not.',
    needs: {
      capability: 'roles.manage',
      at: 'root',
      puts: async ({ params, body }, { db, tenantId }) => {
        const roleId = params.role_id;
        if (!(await findRole(db, { tenantId, roleId }))) return [];
        const { added, removed } = await changedCapabilities(db, { tenantId, roleId, capabilities: body.items ?? [] });
        return [...added, ...removed].map((capability) => ({ roleId, capability }));
      },
    },
    params,
    body: z.strictObject({ items: z.array(capabilityKey).max(1_000) }),
    answer: Capabilities,
    errors: ['PRIVILEGE_EXCEEDED'],
    guards: { read: 'roles.capabilities.list', ifMatch: 'required' },
    run: async ({ db, tenantId, params, body, actor }) => {
      const role = { tenantId, roleId: params.role_id };
      await replaceRoleCapabilities(db, { ...role, capabilities: body.items }, actor.caller);
      return { items: await listRoleCapabilities(db, role) };
    },
  }),
  operation({
    id: 'roles.capabilities.add',
    method: 'PUT',
    path: '/roles/{role_id}/capabilities/{capability}',
    summary: 'Have a role carry a capability',
    needs: {
      capability: 'roles.manage',
      at: 'root',
      puts: ({ params }) => ({ roleId: params.role_id, capability: params.capability }),
    },
    params: ofCapability,
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      const { role_id: roleId, capability } = params;
      await grantCapabilityToRole(db, { tenantId, roleId, capability }, actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'roles.capabilities.remove',
    method: 'DELETE',
    path: '/roles/{role_id}/capabilities/{capability}',
    summary: 'Take a capability from a role',
    needs: {
      capability: 'roles.manage',
      at: 'root',
      puts: ({ params }) => ({ roleId: params.role_id, capability: params.capability }),
    },
    params: ofCapability,
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      const { role_id: roleId, capability } = params;
      await revokeCapabilityFromRole(db, { tenantId, roleId, capability }, actor.caller);
      return undefined;
    },
  }),
];
