/** The SQL of identity providers. */
import { type Database, firstRow, rows } from '../../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../../platform/paging.ts';
import { remembered } from '../../../platform/remembered.ts';

export interface IdentityProviderRow {
  id: string;
  /** Null: for all tenants. */
  tenantId: string | null;
  key: string;
  name: string;
  state: 'active' | 'disabled';
  issuer: string;
  clientId: string;
  clientSecretSealed: Buffer | null;
  scopes: string[];
  /** How it sends its answer: in the address, or as a form that the browser posts (OAuth 2.0 Form Post Response Mode). */
  responseMode: 'query' | 'form_post';
  claimMapping: unknown;
  /** Which of its assertions count (cross-app.ts); null: none. */
  crossApp: unknown;
  createdAt: Date;
}

const columns =
  'id, tenant_id, key, name, state, issuer, client_id, client_secret_sealed, scopes, response_mode, claim_mapping, cross_app, created_at';

export async function insertIdentityProvider(
  trx: Database,
  provider: Omit<IdentityProviderRow, 'state' | 'createdAt' | 'claimMapping' | 'crossApp'> & { claimMapping: object },
): Promise<IdentityProviderRow> {
  const row = await firstRow<IdentityProviderRow>(
    trx,
    `insert into identity_providers
            (id, tenant_id, key, name, issuer, client_id, client_secret_sealed, scopes, response_mode, claim_mapping)
     values (:id, :tenantId, :key, :name, :issuer, :clientId, :clientSecretSealed, :scopes, :responseMode, :claimMapping)
     returning ${columns}`,
    { ...provider, claimMapping: JSON.stringify(provider.claimMapping) },
  );
  if (!row) throw new Error('no row for the new identity provider');
  return row;
}

export async function selectIdentityProvider(db: Database, key: string): Promise<IdentityProviderRow | undefined> {
  return firstRow(db, `select ${columns} from identity_providers where key = ?`, [key]);
}

/**
 * Active providers by name: those of all tenants (with `keys`, these alone) and, where one is named, of that tenant.
 */
export async function selectActiveProviders(
  db: Database,
  { tenantId, keys }: { tenantId: string | null; keys: readonly string[] | null },
): Promise<IdentityProviderRow[]> {
  return remembered(db, `active-providers ${tenantId} ${keys === null ? 'all' : JSON.stringify(keys)}`, () =>
    selectActive(db, { tenantId, keys }),
  );
}

function selectActive(
  db: Database,
  { tenantId, keys }: { tenantId: string | null; keys: readonly string[] | null },
): Promise<IdentityProviderRow[]> {
  return rows(
    db,
    `select ${columns}
       from identity_providers
      where state = 'active'
        and (tenant_id = :tenantId::uuid or (tenant_id is null and (:keys::text[] is null or key = any(:keys))))
      order by lower(name), key
      limit 20`,
    { tenantId, keys },
  );
}

/** Those of all tenants and no others, disabled ones too, by name. */
export async function selectSharedProviders(
  db: Database,
): Promise<Pick<IdentityProviderRow, 'key' | 'name' | 'state'>[]> {
  return rows(
    db,
    `select key, name, state from identity_providers where tenant_id is null order by lower(name), key limit 200`,
  );
}

/** In the order of their ids, with the slug of the tenant whose they are. */
export async function selectIdentityProviders(
  db: Database,
  { tenantId, shared }: { tenantId: string | null; shared: boolean },
  request: PageRequest,
): Promise<Page<IdentityProviderRow & { tenantSlug: string | null }>> {
  return selectPage(
    db,
    byId('p.id', 1000),
    request,
    ({ key, where, order }) =>
      `select p.*, t.slug as tenant_slug, ${key}
         from (select ${columns} from identity_providers) p
         left join tenants t on t.id = p.tenant_id
        where (:tenantId::uuid is null or p.tenant_id = :tenantId or (:shared and p.tenant_id is null)) and ${where}
        ${order}`,
    { tenantId, shared },
  );
}

/** False where it was in that state already; undefined where there is none. */
export async function updateProviderState(
  trx: Database,
  key: string,
  state: IdentityProviderRow['state'],
): Promise<{ id: string; tenantId: string | null; changed: boolean } | undefined> {
  return firstRow(
    trx,
    `with known as (
       select id, tenant_id, state from identity_providers where key = :key for update
     ), changed as (
       update identity_providers p set state = :state from known where p.id = known.id and known.state <> :state
     )
     select id, tenant_id, state <> :state as changed from known`,
    { key, state },
  );
}

/** Locks the row: nobody links an account to it meanwhile. */
export async function lockProvider(
  trx: Database,
  key: string,
): Promise<{ id: string; tenantId: string | null } | undefined> {
  return firstRow(trx, `select id, tenant_id from identity_providers where key = ? for update`, [key]);
}

/** Locks the row. */
export async function selectProviderForUpdate(trx: Database, key: string): Promise<IdentityProviderRow | undefined> {
  return firstRow(trx, `select ${columns} from identity_providers where key = :key for no key update`, { key });
}

export async function updateProvider(
  trx: Database,
  {
    id,
    name,
    clientId,
    scopes,
    responseMode,
    claimMapping,
  }: Pick<IdentityProviderRow, 'id' | 'name' | 'clientId' | 'scopes' | 'responseMode'> & { claimMapping: object },
): Promise<void> {
  await trx('identity_providers')
    .where({ id })
    .update({ name, clientId, scopes, responseMode, claimMapping: JSON.stringify(claimMapping) });
}

/** Those of a tenant that vouch for people at other servers under this issuer, now; the oldest first. */
export async function selectAssertingProviders(
  db: Database,
  wanted: { issuer: string; tenantId: string },
): Promise<IdentityProviderRow[]> {
  return rows(
    db,
    `select ${columns}
       from identity_providers
      where tenant_id = :tenantId and issuer = :issuer and state = 'active' and cross_app is not null
      order by id`,
    wanted,
  );
}

export async function updateCrossAppTerms(trx: Database, id: string, terms: object | null): Promise<void> {
  await trx('identity_providers')
    .where({ id })
    .update({ crossApp: terms && JSON.stringify(terms) });
}

export async function updateClientSecret(trx: Database, id: string, clientSecretSealed: Buffer): Promise<void> {
  await trx('identity_providers').where({ id }).update({ clientSecretSealed });
}

export async function deleteProvider(trx: Database, id: string): Promise<void> {
  await trx('identity_providers').where({ id }).delete();
}

/** How many people sign in with a provider. */
export async function countIdentities(db: Database, key: string): Promise<number> {
  const found = await firstRow<{ count: number }>(db, `select count(*) from user_identities where provider = ?`, [key]);
  return found?.count ?? 0;
}
