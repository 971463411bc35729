/** Operations on companies: nodes of the tree with members. A company itself is read and changed as a node. */
import { z } from 'zod';
import { findRoleByName } from '../domain/access/roles.ts';
import {
  createCompany,
  joinCompany,
  leaveCompany,
  listCompanyMembers,
  rolesOfMember,
  setCompanyActive,
} from '../domain/organisation/companies.ts';
import { findRootNode } from '../domain/organisation/org-nodes.ts';
import { type Lookup, operation } from './operation.ts';
import { id, name, pageQuery, time } from './shapes.ts';

const Company = z
  .object({
    id,
    parent_id: id.nullable(),
    name,
    active: z.boolean().meta({ description: 'Nothing held at or below a closed company counts' }),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Company' });

const Member = z
  .object({
    user_id: id,
    full_name: z.string().nullable(),
    joined_at: time,
    left_at: time.nullable().meta({ description: 'Null: still a member' }),
    active: z.boolean().meta({ description: 'A member now, of a company that is active now' }),
  })
  .meta({ id: 'CompanyMember' });

const Membership = z
  .object({ id, user_id: id, role_id: id, org_node_id: id, starts_at: time, ends_at: time.nullable() })
  .meta({ id: 'CompanyMembership' });

const params = z.strictObject({ company_id: id });
const memberParams = z.strictObject({ company_id: id, user_id: id });
const atCompany = ({ params }: { params: { company_id: string } }) => params.company_id;

const rootOf = async ({ db, tenantId }: Lookup) => (await findRootNode(db, tenantId))?.id;

/** The role that a member has unless another is named. */
const memberRole = async ({ db, tenantId }: Lookup) => (await findRoleByName(db, tenantId, 'member'))?.id ?? '';

export const companies = [
  operation({
    id: 'companies.create',
    method: 'POST',
    path: '/companies',
    summary: 'Make a company',
    needs: {
      capability: 'org.manage',
      at: async ({ body }, lookup) => body.parent_id ?? (await rootOf(lookup)),
    },
    body: z.strictObject({ name, parent_id: id.optional().meta({ description: 'Default: the root' }) }),
    answer: Company,
    errors: ['ORG_PARENT_INVALID'],
    idempotent: true,
    run: ({ db, tenantId, body, actor }) =>
      createCompany(db, { tenantId, name: body.name, parentId: body.parent_id }, actor.caller),
  }),
  ...[true, false].map((active) =>
    operation({
      id: active ? 'companies.activate' : 'companies.deactivate',
      method: 'POST',
      path: `/companies/{company_id}/${active ? 'activate' : 'deactivate'}`,
      summary: active ? 'Open a company again' : 'Close a company; nothing held at or below it counts',
      needs: { capability: 'org.manage', at: atCompany },
      params,
      answer: Company,
      errors: ['ORG_ROOT_FIXED'],
      run: ({ db, tenantId, params, actor }) =>
        setCompanyActive(db, { tenantId, companyId: params.company_id, active }, actor.caller),
    }),
  ),
  operation({
    id: 'companies.members.list',
    method: 'GET',
    path: '/companies/{company_id}/members',
    summary: 'List who is or was a member of a company, the latest first',
    needs: { capability: 'users.read', at: atCompany },
    params,
    query: pageQuery,
    list: true,
    answer: Member,
    run: ({ db, tenantId, params, query }) =>
      listCompanyMembers(db, { tenantId, companyId: params.company_id, ...query }),
  }),
  operation({
    id: 'companies.members.join',
    method: 'POST',
    path: '/companies/{company_id}/members',
    summary: 'Make a person a member of a company',
    needs: {
      capability: 'roles.assign',
      at: atCompany,
      whom: ({ body }) => body.user_id,
      gives: async ({ params, body }, lookup) => ({
        roleId: body.role_id ?? (await memberRole(lookup)),
        orgNodeId: params.company_id,
        endsAt: null,
      }),
    },
    params,
    body: z.strictObject({ user_id: id, role_id: id.optional().meta({ description: 'Default: member' }) }),
    answer: Membership,
    errors: ['PERIOD_OVERLAP', 'PRIVILEGE_EXCEEDED'],
    idempotent: true,
    run: ({ db, tenantId, params, body, actor }) =>
      joinCompany(
        db,
        { tenantId, companyId: params.company_id, userId: body.user_id, roleId: body.role_id },
        actor.caller,
      ),
  }),
  operation({
    id: 'companies.members.leave',
    method: 'DELETE',
    path: '/companies/{company_id}/members/{user_id}',
    summary: 'End a membership; what was stays on record',
    needs: {
      capability: 'roles.assign',
      at: atCompany,
      whom: ({ params }) => params.user_id,
      gives: ({ params }, { db, tenantId }) =>
        rolesOfMember(db, { tenantId, companyId: params.company_id, userId: params.user_id }),
    },
    params: memberParams,
    errors: ['LAST_OWNER', 'PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      await leaveCompany(db, { tenantId, companyId: params.company_id, userId: params.user_id }, actor.caller);
      return undefined;
    },
  }),
];
