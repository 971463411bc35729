/** Malformed requests to the other endpoints of machines. */
import * as jose from 'jose';
import { redirectUri } from '../relying-party.ts';
import { challenge, form, type MalformedRequest, type Stage, twoMegabytes } from './stage.ts';

/** What introspection, revocation, PAR, device authorization, userinfo and the rest may be sent. */
export async function machineRequests({ basic, tokens, jwtAccessToken }: Stage): Promise<MalformedRequest[]> {
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
  const cases: MalformedRequest[] = [];
  for (const [what, value] of values) {
    const sent = new URLSearchParams({ token: value }).toString();
    cases.push(
      {
        what: `introspection: ${what}`,
        method: 'POST',
        path: '/introspect',
        headers: { ...form, ...basic },
        body: sent,
        expected: 200,
        says: /^\{"active":false\}$/,
      },
      {
        what: `revocation: ${what}`,
        method: 'POST',
        path: '/revoke',
        headers: { ...form, ...basic },
        body: sent,
        expected: 200,
      },
      // What no header can hold never arrives.
      ...(/^[\x20-\x7e]{1,15000}$/.test(value)
        ? [
            {
              what: `userinfo: ${what}`,
              path: '/userinfo',
              headers: { authorization: `Bearer ${value}` },
              expected: 401,
              says: /invalid_token/,
            },
            {
              what: `access claims: ${what}`,
              path: '/access-claims',
              headers: { authorization: `Bearer ${value}` },
              expected: [401, 404],
            },
          ]
        : []),
    );
  }
  const machines = ['/introspect', '/revoke', '/par', '/backchannel', '/device/authorize'];
  for (const path of machines) {
    const post = (what: string, rest: Partial<MalformedRequest>): MalformedRequest => ({
      what: `${path}: ${what}`,
      method: 'POST',
      path,
      headers: { ...form, ...basic },
      expected: 400,
      ...rest,
    });
    cases.push(
      post('nothing', { body: '', ...(path === '/device/authorize' ? { expected: [200, 400] } : {}) }),
      post('no body, no type', { headers: basic, expected: path === '/device/authorize' ? [200, 400] : 400 }),
      post('no client', { headers: form, body: 'token=x', expected: [400, 401] }),
      post('the token twice', { body: 'token=x&token=y&scope=a&scope=b&client_id=a&client_id=b' }),
      post('brackets', {
        body: 'token[]=x&client_id[]=y&__proto__=1',
        ...(path === '/device/authorize' ? { expected: [200, 400] } : {}),
      }),
      post('a hint of nobody', { body: 'token=x&token_type_hint=__proto__', expected: [200, 400] }),
      post('JSON', { headers: { ...basic, 'content-type': 'application/json' }, body: '{"token":"x"}' }),
      post('a file', { headers: { ...basic, 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' }),
      post('two megabytes', { body: `token=${twoMegabytes}`, expected: 413 }),
      post('two megabytes in pieces', { body: `token=${twoMegabytes}`, chunked: true, expected: [400, 413] }),
      post('GET', {
        method: 'GET',
        path: `${path}?token=x`,
        body: undefined,
        // There it is the page of a device code that nobody knows.
        expected: path === '/device/authorize' ? 400 : [404, 405],
      }),
      post('bytes that are no UTF-8', {
        body: Buffer.from([0x74, 0x3d, 0xc3, 0x28, 0xff]),
        ...(path === '/device/authorize' ? { expected: [200, 400] } : {}),
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
      expected: 400,
    },
    {
      what: 'PAR: a request object with a broken body',
      method: 'POST',
      path: '/par',
      headers: { ...form, ...basic },
      body: `request=${Buffer.from('{"alg":"ES256"}').toString('base64url')}.e30x.AAAA`,
      expected: 400,
    },
    {
      what: 'PAR: an absurd age',
      method: 'POST',
      path: '/par',
      headers: { ...form, ...basic },
      body: `response_type=code&scope=openid&redirect_uri=${encodeURIComponent(redirectUri)}&code_challenge=${challenge}&code_challenge_method=S256&max_age=1e999`,
      expected: 400,
    },
    { what: 'userinfo: nothing', path: '/userinfo', expected: [400, 401] },
    {
      what: 'userinfo: a scheme of nobody',
      path: '/userinfo',
      headers: { authorization: 'Token x' },
      expected: [400, 401],
    },
    {
      what: 'userinfo: Bearer of nothing',
      path: '/userinfo',
      headers: { authorization: 'Bearer' },
      expected: [400, 401],
    },
    {
      what: 'userinfo: two tokens',
      method: 'POST',
      path: '/userinfo',
      headers: { ...form, authorization: 'Bearer x' },
      body: 'access_token=y',
      expected: [400, 401],
    },
    {
      what: 'userinfo: a token in the address',
      path: `/userinfo?access_token=${tokens.access_token}`,
      expected: [400, 401],
    },
    {
      what: 'userinfo: a JWT for an API',
      path: '/userinfo',
      headers: { authorization: `Bearer ${jwtAccessToken}` },
      expected: 401,
    },
    {
      what: 'userinfo: DELETE',
      method: 'DELETE',
      path: '/userinfo',
      headers: { authorization: `Bearer ${tokens.access_token}` },
      expected: [404, 405],
    },
    {
      what: 'discovery: POST',
      method: 'POST',
      path: '/.well-known/openid-configuration',
      headers: form,
      body: 'a=b',
      expected: [404, 405],
    },
    { what: 'keys: POST', method: 'POST', path: '/jwks', headers: form, body: 'a=b', expected: [404, 405] },
    {
      what: 'decisions: no JSON',
      method: 'POST',
      path: '/access/v1/evaluation',
      headers: { ...basic, 'content-type': 'application/json' },
      body: '{',
      expected: [400, 401, 403, 404],
    },
    {
      what: 'decisions: a prototype',
      method: 'POST',
      path: '/access/v1/evaluation',
      headers: { ...basic, 'content-type': 'application/json' },
      body: '{"__proto__":{"subject":{}},"subject":[],"action":null}',
      expected: [400, 401, 403, 404],
    },
    {
      what: 'registration that is off',
      method: 'POST',
      path: '/reg',
      headers: { 'content-type': 'application/json' },
      body: '{"redirect_uris":["https://evil.example"]}',
      expected: 404,
    },
  );
  return cases;
}
