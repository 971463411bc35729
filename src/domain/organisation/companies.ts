/**
 * Companies: organisation nodes of type `company`, with members. Owns joining and leaving; a membership is an assignment
 * at the company's node, so its history stays, and being active is the node's. Refuses to call any other node a company.
 */
import { type Database, firstRow, inTransaction, rows } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { emptyPage, type Keyset, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { assignRole, endAssignment, type OrgAssignment } from './org-assignments.ts';
import { activateOrgNode, createOrgNode, deactivateOrgNode, findRootNode, type OrgNode } from './org-nodes.ts';

export const companyType = 'company';

interface CompanyReference {
  tenantId: string;
  companyId: string;
}

export interface CompanyMember {
  userId: string;
  fullName: string | null;
  joinedAt: Date;
  /** null: still a member. */
  leftAt: Date | null;
  /** A member now, of a company that is active now. */
  active: boolean;
}

async function requireCompany(db: Database, { tenantId, companyId }: CompanyReference): Promise<void> {
  const found =
    isId(tenantId) && isId(companyId)
      ? await firstRow(
          db,
          'select 1 from org_nodes where tenant_id = ? and id = ? and type = ? and deleted_at is null for share',
          [tenantId, companyId, companyType],
        )
      : undefined;
  if (!found) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'company' });
}

/**
 * Makes a company below a node, the tenant's root unless another is named.
 * @throws DomainError invalid FIELD_REQUIRED or INVALID_INPUT (name), ORG_PARENT_INVALID
 */
export async function createCompany(
  db: Database,
  { tenantId, name, parentId }: { tenantId: string; name: string; parentId?: string },
  caller: Caller,
): Promise<OrgNode> {
  const parent = parentId ?? (isId(tenantId) ? (await findRootNode(db, tenantId))?.id : undefined);
  if (parent === undefined) throw new DomainError('invalid', 'ORG_PARENT_INVALID');
  return createOrgNode(db, { tenantId, parentId: parent, type: companyType, name }, caller);
}

/**
 * Makes a user a member, in the role `member` unless another is named.
 * @throws DomainError not_found; conflict PERIOD_OVERLAP for one who is a member in that role already
 */
export async function joinCompany(
  db: Database,
  wanted: CompanyReference & { userId: string; roleId?: string },
  caller: Caller,
): Promise<OrgAssignment> {
  const { tenantId, companyId, userId } = wanted;
  return inTransaction(db, async (trx) => {
    await requireCompany(trx, wanted);
    const roleId =
      wanted.roleId ??
      (
        await firstRow<{ id: string }>(
          trx,
          `select id from roles where tenant_id = ? and name = 'member' and is_system`,
          [tenantId],
        )
      )?.id ??
      '';
    const membership = await assignRole(trx, { tenantId, userId, roleId, orgNodeId: companyId }, caller);
    await recordEvent(
      trx,
      { tenantId, action: 'company.joined', entityType: 'org_node', entityId: companyId, payload: { userId, roleId } },
      caller,
    );
    return membership;
  });
}

/** What a user holds, or will hold, at the company itself. */
export async function rolesOfMember(
  db: Database,
  { tenantId, companyId, userId }: CompanyReference & { userId: string },
): Promise<{ id: string; roleId: string; orgNodeId: string; endsAt: Date | null }[]> {
  if (![tenantId, companyId, userId].every(isId)) return [];
  return rows(
    db,
    `select id, role_id, org_node_id, ends_at
       from org_assignments
      where tenant_id = ? and org_node_id = ? and user_id = ? and (ends_at is null or ends_at > statement_timestamp())
      order by id`,
    [tenantId, companyId, userId],
  );
}

async function wasMember(
  db: Database,
  { tenantId, companyId, userId }: CompanyReference & { userId: string },
): Promise<boolean> {
  const sql = 'select 1 from org_assignments where tenant_id = ? and org_node_id = ? and user_id = ? limit 1';
  return (await rows(db, sql, [tenantId, companyId, userId])).length > 0;
}

/**
 * Ends every role that a user holds at the company itself; what was stays on record. Once more does no harm.
 * @throws DomainError not_found for one who never was a member
 */
export async function leaveCompany(
  db: Database,
  { tenantId, companyId, userId }: CompanyReference & { userId: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    await requireCompany(trx, { tenantId, companyId });
    const held = await rolesOfMember(trx, { tenantId, companyId, userId });
    if (held.length === 0) {
      if (await wasMember(trx, { tenantId, companyId, userId })) return;
      throw new DomainError('not_found', 'NOT_FOUND', { entity: 'member' });
    }
    for (const { id } of held) await endAssignment(trx, { tenantId, assignmentId: id }, caller);
    await recordEvent(
      trx,
      { tenantId, action: 'company.left', entityType: 'org_node', entityId: companyId, payload: { userId } },
      caller,
    );
  });
}

/** Opens or closes a company: closed, nothing held at or below it counts. @throws DomainError not_found */
export async function setCompanyActive(
  db: Database,
  { tenantId, companyId, active }: CompanyReference & { active: boolean },
  caller: Caller,
): Promise<OrgNode> {
  return inTransaction(db, async (trx) => {
    await requireCompany(trx, { tenantId, companyId });
    const change = active ? activateOrgNode : deactivateOrgNode;
    return change(trx, { tenantId, orgNodeId: companyId }, caller);
  });
}

const latestFirst: Keyset = {
  columns: [
    { expression: 'member.joined_at', type: 'timestamptz' },
    { expression: 'member.user_id', type: 'uuid' },
  ],
  descending: true,
};

/** Who is or was a member, the latest first. @throws DomainError invalid CURSOR_INVALID */
export async function listCompanyMembers(
  db: Database,
  { tenantId, companyId, ...page }: CompanyReference & PageRequest,
): Promise<Page<CompanyMember>> {
  if (!isId(tenantId) || !isId(companyId)) return emptyPage();
  return selectPage<CompanyMember>(
    db,
    latestFirst,
    page,
    ({ key, where, order }) =>
      `with member as (
         select a.user_id, u.full_name, min(a.starts_at) as joined_at,
                case when bool_or(a.ends_at is null) then null else max(a.ends_at) end as left_at,
                bool_or(a.starts_at <= statement_timestamp() and (a.ends_at is null or a.ends_at > statement_timestamp()))
                  and (select bool_and(up.active and up.deleted_at is null)
                         from org_node_paths p join org_nodes up on up.id = p.ancestor_id
                        where p.descendant_id = n.id)
                  and u.state = 'active' as active
           from org_nodes n
           join org_assignments a on a.tenant_id = n.tenant_id and a.org_node_id = n.id
           join users u           on u.tenant_id = a.tenant_id and u.id = a.user_id and u.deleted_at is null
          where n.tenant_id = :tenantId and n.id = :companyId and n.type = :companyType
          group by n.id, a.user_id, u.full_name, u.state
       )
       select user_id, full_name, joined_at, left_at, active, ${key} from member where ${where} ${order}`,
    { tenantId, companyId, companyType },
  );
}
