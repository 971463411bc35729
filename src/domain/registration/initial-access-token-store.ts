/** The SQL of initial access tokens. A token itself is nowhere: its hash is. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { actorInTenant } from '../organisation/acting-user.ts';

export interface InitialAccessTokenRow {
  id: string;
  tenantId: string;
  name: string;
  /** The last characters of the token. */
  hint: string;
  redirectHosts: string[];
  scopes: string[];
  mostUses: number;
  uses: number;
  expiresAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
  createdAt: Date;
  createdBy: string | null;
}

const columns = `i.id, i.tenant_id, i.name, i.hint, i.redirect_hosts, i.scopes, i.most_uses, i.uses, i.expires_at,
       i.last_used_at, i.revoked_at, i.created_at, i.created_by`;

export async function insertInitialAccessToken(
  trx: Database,
  token: Pick<
    InitialAccessTokenRow,
    'id' | 'tenantId' | 'name' | 'hint' | 'redirectHosts' | 'scopes' | 'mostUses' | 'expiresAt'
  > & { tokenHash: Buffer; actorId: string | null },
): Promise<InitialAccessTokenRow> {
  const made = await firstRow<InitialAccessTokenRow>(
    trx,
    `insert into initial_access_tokens as i
            (id, tenant_id, name, token_hash, hint, redirect_hosts, scopes, most_uses, expires_at, created_by)
     values (:id, :tenantId, :name, :tokenHash, :hint, :redirectHosts, :scopes, :mostUses, :expiresAt, ${actorInTenant})
  returning ${columns}`,
    { ...token },
  );
  if (!made) throw new Error('an initial access token that was just made is not there');
  return made;
}

export async function selectInitialAccessToken(
  db: Database,
  query: { tenantId: string; id: string },
): Promise<InitialAccessTokenRow | undefined> {
  return firstRow<InitialAccessTokenRow>(
    db,
    `select ${columns} from initial_access_tokens i where i.tenant_id = :tenantId and i.id = :id`,
    query,
  );
}

/** In the order of their ids. @throws DomainError invalid CURSOR_INVALID */
export async function selectInitialAccessTokens(
  db: Database,
  tenantId: string,
  page: PageRequest,
): Promise<Page<InitialAccessTokenRow>> {
  return selectPage<InitialAccessTokenRow>(
    db,
    byId('i.id'),
    page,
    ({ key, where, order }) =>
      `select ${columns}, ${key} from initial_access_tokens i where i.tenant_id = :tenantId and ${where} ${order}`,
    { tenantId },
  );
}

/** Undefined where there is none, or it was revoked before. */
export async function revokeToken(
  trx: Database,
  query: { tenantId: string; id: string },
): Promise<InitialAccessTokenRow | undefined> {
  return firstRow<InitialAccessTokenRow>(
    trx,
    `update initial_access_tokens i set revoked_at = now()
      where i.tenant_id = :tenantId and i.id = :id and i.revoked_at is null
  returning ${columns}`,
    query,
  );
}

/** Those of a tenant, in the order of their ids. */
export async function revokeTokensOf(trx: Database, tenantId: string): Promise<void> {
  await rows(
    trx,
    `with ending as (
       select id from initial_access_tokens
        where tenant_id = :tenantId and revoked_at is null
        order by id
          for no key update
     )
     update initial_access_tokens i set revoked_at = now() from ending e where i.id = e.id returning 1`,
    { tenantId },
  );
}

const isLive = `i.revoked_at is null and i.expires_at > statement_timestamp() and i.uses < i.most_uses
        and t.state = 'active'`;

/** A token that something may be registered by at this moment, with what its tenant decided. */
export async function selectLiveToken(
  db: Database,
  tokenHash: Buffer,
): Promise<(InitialAccessTokenRow & { settings: unknown }) | undefined> {
  return firstRow(
    db,
    `select ${columns}, t.settings
       from initial_access_tokens i
       join tenants t on t.id = i.tenant_id
      where i.token_hash = :tokenHash and ${isLive}`,
    { tokenHash },
  );
}

/** Counts a use. False where another one was the last. */
export async function useToken(trx: Database, id: string): Promise<boolean> {
  const used = await rows(
    trx,
    `update initial_access_tokens i set uses = i.uses + 1, last_used_at = now()
       from tenants t
      where t.id = i.tenant_id and i.id = :id and ${isLive}
  returning 1`,
    { id },
  );
  return used.length === 1;
}
