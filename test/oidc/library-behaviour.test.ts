/** What else of oidc-provider the code of this floor rests on, beside what it changes and reads. */
import assert from 'node:assert/strict';
import { errors, Provider } from 'oidc-provider';
import { basic, signedIn, withLibrary } from './bare-library.ts';
import { type Clause, itKeeps } from './contract.ts';

const serviceToken = { grant_type: 'client_credentials' };

const clauses: [file: string, Clause][] = [
  [
    'events.ts',
    {
      says: 'server_error is emitted when the answer is set, and a listener may still change it',
      holds: () =>
        withLibrary(async ({ provider, post }) => {
          provider.ClientCredentials.prototype.save = async () => {
            throw new Error('the store is away');
          };
          provider.on('server_error', (ctx) => {
            assert.equal((ctx.body as { error?: string }).error, 'server_error');
            ctx.status = 503;
            ctx.body = { error: 'temporarily_unavailable' };
          });
          const { status, json } = await post('/token', serviceToken, { ...basic(), accept: 'application/json' });
          assert.deepEqual([status, json.error], [503, 'temporarily_unavailable']);
        }),
    },
  ],
  [
    'events.ts',
    {
      says: 'grant.error is emitted in the context that Provider.ctx was while the token was used',
      holds: () =>
        withLibrary(async ({ provider, post }) => {
          let inside: object | undefined;
          let told: object | undefined;
          provider.RefreshToken.find = async () => {
            inside = Provider.ctx;
            return undefined;
          };
          provider.on('grant.error', (ctx) => {
            told = ctx;
          });
          await post('/token', { grant_type: 'refresh_token', refresh_token: 'unknown' }, basic());
          assert.ok(inside);
          assert.equal(told, inside);
        }),
    },
  ],
  [
    'tokens/introspection.ts',
    {
      says: 'introspection answers the members that allowedPolicy left in token.extra',
      holds: async () => {
        const allowedPolicy = async (_ctx: unknown, _client: unknown, token: object) => {
          Object.assign(token, { extra: { roles: ['of now'] } });
          return true;
        };
        await withLibrary(
          async ({ post }) => {
            const { json } = await post('/token', serviceToken, basic());
            const answer = await post('/token/introspection', { token: json.access_token }, basic());
            assert.deepEqual(answer.json.roles, ['of now']);
          },
          { features: { introspection: { enabled: true, allowedPolicy: allowedPolicy as never } } },
        );
      },
    },
  ],
  [
    'tokens/resources.ts',
    {
      says: 'the scope of a service’s token is what getResourceServerInfo set in oidc.params where the request named none',
      holds: async () => {
        const getResourceServerInfo = async (ctx: { oidc: { params?: Record<string, unknown> } }) => {
          Object.assign(ctx.oidc.params ?? {}, { scope: 'read' });
          return { scope: 'read write', accessTokenFormat: 'opaque' };
        };
        await withLibrary(
          async ({ post }) => {
            const { json } = await post('/token', { ...serviceToken, resource: 'https://api.example/' }, basic());
            assert.equal(json.scope, 'read');
          },
          { features: { resourceIndicators: { enabled: true, getResourceServerInfo } as never } },
        );
      },
    },
  ],
  [
    'storage/session-adapter.ts',
    {
      says: 'a session that changes its identifier destroys the old one, named oldId, before it stores the new one',
      holds: () =>
        withLibrary(async (library) => {
          const { provider, stored } = library;
          await signedIn(library);
          const [key = ''] = stored.keys();
          const session = (await provider.Session.find(key.replace('Session:', ''))) as unknown as {
            oldId?: string;
            id: string;
            uid: string;
            resetIdentifier(): void;
            save(ttlSeconds: number): Promise<unknown>;
          };
          const { id, uid } = session;
          session.resetIdentifier();
          assert.equal(session.oldId, id);
          assert.equal(session.uid, uid);
          await session.save(60);
          assert.deepEqual([...stored.keys()], [`Session:${session.id}`]);
        }),
    },
  ],
  [
    'storage/refresh-token-adapter.ts',
    {
      says: 'the token endpoint destroys a refresh token that is reported as consumed, and calls its route token',
      holds: () =>
        withLibrary(async ({ provider, post }) => {
          const destroyed: unknown[] = [];
          provider.RefreshToken.find = async () =>
            ({
              clientId: 'app',
              accountId: 'anna',
              consumed: true,
              scopes: new Set(),
              destroy: async () => destroyed.push(Provider.ctx?.oidc.route),
            }) as never;
          provider.Grant.find = async () => ({ clientId: 'app', accountId: 'anna' }) as never;
          const { json } = await post('/token', { grant_type: 'refresh_token', refresh_token: 'used' }, basic());
          assert.equal(json.error, 'invalid_grant');
          assert.deepEqual(destroyed, ['token']);
        }),
    },
  ],
  [
    'storage/client-adapter.ts',
    {
      says: 'a Client is made from metadata, and refuses what the server would refuse with an error of the library',
      holds: () =>
        withLibrary(async ({ provider }) => {
          const Client = provider.Client as unknown as new (
            metadata: object,
          ) => { metadata(): Record<string, unknown> };
          const known = { client_id: 'new', client_secret: 'x'.repeat(40), redirect_uris: ['https://new.example/'] };
          assert.equal(new Client(known).metadata().client_id, 'new');
          assert.throws(() => new Client({ ...known, redirect_uris: ['new'] }), errors.OIDCProviderError);
        }),
    },
  ],
];

describe('the contract with oidc-provider: what is left as it is', () => {
  for (const [file, clause] of clauses) itKeeps(file, [clause]);
});
