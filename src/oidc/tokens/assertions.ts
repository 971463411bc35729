/**
 * JWTs that clients sign: how they prove themselves (RFC 7523) and what they ask (RFC 9101), beyond what the library looks
 * at. Refuses assertions for longer than they need, assertions that are good elsewhere too, and a second way of writing one.
 */
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { memoryOf } from '../request-memory.ts';
import { checkProfileAssertion, checkProfileRequest, isHeldToProfile } from '../security-profile.ts';

/** RFC 7523 section 3 lets a server refuse an `exp` unreasonably far ahead. */
const longestSeconds = 600;
/** By how much a client's clock may be ahead. */
const clockSeconds = 60;

type Header = { alg?: string };
type Client = KoaContextWithOIDC['oidc']['client'];

interface AssertionClaims {
  aud?: string | string[];
  exp?: number;
}

/**
 * Whether each part of a JWT is base64url as its encoder writes it (RFC 4648 section 3.5). The last letter of a part may hold
 * bits that decoders drop, so that one signature would have several texts.
 */
export function isCanonicalJwt(jwt: string): boolean {
  return jwt.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
}

/** `assertJwtClientAuthClaimsAndHeader`. @throws errors.InvalidClientAuth */
export async function checkClientAssertion(
  ctx: KoaContextWithOIDC,
  { aud, exp }: AssertionClaims,
  header: Header,
  client: Client,
): Promise<void> {
  checkWorkload(ctx);
  if (isHeldToProfile(client)) checkProfileAssertion(ctx, { aud }, header);
  const oidc = ctx.oidc as typeof ctx.oidc & { clientJwtAuthExpectedAudience(): ReadonlySet<string> };
  const accepted = oidc.clientJwtAuthExpectedAudience();
  // One that names others as well could be used here by any of them.
  if ([aud].flat().some((name) => name === undefined || !accepted.has(name)))
    throw new errors.InvalidClientAuth('audience (aud) must name this server and nobody else');
  if (typeof exp !== 'number' || exp > Date.now() / 1000 + longestSeconds + clockSeconds)
    throw new errors.InvalidClientAuth('expiration (exp) must be within ten minutes');
  if (!isCanonicalJwt(String(oidc.params?.client_assertion)))
    throw new errors.InvalidClientAuth('the client_assertion is not encoded as base64url');
}

/** Of a service that proves itself by a token of its platform, an assertion of ours counts with that token alone. */
function checkWorkload(ctx: KoaContextWithOIDC): void {
  const { client } = ctx.oidc;
  if (client?.workload !== true) return;
  const { workload } = memoryOf(ctx);
  if (workload?.clientId !== client.clientId) throw new errors.InvalidClientAuth('no token of the platform came');
  if ('refused' in workload.judgement) throw new errors.InvalidClientAuth(workload.judgement.refused);
}

/** `features.requestObjects.assertJwtClaimsAndHeader`. @throws errors.InvalidRequestObject */
export async function checkRequestObject(
  ctx: KoaContextWithOIDC,
  claims: object,
  header: Header,
  client: Client,
): Promise<void> {
  if (isHeldToProfile(client)) checkProfileRequest(ctx, claims, header);
  // CIBA Core section 7.1.1.
  const missing = ['exp', 'iat', 'nbf', 'jti'].find((name) => !Object.hasOwn(claims, name));
  if (ctx.oidc.route === 'backchannel_authentication' && missing !== undefined)
    throw new errors.InvalidRequestObject(`Request Object must have '${missing}'`);
  const jwt = ctx.oidc.params?.request;
  if (typeof jwt === 'string' && !isCanonicalJwt(jwt))
    throw new errors.InvalidRequestObject('the request is not encoded as base64url');
}
