/**
 * What a rehearsal is made of: a provider that is configured as the server's and stands apart (`rehearsal` of provider.ts), asked
 * without a wire. Owns that nothing comes of it: what it stores is forgotten, and its clients need no secret because what it
 * signs is worth nothing anywhere.
 */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type Koa from 'koa';
import compose from 'koa-compose';
import type { Adapter, AdapterPayload, Provider } from 'oidc-provider';

/** What a token or an answer says, and how large it is. */
export interface Said {
  claims: Record<string, unknown>;
  /** Of the token as it is sent; of userinfo that is not signed: of the JSON. */
  bytes: number;
}

export interface RehearsedAnswer {
  status: number;
  body: unknown;
}

/** What a client would have to prove, and what holds it to a profile that asks for that. */
const proofs = new Set([
  ...['jwks', 'jwks_uri', 'client_secret', 'token_endpoint_auth_signing_alg', 'security_profile'],
  ...['tls_client_certificate_bound_access_tokens', 'dpop_bound_access_tokens'],
]);

/** The real clients, each as one that proves nothing and is answered at this address alone. */
export function withoutSecret(clients: Adapter, redirectUri: string): Adapter {
  return {
    ...clients,
    async find(id) {
      const found = await clients.find(id);
      if (!found) return found;
      const proofless = Object.entries(found).filter(([member]) => !proofs.has(member));
      return {
        ...Object.fromEntries(proofless),
        grant_types: ['authorization_code'],
        response_types: ['code'],
        redirect_uris: [redirectUri],
        application_type: 'web',
        token_endpoint_auth_method: 'none',
      };
    },
  };
}

/** Keeps what one rehearsal stores. */
export function memoryAdapter(): Adapter {
  const stored = new Map<string, AdapterPayload>();
  return {
    upsert: async (id, payload) => void stored.set(id, payload),
    find: async (id) => stored.get(id),
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    destroy: async (id) => void stored.delete(id),
    consume: async (id) => void Object.assign(stored.get(id) ?? {}, { consumed: Math.floor(Date.now() / 1000) }),
    revokeByGrantId: async () => undefined,
  };
}

/** What a JWT says; its signature is not looked at: it was made a moment ago. */
export function saidByJwt(token: string): Said {
  const [, payload = ''] = token.split('.');
  return { claims: JSON.parse(Buffer.from(payload, 'base64url').toString()), bytes: token.length };
}

/** Through all of the library, as from outside, but for the wire. */
export async function askRehearsal(
  provider: Provider,
  method: string,
  route: 'token' | 'userinfo' | 'introspection',
  { form, token }: { form?: Record<string, string>; token?: string },
): Promise<RehearsedAnswer> {
  const body = form && new URLSearchParams(form).toString();
  const req = new IncomingMessage(new Socket());
  req.method = method;
  req.url = provider.pathFor(route, { mountPath: '' });
  req.headers = {
    host: new URL(provider.issuer).host,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(body)),
    }),
  };
  if (body !== undefined) req.push(body);
  req.push(null);
  const app = provider as unknown as Koa;
  const ctx = app.createContext(req, new ServerResponse(req));
  await compose(app.middleware)(ctx);
  // As it would be read: JSON knows no undefined.
  return { status: ctx.status, body: JSON.parse(JSON.stringify(ctx.body)) };
}
