/** oidc-provider with nothing around it: memory for storage, no password, no page worth the name. What Gatehouse is held against. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { type Configuration, Provider } from 'oidc-provider';
import { apis, scopeOf, type TokenForm } from './apis.ts';

const port = Number(process.argv[2]);
const issuer = `http://localhost:${port}`;

const keys = [
  { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), alg: 'RS256' },
  { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), alg: 'ES256' },
].map((jwk) => ({ ...jwk, use: 'sig', kid: randomUUID() }));

const formByApi = new Map(Object.entries(apis).map(([form, identifier]) => [identifier as string, form]));

const configuration: Configuration = {
  jwks: { keys: keys as never },
  clients: [
    {
      client_id: 'service',
      client_secret: process.env.BENCH_SERVICE_SECRET,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
    {
      client_id: 'application',
      client_secret: process.env.BENCH_APPLICATION_SECRET,
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://localhost:1/callback'],
    },
  ],
  routes: { authorization: '/authorize', introspection: '/introspect', userinfo: '/userinfo' },
  cookies: { keys: [randomUUID()] },
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
  scopes: [
    'openid',
    'offline_access',
    'profile',
    'email',
    ...Object.keys(apis).map((form) => scopeOf(form as TokenForm)),
  ],
  findAccount: async (_ctx, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, name: 'Person', email: 'person@bench.example', email_verified: true }),
  }),
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  async loadExistingGrant(ctx) {
    const { session, client, params, provider } = ctx.oidc as never as {
      session: { accountId: string; grantIdFor(id: string): string | undefined };
      client: { clientId: string };
      params: { scope: string };
      provider: Provider;
    };
    const known = session.grantIdFor(client.clientId);
    if (known) return provider.Grant.find(known);
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope(params.scope);
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => undefined as never,
      getResourceServerInfo: async (_ctx, identifier) => {
        const form = formByApi.get(identifier) as TokenForm;
        return {
          scope: scopeOf(form),
          audience: identifier,
          accessTokenTTL: 600,
          ...(form === 'opaque'
            ? { accessTokenFormat: 'opaque' as const }
            : { accessTokenFormat: 'jwt' as const, jwt: { sign: { alg: form } } }),
        };
      },
    },
  },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
};

const provider = new Provider(issuer, configuration);
const callback = provider.callback();
createServer(async (req, res) => {
  if (!req.url?.startsWith('/interaction/')) return callback(req, res);
  if (req.method === 'GET')
    return res
      .setHeader('content-type', 'text/html')
      .end(`<form method="post" action="${req.url}"><input name="login"><input name="password"></form>`);
  req.resume();
  await provider.interactionFinished(req, res, { login: { accountId: 'person', remember: true } });
}).listen(port, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
