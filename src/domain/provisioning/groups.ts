/**
 * Groups that a directory fills (SCIM): each is a role at a place under the name that the directory has for it. Owns the names;
 * a member is whoever holds the role there now, which is given and ended as any role is (domain/organisation). Refuses two
 * groups of one name, of one external id, or for the same role at the same place.
 */
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Filter } from '../../platform/filter.ts';
import { type FilterColumn, type FilterColumns, filterSql } from '../../platform/filter-sql.ts';
import { isId, newId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { checkedText } from '../users/profile-fields.ts';
import {
  deleteGroup,
  findGroupsBy,
  type GroupMember,
  type GroupRow,
  hasMember,
  insertGroup,
  type OnceGroup,
  selectGroup,
  selectGroups,
  selectMembers,
  selectOnceGroup,
  updateGroup,
} from './group-store.ts';

export type ProvisionedGroup = GroupRow;
export type { GroupMember } from './group-store.ts';

interface GroupOfTenant {
  tenantId: string;
  groupId: string;
}

const members: FilterColumn = {
  type: 'set',
  equals: (value) => hasMember(`a.user_id::text = lower(${value}::text)`),
  any: hasMember('true'),
};

const columns: FilterColumns = {
  id: { type: 'id', sql: 'g.id' },
  externalid: { type: 'exact', sql: 'g.external_id' },
  displayname: { type: 'text', sql: 'g.display_name' },
  'meta.created': { type: 'time', sql: 'g.created_at' },
  'meta.lastmodified': { type: 'time', sql: 'g.updated_at' },
  members,
  'members.value': members,
};

/**
 * Groups by a filter, in the order in which they were made.
 * @throws DomainError invalid FILTER_INVALID
 */
export async function searchGroups(
  db: Database,
  {
    tenantId,
    filter,
    ...window
  }: { tenantId: string; filter?: Filter; offset: number; limit: number; within?: readonly string[] },
): Promise<{ total: number; items: ProvisionedGroup[] }> {
  if (!isId(tenantId)) return { total: 0, items: [] };
  const condition = filter
    ? filterSql(filter, columns, 'urn:ietf:params:scim:schemas:core:2.0:Group')
    : { sql: 'true', bindings: {} };
  return findGroupsBy(db, { tenantId, condition, ...window });
}

/** In the order of their ids. @throws DomainError invalid CURSOR_INVALID */
export async function listGroups(
  db: Database,
  { tenantId, within, ...request }: PageRequest & { tenantId: string; within?: readonly string[] },
): Promise<Page<ProvisionedGroup>> {
  return isId(tenantId) ? selectGroups(db, { tenantId, within }, request) : emptyPage();
}

/** Undefined also for one of another tenant, and where its role or its place is gone. */
export async function findGroup(
  db: Database,
  { tenantId, groupId }: GroupOfTenant,
): Promise<ProvisionedGroup | undefined> {
  return isId(tenantId) && isId(groupId) ? selectGroup(db, { tenantId, id: groupId }) : undefined;
}

/** Who holds the group's role at its place now; of one person, whether they do. */
export async function listGroupMembers(
  db: Database,
  { tenantId, roleId, orgNodeId }: Pick<ProvisionedGroup, 'tenantId' | 'roleId' | 'orgNodeId'>,
  { userId, limit }: { userId?: string; limit: number },
): Promise<GroupMember[]> {
  return selectMembers(db, { tenantId, roleId, orgNodeId, userId: userId ?? null, limit });
}

/** @throws DomainError not_found NOT_FOUND (role, place), conflict DUPLICATE (displayName, externalId, role), invalid INVALID_INPUT, FIELD_REQUIRED */
export async function createGroup(
  db: Database,
  wanted: { tenantId: string; displayName: string; externalId?: string | null; roleId: string; orgNodeId: string },
  caller: Caller,
): Promise<ProvisionedGroup> {
  const { tenantId, roleId, orgNodeId } = wanted;
  const displayName = checkedName(wanted.displayName);
  const externalId = checkedText('externalId', wanted.externalId, 255);
  if (![tenantId, roleId, orgNodeId].every(isId)) throw notFound();
  const id = newId();
  return inTransaction(db, async (trx) => {
    const row = { id, tenantId, displayName, externalId, roleId, orgNodeId };
    if (!(await insertGroup(trx, row).catch(refuse))) throw notFound();
    const made = await selectGroup(trx, { tenantId, id });
    if (!made) throw new Error('a group that was just made is not there');
    const payload = { displayName, externalId, roleId, orgNodeId };
    await recordEvent(trx, { ...about(made), action: 'provisioned_group.created', payload }, caller);
    return made;
  });
}

/** @throws DomainError not_found NOT_FOUND, conflict DUPLICATE, invalid INVALID_INPUT, FIELD_REQUIRED */
export async function changeGroup(
  db: Database,
  { tenantId, groupId }: GroupOfTenant,
  wanted: { displayName?: string; externalId?: string | null },
  caller: Caller,
): Promise<ProvisionedGroup> {
  return inTransaction(db, async (trx) => {
    const before = await lockGroup(trx, { tenantId, groupId });
    const displayName = wanted.displayName === undefined ? before.displayName : checkedName(wanted.displayName);
    const externalId =
      wanted.externalId === undefined ? before.externalId : checkedText('externalId', wanted.externalId, 255);
    if (displayName === before.displayName && externalId === before.externalId) return before;
    await updateGroup(trx, { tenantId, id: groupId, displayName, externalId }).catch(refuse);
    const payload = {
      from: { displayName: before.displayName, externalId: before.externalId },
      to: { displayName, externalId },
    };
    await recordEvent(trx, { ...about(before), action: 'provisioned_group.updated', payload }, caller);
    const after = await selectGroup(trx, { tenantId, id: groupId });
    if (!after) throw notFound();
    return after;
  });
}

/** What a group stood for, of one that was deleted too. */
export async function findOnceGroup(
  db: Database,
  { tenantId, groupId }: GroupOfTenant,
): Promise<OnceGroup | undefined> {
  return isId(tenantId) && isId(groupId) ? selectOnceGroup(db, { tenantId, id: groupId }) : undefined;
}

/** Takes the group away; who holds its role keeps it. Once more does no harm. @throws DomainError not_found NOT_FOUND */
export async function removeGroup(db: Database, { tenantId, groupId }: GroupOfTenant, caller: Caller): Promise<void> {
  if (!isId(tenantId) || !isId(groupId)) throw notFound();
  await inTransaction(db, async (trx) => {
    const group = await selectOnceGroup(trx, { tenantId, id: groupId }, { lock: true });
    if (!group) throw notFound();
    if (group.deletedAt !== null) return;
    await deleteGroup(trx, group);
    const { displayName, externalId, roleId, orgNodeId } = group;
    const payload = { displayName, externalId, roleId, orgNodeId };
    await recordEvent(trx, { ...about(group), action: 'provisioned_group.deleted', payload }, caller);
  });
}

async function lockGroup(trx: Database, { tenantId, groupId }: GroupOfTenant): Promise<ProvisionedGroup> {
  const found =
    isId(tenantId) && isId(groupId) ? await selectGroup(trx, { tenantId, id: groupId }, { lock: true }) : undefined;
  if (!found) throw notFound();
  return found;
}

function checkedName(text: string): string {
  const name = checkedText('displayName', text, 256);
  if (name === null) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'displayName' });
  return name;
}

const fieldOf: Record<string, string> = {
  provisioned_groups_name_key: 'displayName',
  provisioned_groups_external_id_key: 'externalId',
  provisioned_groups_place_key: 'roleId',
};

function refuse(error: unknown): never {
  const field = fieldOf[violatedConstraint(error)?.constraint ?? ''];
  throw field === undefined ? error : new DomainError('conflict', 'DUPLICATE', { field });
}

function about({ id, tenantId }: Pick<ProvisionedGroup, 'id' | 'tenantId'>) {
  return { tenantId, entityType: 'provisioned_group', entityId: id };
}

function notFound(): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', { entity: 'provisioned_group' });
}
