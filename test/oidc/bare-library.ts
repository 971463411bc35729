/**
 * oidc-provider as it is installed, with nothing of ours in it: what the overrides rest on is asked of this one. Its
 * store is a map, its clients are written down below, and it listens on loopback.
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Adapter, type AdapterPayload, type Configuration, Provider } from 'oidc-provider';

export const installed: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.resolve('oidc-provider')), 'utf8'),
).version;

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of an answer that a test looks into
  json: any;
}

export interface BareLibrary {
  provider: Provider;
  /** What it stored, by model and id. */
  stored: Map<string, AdapterPayload>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

export const api = 'https://api.example/';
export const callback = 'https://app.example/callback';
export const secret = 'secret-of-the-application';

const signing = (alg: 'RS256' | 'ES256') => {
  const { privateKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: alg, alg, use: 'sig' };
};
const keys = [signing('RS256'), signing('ES256')];

/** What the client `signer` signs its assertions with. */
export const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const clients: Configuration['clients'] = [
  {
    client_id: 'app',
    client_secret: secret,
    redirect_uris: [callback],
    post_logout_redirect_uris: ['https://app.example/'],
    grant_types: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    backchannel_logout_uri: 'https://app.example/logged-out',
    backchannel_logout_session_required: true,
  },
  {
    client_id: 'native',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['com.example.app:/callback'],
  },
  {
    client_id: 'signer',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    jwks: { keys: [{ ...clientKey.publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' }] as never },
  },
];

function createStore(stored: Map<string, AdapterPayload>) {
  return (model: string): Adapter => {
    const having = async (name: string, value: string) =>
      [...stored].find(([key, payload]) => key.startsWith(`${model}:`) && payload[name] === value)?.[1];
    return {
      upsert: async (id, payload) => void stored.set(`${model}:${id}`, structuredClone(payload)),
      find: async (id) => structuredClone(stored.get(`${model}:${id}`)),
      findByUid: (uid) => having('uid', uid),
      findByUserCode: (userCode) => having('userCode', userCode),
      consume: async (id) => void Object.assign(stored.get(`${model}:${id}`) ?? {}, { consumed: true }),
      destroy: async (id) => void stored.delete(`${model}:${id}`),
      revokeByGrantId: async () => undefined,
    };
  };
}

type Features = NonNullable<Configuration['features']>;

const features: Features = {
  devInteractions: { enabled: false },
  backchannelLogout: { enabled: true },
  ciba: {
    enabled: true,
    deliveryModes: ['poll'],
    processLoginHint: async () => undefined,
    verifyUserCode: async () => undefined,
    validateRequestContext: async () => undefined,
    triggerAuthenticationDevice: async () => undefined,
  } as Features['ciba'],
  clientCredentials: { enabled: true },
  deviceFlow: {
    enabled: true,
    charset: 'base-20',
    mask: '****-****',
    userCodeInputSource: (ctx, form, _out, error) => {
      ctx.body = { form, error: error?.name };
    },
    userCodeConfirmSource: (ctx, form) => {
      ctx.body = { form };
    },
    successSource: () => undefined,
  },
  introspection: { enabled: true, allowedPolicy: async () => true },
  revocation: { enabled: true, allowedPolicy: async () => true },
  resourceIndicators: {
    enabled: true,
    getResourceServerInfo: async () => ({
      scope: 'read write',
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'ES256' } },
    }),
  } as Features['resourceIndicators'],
  rpInitiatedLogout: {
    enabled: true,
    logoutSource: (ctx, form) => {
      ctx.body = { form };
    },
    postLogoutSuccessSource: () => undefined,
  },
};

/** `Authorization: Basic` of the client `app`. */
export function basic(password = secret): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`app:${password}`).toString('base64')}` };
}

const lifetimes: Configuration['ttl'] = {
  AccessToken: 600,
  AuthorizationCode: 60,
  ClientCredentials: 600,
  DeviceCode: 600,
  Grant: 900,
  IdToken: 600,
  Interaction: 600,
  RefreshToken: 600,
  Session: 600,
};

/** Starts one. `configuration` is laid over the features that Gatehouse uses. */
export async function startBareLibrary(configuration: Configuration = {}): Promise<BareLibrary> {
  const stored = new Map<string, AdapterPayload>();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(origin, {
    adapter: createStore(stored),
    clients,
    jwks: { keys: keys as never },
    findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    cookies: { keys: ['of no weight here'], long: { signed: false }, short: { signed: false } },
    pkce: { required: () => false },
    ttl: lifetimes,
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    renderError: (ctx, out) => {
      ctx.body = out;
    },
    ...configuration,
    features: { ...features, ...configuration.features } as Features,
  });
  server.on('request', provider.callback());

  async function send(path: string, options: RequestInit): Promise<Answer> {
    const answer = await fetch(new URL(path, origin), { redirect: 'manual', ...options });
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : undefined };
  }

  return {
    provider,
    stored,
    get: (path, headers = {}) => send(path, { headers }),
    post: (path, form, headers = {}) => send(path, { method: 'POST', body: new URLSearchParams(form), headers }),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Starts one for a piece of work. */
export async function withLibrary(
  work: (library: BareLibrary) => Promise<void>,
  configuration?: Configuration,
): Promise<void> {
  const library = await startBareLibrary(configuration);
  try {
    await work(library);
  } finally {
    await library.stop();
  }
}

/** Stores a session of `anna` that is signed in to `app`; answers its cookie. */
export async function signedIn({ provider }: BareLibrary): Promise<Record<string, string>> {
  const session = new provider.Session() as unknown as {
    id: string;
    uid: string;
    loginAccount(details: object): void;
    sidFor(clientId: string, sid: string): void;
    save(ttlSeconds: number): Promise<unknown>;
  };
  session.loginAccount({ accountId: 'anna', loginTs: Math.floor(Date.now() / 1000) });
  session.sidFor('app', 'sid-of-app');
  await session.save(600);
  return { cookie: `${provider.cookieName('session')}=${session.id}`, accept: 'text/html' };
}

/** Stores a grant of `anna` to a client; answers its id. */
export async function granted({ provider }: BareLibrary, clientId: string): Promise<string> {
  const grant = new provider.Grant({ accountId: 'anna', clientId });
  grant.addOIDCScope('openid');
  grant.addResourceScope(api, 'read write');
  return grant.save();
}
