/** A client that is held to FAPI 2.0, and what it sends; each part can be written wrongly. */
import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from 'jose';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import type { NewClient } from '../../src/domain/clients/clients.ts';
import { createClientRegistration } from '../../src/oidc/client-registration.ts';
import type { TestApp } from './app.ts';
import { type EndpointAnswer, post } from './endpoints.ts';

export const callback = 'https://app.example.test/callback';
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface Party {
  clientId: string;
  keys: GenerateKeyPairResult;
  alg: string;
}

/** Its metadata, without a profile. */
export async function keysFor(alg = 'ES256') {
  const keys = await generateKeyPair(alg, { extractable: true });
  return { keys, jwks: { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', use: 'sig' }] } };
}

/** Registers one, as the server would. */
export async function register(
  app: TestApp,
  wanted: Partial<NewClient> = {},
  alg = 'ES256',
): Promise<Party & { jwks: object }> {
  const { keys, jwks } = await keysFor(alg);
  const { metadata, ...others } = wanted;
  const { client } = await createClientRegistration(app).registerClient(
    app.db,
    {
      tenantId: null,
      kind: 'web',
      name: 'Bank',
      firstParty: true,
      redirectUris: [callback],
      metadata: metadata?.token_endpoint_auth_method
        ? metadata
        : { token_endpoint_auth_method: 'private_key_jwt', jwks, ...metadata },
      ...others,
    },
    systemCaller,
  );
  return { clientId: client.clientId, keys, alg, jwks };
}

export const seconds = () => Math.floor(Date.now() / 1000);

/** What the client signs: an assertion, or a request object. */
export function signed({ keys, alg, clientId }: Party, claims: Record<string, unknown>, by = alg): Promise<string> {
  const payload = { iss: clientId, iat: seconds(), exp: seconds() + 60, jti: randomUUID(), ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: by, kid: 'one' }).sign(keys.privateKey);
}

export async function assertion(app: TestApp, party: Party, claims: Record<string, unknown> = {}, by?: string) {
  const client_assertion = await signed(party, { sub: party.clientId, aud: app.issuer, ...claims }, by);
  return { client_id: party.clientId, client_assertion_type: assertionType, client_assertion };
}

/** A DPoP proof (RFC 9449 section 4.2). */
export async function proof(
  { issuer }: TestApp,
  { keys, alg }: Pick<Party, 'keys' | 'alg'>,
  { path = '/token', method = 'POST', token }: { path?: string; method?: string; token?: string } = {},
): Promise<string> {
  const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
  return new SignJWT({ jti: randomUUID(), htm: method, htu: `${issuer}${path}`, iat: seconds(), ...ath })
    .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk: await exportJWK(keys.publicKey) })
    .sign(keys.privateKey);
}

export const verifier = 'a-verifier-of-43-characters-or-more-0123456789';
export const request = {
  response_type: 'code',
  redirect_uri: callback,
  scope: 'openid offline_access',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
};

/** Pushes a request as a form, or what is given. */
export async function push(
  app: TestApp,
  party: Party,
  form: Record<string, string> = request,
): Promise<EndpointAnswer> {
  return post(`${app.issuer}/par`, { ...(await assertion(app, party)), ...form });
}
