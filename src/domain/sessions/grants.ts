/**
 * What people let applications have: listing it, and taking it back. Owns that a withdrawn grant takes its tokens and codes
 * with it and that the application is told where the person is signed in to it (OpenID Connect Back-Channel Logout 1.0), in
 * one transaction. What a grant says is sealed; the adapters of oidc/storage read it.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { emptyPage, type Keyset, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { findRemoval } from '../audit/find-events.ts';
import { deleteGrant, selectSidsOfGrant } from './session-end-store.ts';
import { tellRelyingParties } from './sessions.ts';

export interface StoredGrant {
  id: string;
  idHash: Buffer;
  /** Sealed. */
  payload: Buffer;
  clientId: string;
  /** Null: the server's own pages, or an application that is gone. */
  clientName: string | null;
  firstParty: boolean;
  /** It acts for the person while they are away. */
  agent: boolean;
  createdAt: Date;
  /** To the minute. */
  lastUsedAt: Date | null;
  expiresAt: Date | null;
}

const newestFirst: Keyset = {
  columns: [
    { expression: 'g.created_at', type: 'timestamptz' },
    { expression: 'g.grant_id', type: 'text' },
  ],
  descending: true,
};

/** The live grants of a person, the newest first. @throws DomainError invalid CURSOR_INVALID */
export async function listStoredGrants(
  db: Database,
  { tenantId, userId, ...page }: PageRequest & { tenantId: string; userId: string },
): Promise<Page<StoredGrant>> {
  if (!isId(tenantId) || !isId(userId)) return emptyPage();
  return selectPage<StoredGrant>(
    db,
    newestFirst,
    page,
    ({ key, where, order }) =>
      `select g.grant_id as id, g.id_hash, g.payload, g.client_id, c.name as client_name,
              coalesce(c.first_party, c.id is null) as first_party, coalesce((c.metadata ->> 'agent')::boolean, false) as agent,
              g.created_at, g.last_used_at, g.expires_at, ${key}
         from oidc_payloads g
         left join clients c on c.client_id = g.client_id and c.deleted_at is null
        where g.model = 'Grant' and g.account_id = (select id from users where tenant_id = :tenantId and id = :userId)
          and (g.expires_at is null or g.expires_at > now()) and ${where}
        ${order}`,
    { tenantId, userId },
  );
}

const action = 'grant.withdrawn';

/**
 * Takes a grant of a person back: its tokens, codes and what waits for them are worth nothing from here on, on every node.
 * The person's sign-in here goes on; the application has to ask again. Once more does no harm.
 * @throws DomainError not_found NOT_FOUND, also for another person's, or one that has ended
 */
export async function withdrawGrant(
  db: Database,
  { tenantId, userId, grantId }: { tenantId: string; userId: string; grantId: string },
  caller: Caller,
): Promise<void> {
  if (!isId(tenantId) || !isId(userId)) throw new DomainError('not_found', 'NOT_FOUND');
  await inTransaction(db, async (trx) => {
    const told = await selectSidsOfGrant(trx, { tenantId, userId, grantId });
    const withdrawn = await deleteGrant(trx, { tenantId, userId, grantId });
    if (!withdrawn) {
      const by = { entityId: userId, member: 'grantId', value: grantId };
      if (await findRemoval(trx, { action, entityType: 'user', by, tenantIds: [tenantId] })) return;
      throw new DomainError('not_found', 'NOT_FOUND');
    }
    await tellRelyingParties(trx, [{ userId, clients: told }]);
    const about = { tenantId, entityType: 'user', entityId: userId };
    const payload = { clientId: withdrawn.clientId, grantId };
    await recordEvent(trx, { ...about, action, payload }, caller);
  });
}
