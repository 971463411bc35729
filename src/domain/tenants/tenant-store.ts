/** The SQL of tenants. */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';
import { remembered } from '../../platform/remembered.ts';

export interface TenantRow {
  id: string;
  slug: string;
  name: string;
  state: 'active' | 'suspended';
  settings: unknown;
  /** Its owners run the server (platform-tenant.ts). */
  isPlatform: boolean;
  /** The issuer that it is at now; null: it is here. */
  movedTo: string | null;
  /** What it was when it moved, and is again when it is taken back; null: it is here. */
  movedState: 'active' | 'suspended' | null;
  /** It came by an import, and nobody has let it in yet. */
  arrivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const columns =
  'id, slug, name, state, settings, is_platform, moved_to, moved_state, arrived_at, created_at, updated_at';

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

const bySlug = prepared('tenant-by-slug', `select ${columns} from tenants where slug = $1`);
const byId = prepared('tenant-by-id', `select ${columns} from tenants where id = $1`);

/** Whether there are more than two tenants that people can sign in to. */
export async function selectManyTenants(db: Database): Promise<boolean> {
  return remembered(db, 'many-tenants', async () => {
    const found = await rows<{ many: boolean }>(
      db,
      `select count(*) > 2 as many from (select from tenants where state = 'active' limit 3) as found`,
    );
    return found[0]?.many === true;
  });
}

/** Shared, as the next: not to be changed. */
export async function selectTenantBySlug(db: Database, slug: string): Promise<TenantRow | undefined> {
  return remembered(db, `tenant-of-slug ${slug}`, async () => {
    const found = await runPrepared<TenantRow>(db, bySlug, [slug]);
    return found.rows[0];
  });
}

export async function selectTenantById(db: Database, id: string): Promise<TenantRow | undefined> {
  return remembered(db, `tenant ${id}`, async () => {
    const found = await runPrepared<TenantRow>(db, byId, [id]);
    return found.rows[0];
  });
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
        set state      = coalesce(:state, state),
            name       = coalesce(:name, name),
            settings   = coalesce(:settings::jsonb, settings),
            arrived_at = case when :state::text = 'active' then null else arrived_at end
      where id = :id
  returning ${columns}`,
    { id, state: change.state ?? null, name: change.name ?? null, settings },
  );
}

/** Closes a tenant here, because it is elsewhere from now on; null: it is here again, and still closed. */
export async function updateMovedTo(
  db: Database,
  { id, movedTo }: { id: string; movedTo: string | null },
): Promise<TenantRow | undefined> {
  return firstRow<TenantRow>(
    db,
    `update tenants
        set state       = 'suspended',
            moved_to    = :movedTo,
            moved_at    = case when :movedTo::text is not null then now() end,
            moved_state = case when :movedTo::text is not null then state end
      where id = :id
  returning ${columns}`,
    { id, movedTo },
  );
}

/** Keeps a tenant as it is to the end of the transaction. */
export async function shareTenant(trx: Database, id: string): Promise<void> {
  await rows(trx, 'select 1 from tenants where id = ? for share', [id]);
}
