/**
 * A tiny API that takes Gatehouse's access tokens: `GET /inventory` needs the capability `inventory.read`, and
 * `GET /inventory/costs` of a person two factors as well (RFC 9470).
 */
import { createServer, type Server } from 'node:http';
import { errors } from 'jose';
import {
  type AccessToken,
  type AccessTokenVerifierOptions,
  createAccessTokenVerifier,
  permits,
} from './verify-access-token.ts';

interface Answer {
  status: number;
  body: unknown;
  /** RFC 6750 section 3. */
  challenge?: string;
}

const paths = ['/inventory', '/inventory/costs'];

/** jose's codes for a key set that did not come, or not as one. */
const keysAreMissing = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

const items = [
  { sku: 'NW-1001', name: 'Chai', inStock: 39 },
  { sku: 'NW-1002', name: 'Aniseed syrup', inStock: 13 },
];
const costs = [
  { sku: 'NW-1001', paid: '18.00 EUR' },
  { sku: 'NW-1002', paid: '10.00 EUR' },
];

/** The authentication context of two factors. */
const twoFactors = 'urn:gatehouse:acr:aal2';

/** What a client does about it is in RFC 9470 section 4: it has the person sign in again, with these `acr_values`. */
const stepUp: Answer = {
  status: 401,
  body: { error: 'insufficient_user_authentication' },
  challenge: `Bearer error="insufficient_user_authentication", error_description="two factors are needed", acr_values="${twoFactors}"`,
};

/** Builds the API. It does not listen yet, and asks for keys with the first token. */
export function createApi(options: AccessTokenVerifierOptions): Server {
  const verifyAccessToken = createAccessTokenVerifier(options);

  async function answerTo(path: string, authorization: string | undefined): Promise<Answer> {
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return { status: 401, body: { error: 'unauthorized' }, challenge: 'Bearer' };
    let claims: AccessToken;
    try {
      claims = await verifyAccessToken(token);
    } catch (error) {
      // Keys that cannot be fetched say nothing about the token.
      if (!(error instanceof errors.JOSEError) || keysAreMissing.has(error.code))
        return { status: 503, body: { error: 'temporarily_unavailable' } };
      return { status: 401, body: { error: 'invalid_token' }, challenge: 'Bearer error="invalid_token"' };
    }
    if (!permits(claims, 'inventory.read')) {
      const challenge = 'Bearer error="insufficient_scope", scope="inventory.read"';
      return { status: 403, body: { error: 'insufficient_scope' }, challenge };
    }
    const whose = { subject: claims.sub, client: claims.client_id };
    if (path === '/inventory') return { status: 200, body: { for: whose, items } };
    // A service is no person: it has no second factor to be asked for.
    const isPerson = claims.sub !== claims.client_id;
    return isPerson && claims.acr !== twoFactors ? stepUp : { status: 200, body: { for: whose, costs } };
  }

  return createServer(async (req, res) => {
    const path = paths.find((known) => req.method === 'GET' && req.url === known);
    const answer: Answer = path
      ? await answerTo(path, req.headers.authorization)
      : { status: 404, body: { error: 'not_found' } };
    res.writeHead(answer.status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...(answer.challenge && { 'www-authenticate': answer.challenge }),
    });
    res.end(JSON.stringify(answer.body));
  });
}
