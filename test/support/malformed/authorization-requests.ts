/** Malformed authorization requests. */
import * as jose from 'jose';
import { redirectUri } from '../relying-party.ts';
import { challenge, form, type MalformedRequest, page, type Stage, unsigned } from './stage.ts';

/** A request that is in order but for what is given. */
export function authorizationPath({ party }: Stage, parameters: Record<string, string>): string {
  const query = new URLSearchParams({
    client_id: party.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...parameters,
  });
  return `/authorize?${query}`;
}

/** What the authorization endpoint may be sent. */
export async function authorizationRequests(stage: Stage): Promise<MalformedRequest[]> {
  const { app, party, person, jwtAccessToken } = stage;
  const authorize = (parameters: Record<string, string>) => authorizationPath(stage, parameters);
  const valid = authorize({});
  const hmac = await new jose.SignJWT({ client_id: party.clientId })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(party.clientSecret));
  const cases: [string, string, MalformedRequest['expected']?, RegExp?][] = [
    ['nothing at all', '/authorize', 400, /invalid_request/],
    ['a parameter twice', `${valid}&scope=openid`, 'refused'],
    ['the client twice', `${valid}&client_id=${party.clientId}`, 400],
    ['the redirect URI twice', `${valid}&redirect_uri=${encodeURIComponent(redirectUri)}`, 400],
    ['arrays as PHP has them', '/authorize?client_id[]=a&scope[]=openid', 400],
    ['objects as others have them', '/authorize?client_id[a]=b&__proto__[admin]=1&constructor.prototype.x=1', 400],
    ['a prototype for a client', authorize({ client_id: '__proto__' }), 400, /invalid_client/],
    ['NUL for a client', authorize({ client_id: 'a\0b' }), 400, /invalid_client/],
    ['NUL in the state', authorize({ state: 'a\0b' }), 'begun'],
    ['NUL in the scope', authorize({ scope: 'openid\0' }), 'refused'],
    ['NUL in the login hint', authorize({ login_hint: 'a\0b' }), 'begun'],
    ['NUL for a tenant', authorize({ tenant: '\0' }), 'refused'],
    ['a tenant as long as a book', authorize({ tenant: 'a'.repeat(5_000) }), 'refused'],
    ['NUL in the resource', authorize({ resource: 'urn:a\0b' }), 'refused'],
    ['a resource that is no URI', authorize({ resource: '::' }), 'refused'],
    ['two hundred resources', `${valid}${'&resource=urn:x:1'.repeat(200)}`, 'refused'],
    ['broken percent signs', '/authorize?client_id=%&scope=%zz&state=%E0%A4%A', 400],
    ['bytes that are no UTF-8', `${valid}&state=%ff%fe%80`, 'begun'],
    ['claims that are no JSON', authorize({ claims: '{' }), 'refused'],
    ['claims that are a list', authorize({ claims: '[]' }), 'refused'],
    [
      'claims of a prototype',
      authorize({ claims: '{"__proto__":{"id_token":{}},"userinfo":{"__proto__":null}}' }),
      'begun',
    ],
    ['claims of no kind', authorize({ claims: '{"id_token":{"acr":{"essential":"yes","values":[{}]}}}' }), 'refused'],
    ['claims with NUL', authorize({ claims: '{"id_token":{"a\\u0000":{"value":"\\u0000"}}}' }), 'begun'],
    ['claims as deep as a well', authorize({ claims: `${'{"userinfo":'.repeat(500)}1${'}'.repeat(500)}` }), 'begun'],
    ['an age before all time', authorize({ max_age: '-1' }), 'refused'],
    ['an age beyond all time', authorize({ max_age: '9'.repeat(400) }), 'refused'],
    ['an age that is none', authorize({ max_age: 'NaN' }), 'refused'],
    ['a response type of no kind', authorize({ response_type: 'code code token' }), 'refused'],
    ['a response mode of no kind', authorize({ response_mode: 'constructor' }), 'refused'],
    ['a prompt of no kind', authorize({ prompt: 'none login toString' }), 'refused'],
    ['PKCE without a hash', authorize({ code_challenge_method: 'plain' }), 'refused'],
    ['PKCE of nonsense', authorize({ code_challenge: '💥'.repeat(20) }), 'refused'],
    [
      'no PKCE',
      `/authorize?client_id=${party.clientId}&response_type=code&scope=openid&redirect_uri=${encodeURIComponent(redirectUri)}`,
      'refused',
    ],
    ['an id_token that is none', authorize({ id_token_hint: 'a.b.c', prompt: 'none' }), 'refused'],
    ['an access token for an id_token', authorize({ id_token_hint: jwtAccessToken, prompt: 'none' }), 'refused'],
    [
      'an unsigned id_token',
      authorize({ id_token_hint: unsigned({ sub: person.id, aud: party.clientId, iss: app.issuer }) }),
      'refused',
    ],
    ['a request object that is none', authorize({ request: 'x' }), 'refused'],
    ['an unsigned request object', authorize({ request: unsigned({ client_id: party.clientId }) }), 'refused'],
    ['a request object signed by the secret', authorize({ request: hmac }), 'refused'],
    [
      'a request object of five parts',
      authorize({ request: 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c' }),
      'refused',
    ],
    ['a request object elsewhere', authorize({ request_uri: 'https://127.0.0.1/x' }), 'refused'],
    ['a request that was never pushed', authorize({ request_uri: 'urn:ietf:params:oauth:request_uri:x' }), 'refused'],
    ['a request URI with NUL', authorize({ request_uri: 'urn:ietf:params:oauth:request_uri:\0' }), 'refused'],
    ['languages of garbage', authorize({ ui_locales: `../../etc/passwd ${'x-'.repeat(900)} \0 fr` }), 'begun'],
    ['a language that is a path', `${valid}&lang=../../en`, 'begun'],
    ['a language that is a list', `${valid}&lang=fr&lang[]=en&lang=__proto__`, 'begun'],
    ['acr values of garbage', authorize({ acr_values: '\0 __proto__ '.repeat(50) }), 'begun'],
    ['a resume that never was', '/authorize/not-a-uid', 400],
    ['a resume of a path', '/authorize/..%2f..%2fetc%2fpasswd', [400, 404]],
    ['a resume of NUL', '/authorize/%00', [400, 404]],
    ['a resume of half a character', '/authorize/%E0%A4%A', [400, 404]],
  ];
  return [
    ...cases.map(([what, path, expected = 400, says]) => ({
      what: `authorization: ${what}`,
      path,
      expected,
      says,
      headers: page,
    })),
    {
      what: 'authorization: a form of the wrong type',
      method: 'POST',
      path: '/authorize',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      expected: 415,
    },
    {
      what: 'authorization: a form without a type',
      method: 'POST',
      path: '/authorize',
      body: 'client_id=a',
      expected: 415,
    },
    {
      what: 'authorization: a form too long for an address',
      method: 'POST',
      path: '/authorize',
      headers: form,
      body: `state=${'x'.repeat(9_000)}`,
      expected: 413,
    },
    { what: 'authorization: PUT', method: 'PUT', path: valid, expected: [404, 405] },
    { what: 'authorization: DELETE', method: 'DELETE', path: valid, expected: [404, 405] },
    { what: 'authorization: a method of nobody', method: 'PROPFIND', path: valid, expected: [404, 405, 501] },
    { what: 'authorization: OPTIONS', method: 'OPTIONS', path: valid, expected: [200, 204, 404, 405] },
    { what: 'authorization: HEAD', method: 'HEAD', path: valid, expected: [303, 404, 405] },
  ];
}
