/**
 * Access tokens that are meant for the program's own API. Owns which of them count: signed by us, for this audience, with a
 * row that lives, of a grant or a service that lives. A token that is bound to a key (RFC 9449, RFC 8705) is no bearer
 * token, and refused as one.
 */
import type { Provider } from 'oidc-provider';
import { findSessionLogin } from '../../domain/sessions/sessions.ts';
import type { Database } from '../../platform/database.ts';
import { sha256 } from '../../platform/secrets.ts';
import type { PublicJwk } from '../keys.ts';
import { findJwtAccessToken, findJwtServiceToken } from './access-token-records.ts';
import { isBound, type TokenBinding } from './possession.ts';

/** Where the management API is, and the audience of its tokens. */
export function managementAudience(issuer: string): string {
  return `${issuer}/api/v1`;
}

/** The issuer whose management API has this audience. */
export function issuerOfAudience(audience: string): string {
  return audience.slice(0, -managementAudience('').length);
}

export type ManagementToken =
  | { kind: 'person'; accountId: string; clientId: string; scopes: ReadonlySet<string>; authTime: Date | null }
  | { kind: 'service'; clientId: string; tenantId: string | null; scopes: ReadonlySet<string> };

interface Bound extends TokenBinding {
  aud?: string | string[];
  scope?: string;
  sessionUid?: string;
}

const scopesOf = ({ scope }: Bound) => new Set(scope?.split(' ').filter((name) => name !== ''));

/** What a bearer token stands for; undefined for anything that does not count here. */
export async function findManagementToken(
  { db, provider, publicJwks }: { db: Database; provider: Provider; publicJwks: readonly PublicJwk[] },
  token: string,
): Promise<ManagementToken | undefined> {
  const audience = managementAudience(provider.issuer);
  const counts = (record: Bound) => record.aud === audience && !isBound(record);

  const person = await findJwtAccessToken(provider, publicJwks, token);
  if (person) {
    const record = person as typeof person & Bound;
    if (!counts(record)) return undefined;
    const { sessionUid } = record;
    const authTime = sessionUid ? await findSessionLogin(db, sha256(sessionUid)) : undefined;
    const { accountId, clientId } = record;
    return { kind: 'person', accountId, clientId, scopes: scopesOf(record), authTime: authTime ?? null };
  }
  const service = await findJwtServiceToken(provider, publicJwks, token);
  if (!service || !counts(service)) return undefined;
  const { clientId, tenantId } = service;
  return { kind: 'service', clientId, tenantId, scopes: scopesOf(service) };
}
