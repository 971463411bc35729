/**
 * Access tokens that are meant for the program's own API. Owns which of them count: signed by us, for this audience, with a
 * row that lives, of a grant or a service that lives. A token that is bound to a key (RFC 9449) comes with a proof of the
 * key, and is refused as a bearer token.
 */
import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import { findSessionLogin } from '../../domain/sessions/sessions.ts';
import type { Database } from '../../platform/database.ts';
import { sha256 } from '../../platform/secrets.ts';
import type { PublicJwk } from '../keys.ts';
import { findJwtAccessToken, findJwtServiceToken } from './access-token-records.ts';
import { managementAudience } from './management-audience.ts';
import { provesPossession, type TokenBinding } from './possession.ts';

export type ManagementToken =
  | {
      kind: 'person';
      accountId: string;
      clientId: string;
      scopes: ReadonlySet<string>;
      authTime: Date | null;
      acr: unknown;
    }
  | { kind: 'service'; clientId: string; tenantId: string | null; scopes: ReadonlySet<string> };

interface Bound extends TokenBinding {
  aud?: string | string[];
  scope?: string;
  sessionUid?: string;
  extra?: { acr?: unknown };
}

const scopesOf = ({ scope }: Bound) => new Set(scope?.split(' ').filter((name) => name !== ''));

/** What the token of a request stands for; undefined for anything that does not count here. */
export async function findManagementToken(
  ctx: Context,
  { db, provider, publicJwks }: { db: Database; provider: Provider; publicJwks: readonly PublicJwk[] },
  token: string,
): Promise<ManagementToken | undefined> {
  const audience = managementAudience(provider.issuer);
  const address = `${provider.issuer}${ctx.path}`;
  const counts = async (record: Bound & { clientId: string }) =>
    record.aud === audience && (await provesPossession(ctx, { provider, address }, token, record));

  const person = await findJwtAccessToken(provider, publicJwks, token);
  if (person) {
    const record = person as typeof person & Bound;
    if (!(await counts(record))) return undefined;
    const { sessionUid } = record;
    const authTime = sessionUid ? await findSessionLogin(db, sha256(sessionUid)) : undefined;
    const { accountId, clientId } = record;
    return {
      kind: 'person',
      accountId,
      clientId,
      scopes: scopesOf(record),
      authTime: authTime ?? null,
      acr: record.extra?.acr,
    };
  }
  const service = await findJwtServiceToken(provider, publicJwks, token);
  if (!service || !(await counts(service))) return undefined;
  const { clientId, tenantId } = service;
  return { kind: 'service', clientId, tenantId, scopes: scopesOf(service) };
}

/** Whether a token that counted a while ago has not ended since. */
export async function managementTokenLives(
  provider: Provider,
  publicJwks: readonly PublicJwk[],
  token: string,
): Promise<boolean> {
  const record =
    (await findJwtAccessToken(provider, publicJwks, token)) ?? (await findJwtServiceToken(provider, publicJwks, token));
  return record !== undefined;
}
