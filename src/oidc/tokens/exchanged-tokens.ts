/**
 * Tokens that others were exchanged for (RFC 8693): what each rests on, and that it counts for as long as that counts. A
 * person's token rests on the grant of the first token of its chain, on the application that this was made for, and on the
 * browser session where the first one did; a token of an API key on the key; one for an assertion on the provider and the link too.
 */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { findKeyAccess, findLiveKey, type LiveApiKey } from '../../domain/api-keys/api-keys.ts';
import { accessScopes } from '../../domain/claims/claims.ts';
import { isLinkedAndTrusted } from '../../domain/methods/federation/identity-store.ts';
import { findResourceServer } from '../../domain/resource-servers/resource-servers.ts';
import type { Database } from '../../platform/database.ts';
import type { AccountWithProfile } from '../account.ts';

/** Who acts for the person; `act`: for whom that one acts (RFC 8693 section 4.1). */
export interface ActingParty {
  sub: string;
  act?: ActingParty;
}

/** Stored with an exchanged token. */
export interface TokenOrigin {
  tenantId: string;
  /** Of a person's token. `withSession`: it ends with the browser session whose `sessionUid` it has. */
  grantId?: string;
  clientId?: string;
  withSession?: boolean;
  /** Of a token of an API key. */
  keyId?: string;
  /** Of a token for an assertion about a person (cross-app/accept-assertion.ts): by which link, of which provider. */
  link?: { identityId: string; provider: string; issuer: string; jti: string };
  /** What the tokens before it said, by their audience: none after it says more there. */
  ceilings: Record<string, string>;
}

/** What the token that is being made says of what it is exchanged for. */
export interface ExchangedSubject {
  act?: ActingParty;
  acr?: string;
  /** Seconds since the epoch. */
  authTime?: number;
  orgNodeId?: string;
  /** Of an API key: whom the token is about, where. */
  ofKey?: Record<string, unknown>;
}

export interface ExchangedToken {
  accountId?: string;
  sessionUid?: string;
  aud?: string | string[];
  scope?: string;
  origin?: TokenOrigin;
}

/** Whether what the token rests on counts at this moment. True of a token that was not exchanged. */
export async function restsOnLiving(db: Database, provider: Provider, token: ExchangedToken): Promise<boolean> {
  const { origin, accountId } = token;
  if (!origin) return true;
  if (origin.keyId !== undefined) return (await findLiveKey(db, origin.keyId)) !== undefined;
  const { grantId, clientId, link } = origin;
  if (grantId === undefined || clientId === undefined) return false;
  if (link && !(await isLinkedAndTrusted(db, { identityId: link.identityId, clientId }))) return false;
  const grant = await provider.Grant.find(grantId);
  if (!grant || grant.accountId !== accountId || grant.clientId !== clientId) return false;
  if (!(await provider.Client.find(clientId))) return false;
  if (origin.withSession !== true) return true;
  const session = await provider.Session.findByUid(token.sessionUid as string);
  return session?.accountId === accountId && session?.grantIdFor(clientId) === grantId;
}

/** What an API key's tokens say of it: whom they are about, and where what they say counts. */
export function claimsOfKey(key: LiveApiKey): Record<string, unknown> {
  const { tenantId, tenantSlug: slug, tenantName: name, userId, orgNodeId } = key;
  return { sub: userId ?? orgNodeId, tenant: { id: tenantId, slug, name }, org_node_id: orgNodeId };
}

/**
 * What of an exchanged token's scope counts at this moment: a person's capabilities at its node, an API key's at its API.
 * Undefined where no capability is left.
 */
export async function currentScope(
  db: Database,
  token: ExchangedToken,
  person: { account: AccountWithProfile; orgNodeId: string | undefined } | undefined,
): Promise<string | undefined> {
  const held = person
    ? (await person.account.access(person.orgNodeId)).capabilities
    : await capabilitiesOfKey(db, token.origin?.keyId, token.aud);
  const said = token.scope?.split(' ') ?? [];
  const left = said.filter((scope) => held.includes(scope));
  if (left.length === 0) return undefined;
  return said.filter((scope) => left.includes(scope) || accessScopes.includes(scope)).join(' ');
}

async function capabilitiesOfKey(
  db: Database,
  keyId: string | undefined,
  aud: ExchangedToken['aud'],
): Promise<readonly string[]> {
  const key = keyId === undefined ? undefined : await findLiveKey(db, keyId);
  const api = typeof aud === 'string' ? await findResourceServer(db, aud) : undefined;
  return key && api ? (await findKeyAccess(db, key, api.id)).scope : [];
}

/** The acting parties of a chain, the last one first. */
export function partiesOf(act: ActingParty | undefined): string[] {
  return act ? [act.sub, ...partiesOf(act.act)] : [];
}

/** Of a token that is stored; undefined where nobody acts for somebody else. */
export function actOf(token: { extra?: unknown }): ActingParty | undefined {
  return (token.extra as { act?: ActingParty } | undefined)?.act;
}

export type RequestingClient = NonNullable<KoaContextWithOIDC['oidc']['client']>;
