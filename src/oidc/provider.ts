/**
 * The configuration of oidc-provider, and nothing else. What each choice rests on is in docs/security.md.
 */
import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Config } from '../config.ts';
import { claimsByScope } from '../domain/claims/claims.ts';
import { verifyClientSecret } from '../domain/clients/clients.ts';
import type { Database } from '../platform/database.ts';
import { type Secrets, sha256 } from '../platform/secrets.ts';
import { type AccountWithProfile, createFindAccount } from './account.ts';
import { createLoadGrant } from './authorization/consent.ts';
import { acr, createInteractionPolicy } from './authorization/prompts.ts';
import { createTenantFinder } from './authorization/requested-tenant.ts';
import type { SigningKeySet } from './keys.ts';
import { anonymousSessionSeconds, storeAnonymousSessions } from './overrides/anonymous-session.ts';
import { queueBackchannelLogout } from './overrides/backchannel-logout.ts';
import { extraClientMetadata } from './storage/client-adapter.ts';
import { createAdapterFactory } from './storage/payload-adapter.ts';
import { insertPayloadOnce } from './storage/payload-store.ts';
import { deriveRotatedRefreshTokens } from './storage/refresh-rotation.ts';
import { recordJwtAccessToken } from './tokens/access-token-records.ts';
import { createIntrospectionPolicy } from './tokens/introspection.ts';
import { createResourceIndicators } from './tokens/resources.ts';
import { carryOrgNode, checkOrgNodeId, createExtraTokenClaims, narrowedNode } from './tokens/token-claims.ts';

type Features = NonNullable<Configuration['features']>;
type DeviceFlow = NonNullable<Features['deviceFlow']>;
type Logout = NonNullable<Features['rpInitiatedLogout']>;

/** The pages that the library asks for; the web floor draws them. */
export interface ProviderPages {
  renderError: NonNullable<Configuration['renderError']>;
  logoutSource: NonNullable<Logout['logoutSource']>;
  postLogoutSuccessSource: NonNullable<Logout['postLogoutSuccessSource']>;
  userCodeInputSource: NonNullable<DeviceFlow['userCodeInputSource']>;
  userCodeConfirmSource: NonNullable<DeviceFlow['userCodeConfirmSource']>;
  successSource: NonNullable<DeviceFlow['successSource']>;
}

export interface ProviderDependencies {
  config: Config;
  db: Database;
  secrets: Secrets;
  keys: SigningKeySet;
  pages: ProviderPages;
  fetch: NonNullable<Configuration['fetch']>;
  uiLocales: string[];
}

/** Where each endpoint is; discovery publishes the same. */
export const routes = {
  authorization: '/authorize',
  code_verification: '/device',
  device_authorization: '/device/authorize',
  end_session: '/logout',
  introspection: '/introspect',
  jwks: '/jwks',
  pushed_authorization_request: '/par',
  revocation: '/revoke',
  token: '/token',
  userinfo: '/userinfo',
} as const;

const asymmetricAlgs = ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'] as const;
const ourAlgs = ['RS256', 'ES256'] as const;

/**
 * The library keeps a client's keys (`jwks_uri`) for a minute, or for as long as the client's server says. A key that a
 * client takes back must not be good for a year because of a header.
 */
function withoutCaching(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (address, options) => {
    const response = await fetch(address, options);
    for (const name of ['cache-control', 'expires']) response.headers.delete(name);
    return response;
  };
}

/** Builds a provider. Costs a millisecond: a change of signing keys builds a new one. */
export function createProvider({ config, db, secrets, keys, pages, fetch, uiLocales }: ProviderDependencies): Provider {
  const { lifetimes, issuer } = config;
  const secure = issuer.startsWith('https:');
  const cookie = { httpOnly: true, sameSite: 'lax', signed: true, secure, overwrite: true } as const;
  const findTenant = createTenantFinder(db);
  const policy = createInteractionPolicy(findTenant);

  const provider = new Provider(issuer, {
    adapter: createAdapterFactory({ db, secrets, issuer }),
    jwks: { keys: keys.privateJwks as never },
    findAccount: createFindAccount(db),
    fetch: withoutCaching(fetch),

    scopes: ['openid', 'offline_access', 'profile', 'email', 'phone', 'roles', 'capabilities', 'org'],
    // How and when the person proved themselves is in every id_token (OpenID Connect Core section 2).
    claims: { ...claimsByScope, openid: ['sub', 'acr', 'amr', 'auth_time'], sid: null, iss: null },
    acrValues: Object.values(acr),
    subjectTypes: ['public'],
    responseTypes: ['code', 'none'],
    discovery: {
      ui_locales_supported: uiLocales,
      claim_types_supported: ['normal', 'distributed'],
      // Initiating User Registration via OpenID Connect 1.0, section 5.
      prompt_values_supported: ['none', ...policy.map(({ name }) => name)],
    },
    routes,

    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    extraClientMetadata: { properties: [...extraClientMetadata] },
    enabledJWA: {
      authorizationSigningAlgValues: [...ourAlgs],
      idTokenSigningAlgValues: [...ourAlgs],
      introspectionSigningAlgValues: [...ourAlgs],
      userinfoSigningAlgValues: [...ourAlgs],
      clientAuthSigningAlgValues: [...asymmetricAlgs],
      dPoPSigningAlgValues: ['ES256', 'Ed25519', 'EdDSA', 'RS256', 'PS256'],
      requestObjectSigningAlgValues: [...asymmetricAlgs],
    },

    pkce: { required: (_ctx, client) => client.clientAuthMethod === 'none' || client.require_pkce !== false },
    allowOmittingSingleRegisteredRedirectUri: false,
    // Scripts may call from where the application's own addresses are; a client with a secret has no business there.
    clientBasedCORS: (ctx, origin, client) =>
      (ctx.oidc.route === 'userinfo' || client.clientAuthMethod === 'none') &&
      (client.redirectUris ?? []).some((uri) => /^https?:/.test(uri) && new URL(uri).origin === origin),
    // Always; what the request may not ask for is refused before the token is used up.
    async rotateRefreshToken(ctx) {
      await narrowedNode(db, ctx);
      return true;
    },
    loadExistingGrant: createLoadGrant({ db, secrets }),
    // offline_access is dropped without prompt=consent (OpenID Connect Core section 11); a first-party client is never
    // asked for consent, so its registration decides.
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && (client.first_party === true || code.scopes.has('offline_access')),

    interactions: {
      policy,
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
    },
    // Refuses an unknown or suspended tenant before any page is shown.
    extraParams: {
      async tenant(ctx: KoaContextWithOIDC) {
        await findTenant(ctx);
      },
      org_node_id: checkOrgNodeId,
      // Remembered for a sign-up; what is no code of anybody's is nothing, and stops nobody from signing in.
      referral_code: null,
    },
    renderError: pages.renderError,

    cookies: {
      keys: secrets.keys('cookies').map((key) => key.toString('base64url')),
      long: cookie,
      short: cookie,
      names: {
        session: secure ? '__Host-gh_session' : 'gh_session',
        interaction: secure ? '__Secure-gh_interaction' : 'gh_interaction',
        resume: secure ? '__Secure-gh_resume' : 'gh_resume',
      },
    },

    ttl: {
      AccessToken: (_ctx, token) =>
        (token.resourceServer as { accessTokenTTL?: number } | undefined)?.accessTokenTTL ??
        lifetimes.accessTokenSeconds,
      ClientCredentials: (_ctx, token) =>
        (token.resourceServer as { accessTokenTTL?: number } | undefined)?.accessTokenTTL ??
        lifetimes.accessTokenSeconds,
      AuthorizationCode: 60,
      DeviceCode: 600,
      // A line of refresh tokens can begin under it as long as the session lasts.
      Grant: lifetimes.sessionSeconds + lifetimes.refreshTokenAbsoluteSeconds,
      IdToken: 3600,
      Interaction: 3600,
      // Idle from its own issue, absolute from the issue of the first of its line.
      RefreshToken: (_ctx, token) => {
        const absoluteEnd = (token as unknown as { iiat: number }).iiat + lifetimes.refreshTokenAbsoluteSeconds;
        const remaining = absoluteEnd - Math.floor(Date.now() / 1000);
        return Math.max(1, Math.min(lifetimes.refreshTokenIdleSeconds, remaining));
      },
      // Counted from the sign-in: a session that is only used does not live for ever.
      Session: (ctx, session) => {
        if (!session.loginTs) return anonymousSessionSeconds;
        const account = ctx?.oidc?.account as AccountWithProfile | undefined;
        const tenantHours = account?.profile.tenant.settings.sessionHours;
        const life = Math.min(lifetimes.sessionSeconds, (tenantHours ?? Number.POSITIVE_INFINITY) * 3600);
        const now = Math.floor(Date.now() / 1000);
        if (!session.amr?.includes('fed')) return Math.max(1, session.loginTs + life - now);
        // Who came from another provider may have proved themselves there (`loginTs`) long before they came here.
        const isSignIn = ctx?.oidc?.result?.login !== undefined || session.exp === undefined;
        return isSignIn ? life : Math.max(1, Math.min(life, session.exp - now));
      },
    },

    extraTokenClaims: createExtraTokenClaims({ db, issuer, maxBytes: config.accessTokenMaxBytes }),
    formats: { customizers: { jwt: recordJwtAccessToken as never } },

    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      deviceFlow: {
        enabled: true,
        charset: 'base-20',
        mask: '****-****',
        userCodeInputSource: pages.userCodeInputSource,
        userCodeConfirmSource: pages.userCodeConfirmSource,
        successSource: pages.successSource,
      },
      dPoP: { enabled: true, nonceSecret: secrets.keys('dpop-nonces')[0] as Buffer },
      introspection: { enabled: true, allowedPolicy: createIntrospectionPolicy(db) },
      jwtIntrospection: { enabled: true },
      jwtResponseModes: { enabled: true },
      jwtUserinfo: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      requestObjects: { enabled: true },
      resourceIndicators: createResourceIndicators(db) as Features['resourceIndicators'],
      revocation: {
        enabled: true,
        allowedPolicy: async (_ctx, client, token) => (token as { clientId?: string }).clientId === client.clientId,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: pages.logoutSource,
        postLogoutSuccessSource: pages.postLogoutSuccessSource,
      },
      userinfo: { enabled: true },
    },
  });

  compareHashedSecrets(provider, db);
  detectReplayOnce(provider, db);
  deriveRotatedRefreshTokens(provider, secrets);
  queueBackchannelLogout(provider, db);
  storeAnonymousSessions(provider, cookie);
  carryOrgNode(provider);
  return provider;
}

/** Client secrets are stored as hashes, several may be live. */
function compareHashedSecrets(provider: Provider, db: Database): void {
  const prototype = provider.Client.prototype as unknown as {
    clientId: string;
    compareClientSecret(actual: string): Promise<boolean>;
  };
  prototype.compareClientSecret = function compareClientSecret(actual) {
    return verifyClientSecret(db, this.clientId, actual);
  };
}

const latestExpiry = Date.UTC(9999, 0);

/** The library looks for a `jti` and then stores it; two nodes could both look first. One statement decides instead. */
function detectReplayOnce(provider: Provider, db: Database): void {
  const model = provider.ReplayDetection as unknown as {
    unique(iss: string, jti: string, exp: number): Promise<boolean>;
  };
  model.unique = (iss, jti, exp) => {
    // A client may name an end that no calendar has.
    const expiresAt = new Date(Math.min(exp * 1000, latestExpiry));
    return insertPayloadOnce(db, 'ReplayDetection', sha256(JSON.stringify([iss, jti])), Buffer.alloc(0), expiresAt);
  };
}
