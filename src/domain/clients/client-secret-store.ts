/** The SQL of the secrets of clients as they are listed and withdrawn. A secret itself is nowhere: only its hash is. */
import { type Database, firstRow } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';

export interface ClientSecretRow {
  id: string;
  /** Its last four characters. */
  hint: string;
  createdAt: Date;
  /** From then on it works no more. */
  expiresAt: Date | null;
  /** To the minute. */
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

const columns = 'id, hint, created_at, expires_at, last_used_at, revoked_at';

/** In the order of their ids. */
export async function selectClientSecrets(
  db: Database,
  clientRowId: string,
  page: PageRequest,
): Promise<Page<ClientSecretRow>> {
  return selectPage<ClientSecretRow>(
    db,
    byId(),
    page,
    ({ key, where, order }) =>
      `select ${columns}, ${key} from client_secrets where client_id = :clientRowId and ${where} ${order}`,
    { clientRowId },
  );
}

/** Undefined where the client has no such secret; `revoked` false where it was revoked before. */
export async function revokeSecret(
  trx: Database,
  { clientRowId, id }: { clientRowId: string; id: string },
): Promise<{ revoked: boolean; hint: string } | undefined> {
  return firstRow<{ revoked: boolean; hint: string }>(
    trx,
    `with before as (
       select id, hint, revoked_at from client_secrets where client_id = :clientRowId and id = :id for no key update
     ), revoked as (
       update client_secrets s set revoked_at = now() from before b where s.id = b.id and b.revoked_at is null
     )
     select revoked_at is null as revoked, hint from before`,
    { clientRowId, id },
  );
}
