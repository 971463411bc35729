/** What a person lets applications have, in words: the sealed content of `domain/sessions/grants.ts`. Changes nothing. */
import { listStoredGrants, type StoredGrant } from '../../domain/sessions/grants.ts';
import type { Database } from '../../platform/database.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { openPayload } from './sealing.ts';

export interface ListedGrant extends Omit<StoredGrant, 'idHash' | 'payload'> {
  /** What the application may know of the person. */
  scopes: string[];
  /** What it may do at APIs. */
  resources: { resource: string; scopes: string[] }[];
}

interface GrantPayload {
  openid?: { scope?: string };
  resources?: Record<string, string>;
}

const words = (scope: string | undefined) => scope?.split(' ').filter((word) => word !== '') ?? [];

/**
 * The live grants of a person, the newest first. What was sealed under a key that is gone opens no token either, and is
 * listed without what it says.
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listGrants(
  db: Database,
  wanted: PageRequest & { tenantId: string; userId: string },
  secrets: Secrets,
): Promise<Page<ListedGrant>> {
  const { items, next } = await listStoredGrants(db, wanted);
  return { items: items.map((grant) => opened(grant, secrets)), next };
}

function opened({ idHash, payload, ...grant }: StoredGrant, secrets: Secrets): ListedGrant {
  const content = openPayload(secrets, 'Grant', { idHash, payload, consumed: false }) as GrantPayload | undefined;
  const resources = Object.entries(content?.resources ?? {});
  return {
    ...grant,
    scopes: words(content?.openid?.scope),
    resources: resources.map(([resource, scope]) => ({ resource, scopes: words(scope) })),
  };
}
