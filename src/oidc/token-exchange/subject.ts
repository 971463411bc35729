/**
 * What a service may exchange (RFC 8693 section 2.1): an access token of a person that is meant for the service itself, and
 * API keys. Refuses id_tokens, refresh tokens, services' own tokens, tokens for anybody else, those of other tenants, what has
 * ended, what is bound to a key or a certificate that the request does not prove, and chains that go in a circle.
 */
import { type AccessToken, errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import { findKeyAccess, findLiveKey, type LiveApiKey, openApiKey } from '../../domain/api-keys/api-keys.ts';
import { accessScopes } from '../../domain/claims/claims.ts';
import {
  findResourceServerIdentifier,
  type ResourceServerWithScopes,
} from '../../domain/resource-servers/resource-servers.ts';
import type { Database } from '../../platform/database.ts';
import { type AccountWithProfile, createFindAccount } from '../account.ts';
import type { PublicJwk } from '../keys.ts';
import { memoryOf } from '../request-memory.ts';
import { recordId } from '../storage/jwt-record-ids.ts';
import { createAccessTokenVerifier } from '../tokens/access-token-records.ts';
import {
  type ActingParty,
  actOf,
  claimsOfKey,
  type ExchangedSubject,
  type ExchangedToken,
  partiesOf,
  type RequestingClient,
  type TokenOrigin,
} from '../tokens/exchanged-tokens.ts';
import { managementAudience } from '../tokens/management-audience.ts';
import type { TokenBinding } from '../tokens/possession.ts';
import { narrowedNode } from '../tokens/token-claims.ts';

export interface ExchangeDependencies {
  db: Database;
  provider: Provider;
  publicJwks: readonly PublicJwk[];
}

/** What may be said of it at an API, and until when. */
export interface Sayable {
  capabilities: readonly string[];
  earliestEnd: Date | null;
}

/** What is exchanged. */
export interface Subject {
  /** Of the token that is made. */
  origin: TokenOrigin;
  account?: AccountWithProfile;
  sessionUid?: string;
  /** When it ends, in seconds since the epoch. */
  exp: number;
  binding: TokenBinding;
  /** What the new token says of it. */
  says: ExchangedSubject;
  /** Scopes that are of no API. */
  accessScopes: string[];
  sayableAt(ctx: TokenEndpointGrantContext, api: ResourceServerWithScopes): Promise<Sayable>;
}

type StoredToken = AccessToken & ExchangedToken & TokenBinding & { exp: number; expiresWithSession?: boolean };

const mostParties = 3;

/** RFC 8693 section 2.2.2: whatever is wrong with a subject token is `invalid_request`. */
export function refused(why: string): Error {
  return new errors.InvalidRequest(`the subject_token ${why}`);
}

/** @throws errors.InvalidRequest */
export async function findSubjectToken(
  ctx: TokenEndpointGrantContext,
  deps: ExchangeDependencies,
  value: string,
): Promise<Subject> {
  const { db, provider } = deps;
  const { client } = ctx.oidc;
  const token = await findAccessToken(ctx, deps, value);
  if (!token?.isValid) throw refused('is no live access token of a person');
  const itself = await findResourceServerIdentifier(db, client.resource_server_id as string);
  if (itself === undefined || token.aud !== itself || itself === managementAudience(provider.issuer))
    throw refused('is not meant for this service');
  // For another API it would be good at every place.
  if (token.rar) throw refused('is good at single places alone (authorization_details)');
  if (!(await provider.Client.find(token.clientId as string))) throw refused('is of an application that is stopped');
  const act = nextAct(client, token);
  const ceilings = { ...token.origin?.ceilings, [itself]: token.scope ?? '' };
  const key = token.origin?.keyId === undefined ? undefined : await findLiveKey(db, token.origin.keyId);
  if (key)
    return { ...subjectOfKey(db, client, key, ceilings), ...ofStored(token), says: { act, ofKey: claimsOfKey(key) } };
  return subjectOfPerson(ctx, deps, token, { act, ceilings });
}

async function findAccessToken(
  ctx: TokenEndpointGrantContext,
  { provider, publicJwks }: ExchangeDependencies,
  value: string,
): Promise<StoredToken | undefined> {
  // Opaque tokens have no dot.
  if (!value.includes('.')) return (await provider.AccessToken.find(value)) as StoredToken | undefined;
  const jti = createAccessTokenVerifier(provider.issuer, publicJwks)(value);
  if (jti === undefined) return undefined;
  memoryOf(ctx).admittedRecordId = recordId(jti);
  return (await provider.AccessToken.find(recordId(jti))) as StoredToken | undefined;
}

/** The service acts for whoever acted before it. @throws errors.InvalidRequest */
function nextAct({ clientId }: RequestingClient, token: StoredToken): ActingParty {
  const mayAct = (token.extra as { may_act?: { sub?: unknown } } | undefined)?.may_act;
  if (mayAct !== undefined && mayAct.sub !== clientId) throw refused('names somebody else who may act (may_act)');
  const act = actOf(token);
  const parties = partiesOf(act);
  if (parties.includes(clientId)) throw refused('is one that this service was given in an exchange');
  if (parties.length >= mostParties) throw refused(`has passed through ${mostParties} services already`);
  return { sub: clientId, ...(act && { act }) };
}

function ofStored({ exp, jkt, 'x5t#S256': x5t }: StoredToken): Pick<Subject, 'exp' | 'binding'> {
  return { exp, binding: { jkt, 'x5t#S256': x5t } };
}

/** Where the token rests: of the first of a chain its grant, of others what that one rested on. */
async function originOf(
  { provider }: ExchangeDependencies,
  token: StoredToken,
): Promise<{ grant: InstanceType<Provider['Grant']>; origin: Omit<TokenOrigin, 'tenantId' | 'ceilings'> }> {
  const { grantId, clientId } = token.origin ?? token;
  const link = token.origin?.link;
  const grant = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  if (!grant || grant.accountId !== token.accountId || grant.clientId !== clientId)
    throw refused('is of a grant that has ended');
  const withSession = token.origin ? token.origin.withSession : token.expiresWithSession;
  return { grant, origin: { grantId, clientId, ...(withSession && { withSession }), ...(link && { link }) } };
}

async function subjectOfPerson(
  ctx: TokenEndpointGrantContext,
  deps: ExchangeDependencies,
  token: StoredToken,
  { act, ceilings }: { act: ActingParty; ceilings: Record<string, string> },
): Promise<Subject> {
  const { client } = ctx.oidc;
  const { grant, origin } = await originOf(deps, token);
  const account = (await createFindAccount(deps.db)(ctx, token.accountId, token)) as AccountWithProfile | undefined;
  if (!account) throw refused('is of a person who may not act');
  const { tenantId } = account.profile;
  if (client.tenant_id !== undefined && client.tenant_id !== tenantId) throw refused('is not meant for this service');
  const { acr, auth_time: authTime, org_node_id: orgNodeId } = (token.extra ?? {}) as Record<string, never>;
  return {
    origin: { tenantId, ...origin, ceilings },
    account,
    sessionUid: token.sessionUid,
    ...ofStored(token),
    says: { act, acr, authTime, orgNodeId },
    accessScopes: accessScopes.filter((scope) => token.scopes.has(scope)),
    async sayableAt(request, { identifier }) {
      const access = await account.access(await narrowedNode(deps.db, request));
      const granted = new Set((ceilings[identifier] ?? grant.getResourceScope(identifier)).split(' '));
      return { capabilities: access.capabilities.filter((key) => granted.has(key)), earliestEnd: access.earliestEnd };
    },
  };
}

/** @throws errors.InvalidRequest */
export async function findSubjectKey(
  ctx: TokenEndpointGrantContext,
  { db }: ExchangeDependencies,
  value: string,
): Promise<Subject> {
  const { client } = ctx.oidc;
  const key = await openApiKey(db, value);
  if (!key) throw refused('is no live API key');
  const isItself = client.clientAuthMethod === 'none';
  const says = { ofKey: claimsOfKey(key), ...(!isItself && { act: { sub: client.clientId } }) };
  const exp = Math.floor(key.expiresAt.getTime() / 1000);
  return { ...subjectOfKey(db, client, key, {}), exp, binding: {}, says };
}

function subjectOfKey(
  db: Database,
  client: RequestingClient,
  key: LiveApiKey,
  ceilings: Record<string, string>,
): Omit<Subject, 'exp' | 'binding' | 'says'> {
  const { id: keyId, tenantId } = key;
  if (client.tenant_id !== undefined && client.tenant_id !== tenantId) throw refused('is no live API key');
  return {
    origin: { tenantId, keyId, ceilings },
    accessScopes: [],
    async sayableAt({ oidc }, { id, identifier }) {
      const { org_node_id: place } = (oidc.body ?? {}) as { org_node_id?: unknown };
      if (place !== undefined && place !== '' && place !== key.orgNodeId)
        throw new errors.InvalidRequest('org_node_id of a token for an API key is the place of the key');
      const { scope, earliestEnd } = await findKeyAccess(db, key, id);
      const ceiling = ceilings[identifier]?.split(' ');
      return { capabilities: scope.filter((name) => ceiling?.includes(name) ?? true), earliestEnd };
    },
  };
}
