/**
 * What no honest client sends. Whatever it is: an answer of the expected class that tells nothing of the inside, no error
 * in the log, and a server that goes on.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type OutgoingHttpHeaders, request } from 'node:http';
import * as jose from 'jose';
import * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { createApi } from '../support/endpoints.ts';
import {
  discover,
  enterPassword,
  type RelyingParty,
  redirectUri,
  signIn,
  startSignIn,
} from '../support/relying-party.ts';
import { openSocket } from '../support/server-process.ts';

interface Case {
  what: string;
  method?: string;
  path: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
  /** Without a length, in pieces. */
  chunked?: boolean;
  status: number | number[];
  /** In the body, such as an OAuth error code. */
  says?: RegExp;
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const page = { accept: 'text/html' };
const longest = 'x'.repeat(2_000_000);
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

let app: TestApp;
let party: RelyingParty;
let person: Awaited<ReturnType<TestApp['person']>>;
let basic: { authorization: string };
let tokens: Awaited<ReturnType<typeof signIn>>['tokens'];
let jwtAccessToken: string;
/** Interactions that cannot be gone on with, each with the cookies of the browser that comes. */
let otherBrowsers: { path: string; cookie: string };
let expired: { path: string; cookie: string };
let finished: { path: string; cookie: string };
let live: { path: string; cookie: string };
let sessionCookie: string;
let assertionKey: openid.CryptoKey;
let keyClient: string;

function cookiesOf(browser: Browserless): string {
  return browser.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

async function interactionOf(browser: Browserless): Promise<string> {
  const reply = await browser.open((await startSignIn(party)).address.href, redirectUri);
  return new URL(reply.url).pathname;
}

async function prepare(): Promise<void> {
  // A case an address: limits are another test's.
  app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.0/8' } });
  person = await app.person();
  party = await discover(app, await app.relyingParty());
  basic = { authorization: `Basic ${Buffer.from(`${party.clientId}:${party.clientSecret}`).toString('base64')}` };
  const api = await createApi(app);
  const signedIn = await signIn(party, person, { parameters: { scope: 'openid email' } });
  tokens = signedIn.tokens;
  const forApi = await signIn(party, person, {
    parameters: { scope: `openid ${api.capabilities.join(' ')}`, resource: api.identifier },
    tokenParameters: { resource: api.identifier },
  });
  jwtAccessToken = forApi.tokens.access_token;
  sessionCookie = cookiesOf(signedIn.browser);

  const someone = new Browserless();
  live = { path: await interactionOf(someone), cookie: cookiesOf(someone) };
  otherBrowsers = { path: live.path, cookie: cookiesOf(new Browserless()) };
  const slow = new Browserless();
  expired = { path: await interactionOf(slow), cookie: cookiesOf(slow) };
  await app
    .db('oidc_payloads')
    .where({ model: 'Interaction' })
    .where('createdAt', '>', app.db.raw(`now() - interval '1 hour'`))
    .orderBy('createdAt', 'desc');
  await app.db.raw(
    `update oidc_payloads set expires_at = now() - interval '1 second'
      where model = 'Interaction' and created_at = (select max(created_at) from oidc_payloads where model = 'Interaction')`,
  );
  const done = new Browserless();
  const left = await done.open((await startSignIn(party)).address.href, redirectUri);
  finished = { path: new URL(left.url).pathname, cookie: cookiesOf(done) };
  await enterPassword(done, left, person);

  const { publicKey, privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
  assertionKey = privateKey;
  const jwk = { ...(await jose.exportJWK(publicKey)), alg: 'ES256', kid: 'k' };
  const service = await app.service({
    capabilities: api.capabilities,
    jwks: { keys: [jwk as Record<string, unknown>] },
  });
  keyClient = service.clientId;
}

function authorize(parameters: Record<string, string>, more = ''): string {
  const query = new URLSearchParams({
    client_id: party.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...parameters,
  });
  return `/authorize?${query}${more}`;
}

function unsigned(payload: object, header: object = { alg: 'none' }): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.`;
}

async function assertion(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const text = JSON.stringify({ iss: keyClient, sub: keyClient, aud: app.issuer, iat: now, exp: now + 60, ...claims });
  const signer = new jose.CompactSign(Buffer.from(text)).setProtectedHeader({
    alg: 'ES256',
    kid: 'k',
    ...header,
  } as never);
  return signer.sign(assertionKey);
}

function assertionBody(jwt: string): string {
  return new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: jwt,
  }).toString();
}

async function authorizationCases(): Promise<Case[]> {
  const valid = authorize({});
  const hmac = await new jose.SignJWT({ client_id: party.clientId })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(party.clientSecret));
  const cases: [string, string, (number | number[])?, RegExp?][] = [
    ['nothing at all', '/authorize', 400, /invalid_request/],
    ['a parameter twice', `${valid}&scope=openid`, [303, 400]],
    ['the client twice', `${valid}&client_id=${party.clientId}`, 400],
    ['the redirect URI twice', `${valid}&redirect_uri=${encodeURIComponent(redirectUri)}`, 400],
    ['arrays as PHP has them', '/authorize?client_id[]=a&scope[]=openid', 400],
    ['objects as others have them', '/authorize?client_id[a]=b&__proto__[admin]=1&constructor.prototype.x=1', 400],
    ['a prototype for a client', authorize({ client_id: '__proto__' }), 400, /invalid_client/],
    ['NUL for a client', authorize({ client_id: 'a\0b' }), 400, /invalid_client/],
    ['NUL in the state', authorize({ state: 'a\0b' }), [303, 400]],
    ['NUL in the scope', authorize({ scope: 'openid\0' }), [303, 400]],
    ['NUL in the login hint', authorize({ login_hint: 'a\0b' }), 303],
    ['NUL for a tenant', authorize({ tenant: '\0' }), [303, 400]],
    ['a tenant as long as a book', authorize({ tenant: 'a'.repeat(5_000) }), [303, 400]],
    ['NUL in the resource', authorize({ resource: 'urn:a\0b' }), [303, 400]],
    ['a resource that is no URI', authorize({ resource: '::' }), [303, 400]],
    ['two hundred resources', `${valid}${'&resource=urn:x:1'.repeat(200)}`, [303, 400]],
    ['broken percent signs', '/authorize?client_id=%&scope=%zz&state=%E0%A4%A', 400],
    ['bytes that are no UTF-8', `${valid}&state=%ff%fe%80`, [303, 400]],
    ['claims that are no JSON', authorize({ claims: '{' }), [303, 400]],
    ['claims that are a list', authorize({ claims: '[]' }), [303, 400]],
    [
      'claims of a prototype',
      authorize({ claims: '{"__proto__":{"id_token":{}},"userinfo":{"__proto__":null}}' }),
      [303, 400],
    ],
    ['claims of no kind', authorize({ claims: '{"id_token":{"acr":{"essential":"yes","values":[{}]}}}' }), [303, 400]],
    ['claims with NUL', authorize({ claims: '{"id_token":{"a\\u0000":{"value":"\\u0000"}}}' }), [303, 400]],
    ['claims as deep as a well', authorize({ claims: `${'{"userinfo":'.repeat(500)}1${'}'.repeat(500)}` }), [303, 400]],
    ['an age before all time', authorize({ max_age: '-1' }), [303, 400]],
    ['an age beyond all time', authorize({ max_age: '9'.repeat(400) }), [303, 400]],
    ['an age that is none', authorize({ max_age: 'NaN' }), [303, 400]],
    ['a response type of no kind', authorize({ response_type: 'code code token' }), [303, 400]],
    ['a response mode of no kind', authorize({ response_mode: 'constructor' }), [303, 400]],
    ['a prompt of no kind', authorize({ prompt: 'none login toString' }), [303, 400]],
    ['PKCE without a hash', authorize({ code_challenge_method: 'plain' }), [303, 400]],
    ['PKCE of nonsense', authorize({ code_challenge: '💥'.repeat(20) }), [303, 400]],
    [
      'no PKCE',
      `/authorize?client_id=${party.clientId}&response_type=code&scope=openid&redirect_uri=${encodeURIComponent(redirectUri)}`,
      [303, 400],
    ],
    ['an id_token that is none', authorize({ id_token_hint: 'a.b.c', prompt: 'none' }), [303, 400]],
    ['an access token for an id_token', authorize({ id_token_hint: jwtAccessToken, prompt: 'none' }), [303, 400]],
    [
      'an unsigned id_token',
      authorize({ id_token_hint: unsigned({ sub: person.id, aud: party.clientId, iss: app.issuer }) }),
      [303, 400],
    ],
    ['a request object that is none', authorize({ request: 'x' }), [303, 400]],
    ['an unsigned request object', authorize({ request: unsigned({ client_id: party.clientId }) }), [303, 400]],
    ['a request object signed by the secret', authorize({ request: hmac }), [303, 400]],
    [
      'a request object of five parts',
      authorize({ request: 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c' }),
      [303, 400],
    ],
    ['a request object elsewhere', authorize({ request_uri: 'https://127.0.0.1/x' }), [303, 400]],
    ['a request that was never pushed', authorize({ request_uri: 'urn:ietf:params:oauth:request_uri:x' }), [303, 400]],
    ['a request URI with NUL', authorize({ request_uri: 'urn:ietf:params:oauth:request_uri:\0' }), [303, 400]],
    ['languages of garbage', authorize({ ui_locales: `../../etc/passwd ${'x-'.repeat(900)} \0 fr` }), 303],
    ['a language that is a path', `${valid}&lang=../../en`, 303],
    ['a language that is a list', `${valid}&lang=fr&lang[]=en&lang=__proto__`, 303],
    ['acr values of garbage', authorize({ acr_values: '\0 __proto__ '.repeat(50) }), [303, 400]],
    ['a resume that never was', '/authorize/not-a-uid', 400],
    ['a resume of a path', '/authorize/..%2f..%2fetc%2fpasswd', [400, 404]],
    ['a resume of NUL', '/authorize/%00', [400, 404]],
    ['a resume of half a character', '/authorize/%E0%A4%A', [400, 404]],
  ];
  return [
    ...cases.map(([what, path, status = 400, says]) => ({
      what: `authorization: ${what}`,
      path,
      status,
      says,
      headers: page,
    })),
    {
      what: 'authorization: a form of the wrong type',
      method: 'POST',
      path: '/authorize',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      status: 415,
    },
    {
      what: 'authorization: a form without a type',
      method: 'POST',
      path: '/authorize',
      body: 'client_id=a',
      status: 415,
    },
    {
      what: 'authorization: a form too long for an address',
      method: 'POST',
      path: '/authorize',
      headers: form,
      body: `state=${'x'.repeat(9_000)}`,
      status: 413,
    },
    { what: 'authorization: PUT', method: 'PUT', path: valid, status: [404, 405] },
    { what: 'authorization: DELETE', method: 'DELETE', path: valid, status: [404, 405] },
    { what: 'authorization: a method of nobody', method: 'PROPFIND', path: valid, status: [404, 405, 501] },
    { what: 'authorization: OPTIONS', method: 'OPTIONS', path: valid, status: [200, 204, 404, 405] },
    { what: 'authorization: HEAD', method: 'HEAD', path: valid, status: [303, 404, 405] },
  ];
}

async function tokenCases(): Promise<Case[]> {
  const now = Math.floor(Date.now() / 1000);
  const post = (
    what: string,
    body: string | Buffer,
    status: number | number[],
    says?: RegExp,
    headers: OutgoingHttpHeaders = {},
  ): Case => ({
    what: `token: ${what}`,
    method: 'POST',
    path: '/token',
    headers: { ...form, ...basic, ...headers },
    body,
    status,
    says,
  });
  const plain = { authorization: undefined } as unknown as OutgoingHttpHeaders;
  const cases = [
    post('nothing', '', 400, /invalid_request/),
    post('no grant type', 'code=x', 400, /invalid_request/),
    post('a grant type of nobody', 'grant_type=password&username=a&password=b', 400, /unsupported_grant_type/),
    post('a grant type of every object', 'grant_type=__proto__', 400, /unsupported_grant_type|invalid_request/),
    post('a grant type that is built in', 'grant_type=constructor', 400, /unsupported_grant_type|invalid_request/),
    post('a grant type twice', 'grant_type=client_credentials&grant_type=refresh_token', 400, /invalid_request/),
    post('a grant type in brackets', 'grant_type[]=client_credentials', 400, /invalid_request/),
    post('a code of nobody', 'grant_type=authorization_code&code=x&redirect_uri=x', 400, /invalid_grant/),
    post('a code of NUL', 'grant_type=authorization_code&code=%00&redirect_uri=%00&code_verifier=%00', 400),
    post('a code as long as a book', `grant_type=authorization_code&code=${'x'.repeat(50_000)}&redirect_uri=x`, 400),
    post(
      'an access token for a refresh token',
      `grant_type=refresh_token&refresh_token=${tokens.access_token}`,
      400,
      /invalid_grant/,
    ),
    post(
      'an id_token for a refresh token',
      `grant_type=refresh_token&refresh_token=${tokens.id_token}`,
      400,
      /invalid_grant/,
    ),
    post(
      'the name of a row for a refresh token',
      'grant_type=refresh_token&refresh_token=at%2Bjwt:x',
      400,
      /invalid_grant/,
    ),
    post('a device code of nobody', 'grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=%00', 400),
    post('broken percent signs', 'grant_type=%&code=%zz', 400),
    post('bytes that are no UTF-8', Buffer.from([0x67, 0x3d, 0xff, 0xfe, 0x00, 0x80]), 400),
    post('ten thousand parameters', 'a=1&'.repeat(10_000), 400),
    post('a body of two megabytes', `a=${longest}`, 413),
    { ...post('two megabytes in pieces', `a=${longest}`, [400, 413]), chunked: true },
    post('JSON', '{"grant_type":"client_credentials"}', 400, /invalid_request/, { 'content-type': 'application/json' }),
    post('a file', '--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nx\r\n--x--', 400, undefined, {
      'content-type': 'multipart/form-data; boundary=x',
    }),
    post('a charset of nobody', 'grant_type=x', 400, undefined, {
      'content-type': 'application/x-www-form-urlencoded; charset=klingon',
    }),
    post('a packed body', 'grant_type=x', [400, 415], undefined, { 'content-encoding': 'gzip' }),
    post('no client', 'grant_type=client_credentials', [400, 401], undefined, plain),
    post(
      'a secret twice',
      `grant_type=client_credentials&client_id=${party.clientId}&client_secret=x&client_secret=y`,
      400,
      undefined,
      plain,
    ),
    post('a secret by two ways', 'grant_type=client_credentials&client_secret=x', 400, /invalid_request/),
    post('another client in the body', 'grant_type=client_credentials&client_id=other', 400, /invalid_request/),
    post('Basic of nothing', 'grant_type=client_credentials', 400, undefined, { authorization: 'Basic' }),
    post('Basic of garbage', 'grant_type=client_credentials', [400, 401], undefined, { authorization: 'Basic %%%' }),
    post('Basic with NUL', 'grant_type=client_credentials', [400, 401], undefined, {
      authorization: `Basic ${Buffer.from('a\0:b\0').toString('base64')}`,
    }),
    post('Basic of broken percent signs', 'grant_type=client_credentials', [400, 401], undefined, {
      authorization: `Basic ${Buffer.from('%:%zz').toString('base64')}`,
    }),
    post('Digest', 'grant_type=client_credentials', [400, 401], undefined, { authorization: 'Digest username="a"' }),
    post('Basic as long as a letter', 'grant_type=client_credentials', [400, 401], undefined, {
      authorization: `Basic ${'A'.repeat(8_000)}`,
    }),
    post('a proof that is none', 'grant_type=refresh_token&refresh_token=x', 400, /invalid_(?:dpop_proof|grant)/, {
      dpop: 'x.y.z',
    }),
    post('an unsigned proof', 'grant_type=refresh_token&refresh_token=x', 400, /invalid_(?:dpop_proof|grant)/, {
      dpop: unsigned({ htm: 'POST', htu: `${app.issuer}/token`, jti: 'a', iat: now }, { alg: 'none', typ: 'dpop+jwt' }),
    }),
  ];
  const assertions: [string, string, number | number[]][] = [
    ['an assertion that is none', 'x', [400, 401]],
    ['an assertion of JSON without claims', unsigned([]), [400, 401]],
    [
      'an unsigned assertion',
      unsigned({ iss: keyClient, sub: keyClient, aud: app.issuer, exp: now + 60, jti: 'a' }),
      401,
    ],
    ['an assertion that never ends', await assertion({ jti: 'forever', exp: 1e20 }), [200, 400, 401]],
    [
      'an assertion that ends when the calendar does',
      await assertion({ jti: 'calendar', exp: 8.64e12 }),
      [200, 400, 401],
    ],
    ['an assertion that ends after PostgreSQL', await assertion({ jti: 'late', exp: 9.9e12 }), [200, 400, 401]],
    ['an assertion that ends in words', await assertion({ jti: 'words', exp: 'tomorrow' }), [400, 401]],
    ['an assertion whose end is a list', await assertion({ jti: 'list', exp: [now + 60] }), [400, 401]],
    ['an assertion with a number for its name', await assertion({ jti: 7 }), [400, 401]],
    ['an assertion with an object for its name', await assertion({ jti: { toString: 1 } }), [400, 401]],
    ['an assertion with NUL in its name', await assertion({ jti: 'a\0b' }), [200, 400, 401]],
    ['an assertion with a name as long as a book', await assertion({ jti: 'x'.repeat(20_000) }), [200, 400, 401]],
    ['an assertion by an unknown key', await assertion({ jti: 'kid' }, { kid: '__proto__' }), 401],
    ['an assertion for somebody else', await assertion({ jti: 'aud', aud: ['https://other.example'] }), 401],
    ['an assertion of another client', await assertion({ jti: 'iss', iss: party.clientId }), 401],
    ['an assertion that is an id_token', tokens.id_token as string, [400, 401]],
    ['an assertion that is an access token', jwtAccessToken, [400, 401]],
  ];
  return [
    ...cases,
    ...assertions.map(([what, jwt, status]) => post(what, assertionBody(jwt), status, undefined, plain)),
    { what: 'token: GET', path: '/token?grant_type=client_credentials', headers: basic, status: [404, 405] },
    {
      what: 'token: PUT',
      method: 'PUT',
      path: '/token',
      headers: { ...form, ...basic },
      body: 'grant_type=x',
      status: [404, 405],
    },
    {
      what: 'token: nothing behind a length',
      method: 'POST',
      path: '/token',
      headers: { ...form, ...basic, 'content-length': '0' },
      status: 400,
    },
    {
      what: 'token: the address in capitals',
      method: 'POST',
      path: '/TOKEN',
      headers: { ...form, ...basic },
      body: 'grant_type=x',
      status: [400, 404],
    },
  ];
}

async function machineCases(): Promise<Case[]> {
  const tampered = `${jwtAccessToken.slice(0, -6)}AAAAAA`;
  const [head = '', body = ''] = jwtAccessToken.split('.');
  const { jti } = jose.decodeJwt(jwtAccessToken);
  const hs256 = await new jose.SignJWT(jose.decodeJwt(jwtAccessToken))
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: jose.decodeProtectedHeader(jwtAccessToken).kid })
    .sign(Buffer.from('public key as a secret, as in old attacks'));
  const values: [string, string][] = [
    ['a tampered token', tampered],
    ['an unsigned token', `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.`],
    ['a token whose signature was left out', `${head}.${body}.`],
    ['a token signed by a public key', hs256],
    ['an id_token', tokens.id_token as string],
    ['the name of a row', `at+jwt:${jti}`],
    ['NUL', 'a\0b'],
    ['half a character', '\ud800'],
    ['a token as long as a book', 'x'.repeat(40_000)],
    ['a header that is no JSON', 'bm90LWpzb24.bm90LWpzb24.bm90LWpzb24'],
    [
      'a header of a prototype',
      `${Buffer.from('{"__proto__":{"alg":"ES256"},"kid":"__proto__"}').toString('base64url')}.${body}.${'A'.repeat(86)}`,
    ],
  ];
  const cases: Case[] = [];
  for (const [what, value] of values) {
    const sent = new URLSearchParams({ token: value }).toString();
    cases.push(
      {
        what: `introspection: ${what}`,
        method: 'POST',
        path: '/introspect',
        headers: { ...form, ...basic },
        body: sent,
        status: 200,
        says: /^\{"active":false\}$/,
      },
      {
        what: `revocation: ${what}`,
        method: 'POST',
        path: '/revoke',
        headers: { ...form, ...basic },
        body: sent,
        status: 200,
      },
      // What no header can hold never arrives.
      ...(/^[\x20-\x7e]{1,15000}$/.test(value)
        ? [
            {
              what: `userinfo: ${what}`,
              path: '/userinfo',
              headers: { authorization: `Bearer ${value}` },
              status: 401,
              says: /invalid_token/,
            },
            {
              what: `access claims: ${what}`,
              path: '/access-claims',
              headers: { authorization: `Bearer ${value}` },
              status: [401, 404],
            },
          ]
        : []),
    );
  }
  const machines = ['/introspect', '/revoke', '/par', '/device/authorize'];
  for (const path of machines) {
    const post = (what: string, rest: Partial<Case>): Case => ({
      what: `${path}: ${what}`,
      method: 'POST',
      path,
      headers: { ...form, ...basic },
      status: 400,
      ...rest,
    });
    cases.push(
      post('nothing', { body: '', ...(path === '/device/authorize' ? { status: [200, 400] } : {}) }),
      post('no body, no type', { headers: basic, status: path === '/device/authorize' ? [200, 400] : 400 }),
      post('no client', { headers: form, body: 'token=x', status: [400, 401] }),
      post('the token twice', { body: 'token=x&token=y&scope=a&scope=b&client_id=a&client_id=b' }),
      post('brackets', {
        body: 'token[]=x&client_id[]=y&__proto__=1',
        ...(path === '/device/authorize' ? { status: [200, 400] } : {}),
      }),
      post('a hint of nobody', { body: 'token=x&token_type_hint=__proto__', status: [200, 400] }),
      post('JSON', { headers: { ...basic, 'content-type': 'application/json' }, body: '{"token":"x"}' }),
      post('a file', { headers: { ...basic, 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' }),
      post('two megabytes', { body: `token=${longest}`, status: 413 }),
      post('two megabytes in pieces', { body: `token=${longest}`, chunked: true, status: [400, 413] }),
      post('GET', {
        method: 'GET',
        path: `${path}?token=x`,
        body: undefined,
        // There it is the page of a device code that nobody knows.
        status: path === '/device/authorize' ? 400 : [404, 405],
      }),
      post('bytes that are no UTF-8', {
        body: Buffer.from([0x74, 0x3d, 0xc3, 0x28, 0xff]),
        ...(path === '/device/authorize' ? { status: [200, 400] } : {}),
      }),
    );
  }
  cases.push(
    {
      what: 'PAR: a request URI within',
      method: 'POST',
      path: '/par',
      headers: { ...form, ...basic },
      body: 'request_uri=urn:ietf:params:oauth:request_uri:x&response_type=code',
      status: 400,
    },
    {
      what: 'PAR: a request object with a broken body',
      method: 'POST',
      path: '/par',
      headers: { ...form, ...basic },
      body: `request=${Buffer.from('{"alg":"ES256"}').toString('base64url')}.e30x.AAAA`,
      status: 400,
    },
    {
      what: 'PAR: an absurd age',
      method: 'POST',
      path: '/par',
      headers: { ...form, ...basic },
      body: `response_type=code&scope=openid&redirect_uri=${encodeURIComponent(redirectUri)}&code_challenge=${challenge}&code_challenge_method=S256&max_age=1e999`,
      status: 400,
    },
    { what: 'userinfo: nothing', path: '/userinfo', status: [400, 401] },
    {
      what: 'userinfo: a scheme of nobody',
      path: '/userinfo',
      headers: { authorization: 'Token x' },
      status: [400, 401],
    },
    {
      what: 'userinfo: Bearer of nothing',
      path: '/userinfo',
      headers: { authorization: 'Bearer' },
      status: [400, 401],
    },
    {
      what: 'userinfo: two tokens',
      method: 'POST',
      path: '/userinfo',
      headers: { ...form, authorization: 'Bearer x' },
      body: 'access_token=y',
      status: [400, 401],
    },
    {
      what: 'userinfo: a token in the address',
      path: `/userinfo?access_token=${tokens.access_token}`,
      status: [400, 401],
    },
    {
      what: 'userinfo: a JWT for an API',
      path: '/userinfo',
      headers: { authorization: `Bearer ${jwtAccessToken}` },
      status: 401,
    },
    {
      what: 'userinfo: DELETE',
      method: 'DELETE',
      path: '/userinfo',
      headers: { authorization: `Bearer ${tokens.access_token}` },
      status: [404, 405],
    },
    {
      what: 'discovery: POST',
      method: 'POST',
      path: '/.well-known/openid-configuration',
      headers: form,
      body: 'a=b',
      status: [404, 405],
    },
    { what: 'keys: POST', method: 'POST', path: '/jwks', headers: form, body: 'a=b', status: [404, 405] },
    {
      what: 'decisions: no JSON',
      method: 'POST',
      path: '/access/v1/evaluation',
      headers: { ...basic, 'content-type': 'application/json' },
      body: '{',
      status: [400, 401, 403, 404],
    },
    {
      what: 'decisions: a prototype',
      method: 'POST',
      path: '/access/v1/evaluation',
      headers: { ...basic, 'content-type': 'application/json' },
      body: '{"__proto__":{"subject":{}},"subject":[],"action":null}',
      status: [400, 401, 403, 404],
    },
    {
      what: 'registration that is off',
      method: 'POST',
      path: '/reg',
      headers: { 'content-type': 'application/json' },
      body: '{"redirect_uris":["https://evil.example"]}',
      status: 404,
    },
  );
  return cases;
}

function personCases(): Case[] {
  const sameOrigin = { ...form, ...page, 'sec-fetch-site': 'same-origin' };
  const typed = `login=${encodeURIComponent(person.email)}&password=x`;
  const post = (what: string, path: string, rest: Partial<Case>): Case => ({
    what,
    method: 'POST',
    path,
    headers: sameOrigin,
    status: 400,
    ...rest,
  });
  const onLive = (what: string, rest: Partial<Case>): Case =>
    post(`form: ${what}`, `${live.path}`, {
      ...rest,
      headers: { ...sameOrigin, cookie: live.cookie, ...rest.headers },
    });
  return [
    onLive('a field twice', { body: 'login=a&login=b&password=c' }),
    onLive('fields in brackets', { body: 'login[]=a&password[x]=b', status: [401, 422] }),
    onLive('fields of every object', { body: '__proto__=a&constructor=b&password=c&login=d', status: 401 }),
    onLive('nothing', { body: '', status: [401, 422] }),
    onLive('no type', { headers: { 'content-type': '' }, body: typed, status: 415 }),
    onLive('JSON', {
      headers: { 'content-type': 'application/json' },
      body: '{"login":{"$ne":1},"password":{"$ne":1}}',
      status: 415,
    }),
    onLive('a file', { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--', status: 415 }),
    onLive('plain text', { headers: { 'content-type': 'text/plain' }, body: typed, status: 415 }),
    onLive('NUL', { body: 'login=%00&password=%00' }),
    onLive('bytes that are no UTF-8', { body: Buffer.from('login=\xff\xfe&password=\x80', 'latin1') }),
    onLive('broken percent signs', { body: 'login=%&password=%u0041' }),
    onLive('two megabytes', { body: `login=${longest}`, status: 413 }),
    onLive('two megabytes in pieces', { body: `login=${longest}`, chunked: true, status: 413 }),
    onLive('a password as long as a book', {
      body: `login=${encodeURIComponent(person.email)}&password=${'x'.repeat(60_000)}`,
      status: 401,
    }),
    onLive('an address as long as a book', { body: `login=${'x'.repeat(60_000)}&password=x`, status: 401 }),
    onLive('half a character', { body: 'login=%ED%A0%80&password=x' }),
    onLive('a thousand fields', { body: 'a=1&'.repeat(1_000) }),
    onLive('from another site', {
      headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      body: typed,
      status: 403,
    }),
    onLive('from a neighbour site', { headers: { 'sec-fetch-site': 'same-site' }, body: typed, status: 403 }),
    onLive('from another origin, by an old browser', {
      headers: { 'sec-fetch-site': undefined as unknown as string, origin: 'https://evil.example' },
      body: typed,
      status: 403,
    }),
    {
      what: 'form: DELETE',
      method: 'DELETE',
      path: live.path,
      headers: { ...page, cookie: live.cookie, 'sec-fetch-site': 'same-origin' },
      status: [404, 405],
    },
    {
      what: 'form: a language of garbage',
      path: `${live.path}?lang=%00%ff`,
      headers: { ...page, cookie: `${live.cookie}; gh_locale=../../x` },
      status: 200,
    },
    {
      what: 'form: an Accept-Language of garbage',
      path: live.path,
      headers: { ...page, cookie: live.cookie, 'accept-language': `${'x;q=,'.repeat(900)}*;q=9e99` },
      status: 200,
    },

    ...['', '/tenant', '/consent', '/select-account', '/cancel'].map((step) => ({
      what: `interaction of another browser: GET ${step}`,
      path: `${otherBrowsers.path.replace('/sign-in', '')}${step}`,
      headers: page,
      status: 409,
    })),
    post('interaction of another browser: POST', otherBrowsers.path, { body: typed, status: 409 }),
    post('interaction of another browser, with a forged cookie', otherBrowsers.path, {
      headers: { ...sameOrigin, cookie: `gh_interaction=${otherBrowsers.path.split('/')[2]}` },
      body: typed,
      status: 409,
    }),
    post('interaction of another browser, with its own cookie', otherBrowsers.path, {
      headers: { ...sameOrigin, cookie: expired.cookie },
      body: typed,
      status: [409, 410],
    }),
    {
      what: 'expired interaction: GET',
      path: expired.path,
      headers: { ...page, cookie: expired.cookie },
      status: [409, 410],
    },
    post('expired interaction: POST', expired.path, {
      headers: { ...sameOrigin, cookie: expired.cookie },
      body: typed,
      status: [409, 410],
    }),
    {
      what: 'finished interaction: GET',
      path: finished.path,
      headers: { ...page, cookie: finished.cookie },
      status: 409,
    },
    post('finished interaction: POST', finished.path, {
      headers: { ...sameOrigin, cookie: finished.cookie },
      body: typed,
      status: 409,
    }),
    {
      what: 'finished interaction: resumed again',
      path: finished.path.replace('/interaction', '/authorize').replace('/sign-in', ''),
      headers: { ...page, cookie: finished.cookie },
      status: 400,
    },
    post('a step that was not asked for: consent', live.path.replace('sign-in', 'consent'), {
      headers: { ...sameOrigin, cookie: live.cookie },
      body: 'decision=allow',
      status: 303,
    }),
    post('a step that was not asked for: tenant', live.path.replace('sign-in', 'tenant'), {
      headers: { ...sameOrigin, cookie: live.cookie },
      body: `account=${person.id}`,
      status: 303,
    }),
    post('a step that was not asked for: another account', live.path.replace('sign-in', 'select-account/continue'), {
      headers: { ...sameOrigin, cookie: live.cookie },
      body: 'x=1',
      status: 303,
    }),
    {
      what: 'an interaction of a path',
      path: '/interaction/..%2f..%2fetc%2fpasswd/sign-in',
      headers: page,
      status: 410,
    },
    { what: 'an interaction of NUL', path: '/interaction/%00/sign-in', headers: page, status: 410 },
    {
      what: 'an interaction of half a character',
      path: '/interaction/%E0%A4%A/sign-in',
      headers: page,
      status: [400, 404, 410],
    },
    { what: 'an interaction in vain', path: '/interaction//sign-in', headers: page, status: 404 },

    { what: 'device: a code of garbage', path: '/device?user_code=%00%ff%zz', headers: page, status: [200, 400] },
    {
      what: 'device: a code in brackets',
      path: '/device?user_code[]=a&user_code[]=b',
      headers: page,
      status: [200, 400],
    },
    { what: 'device: a code twice', path: '/device?user_code=a&user_code=b', headers: page, status: [200, 400] },
    post('device: a form without its token', '/device', { body: 'user_code=ABCD-EFGH', status: [200, 400] }),
    post('device: a forged token', '/device', { body: 'xsrf=x&user_code=ABCD-EFGH&confirm=yes', status: [200, 400] }),
    post('device: NUL', '/device', { body: 'xsrf=%00&user_code=%00', status: [200, 400] }),
    post('device: two megabytes', '/device', { body: `user_code=${longest}`, status: 413 }),
    { what: 'device: a resume that never was', path: '/device/not-a-uid', headers: page, status: [200, 400] },

    { what: 'logout: an id_token that is none', path: '/logout?id_token_hint=a.b.c', headers: page, status: 400 },
    {
      what: 'logout: an unsigned id_token',
      path: `/logout?id_token_hint=${unsigned({ aud: party.clientId, iss: app.issuer, sub: person.id })}`,
      headers: page,
      status: 400,
    },
    { what: 'logout: an access token', path: `/logout?id_token_hint=${jwtAccessToken}`, headers: page, status: 400 },
    {
      what: 'logout: an id_token of a prototype',
      path: `/logout?id_token_hint=${unsigned({ aud: '__proto__' })}`,
      headers: page,
      status: 400,
    },
    {
      what: 'logout: an id_token for a list',
      path: `/logout?id_token_hint=${unsigned({ aud: [{}, null] })}`,
      headers: page,
      status: 400,
    },
    { what: 'logout: a client of NUL', path: '/logout?client_id=%00', headers: page, status: 400 },
    {
      what: 'logout: to somewhere else',
      path: `/logout?client_id=${party.clientId}&post_logout_redirect_uri=https://evil.example`,
      headers: page,
      status: 400,
    },
    { what: 'logout: twice', path: '/logout?client_id=a&client_id=b', headers: page, status: 400 },
    post('logout: confirmed without its token', '/logout/confirm', {
      headers: { ...sameOrigin, cookie: sessionCookie },
      body: 'logout=yes',
      status: 400,
    }),
    post('logout: confirmed by a forged token', '/logout/confirm', {
      headers: { ...sameOrigin, cookie: sessionCookie },
      body: 'logout=yes&xsrf=x',
      status: 400,
    }),
    post('logout: JSON', '/logout', {
      headers: { ...page, 'content-type': 'application/json' },
      body: '{}',
      status: 415,
    }),

    post('account: no session', '/account/sessions/revoke', { body: 'session=x', status: 401 }),
    post('account: a session of NUL', '/account/sessions/revoke', {
      headers: { ...sameOrigin, cookie: sessionCookie },
      body: 'session=%00',
      status: 400,
    }),
    post('account: a session of SQL', '/account/sessions/revoke', {
      headers: { ...sameOrigin, cookie: sessionCookie },
      body: "session=' or 1=1--",
      status: 404,
    }),
    post('account: from another site', '/account/sessions/revoke', {
      headers: { ...sameOrigin, cookie: sessionCookie, 'sec-fetch-site': 'cross-site' },
      body: 'session=x',
      status: 403,
    }),
    {
      what: 'account: a forged cookie',
      path: '/account',
      headers: { ...page, cookie: 'gh_session=x; gh_session.sig=y; gh_device=%00' },
      status: 303,
    },
    {
      what: 'account: ten thousand cookies',
      path: '/account',
      headers: { ...page, cookie: 'a=b; '.repeat(2_000) },
      status: 303,
    },
    {
      what: 'account: a cookie of broken percent signs',
      path: '/account',
      headers: { ...page, cookie: 'gh_session=%; gh_locale=%E0%A4%A; gh_device=%zz' },
      status: 303,
    },

    { what: 'set-up: a token of nobody', path: '/set-up/nobody', headers: page, status: 404 },
    { what: 'set-up: a token of NUL', path: '/set-up/%00', headers: page, status: 404 },
    post('set-up: a token of nobody, sent', '/set-up/nobody', {
      body: 'password=x&email=y&full_name=z&tenant_name=a',
      status: 404,
    }),

    { what: 'path: out of the house', path: '/../../etc/passwd', headers: page, status: 404 },
    { what: 'path: out of the assets', path: '/assets/..%2f..%2fpackage.json', headers: page, status: 404 },
    { what: 'path: out of the assets, in full', path: '/assets/../../package.json', headers: page, status: 404 },
    { what: 'path: a file of ours', path: '/.env', headers: page, status: 404 },
    { what: 'path: of another site', path: '//evil.example/%2f..', headers: page, status: 404 },
    {
      what: 'path: an address for a path',
      path: 'http://evil.example/account',
      headers: page,
      status: [303, 400, 404],
    },
    { what: 'path: broken percent signs', path: '/%', headers: page, status: [400, 404] },
    { what: 'path: NUL', path: '/%00', headers: page, status: 404 },
    { what: 'path: ten thousand characters', path: `/${'a/'.repeat(5_000)}`, headers: page, status: 404 },
    { what: 'a host of somebody else', path: authorize({}), headers: { ...page, host: 'evil.example' }, status: 303 },
    { what: 'a host of nobody', path: '/account', headers: { ...page, host: '[' }, status: 303 },
    {
      what: 'a forwarded host of somebody else',
      path: '/account',
      headers: {
        ...page,
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'gopher',
        forwarded: 'host=evil.example',
      },
      status: 303,
    },
    { what: 'an Accept of garbage', path: '/nothing', headers: { accept: `${'a/b;q=x,'.repeat(500)}*` }, status: 404 },
    { what: 'a request id of garbage', path: '/nothing', headers: { 'x-request-id': '<script>' }, status: 404 },
    {
      what: 'a user agent as long as a letter',
      path: authorize({}),
      headers: { ...page, 'user-agent': 'x'.repeat(9_000) },
      status: 303,
    },
    {
      what: 'a user agent of bytes',
      path: authorize({}),
      headers: { ...page, 'user-agent': '\xff\xfe\x80' },
      status: 303,
    },
    {
      what: 'expectations',
      method: 'POST',
      path: '/token',
      headers: { ...form, ...basic, expect: '200-maybe' },
      body: 'grant_type=x',
      status: [400, 417],
    },
  ];
}

let address = 0;

async function ask({ method = 'GET', path, headers = {}, body, chunked = false }: Case) {
  address += 1;
  const sent: OutgoingHttpHeaders = { 'x-forwarded-for': `198.51.${address >> 8}.${address & 255}` };
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent[name] = value;
  if (body !== undefined && !chunked) sent['content-length'] = Buffer.byteLength(body);
  const outgoing = request({
    host: '127.0.0.1',
    port: app.config.listen.port,
    method,
    path,
    headers: sent,
    agent: false,
  });
  // A server that has heard enough answers and hangs up while the rest is still coming.
  outgoing.on('error', () => undefined);
  if (body !== undefined && chunked) {
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at += 65_536) outgoing.write(bytes.subarray(at, at + 65_536));
    outgoing.end();
  } else outgoing.end(body);
  const [answer] = await once(outgoing, 'response');
  let text = '';
  answer.setEncoding('utf8').on('error', () => undefined);
  for await (const chunk of answer) text += chunk;
  return { status: answer.statusCode as number, headers: answer.headers, body: text };
}

const inside =
  /node_modules|\bat (?:async )?[\w.<>]+ \(|\.[jt]s:\d+|\/(?:work|home|root|usr|tmp)\/|knex|postgres|\bselect\b.*\bfrom\b|ECONN|[a-z]Error:/i;

describe('malformed requests', function () {
  this.timeout(60_000);
  before(prepare);
  after(() => app.stop());

  /** Goes through a table; says all that is wrong at once. */
  async function tryAll(cases: Case[]): Promise<void> {
    const faults: string[] = [];
    for (const attempt of cases) {
      const logged = app.logs().length;
      const answer = await ask(attempt).catch((error: Error) => error);
      if (answer instanceof Error) {
        faults.push(`${attempt.what}: ${answer.message}`);
        continue;
      }
      const { status, headers, body } = answer;
      const fault = (what: string) => faults.push(`${attempt.what}: ${what}`);
      if (![attempt.status].flat().includes(status)) fault(`${status} ${headers.location ?? ''} ${body.slice(0, 300)}`);
      if (status >= 500) fault('a fault of the server');
      if (attempt.says && !attempt.says.test(body)) fault(`says ${body.slice(0, 200)}`);
      if (inside.test(body)) fault(`tells ${inside.exec(body)?.[0]} in ${body.slice(0, 2_000)}`);
      if (!/^[\w.-]{8,64}$/.test(String(headers['x-request-id']))) fault(`request id ${headers['x-request-id']}`);
      if (headers.location?.includes('evil.example')) fault(`leads to ${headers.location}`);
      const errors = app
        .logs()
        .slice(logged)
        .split('\n')
        .filter((line) => /"level":"(?:error|fatal)"/.test(line));
      if (errors.length > 0) fault(`logged ${errors.join()}`);
    }
    assert.deepEqual(faults, []);
  }

  it('of authorization are refused', async () => tryAll(await authorizationCases()));
  it('of tokens are refused', async () => tryAll(await tokenCases()));
  it('of other machines are refused', async () => tryAll(await machineCases()));
  it('of people get a page', async () => tryAll(personCases()));

  it('are many', async () => {
    const all = [...(await authorizationCases()), ...(await tokenCases()), ...(await machineCases()), ...personCases()];
    assert.ok(all.length > 250, `${all.length}`);
    assert.equal(new Set(all.map(({ what }) => what)).size, all.length, 'each has a name of its own');
  });

  it('that are no HTTP are closed', async () => {
    const { port } = app.config.listen;
    for (const [what, text, expected] of [
      ['a header without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
      ['no words', '\x16\x03\x01\x00\xa5\r\n\r\n', /^HTTP\/1\.1 400 /],
      [
        'two lengths',
        'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
        /^HTTP\/1\.1 400 /,
      ],
      [
        'a length and chunks',
        'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        /^HTTP\/1\.1 400 /,
      ],
      ['a length below zero', 'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', /^HTTP\/1\.1 400 /],
      [
        'a chunk of no length',
        'POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        /^HTTP\/1\.1 400 /,
      ],
      ['NUL in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', /^HTTP\/1\.1 400 /],
      ['no host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ] as const) {
      const socket = openSocket(port);
      socket.write(text);
      await socket.closed;
      assert.match(socket.received(), expected, what);
      assert.doesNotMatch(socket.received(), inside, what);
    }
  });

  it('leave a server that serves', async () => {
    const ready = await ask({ what: '', path: '/readyz', status: 200 });
    assert.equal(ready.status, 200);
    const again = await signIn(party, person);
    assert.equal(again.tokens.claims()?.sub, person.id);
    assert.ok((await openid.refreshTokenGrant(party.config, again.tokens.refresh_token as string)).access_token);
    const errors = app
      .logs()
      .split('\n')
      .filter((line) => /"level":"(?:error|fatal)"/.test(line));
    assert.deepEqual(errors, []);
    assert.doesNotMatch(app.logs(), /server_error|could not be written/);
  });
});
