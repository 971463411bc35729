/** A tiny API that takes Gatehouse's access tokens: `GET /inventory` needs the capability `inventory.read`. */
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

/** jose's codes for a key set that did not come, or not as one. */
const keysAreMissing = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

const items = [
  { sku: 'NW-1001', name: 'Chai', inStock: 39 },
  { sku: 'NW-1002', name: 'Aniseed syrup', inStock: 13 },
];

/** Builds the API. It does not listen yet, and asks for keys with the first token. */
export function createApi(options: AccessTokenVerifierOptions): Server {
  const verifyAccessToken = createAccessTokenVerifier(options);

  async function inventory(authorization: string | undefined): Promise<Answer> {
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
    return { status: 200, body: { for: { subject: claims.sub, client: claims.client_id }, items } };
  }

  return createServer(async (req, res) => {
    const known = req.method === 'GET' && req.url === '/inventory';
    const answer: Answer = known
      ? await inventory(req.headers.authorization)
      : { status: 404, body: { error: 'not_found' } };
    res.writeHead(answer.status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...(answer.challenge && { 'www-authenticate': answer.challenge }),
    });
    res.end(JSON.stringify(answer.body));
  });
}
