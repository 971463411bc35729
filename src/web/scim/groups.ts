/**
 * `/Groups`: roles at places, and who holds them. Putting somebody into a group gives them its role at its place, and taking them out
 * ends it, by the operations on assignments: under the rules of who may give what. Refuses members that are no people here.
 */
import { ask, asOne, checkVersion, type Door, type ListRequest, listBody, objectOf, versionOf } from './door.ts';
import { namedGroup } from './group-place.ts';
import { changesOfMembers, type MemberChange } from './members.ts';
import { type PatchOperation, patched, readPatch } from './patch.ts';
import { isAskedFor, projected } from './projection.ts';
import { coreGroup, groupType, isObject, type Json, placeGroup, readResource } from './schemas.ts';
import { invalidValue, isNotFound, ScimError } from './scim-error.ts';
import type { Answered, Changing } from './users.ts';

/** As `groups.get` answers. */
export interface FoundGroup {
  id: string;
  display_name: string;
  external_id: string | null;
  role_id: string;
  role: string;
  org_node_id: string;
  org_node: string;
  org_node_type: string;
  members: number;
  members_version: string;
  created_at: string;
  updated_at: string;
}

interface Member {
  user_id: string;
  name: string | null;
  assignment_id: string;
}

/** So many members are told of one group, and of all of a list together. */
const mostMembers = 10_000;
/** So many come and go in one request. */
const mostChanges = 5_000;
const notFound = () => new ScimError(404, 'there is no such group');

async function findGroup(door: Door, groupId: string): Promise<FoundGroup> {
  const query = { filter: `id eq ${JSON.stringify(groupId.slice(0, 100))}`, limit: '1' };
  const { items } = await ask<{ items: FoundGroup[] }>(door, 'groups.search', { query });
  const [group] = items;
  if (!group) throw notFound();
  return group;
}

async function membersOf(door: Door, group: FoundGroup, query: Json = {}): Promise<Member[]> {
  const params = { group_id: group.id };
  const limit = String(mostMembers + 1);
  return (await ask<{ items: Member[] }>(door, 'groups.members.list', { params, query: { limit, ...query } })).items;
}

function groupResource(door: Door, group: FoundGroup, members?: readonly Member[]): Json {
  const shown = members?.map(({ user_id: value, name }) => ({
    value,
    $ref: `${door.baseUrl}/Users/${value}`,
    ...(name !== null && { display: name }),
    type: 'User',
  }));
  return {
    schemas: [coreGroup, placeGroup],
    id: group.id,
    ...(group.external_id !== null && { externalId: group.external_id }),
    displayName: group.display_name,
    ...(shown && { members: shown }),
    [placeGroup]: {
      role: group.role,
      roleId: group.role_id,
      place: group.org_node,
      placeId: group.org_node_id,
      type: group.role === 'member' ? group.org_node_type : 'role',
    },
    meta: {
      resourceType: 'Group',
      created: group.created_at,
      lastModified: group.updated_at,
      location: `${door.baseUrl}/Groups/${group.id}`,
      version: versionOfGroup(group),
    },
  };
}

function versionOfGroup({ id, display_name, external_id, members_version }: FoundGroup): string {
  return versionOf([id, display_name, external_id, members_version]);
}

async function shown(door: Door, group: FoundGroup, status: number, request: Partial<ListRequest>): Promise<Answered> {
  const withMembers = isAskedFor(groupType, 'members', request);
  if (withMembers && group.members > mostMembers) throw tooMany();
  const members = withMembers ? await membersOf(door, group) : undefined;
  const body = projected(groupType, groupResource(door, group, members), request);
  return { status, body, version: versionOfGroup(group), location: `${door.baseUrl}/Groups/${group.id}` };
}

const tooMany = () =>
  new ScimError(400, `more than ${mostMembers} members: ask with excludedAttributes=members`, 'tooMany');

export async function listGroups(door: Door, request: ListRequest): Promise<Answered> {
  const { filter, startIndex, count } = request;
  const query = { ...(filter !== undefined && { filter }), start: String(startIndex), limit: String(count) };
  if (startIndex > 200_001) throw new ScimError(400, 'no list goes on that far', 'tooMany');
  const { total, items } = await ask<{ total: number; items: FoundGroup[] }>(door, 'groups.search', { query });
  const withMembers = isAskedFor(groupType, 'members', request);
  if (withMembers && items.reduce((sum, { members }) => sum + members, 0) > mostMembers) throw tooMany();
  const resources: Json[] = [];
  for (const group of items) {
    const members = withMembers ? await membersOf(door, group) : undefined;
    resources.push(projected(groupType, groupResource(door, group, members), request));
  }
  return { status: 200, body: listBody(total, startIndex, resources) };
}

export async function showGroup(door: Door, groupId: string, request: Partial<ListRequest>): Promise<Answered> {
  return shown(door, await findGroup(door, groupId), 200, request);
}

export async function createGroup(door: Door, body: unknown, request: Partial<ListRequest>): Promise<Answered> {
  const resource = readResource(groupType, objectOf(body));
  const displayName = nameOf(resource);
  const group = await asOne(door, `new-group:${door.tenantId}`, async (inside) => {
    const place = await namedGroup(inside, displayName, resource[placeGroup]);
    const external = externalIdOf(resource);
    const made = await ask<FoundGroup>(inside, 'groups.create', {
      body: { display_name: displayName, ...place, ...(external !== undefined && { external_id: external }) },
    });
    const after = { ...inside, idempotencyKey: undefined };
    const members = changesOfMembers([{ op: 'add', path: 'members', value: resource.members ?? [] }]);
    await applyMembers(after, made, members);
    return findGroup(after, made.id);
  });
  return shown(door, group, 201, request);
}

function nameOf(resource: Json): string {
  const { displayName } = resource;
  if (typeof displayName !== 'string' || displayName.trim() === '') throw invalidValue('displayName is missing');
  return displayName.trim();
}

function externalIdOf({ externalId }: Json): string | null | undefined {
  if (externalId === undefined) return undefined;
  if (typeof externalId !== 'string') throw invalidValue('externalId is a text');
  return externalId === '' ? null : externalId;
}

/** Gives and ends the role, one person after the other; who has it has it. */
async function applyMembers(door: Door, group: FoundGroup, change: MemberChange): Promise<void> {
  const asked = change.added.size + change.removed.size;
  if (asked > mostChanges) throw new ScimError(400, `more than ${mostChanges} members at once`, 'tooMany');
  const isWhole = change.replaces || asked > 20;
  if (isWhole && group.members > mostMembers) throw tooMany();
  const all = isWhole ? new Map((await membersOf(door, group)).map((one) => [one.user_id, one])) : undefined;
  const memberOf = async (userId: string) =>
    all ? all.get(userId) : (await membersOf(door, group, { user_id: userId }))[0];
  const gone = change.replaces
    ? [...(all?.keys() ?? [])].filter((userId) => !change.added.has(userId))
    : change.removed;
  for (const userId of gone) {
    const member = await memberOf(userId);
    if (member) await ask(door, 'assignments.end', { params: { assignment_id: member.assignment_id }, body: {} });
  }
  for (const userId of change.added) if (!(await memberOf(userId))) await addMember(door, group, userId);
}

async function addMember(door: Door, { role_id, org_node_id }: FoundGroup, userId: string): Promise<void> {
  try {
    await ask(door, 'assignments.create', { body: { user_id: userId, role_id, org_node_id } });
  } catch (error) {
    if (isNotFound(error)) throw invalidValue(`members: there is no person ${userId}`);
    throw error;
  }
}

/** PUT: the members are those of the list, and nobody else. A list that is not there leaves them. */
export async function replaceGroup(door: Door, groupId: string, body: unknown, asked: Changing): Promise<Answered> {
  const resource = readResource(groupType, objectOf(body));
  const members: PatchOperation[] =
    'members' in resource ? [{ op: 'replace', path: 'members', value: resource.members }] : [];
  return changeGroup(door, groupId, () => resource, members, asked);
}

const isOfMembers = ({ path }: PatchOperation) => path !== undefined && /^(?:urn:[^[]*:)?members\b/i.test(path);

export async function patchGroup(door: Door, groupId: string, body: unknown, asked: Changing): Promise<Answered> {
  const operations = readPatch(objectOf(body)).flatMap(withMembersApart);
  const others = operations.filter((one) => !isOfMembers(one));
  const resourceOf = (group: FoundGroup) => patched(groupType, groupResource(door, group), others);
  return changeGroup(door, groupId, resourceOf, operations.filter(isOfMembers), asked);
}

/** `{"members": [...]}` without a path is an operation on the members. */
function withMembersApart(operation: PatchOperation): PatchOperation[] {
  const { op, path, value } = operation;
  if (path !== undefined || !isObject(value)) return [operation];
  const isMembers = (key: string) => isOfMembers({ op, path: key, value });
  const entries = Object.entries(value);
  const apart = entries.filter(([key]) => isMembers(key)).map(([key, member]) => ({ op, path: key, value: member }));
  const rest = entries.filter(([key]) => !isMembers(key));
  return [...apart, ...(rest.length > 0 ? [{ op, value: Object.fromEntries(rest) }] : [])];
}

/** Another role or place is another group. @throws ScimError mutability */
function checkPlace({ role_id, org_node_id }: FoundGroup, said: unknown): void {
  if (!isObject(said)) return;
  const { roleId = role_id, placeId = org_node_id } = said;
  if (roleId !== role_id || placeId !== org_node_id)
    throw new ScimError(400, 'a group keeps its role and its place', 'mutability');
}

async function changeGroup(
  door: Door,
  groupId: string,
  resourceOf: (group: FoundGroup) => Json,
  members: readonly PatchOperation[],
  { ifMatch, request }: Changing,
): Promise<Answered> {
  const change = changesOfMembers(members);
  const group = await asOne(door, `group:${groupId.toLowerCase().slice(0, 100)}`, async (inside) => {
    const before = await findGroup(inside, groupId);
    checkVersion(ifMatch, versionOfGroup(before));
    const resource = resourceOf(before);
    checkPlace(before, resource[placeGroup]);
    const displayName = nameOf(resource);
    const external = externalIdOf(resource) ?? null;
    const named: Json = {
      ...(displayName !== before.display_name && { display_name: displayName }),
      ...(external !== before.external_id && { external_id: external }),
    };
    if (Object.keys(named).length > 0)
      await ask(inside, 'groups.update', { params: { group_id: before.id }, body: named });
    await applyMembers(inside, before, change);
    return findGroup(inside, before.id);
  });
  return shown(door, group, 200, request);
}

/** With the group go its members' roles: what a directory takes back is not to stay. */
export async function deleteGroup(door: Door, groupId: string, ifMatch?: string): Promise<Answered> {
  await asOne(door, `group:${groupId.toLowerCase().slice(0, 100)}`, async (inside) => {
    const group = await findGroup(inside, groupId);
    checkVersion(ifMatch, versionOfGroup(group));
    if (group.members > mostChanges)
      throw new ScimError(400, `more than ${mostChanges} members: take some out first`, 'tooMany');
    for (const { assignment_id } of await membersOf(inside, group))
      await ask(inside, 'assignments.end', { params: { assignment_id }, body: {} });
    await ask(inside, 'groups.delete', { params: { group_id: group.id } });
  });
  return { status: 204 };
}
