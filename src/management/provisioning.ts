/** Operations for directories that fill this one (SCIM, src/web/scim): people by a filter, groups, and what became of requests. */
import { z } from 'zod';
import {
  changeGroup,
  createGroup,
  findGroup,
  findOnceGroup,
  listGroupMembers,
  listGroups,
  removeGroup,
  searchGroups,
} from '../domain/provisioning/groups.ts';
import { mostFound, searchPeople } from '../domain/provisioning/people-search.ts';
import { listProvisioningRequests } from '../domain/provisioning/requests.ts';
import { DomainError } from '../platform/errors.ts';
import { parseFilter } from '../platform/filter.ts';
import { type Lookup, operation } from './operation.ts';
import { User, UserSettings } from './person.ts';
import { within } from './reach.ts';
import { externalId, id, pageQuery, text, time } from './shapes.ts';

const Group = z
  .object({
    id,
    display_name: z.string(),
    external_id: z.string().nullable(),
    role_id: id,
    role: z.string(),
    org_node_id: id,
    org_node: z.string(),
    org_node_type: z.string(),
    members: z.int().meta({ description: 'How many hold the role there now' }),
    members_version: z.string().meta({ description: 'Another one whenever somebody came or went' }),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Group' });
const FoundUser = z
  .object({
    ...User.shape,
    locale: UserSettings.shape.locale,
    zoneinfo: UserSettings.shape.zoneinfo,
    groups: z.array(z.object({ id, name: z.string() })).meta({ description: 'Those within reach' }),
  })
  .meta({ id: 'FoundUser' });

const searchQuery = z.strictObject({
  filter: text(2000).optional().meta({
    description: 'As of RFC 7644 section 3.4.2.2, by the names of SCIM',
    example: 'userName eq "ada@example.com"',
  }),
  start: z.coerce
    .number()
    .int()
    .min(1)
    .max(mostFound + 1)
    .default(1)
    .meta({ description: 'The first one, from 1' }),
  limit: z.coerce.number().int().min(0).max(200).default(50).meta({ description: '0: to count alone' }),
});
const windowOf = ({ filter, start, limit }: z.output<typeof searchQuery>) => ({
  filter: filter === undefined ? undefined : parseFilter(filter),
  offset: start - 1,
  limit,
});

const params = z.strictObject({ group_id: id });
const displayName = text(256).meta({ description: 'As the directory calls it; unique in the tenant' });
type Named = { params: { group_id: string } };

async function group({ params }: Named, { db, tenantId }: Pick<Lookup, 'db' | 'tenantId'>) {
  const found = await findGroup(db, { tenantId, groupId: params.group_id });
  if (!found) throw new DomainError('not_found', 'NOT_FOUND');
  return found;
}
const itsNode = async ({ params }: Named, { db, tenantId }: Lookup) =>
  (await findGroup(db, { tenantId, groupId: params.group_id }))?.orgNodeId;

/** Who changes what a group is called decides who gets its role. */
async function itsRole({ params }: Named, { db, tenantId }: Lookup) {
  const found = await findGroup(db, { tenantId, groupId: params.group_id });
  return found && { roleId: found.roleId, orgNodeId: found.orgNodeId, endsAt: null };
}

/** Of deleting: where it stood, of one that is deleted already, which gives nobody anything any more. */
const itsNodeOnce = async ({ params }: Named, { db, tenantId }: Lookup) =>
  (await findOnceGroup(db, { tenantId, groupId: params.group_id }))?.orgNodeId;

const changes = { capability: 'roles.assign', at: itsNode, gives: itsRole } as const;

export const peopleSearch = [
  operation({
    id: 'users.search',
    method: 'GET',
    path: '/users/search',
    summary: 'Find people by a filter, and count them',
    description: `In the order in which they were made. No further than ${mostFound} are counted: one more means that there are more.`,
    needs: { capability: 'users.read', at: 'anywhere' },
    query: searchQuery,
    answer: z.object({ total: z.int(), items: z.array(FoundUser) }).meta({ id: 'FoundUsers' }),
    errors: ['FILTER_INVALID'],
    run: ({ db, tenantId, query, reach }) => searchPeople(db, { tenantId, ...windowOf(query), ...within(reach) }),
  }),
];

export const provisioning = [
  operation({
    id: 'groups.list',
    method: 'GET',
    path: '/groups',
    summary: 'List the groups that a directory fills',
    description: 'Each is a role at a place; its members are those who hold the role there.',
    needs: { capability: 'users.read', at: 'anywhere' },
    query: pageQuery,
    list: true,
    answer: Group,
    run: ({ db, tenantId, query, reach }) => listGroups(db, { tenantId, ...query, ...within(reach) }),
  }),
  operation({
    id: 'groups.search',
    method: 'GET',
    path: '/groups/search',
    summary: 'Find groups by a filter, and count them',
    needs: { capability: 'users.read', at: 'anywhere' },
    query: searchQuery,
    answer: z.object({ total: z.int(), items: z.array(Group) }).meta({ id: 'FoundGroups' }),
    errors: ['FILTER_INVALID'],
    run: ({ db, tenantId, query, reach }) => searchGroups(db, { tenantId, ...windowOf(query), ...within(reach) }),
  }),
  operation({
    id: 'groups.create',
    method: 'POST',
    path: '/groups',
    summary: 'Let a group of a directory stand for a role at a place',
    description: 'Whoever the directory puts into it gets the role there.',
    needs: {
      capability: 'roles.assign',
      at: ({ body }) => body.org_node_id,
      gives: ({ body }) => ({ roleId: body.role_id, orgNodeId: body.org_node_id, endsAt: null }),
    },
    body: z.strictObject({
      display_name: displayName,
      external_id: externalId.nullish(),
      role_id: id,
      org_node_id: id,
    }),
    answer: Group,
    errors: ['DUPLICATE', 'FIELD_REQUIRED', 'INVALID_INPUT', 'PRIVILEGE_EXCEEDED'],
    idempotent: true,
    run: ({ db, tenantId, body, actor }) => {
      const { display_name, external_id, role_id: roleId, org_node_id: orgNodeId } = body;
      return createGroup(
        db,
        { tenantId, displayName: display_name, externalId: external_id, roleId, orgNodeId },
        actor.caller,
      );
    },
  }),
  operation({
    id: 'groups.get',
    method: 'GET',
    path: '/groups/{group_id}',
    summary: 'Show a group that a directory fills',
    needs: { capability: 'users.read', at: itsNode },
    params,
    answer: Group,
    run: (run) => group(run, run),
  }),
  operation({
    id: 'groups.members.list',
    method: 'GET',
    path: '/groups/{group_id}/members',
    summary: 'List who holds the role of a group at its place now',
    needs: { capability: 'users.read', at: itsNode },
    params,
    query: z.strictObject({
      user_id: id.optional().meta({ description: 'Whether this person does' }),
      limit: z.coerce.number().int().min(1).max(10_001).default(1_000),
    }),
    answer: z
      .object({ items: z.array(z.object({ user_id: id, name: z.string().nullable(), assignment_id: id })) })
      .meta({ id: 'GroupMembers' }),
    run: async (run) => {
      const { user_id: userId, limit } = run.query;
      return { items: await listGroupMembers(run.db, await group(run, run), { userId, limit }) };
    },
  }),
  operation({
    id: 'groups.update',
    method: 'PATCH',
    path: '/groups/{group_id}',
    summary: 'Change what a directory calls a group',
    needs: changes,
    params,
    body: z.strictObject({ display_name: displayName.optional(), external_id: externalId.nullish() }),
    answer: Group,
    errors: ['DUPLICATE', 'FIELD_REQUIRED', 'INVALID_INPUT', 'PRIVILEGE_EXCEEDED'],
    guards: { read: 'groups.get', ifMatch: 'honoured' },
    run: ({ db, tenantId, params, body, actor }) => {
      const wanted = { displayName: body.display_name, externalId: body.external_id };
      return changeGroup(db, { tenantId, groupId: params.group_id }, wanted, actor.caller);
    },
  }),
  operation({
    id: 'groups.delete',
    method: 'DELETE',
    path: '/groups/{group_id}',
    summary: 'Let a group of a directory stand for nothing any more',
    description: 'Who holds its role keeps it.',
    needs: { ...changes, at: itsNodeOnce },
    params,
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      await removeGroup(db, { tenantId, groupId: params.group_id }, actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'provisioning.requests',
    method: 'GET',
    path: '/provisioning/requests',
    summary: 'Show what became of the requests of directories',
    description:
      'By kind, the latest first: who asked, what for, and how it was answered. Nothing of the people concerned.',
    needs: { capability: 'services.manage', at: 'root' },
    answer: z
      .object({
        items: z.array(
          z.object({
            actor_type: z.enum(['client', 'api_key']),
            actor_id: z.string().meta({ description: 'The `client_id` of a service, or the id of an API key' }),
            method: z.string(),
            resource: z.string(),
            status: z.int(),
            reason: z.string().meta({ description: 'As SCIM names it, where it was refused for one' }),
            requests: z.int(),
            last_at: time,
            last_request_id: z.string().nullable(),
          }),
        ),
      })
      .meta({ id: 'ProvisioningRequests' }),
    run: async ({ db, tenantId }) => ({ items: await listProvisioningRequests(db, { tenantId, limit: 100 }) }),
  }),
];
