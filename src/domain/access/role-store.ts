/** The SQL of roles and of the capabilities they carry. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { actorInTenant } from '../organisation/acting-user.ts';

export interface RoleRow {
  id: string;
  tenantId: string;
  name: string;
  description: string | null;
  /** Made with the tenant: neither renamed nor deleted. */
  isSystem: boolean;
  createdAt: Date;
  updatedAt: Date;
}

const columns = 'id, tenant_id, name, description, is_system, created_at, updated_at';

export async function insertRole(
  db: Database,
  role: { id: string; tenantId: string; name: string; description: string | null; actorId: string | null },
): Promise<RoleRow> {
  const row = await firstRow<RoleRow>(
    db,
    `insert into roles (id, tenant_id, name, description, created_by)
     values (:id, :tenantId, :name, :description, ${actorInTenant})
  returning ${columns}`,
    role,
  );
  if (!row) throw new Error('no row for the new role');
  return row;
}

export async function insertSystemRole(
  trx: Database,
  role: { id: string; tenantId: string; name: string; description: string },
): Promise<void> {
  await trx('roles').insert({ ...role, isSystem: true });
}

export async function selectRole(db: Database, tenantId: string, id: string): Promise<RoleRow | undefined> {
  return firstRow<RoleRow>(
    db,
    `select ${columns} from roles where tenant_id = :tenantId and id = :id and deleted_at is null`,
    { tenantId, id },
  );
}

/** Whether there was such a role once. */
export async function roleWasDeleted(db: Database, tenantId: string, id: string): Promise<boolean> {
  const sql = 'select 1 from roles where tenant_id = :tenantId and id = :id and deleted_at is not null';
  return (await rows(db, sql, { tenantId, id })).length > 0;
}

/** Locks the row, so that the event says what was there before. */
export async function selectRoleForUpdate(db: Database, tenantId: string, id: string): Promise<RoleRow | undefined> {
  return firstRow<RoleRow>(
    db,
    `select ${columns} from roles where tenant_id = :tenantId and id = :id and deleted_at is null for no key update`,
    { tenantId, id },
  );
}

export async function selectRoleByName(db: Database, tenantId: string, name: string): Promise<RoleRow | undefined> {
  return firstRow<RoleRow>(
    db,
    `select ${columns} from roles where tenant_id = :tenantId and lower(name) = lower(:name) and deleted_at is null`,
    { tenantId, name },
  );
}

export async function selectRoles(db: Database, tenantId: string, request: PageRequest): Promise<Page<RoleRow>> {
  return selectPage<RoleRow>(
    db,
    byId(),
    request,
    ({ key, where, order }) =>
      `select ${columns}, ${key}
         from roles
        where tenant_id = :tenantId and deleted_at is null and ${where}
        ${order}`,
    { tenantId },
  );
}

export async function updateRole(
  db: Database,
  change: {
    tenantId: string;
    id: string;
    actorId: string | null;
    name?: string;
    /** null takes it away. */
    description?: string | null;
    deleted?: true;
  },
): Promise<RoleRow | undefined> {
  return firstRow<RoleRow>(
    db,
    `update roles
        set name        = coalesce(:name, name),
            description = case when :describes then :description else description end,
            deleted_at  = case when :deleted then now() end,
            deleted_by  = case when :deleted then ${actorInTenant} end,
            updated_by  = ${actorInTenant}
      where tenant_id = :tenantId and id = :id and deleted_at is null
  returning ${columns}`,
    {
      tenantId: change.tenantId,
      id: change.id,
      actorId: change.actorId,
      name: change.name ?? null,
      describes: change.description !== undefined,
      description: change.description ?? null,
      deleted: change.deleted ?? false,
    },
  );
}

/** False where the role carries it already. */
export async function insertRoleCapability(
  db: Database,
  grant: { tenantId: string; roleId: string; capabilityId: string; actorId: string | null },
): Promise<boolean> {
  const inserted = await rows(
    db,
    `insert into role_capabilities (tenant_id, role_id, capability_id, granted_by)
     values (:tenantId, :roleId, :capabilityId, ${actorInTenant})
         on conflict do nothing
  returning role_id`,
    grant,
  );
  return inserted.length > 0;
}

/** False where the role did not carry it. */
export async function deleteRoleCapability(
  db: Database,
  grant: { tenantId: string; roleId: string; capabilityId: string },
): Promise<boolean> {
  return (await db('role_capabilities').where(grant).delete()) > 0;
}

export async function selectRoleCapabilities(db: Database, tenantId: string, roleId: string): Promise<string[]> {
  const found = await rows<{ key: string }>(
    db,
    `select c.key
       from role_capabilities rc
       join capabilities c on c.id = rc.capability_id and c.deleted_at is null
      where rc.tenant_id = :tenantId and rc.role_id = :roleId
      order by c.key`,
    { tenantId, roleId },
  );
  return found.map((row) => row.key);
}

export async function selectCapabilitiesOfRoles(
  db: Database,
  tenantId: string,
  roleIds: readonly string[],
): Promise<{ roleId: string; capabilities: string[] }[]> {
  return rows<{ roleId: string; capabilities: string[] }>(
    db,
    `select rc.role_id, array_agg(c.key order by c.key) as capabilities
       from role_capabilities rc
       join capabilities c on c.id = rc.capability_id and c.deleted_at is null
      where rc.tenant_id = :tenantId and rc.role_id = any(:roleIds::uuid[])
      group by rc.role_id`,
    { tenantId, roleIds: [...roleIds] },
  );
}
