/** A whole sign-in at the forger with the client of our own that asks it, without a server around: what it is worth. */
import { parseClaimMapping } from '../../src/domain/methods/federation/claim-mapping.ts';
import type { IdentityProvider } from '../../src/domain/methods/federation/identity-providers.ts';
import { createFederationClient, type VerifiedPerson } from '../../src/oidc/federation-client.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createOutboundFetch } from '../../src/platform/network/outbound.ts';
import { createSecrets, randomToken } from '../../src/platform/secrets.ts';
import type { Forger } from './identity-provider.ts';

export interface ForgedSignIn {
  /** Over what its discovery document says. */
  metadata?: Record<string, unknown>;
  /** As it is registered; default: the forger's own. */
  issuer?: string;
  provider?: Partial<IdentityProvider>;
  deadlineMs?: number;
}

/** @throws DomainError PROVIDER_* */
export async function signInAtForger(
  forger: Forger,
  { metadata = {}, issuer = forger.issuer, provider = {}, deadlineMs }: ForgedSignIn = {},
): Promise<VerifiedPerson> {
  const at = (path: string) => `${forger.issuer}${path}`;
  const addresses = { authorization_endpoint: at('/authorize'), token_endpoint: at('/token'), jwks_uri: at('/keys') };
  const document = { issuer, ...addresses, response_types_supported: ['code'], ...metadata };
  const discovery = `${new URL(issuer).pathname.replace(/\/$/, '')}/.well-known/openid-configuration`;
  if (!forger.instead.has(discovery))
    forger.instead.set(discovery, (_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify(document));
    });
  const federation = createFederationClient({
    fetch: createOutboundFetch({ allowedNetworks: ['127.0.0.1/32'], timeoutMs: 60_000, maxBytes: 65_536 }),
    secrets: createSecrets([randomToken(36)]),
    logger: createLogger({ level: 'silent' }),
    allowHttp: true,
    deadlineMs,
  });
  const registered: IdentityProvider = {
    id: 'id',
    tenantId: null,
    key: 'forger',
    name: 'The Forger',
    state: 'active',
    issuer,
    clientId: forger.client.clientId,
    clientSecretSealed: null,
    scopes: ['openid'],
    responseMode: 'query',
    claimMapping: parseClaimMapping({}, issuer),
    crossApp: null,
    createdAt: new Date(),
    ...provider,
  };
  const redirectUri = 'https://id.example/callback/forger';
  const asked = { redirectUri, state: randomToken(), nonce: randomToken(), codeVerifier: randomToken() };
  const address = await federation.authorizationUrl(registered, { ...asked, reauthenticate: false });
  const back = await fetch(address, { redirect: 'manual' });
  const parameters = new URL(back.headers.get('location') ?? '').searchParams;
  return federation.verifyAnswer(registered, { ...asked, parameters, reauthenticate: false, startedAt: 0 });
}
