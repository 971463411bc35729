/** The SQL of tenants, and of what is made together with one: the root of its tree and its system roles. */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';

export interface TenantRow {
  id: string;
  slug: string;
  name: string;
  state: 'active' | 'suspended';
  settings: unknown;
  createdAt: Date;
  updatedAt: Date;
}

const columns = 'id, slug, name, state, settings, created_at, updated_at';

export async function insertTenant(
  db: Database,
  tenant: { id: string; slug: string; name: string; settings: object },
): Promise<TenantRow> {
  const [row] = await rows<TenantRow>(
    db,
    `insert into tenants (id, slug, name, settings) values (:id, :slug, :name, :settings) returning ${columns}`,
    { ...tenant, settings: JSON.stringify(tenant.settings) },
  );
  if (!row) throw new Error('no row for the new tenant');
  return row;
}

/** The root of a tenant's tree; it carries the tenant's name. */
export async function insertRootNode(db: Database, tenantId: string, name: string): Promise<string> {
  const id = newId();
  await db('org_nodes').insert({ id, tenantId, parentId: null, type: 'tenant', name });
  return id;
}

export async function insertSystemRole(
  db: Database,
  role: { tenantId: string; name: string; description: string },
): Promise<string> {
  const id = newId();
  await db('roles').insert({ id, ...role, isSystem: true });
  return id;
}

const bySlug = prepared('tenant-by-slug', `select ${columns} from tenants where slug = $1`);
const byId = prepared('tenant-by-id', `select ${columns} from tenants where id = $1`);

export async function selectTenantBySlug(db: Database, slug: string): Promise<TenantRow | undefined> {
  return (await runPrepared<TenantRow>(db, bySlug, [slug])).rows[0];
}

export async function selectTenantById(db: Database, id: string): Promise<TenantRow | undefined> {
  return (await runPrepared<TenantRow>(db, byId, [id])).rows[0];
}

/** Locks the row: a rule that changes a tenant reads it by this, and decides on what it answers. */
export async function selectTenantForUpdate(db: Database, id: string): Promise<TenantRow | undefined> {
  return firstRow<TenantRow>(db, `select ${columns} from tenants where id = :id for no key update`, { id });
}

export async function updateTenant(
  db: Database,
  id: string,
  change: { state?: TenantRow['state']; settings?: object; name?: string },
): Promise<TenantRow | undefined> {
  const settings = change.settings ? JSON.stringify(change.settings) : null;
  return firstRow<TenantRow>(
    db,
    `update tenants
        set state    = coalesce(:state, state),
            name     = coalesce(:name, name),
            settings = coalesce(:settings::jsonb, settings)
      where id = :id
  returning ${columns}`,
    { id, state: change.state ?? null, name: change.name ?? null, settings },
  );
}

/**
 * Ends everything that the people and the clients of a tenant hold or have pending: sessions, grants, tokens, codes,
 * invitations. Relying parties of other tenants hear of it by the job of a session's end. Answers how many sessions and
 * invitations ended.
 */
export async function endTenantSessions(
  trx: Database,
  tenantId: string,
): Promise<{ sessions: number; invitations: number }> {
  // Before the sessions: using a code up may end sessions, and two transactions that came the other way round would lock up.
  const pending = await firstRow<{ invitations: number }>(
    trx,
    `with invited as (
       update invitations set revoked_at = now()
        where tenant_id = :tenantId and accepted_at is null and revoked_at is null
       returning id
     ), codes as (
       select id from otp_codes
        where tenant_id = :tenantId and consumed_at is null and revoked_at is null
        order by id
          for update
     ), revoked as (
       update otp_codes set revoked_at = now() where id in (select id from codes)
     )
     select count(*) as invitations from invited`,
    { tenantId },
  );
  const ended = await firstRow<{ sessions: number }>(
    trx,
    `with ended as (
       update user_sessions set revoked_at = now()
        where tenant_id = :tenantId and revoked_at is null
       returning id, user_id, oidc_session_uid_hash
     ), services as (
       update service_sessions set revoked_at = now() where tenant_id = :tenantId and revoked_at is null
     ), gone as (
       delete from oidc_payloads
        where uid_hash in (select oidc_session_uid_hash from ended)
           or account_id in (select id from users where tenant_id = :tenantId)
           or client_id in (select client_id from clients where tenant_id = :tenantId)
     ), told as (
       select count(graphile_worker.add_job('backchannel-logout',
                json_build_object('clientId', c.client_id, 'sub', e.user_id, 'sid', c.sid))) as jobs
         from ended e
         join session_clients c on c.user_session_id = e.id
     )
     select (select count(*) from ended) as sessions, (select jobs from told) as jobs`,
    { tenantId },
  );
  return { sessions: ended?.sessions ?? 0, invitations: pending?.invitations ?? 0 };
}

export async function renameRootNode(db: Database, tenantId: string, name: string): Promise<void> {
  await db('org_nodes').where({ tenantId, parentId: null }).update({ name });
}
