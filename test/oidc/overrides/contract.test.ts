/**
 * What the overrides rest on in oidc-provider, asked of the library itself. Its documentation promises none of it, so an
 * upgrade may take any of it away; then a test here fails with the sentence that is no longer true.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { Provider, interactionPolicy as policies } from 'oidc-provider';
import als from 'oidc-provider/lib/helpers/als.js';
import Router from 'oidc-provider/lib/helpers/router.js';
import { ExchangingProvider } from '../../../src/oidc/exchanging-provider.ts';
import { basicCredentials } from '../../../src/oidc/overrides/basic-credentials.ts';
import { claimMapping } from '../../../src/oidc/overrides/claim-mapping.ts';
import { exchangedTokens } from '../../../src/oidc/overrides/exchanged-tokens.ts';
import { formBody } from '../../../src/oidc/overrides/form-body.ts';
import { formCharset } from '../../../src/oidc/overrides/form-charset.ts';
import { issuerAddresses } from '../../../src/oidc/overrides/issuer-addresses.ts';
import { nativeClientPrompt } from '../../../src/oidc/overrides/native-client-prompt.ts';
import { orgNodeCarrier } from '../../../src/oidc/overrides/org-node-carrier.ts';
import { type Library, type OverrideDependencies, replaceMethod } from '../../../src/oidc/overrides/override.ts';
import { overrides } from '../../../src/oidc/overrides/overrides.ts';
import { plainContext } from '../../../src/oidc/overrides/plain-context.ts';
import { postLogoutQuery } from '../../../src/oidc/overrides/post-logout-query.ts';
import { profileTokens } from '../../../src/oidc/overrides/profile-tokens.ts';
import { registeredResources } from '../../../src/oidc/overrides/registered-resources.ts';
import { rememberedClients } from '../../../src/oidc/overrides/remembered-clients.ts';
import { sessionIds } from '../../../src/oidc/overrides/session-ids.ts';
import { typedUserCodes } from '../../../src/oidc/overrides/typed-user-codes.ts';
import { changeForm } from '../../../src/oidc/request-form.ts';
import { QueryKeepingProvider } from '../../../src/oidc/response-modes.ts';
import { mappingOfClient } from '../../../src/oidc/tokens/person-claims.ts';
import type { Database } from '../../../src/platform/database.ts';
import {
  api,
  type BareLibrary,
  basic,
  callback,
  clientKey,
  granted,
  secret,
  signedIn,
  withLibrary,
} from '../bare-library.ts';
import { type Clause, itKeeps } from '../contract.ts';

const none = {} as OverrideDependencies;

/** A class of the library as the overrides see it. */
function insides(
  value: unknown,
): Record<string, never> & { prototype: Record<string, (...args: unknown[]) => unknown> } {
  return value as never;
}

const serviceToken = { grant_type: 'client_credentials' };

/** As `http://evil.example/...` in the request line would have it; the server in front of the library refuses that. */
const steered = (library: BareLibrary) =>
  library.provider.use((ctx, next) => {
    ctx.request.originalUrl = `http://evil.example${ctx.url}`;
    return next();
  });

type FirstStep = (ctx: object, next: () => unknown) => unknown;

/** The first steps of all routes of a new provider, without repeats. */
function firstSteps(): Set<FirstStep> {
  const steps = new Set<FirstStep>();
  const { get, post } = Router.prototype;
  const noting = (add: typeof get): typeof get =>
    function note(name, path, first, ...rest) {
      steps.add(first as unknown as FirstStep);
      return add.call(this, name, path, first, ...rest);
    };
  Object.assign(Router.prototype, { get: noting(get), post: noting(post) });
  try {
    new Provider('https://id.example', { features: { devInteractions: { enabled: false } } });
  } finally {
    Object.assign(Router.prototype, { get, post });
  }
  return steps;
}

const plainContextClauses: Clause[] = [
  {
    says: 'the first step of each route is the same, gives the request `oidc` and runs the others in its context, no more',
    holds: async () => {
      const [step, ...others] = firstSteps();
      assert.deepEqual(others, []);
      const ctx = {};
      const ran = await (step as FirstStep)(ctx, () => [als.getStore() === ctx, Object.getOwnPropertyNames(ctx)]);
      assert.deepEqual(ran, [true, ['oidc']]);
      assert.equal((step as FirstStep).toString().match(/;/g)?.length, 5, 'and it is no longer than it was');
    },
  },
  {
    says: 'a request is answered as before with `new provider.OIDCContext(ctx)` as `oidc`, in every route',
    holds: () =>
      withLibrary(async (library) => {
        const { provider, get, post } = library;
        const seen: PropertyDescriptor[] = [];
        provider.use(async (ctx, next) => {
          await next();
          seen.push(Object.getOwnPropertyDescriptor(ctx, 'oidc') as PropertyDescriptor);
        });
        const ask = async () => {
          const token = await post('/token', serviceToken, basic());
          const wrong = await post('/token', { grant_type: 'nothing' }, basic());
          const discovery = await get('/.well-known/openid-configuration');
          return [token.status, Object.keys(token.json), wrong.status, wrong.json, discovery.json];
        };
        const before = await ask();
        assert.ok(seen.every((property) => property.get !== undefined));
        plainContext.apply({ provider } as Library, none);
        seen.length = 0;
        assert.deepEqual(await ask(), before);
        assert.deepEqual(
          seen.map(
            ({ value }) => value instanceof (provider as never as { OIDCContext: new () => object }).OIDCContext,
          ),
          [true, true, true],
        );
      }),
  },
];

const issuerAddressesClauses: Clause[] = [
  {
    says: 'endpoints in discovery, the form of a sign-out and `aud` of assertions are made by OIDCContext.prototype.urlFor',
    holds: () =>
      withLibrary(async (library) => {
        const { provider, get, post } = library;
        steered(library);
        const discovery = '/.well-known/openid-configuration';
        const cookie = await signedIn(library);
        assert.match((await get(discovery)).text, /evil\.example/, 'without the override the request steers');
        assert.match((await get('/session/end', cookie)).json.form, /evil\.example/);
        const wrong = await assertion('http://evil.example/token', randomUUID());
        assert.equal((await post('/token', wrong)).status, 200);

        issuerAddresses.apply({ provider } as Library, none);
        assert.doesNotMatch((await get(discovery)).text, /evil\.example/);
        assert.equal((await get(discovery)).json.token_endpoint, `${provider.issuer}/token`);
        assert.doesNotMatch((await get('/session/end', cookie)).json.form, /evil\.example/);
        const stillWrong = await assertion('http://evil.example/token', randomUUID());
        assert.equal((await post('/token', stillWrong)).status, 401);
        const right = await assertion(`${provider.issuer}/token`, randomUUID());
        assert.equal((await post('/token', right)).status, 200);
      }),
  },
];

const formCharsetClauses: Clause[] = [
  {
    says: 'a form is read as UTF-8 whatever it says it is, and middleware that is added with use() may answer before that',
    holds: () =>
      withLibrary(async ({ provider }) => {
        const send = () =>
          fetch(`${provider.issuer}/token`, {
            method: 'POST',
            body: 'grant_type=client_credentials',
            headers: { ...basic(), 'content-type': 'application/x-www-form-urlencoded; charset=utf-16' },
          });
        assert.equal((await send()).status, 200);
        formCharset.apply({ provider } as Library, none);
        assert.equal((await send()).status, 400);
      }),
  },
];

const formBodyClauses: Clause[] = [
  {
    says: 'a form whose stream has ended is taken from req.body, as text; any other is read from the stream',
    holds: () =>
      withLibrary(async ({ provider }) => {
        formBody.apply({ provider } as Library, none);
        const read: unknown[] = [];
        provider.use((ctx, next) => {
          read.push((ctx.req as { body?: unknown }).body);
          return next();
        });
        const form = 'grant_type=client_credentials';
        const type = 'application/x-www-form-urlencoded';
        const send = async (body: BodyInit, contentType: string) => {
          const init = { method: 'POST', body, duplex: 'half', headers: { ...basic(), 'content-type': contentType } };
          return (await fetch(`${provider.issuer}/token`, init)).status;
        };
        assert.equal(await send(form, type), 200);
        assert.equal(await send(form, `${type}; charset=utf-8`), 200);
        assert.equal(await send(new Blob([form]).stream(), type), 200, 'of no announced length');
        assert.equal(await send('x='.padEnd(57 * 1024, 'x'), type), 400, 'too large for the library');
        assert.deepEqual(read, [form, undefined, undefined, undefined]);
      }),
  },
];

const clientSecrets: Clause[] = [
  {
    says: 'the token endpoint asks Client.prototype.compareClientSecret with the secret as it came, and waits for the answer',
    holds: () =>
      withLibrary(async ({ provider, post }) => {
        const asked: unknown[] = [];
        insides(provider.Client).prototype.compareClientSecret = async function compare(this: unknown, actual) {
          asked.push((this as { clientId: string }).clientId, actual);
          return actual === 'live';
        };
        assert.equal((await post('/token', serviceToken, basic('live'))).status, 200);
        assert.equal((await post('/token', serviceToken, basic(secret))).status, 401);
        assert.deepEqual(asked, ['app', 'live', 'app', secret]);
      }),
  },
];

const rememberedClientsClauses: Clause[] = [
  {
    says: 'Client.find makes the client of what Client.adapter finds, which it asks each time',
    holds: () =>
      withLibrary(async ({ provider }) => {
        const clients = provider.Client as unknown as {
          adapter: { find(id: string): Promise<object | undefined> };
          find(id: string): Promise<{ clientId: string; clientName?: string } | undefined>;
        };
        const registration = {
          client_id: 'kept',
          client_secret: 's'.repeat(43),
          redirect_uris: ['https://kept.example/'],
        };
        let found: object | undefined = registration;
        let asked = 0;
        clients.adapter.find = async (id) => {
          asked++;
          return id === 'kept' ? found : undefined;
        };
        assert.equal((await clients.find('kept'))?.clientId, 'kept');
        await clients.find('kept');
        assert.equal(asked, 2);
        rememberedClients.apply({ provider } as Library, none);
        const client = await clients.find('kept');
        assert.equal(await clients.find('kept'), client, 'the same object of the same registration');
        found = { ...registration, client_name: 'changed' };
        assert.equal((await clients.find('kept'))?.clientName, 'changed');
        found = undefined;
        assert.equal(await clients.find('kept'), undefined);
        assert.equal(await clients.find('another'), undefined);
      }),
  },
];

async function assertion(origin: string, jti: string): Promise<Record<string, string>> {
  const jwt = new SignJWT({ jti, iss: 'signer', sub: 'signer', aud: origin })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuedAt()
    .setExpirationTime('1m');
  return {
    ...serviceToken,
    client_id: 'signer',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await jwt.sign(clientKey.privateKey),
  };
}

const replayDetection: Clause[] = [
  {
    says: 'an assertion is taken or refused as ReplayDetection.unique(iss, jti, exp) answers, exp in seconds',
    holds: () =>
      withLibrary(async ({ provider, post }) => {
        const asked: unknown[][] = [];
        let answer = true;
        Object.assign(provider.ReplayDetection, {
          unique: async (...args: unknown[]) => {
            asked.push(args);
            return answer;
          },
        });
        const jti = randomUUID();
        assert.equal((await post('/token', await assertion(provider.issuer, jti))).status, 200);
        const [iss, askedJti, exp] = asked[0] as [string, string, number];
        assert.deepEqual([iss, askedJti], ['signer', jti]);
        const inSeconds = exp - Date.now() / 1000;
        assert.ok(inSeconds > 0 && inSeconds < 600, `exp is ${exp}`);
        answer = false;
        assert.equal((await post('/token', await assertion(provider.issuer, jti))).status, 401);
      }),
  },
];

/** Stores a refresh token of `anna` to `app`; answers its value. */
async function refreshToken(library: BareLibrary, extra: object = {}): Promise<string> {
  const { provider } = library;
  const client = await provider.Client.find('app');
  const grantId = await granted(library, 'app');
  const details = { accountId: 'anna', grantId, scope: 'openid', gty: 'authorization_code', client };
  const token = new provider.RefreshToken({ ...details, ...extra } as never) as unknown as { expiresIn: number };
  token.expiresIn = 600;
  return (token as unknown as { save(): Promise<string> }).save();
}

const refreshSuccessors: Clause[] = [
  {
    says: 'rotation names the new token by RefreshToken.prototype.generateTokenId, while the old one is RotatedRefreshToken',
    holds: () =>
      withLibrary(async (library) => {
        const first = await refreshToken(library);
        replaceMethod(
          insides(library.provider.RefreshToken).prototype,
          'generateTokenId',
          () => () => `after-${Provider.ctx?.oidc.entities.RotatedRefreshToken?.jti}`,
        );
        const form = { grant_type: 'refresh_token', refresh_token: first };
        const { json } = await library.post('/token', form, basic());
        assert.equal(json.refresh_token, `after-${first}`);
        assert.doesNotMatch(json.access_token, /^after-/);
      }),
  },
];

const backchannelLogout: Clause[] = [
  {
    says: 'signing out calls Client.prototype.backchannelLogout(sub, sid) of each client with a backchannel_logout_uri',
    holds: () =>
      withLibrary(async (library) => {
        const called: unknown[] = [];
        insides(library.provider.Client).prototype.backchannelLogout = async function call(this: unknown, ...args) {
          called.push((this as { clientId: string }).clientId, ...args);
        };
        const cookie = await signedIn(library);
        const { json } = await library.get('/session/end', cookie);
        const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(json.form) ?? [];
        const answer = await library.post('/session/end/confirm', { xsrf, logout: 'yes' }, cookie);
        assert.equal(answer.status, 303);
        assert.deepEqual(called, ['app', 'anna', 'sid-of-app']);
      }),
  },
  {
    says: 'the original sends a logout_token outside of any request, and rejects where the application does not take it',
    holds: async () => {
      const sent: { address: string; body: string }[] = [];
      let status = 200;
      const fetch: typeof globalThis.fetch = async (address, options) => {
        sent.push({ address: String(address), body: String(options?.body) });
        return new Response(null, { status });
      };
      await withLibrary(
        async ({ provider }) => {
          const client = await provider.Client.find('app');
          const { backchannelLogout: send } = insides(provider.Client).prototype;
          await send?.call(client, 'anna', 'sid');
          assert.equal(sent[0]?.address, 'https://app.example/logged-out');
          assert.match(sent[0]?.body ?? '', /^logout_token=/);
          status = 500;
          await assert.rejects(async () => send?.call(client, 'anna', 'sid'));
        },
        { fetch },
      );
    },
  },
];

const anonymousSession: Clause[] = [
  {
    says: 'a form without a session ends in an error, because Session.prototype.persist takes no session without exp',
    holds: () =>
      withLibrary(async ({ post, provider }) => {
        provider.silent = true;
        const answer = await post('/device', { user_code: 'BBBB-BBBB' }, { accept: 'text/html' });
        assert.equal(answer.status, 500, 'the library stores the session itself now: the override can go');
      }),
  },
  {
    says: 'what persist is replaced by may set the cookie of the session and save it with a lifetime',
    holds: () =>
      withLibrary(async ({ provider, post, stored }) => {
        replaceMethod(
          insides(provider.Session).prototype,
          'persist',
          () =>
            async function store(this: unknown) {
              const session = this as { id: string; exp?: number; save(ttl: number): Promise<void> };
              assert.equal(session.exp, undefined);
              const oidc = Provider.ctx?.oidc as unknown as { cookies: { set(...args: unknown[]): void } } | undefined;
              oidc?.cookies.set(provider.cookieName('session'), session.id, { signed: false });
              await session.save(60);
            },
        );
        const answer = await post('/device', { user_code: 'BBBB-BBBB' }, { accept: 'text/html' });
        assert.notEqual(answer.status, 500);
        const [, id] = /_session=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '') ?? [];
        assert.ok(stored.get(`Session:${id}`), 'the session of the cookie is not stored');
      }),
  },
];

const orgNodeCarrierClauses: Clause[] = [
  {
    says: 'a model keeps the members that its list IN_PAYLOAD names, and drops others',
    holds: () =>
      withLibrary(async (library) => {
        const token = await refreshToken(library, { orgNodeId: 'school' });
        assert.equal(library.stored.get(`RefreshToken:${token}`)?.orgNodeId, undefined);
      }),
  },
  {
    says: 'a member that is added to the list is stored, and is there again on the token that is found',
    holds: () =>
      withLibrary(async (library) => {
        orgNodeCarrier.apply({ provider: library.provider } as Library, none);
        const token = await refreshToken(library, { orgNodeId: 'school' });
        assert.equal(library.stored.get(`RefreshToken:${token}`)?.orgNodeId, 'school');
        const found = (await library.provider.RefreshToken.find(token)) as unknown as { orgNodeId?: string };
        assert.equal(found.orgNodeId, 'school');
      }),
  },
  {
    says: 'rotation saves the new token while the old one, with its members, is RotatedRefreshToken',
    holds: () =>
      withLibrary(async (library) => {
        orgNodeCarrier.apply({ provider: library.provider } as Library, none);
        const form = {
          grant_type: 'refresh_token',
          refresh_token: await refreshToken(library, { orgNodeId: 'school' }),
        };
        const { json } = await library.post('/token', form, basic());
        assert.equal(library.stored.get(`RefreshToken:${json.refresh_token}`)?.orgNodeId, 'school');
      }),
  },
];

/** Asks for a code as the native client, signed in and with a grant; answers where that leads. */
async function askAsNative(change: (policy: policies.DefaultPolicy) => void): Promise<string> {
  const policy = policies.base();
  let location = '';
  const url = () => '/interaction';
  await withLibrary(
    async (library) => {
      // The provider has been built by now: overrides come after it.
      change(policy);
      const question = { client_id: 'native', response_type: 'code', scope: 'openid' };
      const redirect = { redirect_uri: 'com.example.app:/callback' };
      const pkce = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };
      const answer = await library.get(
        `/auth?${new URLSearchParams({ ...question, ...redirect, ...pkce })}`,
        await signedIn(library),
      );
      location = answer.headers.get('location') ?? answer.text;
    },
    {
      interactions: { policy, url },
      loadExistingGrant: async (ctx) => {
        const grant = new ctx.oidc.provider.Grant({ accountId: 'anna', clientId: 'native' });
        grant.addOIDCScope('openid');
        await grant.save();
        return grant;
      },
    },
  );
  return location;
}

const nativeClientPromptClauses: Clause[] = [
  {
    says: 'a native client leads to the consent prompt, for the reason native_client_prompt',
    holds: async () => {
      assert.match(await askAsNative(() => undefined), /\/interaction$/, 'nobody is asked: the override can go');
    },
  },
  {
    says: 'the check of that reason may be changed when the provider was built, and what it then says counts',
    holds: async () => {
      const location = await askAsNative((policy) => {
        const check = policy.get('consent')?.checks.find(({ reason }) => reason === 'native_client_prompt');
        assert.ok(check);
        check.check = () => policies.Check.NO_NEED_TO_PROMPT;
      });
      assert.match(location, /^com\.example\.app:\/callback\?code=/);
    },
  },
  {
    says: 'a check is asked with oidc.result of the interaction, and with the client',
    holds: async () => {
      const policy = policies.base();
      nativeClientPrompt.apply({ policy } as Library, none);
      const check = policy.get('consent')?.checks.find(({ reason }) => reason === 'native_client_prompt');
      const client = { first_party: true, applicationType: 'native' };
      const ask = (oidc: object) =>
        check?.check({ oidc: { client, params: { response_type: 'code' }, ...oidc } } as never);
      assert.equal(await ask({ result: { login: {} } }), policies.Check.NO_NEED_TO_PROMPT);
      assert.equal(await ask({}), policies.Check.REQUEST_PROMPT);
    },
  },
];

const jwtToken = { ...serviceToken, resource: api, scope: 'read' };

const structuredTokens: Clause[] = [
  {
    says: 'a JWT is refused at the introspection and revocation endpoints, and never stored',
    holds: () =>
      withLibrary(async ({ post, stored }) => {
        const { json } = await post('/token', jwtToken, basic());
        assert.match(json.access_token, /^ey[\w-]+\.[\w-]+\.[\w-]+$/);
        for (const path of ['/token/introspection', '/token/revocation']) {
          const refused = await post(path, { token: json.access_token }, basic());
          assert.equal(refused.json.error, 'unsupported_token_type', 'the library takes JWTs now: the override can go');
        }
        assert.deepEqual(
          [...stored.keys()].filter((key) => key.startsWith('ClientCredentials')),
          [],
        );
      }),
  },
  {
    says: 'formats.customizers.jwt is awaited before a token is signed, and knows the list IN_PAYLOAD and the adapter of its model',
    holds: async () => {
      const order: string[] = [];
      const customizer = async (_ctx: unknown, token: object, jwt: { payload: { jti?: string } }) => {
        const model = token.constructor as unknown as { IN_PAYLOAD: string[]; adapter: { upsert: unknown } };
        assert.ok(model.IN_PAYLOAD.includes('clientId') && model.IN_PAYLOAD.includes('scope'));
        assert.equal(typeof model.adapter.upsert, 'function');
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`customized ${typeof jwt.payload.jti}`);
        return undefined;
      };
      await withLibrary(
        async ({ post }) => {
          const { status } = await post('/token', jwtToken, basic());
          order.push(`answered ${status}`);
        },
        { formats: { customizers: { jwt: customizer as never } } },
      );
      assert.deepEqual(order, ['customized string', 'answered 200']);
    },
  },
  {
    says: 'middleware that is added with use() runs before the endpoints, in the context that Provider.ctx is later',
    holds: async () => {
      let before: object | undefined;
      let inside: object | undefined;
      const allowedPolicy = async () => {
        inside = Provider.ctx;
        return true;
      };
      await withLibrary(
        async ({ provider, post }) => {
          provider.use((ctx, next) => {
            before = ctx;
            return next();
          });
          const { json } = await post('/token', serviceToken, basic());
          await post('/token/introspection', { token: json.access_token }, basic());
          assert.ok(before);
          assert.equal(before, inside);
        },
        { features: { introspection: { enabled: true, allowedPolicy } } },
      );
    },
  },
  {
    says: 'a body that was read before is taken from req.body, as the text of the form',
    holds: () =>
      withLibrary(async ({ provider, post }) => {
        const { json } = await post('/token', serviceToken, basic());
        provider.use(async (ctx, next) => {
          if (ctx.path === '/token/introspection') {
            for await (const _ of ctx.req);
            Object.assign(ctx.req, { body: `token=${json.access_token}` });
          }
          return next();
        });
        assert.equal((await post('/token/introspection', { token: 'another' }, basic())).json.active, true);
      }),
  },
];

const asNative = (password: string) => ({
  authorization: `Basic ${Buffer.from(`native:${password}`).toString('base64')}`,
});

const basicCredentialsClauses: Clause[] = [
  {
    says: 'an empty password and a secret beyond ASCII are invalid requests, the first also of a public client',
    holds: () =>
      withLibrary(async ({ post }) => {
        for (const header of [asNative(''), basic('sécret'), basic('')]) {
          const { status, json } = await post('/token', serviceToken, header);
          assert.deepEqual([status, json.error], [400, 'invalid_request'], 'the override can go');
        }
      }),
  },
  {
    says: 'the header and the form of a request may be changed before the library reads them',
    holds: () =>
      withLibrary(async ({ provider, post }) => {
        basicCredentials.apply({ provider } as Library, none);
        for (const header of [basic('sécret'), basic('')]) {
          const { status, json } = await post('/token', serviceToken, header);
          assert.deepEqual([status, json.error], [401, 'invalid_client']);
        }
        const code = { grant_type: 'authorization_code', code: 'unknown', redirect_uri: callback };
        const { json } = await post('/token', code, asNative(''));
        assert.equal(json.error, 'invalid_grant', 'the public client is known');
      }),
  },
];

const typedUserCodesClauses: Clause[] = [
  {
    says: 'a typed code is looked up without all that is no ASCII letter, and in capitals',
    holds: () =>
      withLibrary(async (library) => {
        const asked: string[] = [];
        insides(library.provider.DeviceCode).findByUserCode = (async (code: string) => {
          asked.push(code);
        }) as never;
        const session = await signedIn(library);
        const type = async (user_code: string) => {
          const { text } = await library.get('/device', session);
          const [, xsrf = ''] = /name=\\?"xsrf\\?" value=\\?"([^"\\]+)/.exec(text) ?? [];
          await library.post('/device', { xsrf, user_code }, session);
        };
        await type('ＢＢＢＢ-cccc');
        typedUserCodes.apply({ provider: library.provider } as Library, none);
        await type('ＢＢＢＢ-ｃｃｃｃ\u200b');
        assert.deepEqual(asked, ['CCCC', 'BBBBCCCC']);
      }),
  },
];

const claimMappingClauses: Clause[] = [
  {
    says: 'what is released of the claims of an account is the answer of Claims.prototype.result, and a symbol among them gets there',
    holds: () =>
      withLibrary(async ({ provider }) => {
        const { Claims, Client } = provider as unknown as {
          Claims: new (
            available: object,
            of: object,
          ) => { scope(scope: string): void; result(): Promise<Record<string, unknown>> };
          Client: { find(id: string): Promise<object> };
        };
        const person = { sub: 'anna', roles: ['Teacher'], email: 'anna@example.test', email_verified: true };
        const told = async () => {
          const mapping = { groups: { from: 'roles' }, user: { from: 'sub' } } as const;
          const available = { ...person, [mappingOfClient]: { mapping, person, shared: false } };
          const claims = new Claims({ ...available, acr: '1' }, { client: await Client.find('app') });
          claims.scope('openid');
          return claims.result();
        };
        assert.deepEqual(await told(), { sub: 'anna' });
        claimMapping.apply({ provider } as Library, none);
        assert.deepEqual(await told(), { sub: 'anna', user: 'anna' }, 'what is not released is not mapped either');
      }),
  },
];

const postLogoutQueryClauses: Clause[] = [
  {
    says: 'the session is saved with the address and the state of a sign-out, and what is saved is what the browser is sent to',
    holds: async () => {
      const address = 'https://app.example/?close&state=own';
      const clients = [{ client_id: 'app', client_secret: secret, redirect_uris: [callback] }];
      const configuration = { clients: [{ ...clients[0], post_logout_redirect_uris: [address] }] } as never;
      const locations: (string | null)[] = [];
      for (const apply of [() => undefined, postLogoutQuery.apply])
        await withLibrary(async (library) => {
          apply({ provider: library.provider } as Library, none);
          const cookie = await signedIn(library);
          const wanted = { client_id: 'app', post_logout_redirect_uri: address, state: 'asked' };
          const { json } = await library.get(`/session/end?${new URLSearchParams(wanted)}`, cookie);
          const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(json.form) ?? [];
          const answer = await library.post('/session/end/confirm', { xsrf, logout: 'yes' }, cookie);
          locations.push(answer.headers.get('location'));
        }, configuration);
      assert.deepEqual(locations, ['https://app.example/?close=&state=asked', `${address}&state=asked`]);
    },
  },
];

/** An API that is registered as `api`, whatever it is asked for by. */
const oneApi = {
  features: {
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: async () => ({
        scope: 'read write',
        audience: api,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
} as never;

const registeredResourcesClauses: Clause[] = [
  {
    says: 'OIDCContext is given an empty map resourceServers, and what a request names is found in it from then on',
    holds: () =>
      withLibrary(async ({ provider, post }) => {
        registeredResources.apply({ provider } as Library, none);
        const form = { ...serviceToken, resource: 'HTTPS://API.example:443', scope: 'read' };
        const { status, json } = await post('/token', form, basic());
        assert.equal(status, 200, JSON.stringify(json));
      }, oneApi),
  },
  {
    says: 'a code and a refresh token are found by the static method find, before params.resource is held against theirs',
    holds: () =>
      withLibrary(async (library) => {
        const exchange = async () => {
          const refresh_token = await refreshToken(library, { resource: [api], scope: 'openid read' });
          const form = { grant_type: 'refresh_token', refresh_token, resource: 'https://API.example', scope: 'read' };
          return library.post('/token', form, basic());
        };
        const before = await exchange();
        assert.deepEqual([before.status, before.json.error], [400, 'invalid_target'], 'the override can go');
        registeredResources.apply({ provider: library.provider } as Library, none);
        const { status, json } = await exchange();
        assert.deepEqual([status, json.scope], [200, 'read'], JSON.stringify(json));
      }, oneApi),
  },
];

const introspectedKeysClauses: Clause[] = [
  {
    says: 'introspection looks for a token by AccessToken.find, when Provider.ctx knows the route and the client, and answers with what it holds and with its extra',
    holds: () =>
      withLibrary(async ({ provider, post }) => {
        const seen: unknown[] = [];
        replaceMethod(
          provider.AccessToken as unknown as { find(value: string): Promise<unknown> },
          'find',
          () =>
            async function find() {
              seen.push(Provider.ctx?.oidc?.route, Provider.ctx?.oidc?.client?.clientId);
              const exp = Math.floor(Date.now() / 1000) + 60;
              const extra = { sub: 'somebody' };
              return Object.assign(new provider.AccessToken({} as never), { aud: api, scope: 'read', exp, extra });
            },
        );
        const { json } = await post('/token/introspection', { token: 'anything' }, basic());
        assert.deepEqual(seen, ['introspection', 'app']);
        assert.deepEqual([json.active, json.aud, json.scope, json.sub], [true, api, 'read', 'somebody']);
      }),
  },
];

const exchangedTokensClauses: Clause[] = [
  {
    says: 'an access token keeps a member that is added to its list IN_PAYLOAD, and is found by the static method find',
    holds: () =>
      withLibrary(async ({ provider }) => {
        exchangedTokens.apply({ provider } as Library, none);
        const origin = { tenantId: 't', grantId: 'gone', clientId: 'app', ceilings: {} };
        const save = (members: object) => new provider.AccessToken({ accountId: 'a', ...members } as never).save();
        const kept = (await provider.AccessToken.find(await save({}))) as { origin?: unknown } | undefined;
        assert.ok(kept);
        // It rests on a grant that is not there.
        assert.equal(await provider.AccessToken.find(await save({ origin })), undefined);
        const grant = new provider.Grant({ accountId: 'a', clientId: 'app' });
        const living = { ...origin, grantId: await grant.save() };
        const found = (await provider.AccessToken.find(await save({ origin: living }))) as { origin?: unknown };
        assert.deepEqual(found.origin, living);
      }),
  },
];

const sessionIdsClauses: Clause[] = [
  {
    says: 'whether an id_token names its session is asked of the client by includeSid, when a code is made',
    holds: () =>
      withLibrary(async ({ provider }) => {
        const { prototype } = insides(provider.Client);
        const client = (members: object) => Object.assign(Object.create(prototype), members);
        assert.ok(!client({ vouches: true }).includeSid());
        sessionIds.apply({ provider } as Library, none);
        assert.equal(client({ vouches: true }).includeSid(), true);
        assert.ok(!client({}).includeSid());
        assert.ok(
          client({ backchannelLogoutUri: 'https://a.example', backchannelLogoutSessionRequired: true }).includeSid(),
        );
      }),
  },
];

const elsewhere = 'https://elsewhere.example/answer';
const askedElsewhere = `/auth?${new URLSearchParams({
  client_id: 'app',
  response_type: 'code',
  scope: 'openid',
  redirect_uri: elsewhere,
  state: 'of-the-request',
  prompt: 'none',
  code_challenge: 'x'.repeat(43),
  code_challenge_method: 'S256',
})}`;

const trialRedirectsClauses: Clause[] = [
  {
    says: 'the authorization endpoint asks redirectUriAllowed of the client, when Provider.ctx knows the route and the parameters',
    holds: () =>
      withLibrary(async ({ provider, get }) => {
        const before = await get(askedElsewhere, { accept: 'text/html' });
        assert.deepEqual([before.status, before.headers.get('location')], [400, null]);
        const seen: unknown[] = [];
        replaceMethod(
          insides(provider.Client).prototype,
          'redirectUriAllowed',
          () =>
            function redirectUriAllowed(this: unknown, value: unknown) {
              const { route, params } = Provider.ctx?.oidc ?? {};
              seen.push([(this as { clientId: string }).clientId, value, route, params?.state, params?.response_type]);
              return true;
            },
        );
        const { headers } = await get(askedElsewhere, { accept: 'text/html' });
        assert.match(String(headers.get('location')), /^https:\/\/elsewhere\.example\/answer\?error=/);
        assert.deepEqual(seen[0], ['app', elsewhere, 'authorization', 'of-the-request', 'code']);
      }),
  },
];

const workloadAssertionsClauses: Clause[] = [
  {
    says: 'an assertion is read from the form as middleware leaves it, and checked before assertJwtClientAuthClaimsAndHeader is asked',
    holds: async () => {
      const asked: unknown[] = [];
      const assertJwtClientAuthClaimsAndHeader = async (_ctx: unknown, claims: { sub?: string }) =>
        void asked.push(claims.sub);
      await withLibrary(
        async ({ provider, post }) => {
          const right = await assertion(provider.issuer, randomUUID());
          provider.use(async (ctx, next) =>
            changeForm(ctx, next, (form) => form.set('client_assertion', right.client_assertion as string)),
          );
          const { status } = await post('/token', { ...right, client_id: 'signer', client_assertion: 'of a platform' });
          assert.deepEqual([status, asked], [200, ['signer']]);
        },
        { assertJwtClientAuthClaimsAndHeader } as never,
      );
    },
  },
];

const profileTokensClauses: Clause[] = [
  {
    says: 'an access token is stored by its method save, when Provider.ctx knows the client and the token what it is bound to',
    holds: () =>
      withLibrary(async ({ provider, post }) => {
        const seen: unknown[] = [];
        const { prototype } = provider.ClientCredentials as unknown as { prototype: { save(): Promise<string> } };
        replaceMethod(
          prototype,
          'save',
          () =>
            async function save(this: { jkt?: string; clientId?: string }) {
              seen.push(Provider.ctx?.oidc?.client?.clientId, this.clientId, this.jkt);
              return 'stored';
            },
        );
        const { json } = await post('/token', serviceToken, basic());
        assert.equal(json.access_token, 'stored', JSON.stringify(json));
        assert.deepEqual(seen, ['app', 'app', undefined]);
      }),
  },
  {
    says: 'a token of a client that is held to a profile is neither stored nor found without a binding',
    holds: () =>
      withLibrary(async ({ provider, post }) => {
        const before = await post('/token', serviceToken, basic());
        assert.equal(before.status, 200, JSON.stringify(before.json));
        profileTokens.apply({ provider } as Library, none);
        const held = { security_profile: 'fapi2', clientId: 'app' };
        assert.ok(await provider.ClientCredentials.find(before.json.access_token));
        replaceMethod(insides(provider.Client), 'find', () => (async () => held) as never);
        assert.equal(await provider.ClientCredentials.find(before.json.access_token), undefined);
      }),
  },
];

const contract: Record<string, Clause[]> = {
  'plain-context': plainContextClauses,
  'issuer-addresses': issuerAddressesClauses,
  'form-charset': formCharsetClauses,
  'form-body': formBodyClauses,
  'basic-credentials': basicCredentialsClauses,
  'workload-assertions': workloadAssertionsClauses,
  'client-secrets': clientSecrets,
  'remembered-clients': rememberedClientsClauses,
  'replay-detection': replayDetection,
  'refresh-successors': refreshSuccessors,
  'backchannel-logout': backchannelLogout,
  'anonymous-session': anonymousSession,
  'org-node-carrier': orgNodeCarrierClauses,
  'native-client-prompt': nativeClientPromptClauses,
  'post-logout-query': postLogoutQueryClauses,
  'typed-user-codes': typedUserCodesClauses,
  'structured-tokens': structuredTokens,
  'introspected-keys': introspectedKeysClauses,
  'exchanged-tokens': exchangedTokensClauses,
  'claim-mapping': claimMappingClauses,
  'registered-resources': registeredResourcesClauses,
  'trial-redirects': trialRedirectsClauses,
  'profile-tokens': profileTokensClauses,
  'session-ids': sessionIdsClauses,
};

describe('the contract with oidc-provider', () => {
  it('has clauses for each override, and for nothing else', () => {
    assert.deepEqual(
      Object.keys(contract),
      overrides.map(({ name }) => name),
    );
  });

  for (const [name, clauses] of Object.entries(contract))
    describe(`of the override ${name}`, () => itKeeps(`overrides/${name}.ts`, clauses));

  it('stops the start where the modes of an answer are registered out of our sight', () => {
    class Elsewhere extends QueryKeepingProvider {
      override registerResponseMode(): void {}
    }
    assert.throws(() => new Elsewhere('https://id.example', {}), /registers its response mode query elsewhere/);
  });

  it('stops the start where grant types are registered out of our sight', () => {
    class Elsewhere extends ExchangingProvider {
      override registerGrantType(): void {}
    }
    const none = {} as Database;
    assert.throws(
      () => new Elsewhere(none, 'https://id.example', {}),
      /registers its grant type authorization_code elsewhere/,
    );
  });

  it('stops the start where a method to be overridden is gone', () => {
    const owner: { compare?: () => void } = {};
    assert.throws(
      () => replaceMethod(owner, 'compare', (original) => original),
      /oidc-provider has no method compare to be overridden/,
    );
  });
});
