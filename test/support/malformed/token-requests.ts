/** Malformed token requests: grants, ways of authenticating, client assertions. */
import type { OutgoingHttpHeaders } from 'node:http';
import { form, type MalformedRequest, type Stage, twoMegabytes, unsigned } from './stage.ts';

function assertionBody(jwt: string): string {
  return new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: jwt,
  }).toString();
}

/** What the token endpoint may be sent. */
export async function tokenRequests({
  app,
  party,
  basic,
  tokens,
  jwtAccessToken,
  assertion,
  serviceId,
}: Stage): Promise<MalformedRequest[]> {
  const now = Math.floor(Date.now() / 1000);
  const post = (
    what: string,
    body: string | Buffer,
    expected: number | number[],
    says?: RegExp,
    headers: OutgoingHttpHeaders = {},
  ): MalformedRequest => ({
    what: `token: ${what}`,
    method: 'POST',
    path: '/token',
    headers: { ...form, ...basic, ...headers },
    body,
    expected,
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
    post('a body of two megabytes', `a=${twoMegabytes}`, 413),
    { ...post('two megabytes in pieces', `a=${twoMegabytes}`, [400, 413]), chunked: true },
    post('JSON', '{"grant_type":"client_credentials"}', 400, /invalid_request/, { 'content-type': 'application/json' }),
    post('a file', '--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nx\r\n--x--', 400, undefined, {
      'content-type': 'multipart/form-data; boundary=x',
    }),
    ...['utf-16', 'UTF-16LE', 'utf-8; charset=utf-16', '"utf-16be"', 'shift_jis', 'utf-7'].map((charset) =>
      post(`a form in ${charset}`, 'grant_type=client_credentials', 400, undefined, {
        'content-type': `application/x-www-form-urlencoded; charset=${charset}`,
      }),
    ),
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
      unsigned({ iss: serviceId, sub: serviceId, aud: app.issuer, exp: now + 60, jti: 'a' }),
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
    ...assertions.map(([what, jwt, expected]) => post(what, assertionBody(jwt), expected, undefined, plain)),
    { what: 'token: GET', path: '/token?grant_type=client_credentials', headers: basic, expected: [404, 405] },
    {
      what: 'token: PUT',
      method: 'PUT',
      path: '/token',
      headers: { ...form, ...basic },
      body: 'grant_type=x',
      expected: [404, 405],
    },
    {
      what: 'token: nothing behind a length',
      method: 'POST',
      path: '/token',
      headers: { ...form, ...basic, 'content-length': '0' },
      expected: 400,
    },
    {
      what: 'token: the address in capitals',
      method: 'POST',
      path: '/TOKEN',
      headers: { ...form, ...basic },
      body: 'grant_type=x',
      expected: [400, 404],
    },
  ];
}
