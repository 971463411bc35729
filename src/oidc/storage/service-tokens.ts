/** The live tokens of a service, with what they are for: the API and the scope stand sealed in what is stored of each. */
import { type ListedServiceToken, listServiceTokens } from '../../domain/sessions/list-sessions.ts';
import { selectServiceTokenPayloads } from '../../domain/sessions/service-token-store.ts';
import type { Database } from '../../platform/database.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { serviceRecordHashes } from './jwt-record-ids.ts';
import { openPayload } from './sealing.ts';

export interface ServiceTokenDetails extends ListedServiceToken {
  /** The identifier of the API; null: it cannot be read, because the key that sealed it is gone. */
  resource: string | null;
  /** Separated by spaces. */
  scope: string | null;
}

/** In the order of their ids. @param query.clientRowId clients.id @throws DomainError invalid CURSOR_INVALID */
export async function listTokensOfService(
  { db, secrets }: { db: Database; secrets: Secrets },
  query: PageRequest & { clientRowId: string },
): Promise<Page<ServiceTokenDetails>> {
  const page = await listServiceTokens(db, query);
  const stored = await selectServiceTokenPayloads(
    db,
    page.items.flatMap(({ jti }) => serviceRecordHashes(jti)),
  );
  const byHash = new Map(stored.map((row) => [row.idHash.toString('hex'), row]));
  const items = page.items.map((token) => {
    const row = serviceRecordHashes(token.jti)
      .map((hash) => byHash.get(hash.toString('hex')))
      .find((found) => found !== undefined);
    const payload = row && openPayload(secrets, 'ClientCredentials', { ...row, consumed: false });
    const { aud, scope } = (payload ?? {}) as { aud?: unknown; scope?: unknown };
    return {
      ...token,
      resource: typeof aud === 'string' ? aud : null,
      scope: typeof scope === 'string' ? scope : null,
    };
  });
  return { ...page, items };
}
