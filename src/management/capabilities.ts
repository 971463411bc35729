/** Operations on capabilities. Their keys are the same in every tenant, so that they are for those who run the server. */
import { z } from 'zod';
import { defineCapability, deleteCapability, findCapability, listCapabilities } from '../domain/access/capabilities.ts';
import { moveCapability } from '../domain/access/move-capability.ts';
import { DomainError } from '../platform/errors.ts';
import { operation } from './operation.ts';
import { capabilityKey, id, pageQuery, text } from './shapes.ts';

const actionProperties = z
  .record(text(100), z.union([z.string().max(500), z.number(), z.boolean()]))
  .meta({ description: 'What the action has to say of itself to be this one', example: { soft: true } });
const Capability = z
  .object({
    id,
    key: capabilityKey,
    description: z.string().nullable().meta({ description: 'What people read when they are asked for it' }),
    module: z.string().nullable().meta({ description: 'The part of a product it belongs to' }),
    resource_server_id: id.nullable().meta({ description: 'The API whose scope it is' }),
    action: z
      .string()
      .nullable()
      .meta({ description: 'What that API calls it when it asks for a decision; null: its key' }),
    action_properties: actionProperties.nullable(),
    is_system: z.boolean().meta({ description: 'Of this API itself: fixed' }),
  })
  .meta({ id: 'Capability' });
const ListedCapability = Capability.extend({
  resource_server: z
    .string()
    .nullable()
    .meta({ description: 'What that API is called; null: it is not for this tenant' }),
  resource_server_identifier: z
    .string()
    .nullable()
    .meta({ description: 'What tokens for it are asked for with (`resource`)' }),
}).meta({ id: 'ListedCapability' });
const MovedCapability = z
  .object({
    key: capabilityKey,
    from_resource_server_id: id.nullable().meta({ description: 'The API whose scope it was' }),
    resource_server_id: id.nullable().meta({ description: 'The API whose scope it is now' }),
    services: z.array(z.string()).meta({ description: 'Services that must ask the other API for it from now on' }),
    services_without_default: z.array(z.string()).meta({
      description:
        'Those of them whose default API it was, and who have no other capability there: a token request that names no `resource` is refused (`invalid_target`) until they get another `default_resource`',
    }),
    applications: z.array(z.string()).meta({
      description: 'Applications whose default API it was: they find it there no more, and have to name the other one',
    }),
    roles: z.int().meta({ description: 'How many roles carry it: tokens for the other API alone say so from now on' }),
  })
  .meta({ id: 'MovedCapability' });
const params = z.strictObject({ capability: capabilityKey });
const needs = { capability: 'apis.manage', at: 'platform', server: () => true } as const;

export const capabilities = [
  operation({
    id: 'capabilities.list',
    method: 'GET',
    path: '/capabilities',
    summary: 'List what roles and services can be allowed',
    needs: { capability: 'roles.read', at: 'anywhere' },
    query: pageQuery,
    list: true,
    answer: ListedCapability,
    run: ({ db, tenantId, query }) => listCapabilities(db, { tenantId, ...query }),
  }),
  operation({
    id: 'capabilities.get',
    method: 'GET',
    path: '/capabilities/{capability}',
    summary: 'Show a capability',
    needs: { capability: 'roles.read', at: 'anywhere' },
    params,
    answer: Capability,
    run: async ({ db, params }) => {
      const capability = await findCapability(db, params.capability);
      if (!capability) throw new DomainError('not_found', 'NOT_FOUND');
      return capability;
    },
  }),
  operation({
    id: 'capabilities.define',
    method: 'PUT',
    path: '/capabilities/{capability}',
    summary: 'Define a capability, or bring it up to date',
    description:
      'What is not named stays as it is. One that is a scope of an API is moved by `capabilities.move` alone.',
    needs,
    params,
    body: z.strictObject({
      description: text(200).nullish(),
      module: text(200).nullish(),
      resource_server_id: id.nullish(),
      action: text(100).nullish().meta({ example: 'read' }),
      action_properties: actionProperties.nullish(),
    }),
    answer: Capability,
    errors: ['CAPABILITY_OF_ANOTHER_API', 'SYSTEM_CAPABILITY_FIXED', 'INVALID_INPUT'],
    run: ({ db, params, body, actor }) => {
      const { resource_server_id: resourceServerId, action_properties: actionProperties, ...rest } = body;
      const wanted = { key: params.capability, resourceServerId, actionProperties, ...rest };
      return defineCapability(db, wanted, actor.caller);
    },
  }),
  operation({
    id: 'capabilities.move',
    method: 'POST',
    path: '/capabilities/{capability}/move',
    summary: 'Make a capability a scope of another API',
    description:
      'The answer says whom it breaks, and with `dry_run` nothing is done: who asks the old API for it is refused from then on. Tokens that are out keep it until they end.',
    needs,
    params,
    body: z.strictObject({ resource_server_id: id.nullable().meta({ description: 'null: of none' }) }),
    answer: MovedCapability,
    errors: ['SYSTEM_CAPABILITY_FIXED'],
    run: ({ db, params, body, actor }) =>
      moveCapability(db, { key: params.capability, resourceServerId: body.resource_server_id }, actor.caller),
  }),
  operation({
    id: 'capabilities.delete',
    method: 'DELETE',
    path: '/capabilities/{capability}',
    summary: 'Delete a capability',
    description: 'No role carries it and no service asks for it any more.',
    needs,
    params,
    errors: ['SYSTEM_CAPABILITY_FIXED'],
    run: async ({ db, params, actor }) => {
      await deleteCapability(db, params.capability, actor.caller);
      return undefined;
    },
  }),
];
