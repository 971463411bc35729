/**
 * The configuration of oidc-provider, and nothing else. What each choice rests on is in docs/security.md.
 */
import type { AdapterFactory, Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Config } from '../config.ts';
import type { Moment } from '../domain/access/access-history.ts';
import { claimsByScope, scopes } from '../domain/claims/claims.ts';
import { acr } from '../domain/factors/requirement.ts';
import type { OfferedRegistration } from '../domain/tenants/offered-registration.ts';
import type { AddressLimits } from '../platform/address-limits.ts';
import type { Database } from '../platform/database.ts';
import { defineSecretPurpose, type Secrets } from '../platform/secrets.ts';
import { createFindAccount } from './account.ts';
import { createFactorCheck } from './authorization/authentication-context.ts';
import { createAuthorizationDetails } from './authorization/authorization-details.ts';
import { createBackchannel, orNobody } from './authorization/backchannel.ts';
import { createLoadGrant } from './authorization/consent.ts';
import { createInteractionPolicy } from './authorization/prompts.ts';
import { createTenantFinder } from './authorization/requested-tenant.ts';
import { certificateMethods, createMutualTls, mutualTlsAliases } from './client-certificates.ts';
import { isOriginOf } from './client-origins.ts';
import { registerAssertions } from './cross-app/accept-assertion.ts';
import { tokenType as assertionTokenType, grantProfile } from './cross-app/assertion.ts';
import { ExchangingProvider } from './exchanging-provider.ts';
import { issuerKeysOf } from './issuer-keys.ts';
import type { SigningKeySet } from './keys.ts';
import { createLifetimes } from './lifetimes.ts';
import { applyOverrides } from './overrides/overrides.ts';
import { fapi, isHeldToProfile } from './security-profile.ts';
import { SigningKey } from './signing-key.ts';
import { createAdapterFactory } from './storage/adapters.ts';
import { extraClientMetadata } from './storage/client-adapter.ts';
import type { DocumentClients } from './storage/document-clients.ts';
import { registerTokenExchange } from './token-exchange/token-exchange.ts';
import { recordJwtAccessToken } from './tokens/access-token-records.ts';
import { checkClientAssertion, checkRequestObject } from './tokens/assertions.ts';
import { createIntrospectionPolicy } from './tokens/introspection.ts';
import { proofAlgs } from './tokens/possession.ts';
import { createResourceIndicators } from './tokens/resources.ts';
import { checkOrgNodeId, createExtraTokenClaims, narrowedNode } from './tokens/token-claims.ts';
import { withoutCaching } from './uncached-fetch.ts';

type Features = NonNullable<Configuration['features']>;
type DeviceFlow = NonNullable<Features['deviceFlow']>;
type Logout = NonNullable<Features['rpInitiatedLogout']>;

const signedCookies = defineSecretPurpose('cookies');
const dpopNonces = defineSecretPurpose('dpop-nonces');

/** What cookies are signed with, the library's and our own; newest first. */
export function cookieKeys(secrets: Secrets): string[] {
  return secrets.keys(signedCookies).map((key) => key.toString('base64url'));
}

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
  limits: AddressLimits;
  keys: SigningKeySet;
  pages: ProviderPages;
  fetch: NonNullable<Configuration['fetch']>;
  uiLocales: string[];
  /** What discovery tells of how applications register; absent: nothing. */
  offered?: OfferedRegistration;
  /** Clients that are known by a document about them; absent: none is. */
  documents?: DocumentClients;
  /** Absent in a server: stores nothing, and answers as of a moment (token-preview.ts). */
  rehearsal?: { adapter: AdapterFactory } & Moment;
}

/** Where each endpoint is; discovery publishes the same. */
export const routes = {
  authorization: '/authorize',
  backchannel_authentication: '/backchannel',
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

/** Where applications register themselves: our own endpoint, of which the library knows nothing. */
export const registrationPath = '/register';

const asymmetricAlgs = ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'] as const;
const ourAlgs = ['RS256', 'ES256'] as const;

const algorithms: Configuration['enabledJWA'] = {
  authorizationSigningAlgValues: [...ourAlgs],
  idTokenSigningAlgValues: [...ourAlgs],
  introspectionSigningAlgValues: [...ourAlgs],
  userinfoSigningAlgValues: [...ourAlgs],
  clientAuthSigningAlgValues: [...asymmetricAlgs],
  dPoPSigningAlgValues: [...proofAlgs],
  requestObjectSigningAlgValues: [...asymmetricAlgs],
};

/** What a client is, how it proves itself, and where it may be called from. */
const clients: Configuration = {
  assertJwtClientAuthClaimsAndHeader: checkClientAssertion,
  clientDefaults: { id_token_signed_response_alg: 'RS256' },
  extraClientMetadata: { properties: [...extraClientMetadata] },
  pkce: { required: (_ctx, client) => client.clientAuthMethod === 'none' || client.require_pkce !== false },
  allowOmittingSingleRegisteredRedirectUri: false,
  // Scripts may call from where the application's own addresses are; a client with a secret has no business there.
  clientBasedCORS: (ctx, origin, client) =>
    (ctx.oidc.route === 'userinfo' || client.clientAuthMethod === 'none') && isOriginOf(client, origin),
  // offline_access is dropped without prompt=consent (OpenID Connect Core section 11); a first-party client is never
  // asked for consent, so its registration decides.
  issueRefreshToken: async (_ctx, client, code) =>
    client.grantTypeAllowed('refresh_token') && (client.first_party === true || code.scopes.has('offline_access')),
};

function authMethods({ clientCertificates }: Config): NonNullable<Configuration['clientAuthMethods']> {
  const byCertificate = clientCertificates.certificate === undefined ? [] : certificateMethods;
  return ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none', ...byCertificate];
}

function cookieNames(secure: boolean) {
  return {
    session: secure ? '__Host-gh_session' : 'gh_session',
    interaction: secure ? '__Secure-gh_interaction' : 'gh_interaction',
    resume: secure ? '__Secure-gh_resume' : 'gh_resume',
  };
}

function features({ config, db, secrets, pages, rehearsal }: ProviderDependencies): Features {
  return {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    ciba: createBackchannel(db),
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
    // Under its name of the moment, so that another one stops the start.
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    dPoP: { enabled: true, nonceSecret: secrets.keys(dpopNonces)[0] as Buffer },
    fapi: fapi as Features['fapi'],
    introspection: { enabled: true, allowedPolicy: createIntrospectionPolicy(db) },
    jwtIntrospection: { enabled: true },
    jwtResponseModes: { enabled: true },
    jwtUserinfo: { enabled: true },
    mTLS: createMutualTls(config),
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: { enabled: true, assertJwtClaimsAndHeader: checkRequestObject },
    resourceIndicators: createResourceIndicators(
      { db, issuer: config.issuer, isRehearsal: rehearsal !== undefined },
      rehearsal?.past ?? rehearsal?.at,
    ) as Features['resourceIndicators'],
    richAuthorizationRequests: createAuthorizationDetails(db),
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
  };
}

/** What can be asked for, and what is told of it. */
const vocabulary = {
  scopes: Object.keys(scopes),
  claims: { ...claimsByScope, sid: null, iss: null },
  acrValues: Object.values(acr),
  subjectTypes: ['public'],
  responseTypes: ['code', 'none'],
} satisfies Configuration;

/** What the library does not tell of itself. */
function discovery({ config, uiLocales, offered }: ProviderDependencies, prompts: string[]) {
  return {
    ui_locales_supported: uiLocales,
    claim_types_supported: ['normal', 'distributed'],
    // Initiating User Registration via OpenID Connect 1.0, section 5.
    prompt_values_supported: prompts,
    ...mutualTlsAliases(config, routes),
    registration_endpoint: offered?.byToken ? `${config.issuer}${registrationPath}` : undefined,
    identity_chaining_requested_token_types_supported: [assertionTokenType],
    authorization_grant_profiles_supported: [grantProfile],
    client_id_metadata_document_supported: offered?.byDocument ? true : undefined,
  };
}

/** Builds a provider. Costs a millisecond: a change of signing keys builds a new one. */
export function createProvider(dependencies: ProviderDependencies): Provider {
  const { config, db, secrets, limits, keys, pages, fetch, documents, rehearsal } = dependencies;
  const { issuer } = config;
  const secure = issuer.startsWith('https:');
  const cookie = { httpOnly: true, sameSite: 'lax', signed: true, secure, overwrite: true } as const;
  const findTenant = createTenantFinder(db);
  const policy = createInteractionPolicy(findTenant, createFactorCheck(db));

  const provider = new ExchangingProvider(db, issuer, {
    ...clients,
    clientAuthMethods: authMethods(config),
    adapter: rehearsal?.adapter ?? createAdapterFactory({ db, secrets, limits, issuer, documents }),
    jwks: { keys: keys.privateJwks.map((jwk) => new SigningKey(jwk)) },
    enabledJWA: algorithms,
    findAccount: orNobody(createFindAccount(db, rehearsal)),
    // What is in an id_token each client's registration says: tokens/person-claims.ts.
    conformIdTokenClaims: false,
    fetch: withoutCaching(fetch),
    routes,
    features: features(dependencies),
    ttl: createLifetimes(config.lifetimes),

    ...vocabulary,
    discovery: discovery(dependencies, ['none', ...policy.map(({ name }) => name)]),

    // Always, but for clients that FAPI 2.0 holds to confidential authentication and bound tokens (Security Profile, section
    // 5.3.2.1); what the request may not ask for is refused before the token is used up.
    async rotateRefreshToken(ctx) {
      await narrowedNode(db, ctx);
      return !isHeldToProfile(ctx.oidc.client);
    },
    loadExistingGrant: createLoadGrant({ db, secrets }),
    extraTokenClaims: createExtraTokenClaims({ db, issuer, maxBytes: config.accessTokenMaxBytes }),
    formats: { customizers: { jwt: recordJwtAccessToken as never } },

    interactions: { policy, url: (_ctx, { uid }) => `/interaction/${uid}` },
    extraParams: {
      // Refuses an unknown or suspended tenant before any page is shown.
      async tenant(ctx: KoaContextWithOIDC) {
        await findTenant(ctx);
      },
      org_node_id: checkOrgNodeId,
      // Remembered for a sign-up; what is no code of anybody's is nothing, and stops nobody from signing in.
      referral_code: null,
    },
    renderError: pages.renderError,
    cookies: { keys: cookieKeys(secrets), long: cookie, short: cookie, names: cookieNames(secure) },
  });

  registerTokenExchange({ db, provider, keys, publicJwks: keys.publicJwks });
  registerAssertions({ db, provider, issuer, publicJwks: keys.publicJwks, keysFor: issuerKeysOf(fetch) });
  applyOverrides({ provider, policy }, { db, secrets, keys, fetch, sessionCookie: cookie });
  return provider;
}
