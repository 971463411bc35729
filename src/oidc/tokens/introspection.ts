/**
 * Who may introspect what (RFC 7662 section 4): a client its own tokens, an API the tokens meant for it, and nobody those
 * of a person or a client that may not act. What a token says of a person is answered as it is now, not as it was when it
 * was made; how and when they signed in is what it was. A service stands for itself, as in its JWT (RFC 9068 section 2.2).
 */
import type { KoaContextWithOIDC } from 'oidc-provider';
import { findResourceServerIdentifier } from '../../domain/resource-servers/resource-servers.ts';
import type { Database } from '../../platform/database.ts';
import { type AccountWithProfile, createFindAccount } from '../account.ts';
import { memoryOf } from '../request-memory.ts';
import { currentScope, type ExchangedToken } from './exchanged-tokens.ts';
import { currentTokenClaims, type StoredAccessToken, storedSignInClaims } from './token-claims.ts';

type Client = KoaContextWithOIDC['oidc']['client'];
type IntrospectedToken = StoredAccessToken & ExchangedToken & { clientId?: string };

/** `features.introspection.allowedPolicy`. */
export function createIntrospectionPolicy(db: Database) {
  const findAccount = createFindAccount(db);

  async function mayAsk(client: Client, { clientId, kind, aud }: IntrospectedToken): Promise<boolean> {
    if (clientId === client?.clientId) return true;
    const apiId = client?.resource_server_id;
    if (kind === 'RefreshToken' || aud === undefined || typeof apiId !== 'string') return false;
    return (await findResourceServerIdentifier(db, apiId)) === aud;
  }

  /** RFC 7662 section 2.2. An API is told how the person is called here; the client itself as far as the scope `profile` goes. */
  function usernameFor(client: Client, token: IntrospectedToken, { profile }: AccountWithProfile) {
    const isTold = token.clientId !== client?.clientId || token.scope?.split(' ').includes('profile');
    return isTold && profile.username !== null ? { username: profile.username } : {};
  }

  return async (ctx: KoaContextWithOIDC, client: Client, given: object): Promise<boolean> => {
    // A key was held against who asks when it was found (introspected-keys.ts).
    if (memoryOf(ctx).introspectedKey === given) return true;
    const token = given as IntrospectedToken;
    if (!(await mayAsk(client, token))) return false;
    // Disabled, or of a suspended tenant: what it was given is worth nothing meanwhile.
    if (!(await ctx.oidc.provider.Client.find(token.clientId as string))) return false;
    if (token.origin?.keyId !== undefined) {
      token.scope = await currentScope(db, token, undefined);
      return token.scope !== undefined;
    }
    if (token.accountId === undefined) {
      token.extra = { ...token.extra, sub: token.clientId };
      return true;
    }
    const account = (await findAccount(ctx, token.accountId, given as never)) as AccountWithProfile | undefined;
    if (!account) return false;
    const orgNodeId = token.extra?.org_node_id as string | undefined;
    if (token.origin) {
      token.scope = await currentScope(db, token, { account, orgNodeId });
      if (token.scope === undefined) return false;
    }
    const isForApi = token.kind === 'AccessToken' && token.aud !== undefined;
    token.extra = {
      ...(isForApi && (await currentTokenClaims(account, token.scope, orgNodeId))),
      ...storedSignInClaims(token),
      ...usernameFor(client, token, account),
    };
    return true;
  };
}
