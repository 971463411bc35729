/**
 * Initial access tokens (RFC 7591 section 1.2): who holds one may register applications of a tenant. Owns what may be registered
 * by each: where people are sent back to, what may be asked for, how many applications, until when. Refuses to tell a
 * token twice: what is kept is its SHA-256.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import { randomToken, sha256 } from '../../platform/secrets.ts';
import { findCapability } from '../access/capabilities.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { scopes as knownScopes } from '../claims/claims.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { parseTenantSettings } from '../tenants/tenant-settings.ts';
import {
  type InitialAccessTokenRow,
  insertInitialAccessToken,
  revokeToken,
  revokeTokensOf,
  selectInitialAccessToken,
  selectInitialAccessTokens,
  selectLiveToken,
} from './initial-access-token-store.ts';

export type InitialAccessToken = InitialAccessTokenRow;

const day = 24 * 60 * 60 * 1000;
export const defaultTokenDays = 30;
export const longestTokenDays = 366;
export const mostTokenUses = 1_000;

const prefix = 'ghi_';
const form = new RegExp(`^${prefix}[A-Za-z0-9_-]{43}$`);

interface TokenReference {
  tenantId: string;
  tokenId: string;
}

export interface NewInitialAccessToken {
  tenantId: string;
  name: string;
  /** Names of hosts, `localhost` for the person's own machine. */
  redirectHosts: readonly string[];
  /** At the most these may be asked for: those of OpenID Connect, and keys of capabilities. */
  scopes: readonly string[];
  /** Applications, at the most. */
  mostUses: number;
  expiresAt?: Date;
}

/** When a token that is made now ends by default. */
function defaultTokenExpiry(): Date {
  return new Date(Date.now() + defaultTokenDays * day);
}

/** The name of a host in lower case, as it stands in an address. */
export function isHostName(text: string): boolean {
  return text === URL.parse(`https://${text}/`)?.hostname && !/[/?#@:]/.test(text);
}

/** @throws DomainError invalid INVALID_INPUT with the field and the first value at fault */
async function checkPolicy(db: Database, wanted: NewInitialAccessToken): Promise<void> {
  const { redirectHosts, scopes, mostUses, expiresAt } = wanted;
  const refuse = (field: string, value?: string) =>
    new DomainError('invalid', 'INVALID_INPUT', { field, ...(value !== undefined && { value }) });
  const badHost = redirectHosts.find((host) => !isHostName(host));
  if (badHost !== undefined || redirectHosts.length === 0) throw refuse('redirect_hosts', badHost);
  if (!Number.isInteger(mostUses) || mostUses < 1 || mostUses > mostTokenUses) throw refuse('most_uses');
  const left = expiresAt && expiresAt.getTime() - Date.now();
  if (left !== undefined && !(left > 0 && left <= longestTokenDays * day)) throw refuse('expires_at');
  if (scopes.length === 0) throw refuse('scopes');
  for (const scope of scopes)
    if (!Object.hasOwn(knownScopes, scope) && !(await findCapability(db, scope))) throw refuse('scopes', scope);
}

/**
 * Makes a token. The answer alone holds it.
 * @throws DomainError invalid INVALID_INPUT (redirect_hosts, scopes, most_uses, expires_at)
 */
export async function createInitialAccessToken(
  db: Database,
  wanted: NewInitialAccessToken,
  caller: Caller,
): Promise<InitialAccessToken & { token: string }> {
  const { tenantId, name, mostUses, expiresAt = defaultTokenExpiry() } = wanted;
  await checkPolicy(db, wanted);
  const token = `${prefix}${randomToken(32)}`;
  return inTransaction(db, async (trx) => {
    const made = await insertInitialAccessToken(trx, {
      ...{ id: newId(), tenantId, name, mostUses, expiresAt },
      redirectHosts: [...new Set(wanted.redirectHosts)],
      scopes: [...new Set(wanted.scopes)],
      tokenHash: sha256(token),
      hint: token.slice(-4),
      actorId: actingUserId(caller),
    });
    const { redirectHosts, scopes } = made;
    const payload = { name, redirectHosts, scopes, mostUses, expiresAt };
    await recordEvent(trx, { ...about(made), action: 'initial_access.created', payload }, caller);
    return { ...made, token };
  });
}

/** Undefined also for one of another tenant. */
export async function findInitialAccessToken(
  db: Database,
  { tenantId, tokenId }: TokenReference,
): Promise<InitialAccessToken | undefined> {
  return isId(tenantId) && isId(tokenId) ? selectInitialAccessToken(db, { tenantId, id: tokenId }) : undefined;
}

/** Tokens of a tenant, those that have ended too. @throws DomainError invalid CURSOR_INVALID */
export async function listInitialAccessTokens(
  db: Database,
  { tenantId, ...page }: PageRequest & { tenantId: string },
): Promise<Page<InitialAccessToken>> {
  return isId(tenantId) ? selectInitialAccessTokens(db, tenantId, page) : emptyPage();
}

/**
 * Ends a token for good; what was registered by it stays. Ended already: nothing is recorded.
 * @throws DomainError not_found NOT_FOUND
 */
export async function revokeInitialAccessToken(
  db: Database,
  { tenantId, tokenId }: TokenReference,
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const known = await findInitialAccessToken(trx, { tenantId, tokenId });
    if (!known) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'initial_access_token' });
    const revoked = await revokeToken(trx, { tenantId, id: known.id });
    if (!revoked) return;
    const payload = { name: revoked.name, uses: revoked.uses };
    await recordEvent(trx, { ...about(revoked), action: 'initial_access.revoked', payload }, caller);
  });
}

/** Ends all tokens of a tenant that may act no longer. */
export async function endInitialAccessTokensOfTenant(trx: Database, tenantId: string): Promise<void> {
  await revokeTokensOf(trx, tenantId);
}

/** The token that a bearer value is, if something may be registered by it now, in a tenant that lets applications register. */
export async function openInitialAccessToken(db: Database, value: string): Promise<InitialAccessToken | undefined> {
  const found = form.test(value) ? await selectLiveToken(db, sha256(value)) : undefined;
  if (!found) return undefined;
  const { settings, ...token } = found;
  return parseTenantSettings(settings).clientRegistration ? token : undefined;
}

function about({ tenantId, id }: InitialAccessToken) {
  return { tenantId, entityType: 'initial_access', entityId: id };
}
