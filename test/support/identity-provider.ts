/**
 * OpenID providers in the place of Google, on loopback. `startOpenIdProvider` is a whole one (oidc-provider, with a page to
 * sign in at and a way to cancel); `startForger` answers the protocol's requests with whatever a test wants said, and signs
 * what no honest provider would.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as jose from 'jose';
import Provider, { type AccountClaims, type Adapter, type AdapterPayload } from 'oidc-provider';
import { type LoopbackServer, listen } from './loopback.ts';

export interface ClientThere {
  clientId: string;
  clientSecret: string;
}

export interface OpenIdProviderServer {
  issuer: string;
  client: ClientThere;
  /** What is said of a person who signs in under a login, which is the subject. */
  accounts: Map<string, Omit<AccountClaims, 'sub'>>;
  /** Authorization requests, as they came. */
  requests: URLSearchParams[];
  /** How many times each path was asked for. */
  calls: Map<string, number>;
  /** How long ago a person at the sign-in page says they have proved themselves; default 0. */
  authenticatedSecondsAgo: number;
  /** New signing keys; the old ones are gone at once. */
  rotateKeys(): Promise<void>;
  close(): Promise<void>;
}

async function body(req: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of req) text += chunk;
  return new URLSearchParams(text);
}

async function signingKeys(): Promise<jose.JWK[]> {
  const { privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
  const jwk = await jose.exportJWK(privateKey);
  return [{ ...jwk, alg: 'RS256', use: 'sig', kid: await jose.calculateJwkThumbprint(jwk) }];
}

/** What the other provider knows; gone with it. */
function inMemory(): (model: string) => Adapter {
  const stored = new Map<string, AdapterPayload>();
  return (model) => ({
    async upsert(id, payload) {
      stored.set(`${model}:${id}`, payload);
    },
    find: async (id) => stored.get(`${model}:${id}`),
    findByUid: async (uid) => [...stored.values()].find((payload) => payload.uid === uid),
    findByUserCode: async () => undefined,
    async consume(id) {
      Object.assign(stored.get(`${model}:${id}`) ?? {}, { consumed: Math.floor(Date.now() / 1000) });
    },
    async destroy(id) {
      stored.delete(`${model}:${id}`);
    },
    async revokeByGrantId(grantId) {
      for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
    },
  });
}

const signInPage = (uid: string) => `<!doctype html><html lang="en"><title>Sign in there</title>
<link rel="icon" href="data:,">
<h1>The other provider</h1>
<form method="post" action="/interaction/${uid}"><label>Login <input name="login"></label><button>Go on</button></form>
<a href="/interaction/${uid}/cancel">Cancel</a></html>`;

/**
 * @param options.redirectUri where Gatehouse waits for its answers
 * @param options.claimsIn `userinfo`: the id_token has the subject alone, as it is usual with an access token
 */
export async function startOpenIdProvider({
  redirectUri,
  claimsIn = 'id_token',
}: {
  redirectUri: string;
  claimsIn?: 'id_token' | 'userinfo';
}): Promise<OpenIdProviderServer> {
  const client = { clientId: 'gatehouse', clientSecret: 'a secret between the two of us, 32 bytes' };
  const http = createServer();
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const adapter = inMemory();
  let provider: Provider;
  let handle: RequestListener;
  async function build(): Promise<void> {
    provider = new Provider(issuer, {
      adapter,
      ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 3600 },
      clients: [{ client_id: client.clientId, client_secret: client.clientSecret, redirect_uris: [redirectUri] }],
      jwks: { keys: await signingKeys() } as never,
      cookies: { keys: ['a key of the other provider'] },
      claims: {
        openid: ['sub', 'auth_time', 'hd'],
        email: ['email', 'email_verified'],
        profile: ['name', 'given_name', 'family_name', 'picture', 'locale'],
      },
      conformIdTokenClaims: claimsIn === 'userinfo',
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      async findAccount(_ctx, login) {
        return { accountId: login, claims: async () => ({ ...server.accounts.get(login), sub: login }) };
      },
      async loadExistingGrant(ctx) {
        const grant = new ctx.oidc.provider.Grant({
          clientId: client.clientId,
          accountId: ctx.oidc.session?.accountId as string,
        });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
    });
    handle = provider.callback();
  }

  async function interact(req: IncomingMessage, res: ServerResponse, uid: string, step: string): Promise<void> {
    if (step === 'cancel')
      return provider.interactionFinished(req, res, { error: 'access_denied', error_description: 'not today' });
    if (req.method !== 'POST') {
      res.setHeader('content-type', 'text/html; charset=utf-8');
      return void res.end(signInPage(uid));
    }
    const accountId = (await body(req)).get('login') ?? '';
    const ts = Math.floor(Date.now() / 1000) - server.authenticatedSecondsAgo;
    await provider.interactionFinished(req, res, { login: { accountId, ts } });
  }

  const server: OpenIdProviderServer = {
    issuer,
    client,
    accounts: new Map(),
    requests: [],
    calls: new Map(),
    authenticatedSecondsAgo: 0,
    rotateKeys: build,
    async close() {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
  await build();
  http.on('request', (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', issuer);
    server.calls.set(pathname, (server.calls.get(pathname) ?? 0) + 1);
    if (pathname === '/auth') server.requests.push(searchParams);
    const [, uid, step = ''] = /^\/interaction\/([\w-]+)(?:\/(\w+))?$/.exec(pathname) ?? [];
    if (uid === undefined) handle(req, res);
    else interact(req, res, uid, step).catch((error: Error) => res.destroy(error));
  });
  return server;
}

export interface Forged {
  issuer: string;
  clientId: string;
  nonce: string;
  /** What an honest provider would say. */
  claims: jose.JWTPayload;
  key: { kid: string; privateKey: jose.CryptoKey; publicJwk: jose.JWK };
}

export interface Forger extends LoopbackServer {
  issuer: string;
  client: ClientThere;
  /** Said beside the protocol's own claims. */
  person: Record<string, unknown>;
  /** Makes the id_token; default: an honest one. */
  idToken: (forged: Forged) => Promise<string> | string;
  /** Answers a path instead of the above. */
  instead: Map<string, (req: IncomingMessage, res: ServerResponse) => void | Promise<void>>;
  /** Added to the redirect back, over `code`, `state` and `iss`. Null leaves one out. */
  answer: Record<string, string | null>;
  calls: Map<string, number>;
  /** Whether discovery promises `iss` in the answer (RFC 9207). */
  promisesIss: boolean;
  /** The key that it signs with. */
  publicJwk(): jose.JWK;
  /** A new key in the place of the old. */
  rotateKey(): Promise<void>;
  reset(): void;
}

async function forgedKey(): Promise<Forged['key']> {
  const { publicKey, privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
  const jwk = await jose.exportJWK(publicKey);
  const kid = await jose.calculateJwkThumbprint(jwk);
  return { kid, privateKey, publicJwk: { ...jwk, alg: 'RS256', use: 'sig', kid } };
}

/** Signs as an honest provider does. */
export function signHonestly(forged: Forged, claims: jose.JWTPayload = forged.claims): Promise<string> {
  const { kid, privateKey } = forged.key;
  return new jose.SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
}

/** Signs in everybody who comes, at once and without a page. */
export async function startForger(): Promise<Forger> {
  const nonces = new Map<string, string>();
  let key = await forgedKey();

  const json = (res: ServerResponse, value: unknown, status = 200) => {
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(JSON.stringify(value));
  };

  const loopback = await listen(async (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://localhost');
    forger.calls.set(pathname, (forger.calls.get(pathname) ?? 0) + 1);
    const { issuer } = forger;
    const instead = forger.instead.get(pathname);
    if (instead) return void (await instead(req, res));
    if (pathname === '/.well-known/openid-configuration')
      return json(res, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
        authorization_response_iss_parameter_supported: forger.promisesIss,
      });
    if (pathname === '/keys') return json(res, { keys: [key.publicJwk] });
    if (pathname === '/authorize') {
      const code = jose.base64url.encode(crypto.getRandomValues(new Uint8Array(16)));
      nonces.set(code, searchParams.get('nonce') ?? '');
      const back = new URL(searchParams.get('redirect_uri') ?? '');
      const answer = { code, state: searchParams.get('state'), iss: issuer, ...forger.answer };
      for (const [name, value] of Object.entries(answer)) if (value !== null) back.searchParams.set(name, value);
      res.writeHead(303, { location: back.href });
      return void res.end();
    }
    if (pathname === '/token') {
      const nonce = nonces.get((await body(req)).get('code') ?? '') ?? '';
      const now = Math.floor(Date.now() / 1000);
      const { clientId } = forger.client;
      const claims = { iss: issuer, aud: clientId, sub: 'forged', nonce, iat: now, exp: now + 300, ...forger.person };
      const idToken = await forger.idToken({ issuer, clientId, nonce, claims, key });
      return json(res, { access_token: 'an access token', token_type: 'Bearer', expires_in: 300, id_token: idToken });
    }
    res.writeHead(404).end();
  });

  const forger: Forger = {
    ...loopback,
    issuer: loopback.url,
    client: { clientId: 'gatehouse', clientSecret: 'a secret between the two of us, 32 bytes' },
    person: {},
    idToken: (forged) => signHonestly(forged),
    instead: new Map(),
    answer: {},
    calls: new Map(),
    promisesIss: true,
    publicJwk: () => key.publicJwk,
    async rotateKey() {
      key = await forgedKey();
    },
    reset() {
      forger.person = {};
      forger.idToken = (forged) => signHonestly(forged);
      forger.instead.clear();
      forger.answer = {};
      forger.promisesIss = true;
    },
  };
  return forger;
}

/** An answer that takes its time. */
export function slowly(ms: number): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  return async (_req, res) => {
    await sleep(ms);
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end('{}');
  };
}
