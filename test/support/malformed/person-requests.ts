/** Malformed requests of browsers: forms, interactions, cookies, paths. */
import { authorizationPath } from './authorization-requests.ts';
import { form, type MalformedRequest, page, type Stage, twoMegabytes, unsigned } from './stage.ts';

/** What forms, links and cookies of people may hold. */
export function personRequests(stage: Stage): MalformedRequest[] {
  const { app, party, person, basic, jwtAccessToken, live, expired, finished, sessionCookie } = stage;
  const authorize = (parameters: Record<string, string>) => authorizationPath(stage, parameters);
  const sameOrigin = { ...form, ...page, 'sec-fetch-site': 'same-origin' };
  const typed = `login=${encodeURIComponent(person.email)}&password=x`;
  const post = (what: string, path: string, rest: Partial<MalformedRequest>): MalformedRequest => ({
    what,
    method: 'POST',
    path,
    headers: sameOrigin,
    expected: 400,
    ...rest,
  });
  const onLive = (what: string, rest: Partial<MalformedRequest>): MalformedRequest =>
    post(`form: ${what}`, `${live.path}`, {
      ...rest,
      headers: { ...sameOrigin, cookie: live.cookie, ...rest.headers },
    });
  return [
    onLive('a field twice', { body: 'login=a&login=b&password=c' }),
    onLive('fields in brackets', { body: 'login[]=a&password[x]=b', expected: [401, 422] }),
    onLive('fields of every object', { body: '__proto__=a&constructor=b&password=c&login=d', expected: 401 }),
    onLive('nothing', { body: '', expected: [401, 422] }),
    onLive('no type', { headers: { 'content-type': '' }, body: typed, expected: 415 }),
    onLive('JSON', {
      headers: { 'content-type': 'application/json' },
      body: '{"login":{"$ne":1},"password":{"$ne":1}}',
      expected: 415,
    }),
    onLive('a file', { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--', expected: 415 }),
    onLive('plain text', { headers: { 'content-type': 'text/plain' }, body: typed, expected: 415 }),
    onLive('NUL', { body: 'login=%00&password=%00' }),
    onLive('bytes that are no UTF-8', { body: Buffer.from('login=\xff\xfe&password=\x80', 'latin1') }),
    onLive('broken percent signs', { body: 'login=%&password=%u0041' }),
    onLive('two megabytes', { body: `login=${twoMegabytes}`, expected: 413 }),
    onLive('two megabytes in pieces', { body: `login=${twoMegabytes}`, chunked: true, expected: 413 }),
    onLive('a password as long as a book', {
      body: `login=${encodeURIComponent(person.email)}&password=${'x'.repeat(60_000)}`,
      expected: 401,
    }),
    onLive('an address as long as a book', { body: `login=${'x'.repeat(60_000)}&password=x`, expected: 401 }),
    onLive('half a character', { body: 'login=%ED%A0%80&password=x' }),
    onLive('a thousand fields', { body: 'a=1&'.repeat(1_000) }),
    onLive('from another site', {
      headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      body: typed,
      expected: 403,
    }),
    onLive('from a neighbour site', { headers: { 'sec-fetch-site': 'same-site' }, body: typed, expected: 403 }),
    onLive('from another origin, by an old browser', {
      headers: { 'sec-fetch-site': undefined as unknown as string, origin: 'https://evil.example' },
      body: typed,
      expected: 403,
    }),
    {
      what: 'form: DELETE',
      method: 'DELETE',
      path: live.path,
      headers: { ...page, cookie: live.cookie, 'sec-fetch-site': 'same-origin' },
      expected: [404, 405],
    },
    {
      what: 'form: a language of garbage',
      path: `${live.path}?lang=%00%ff`,
      headers: { ...page, cookie: `${live.cookie}; gh_locale=../../x` },
      expected: 200,
    },
    {
      what: 'form: an Accept-Language of garbage',
      path: live.path,
      headers: { ...page, cookie: live.cookie, 'accept-language': `${'x;q=,'.repeat(900)}*;q=9e99` },
      expected: 200,
    },

    ...['', '/tenant', '/consent', '/select-account', '/cancel'].map((step) => ({
      what: `interaction of another browser: GET ${step}`,
      path: `${live.path.replace('/sign-in', '')}${step}`,
      headers: page,
      expected: 409,
    })),
    post('interaction of another browser: POST', live.path, { body: typed, expected: 409 }),
    post('interaction of another browser, with a forged cookie', live.path, {
      headers: { ...sameOrigin, cookie: `gh_interaction=${live.path.split('/')[2]}` },
      body: typed,
      expected: 409,
    }),
    post('interaction of another browser, with its own cookie', live.path, {
      headers: { ...sameOrigin, cookie: expired.cookie },
      body: typed,
      expected: [409, 410],
    }),
    {
      what: 'expired interaction: GET',
      path: expired.path,
      headers: { ...page, cookie: expired.cookie },
      expected: [409, 410],
    },
    post('expired interaction: POST', expired.path, {
      headers: { ...sameOrigin, cookie: expired.cookie },
      body: typed,
      expected: [409, 410],
    }),
    {
      what: 'finished interaction: GET',
      path: finished.path,
      headers: { ...page, cookie: finished.cookie },
      expected: 409,
    },
    post('finished interaction: POST', finished.path, {
      headers: { ...sameOrigin, cookie: finished.cookie },
      body: typed,
      expected: 409,
    }),
    {
      what: 'finished interaction: resumed again',
      path: finished.path.replace('/interaction', '/authorize').replace('/sign-in', ''),
      headers: { ...page, cookie: finished.cookie },
      expected: 400,
    },
    post('a step that was not asked for: consent', live.path.replace('sign-in', 'consent'), {
      headers: { ...sameOrigin, cookie: live.cookie },
      body: 'decision=allow',
      expected: 303,
    }),
    post('a step that was not asked for: tenant', live.path.replace('sign-in', 'tenant'), {
      headers: { ...sameOrigin, cookie: live.cookie },
      body: `account=${person.id}`,
      expected: 303,
    }),
    post('a step that was not asked for: another account', live.path.replace('sign-in', 'select-account/continue'), {
      headers: { ...sameOrigin, cookie: live.cookie },
      body: 'x=1',
      expected: 303,
    }),
    {
      what: 'an interaction of a path',
      path: '/interaction/..%2f..%2fetc%2fpasswd/sign-in',
      headers: page,
      expected: 404,
    },
    { what: 'an interaction of NUL', path: '/interaction/%00/sign-in', headers: page, expected: 404 },
    {
      what: 'an interaction of half a character',
      path: '/interaction/%E0%A4%A/sign-in',
      headers: page,
      expected: 404,
    },
    { what: 'an interaction in vain', path: '/interaction//sign-in', headers: page, expected: 404 },

    { what: 'device: a code of garbage', path: '/device?user_code=%00%ff%zz', headers: page, expected: [200, 400] },
    {
      what: 'device: a code in brackets',
      path: '/device?user_code[]=a&user_code[]=b',
      headers: page,
      expected: [200, 400],
    },
    { what: 'device: a code twice', path: '/device?user_code=a&user_code=b', headers: page, expected: [200, 400] },
    post('device: a form without its token', '/device', { body: 'user_code=ABCD-EFGH', expected: [200, 400] }),
    post('device: a forged token', '/device', { body: 'xsrf=x&user_code=ABCD-EFGH&confirm=yes', expected: [200, 400] }),
    post('device: NUL', '/device', { body: 'xsrf=%00&user_code=%00', expected: [200, 400] }),
    post('device: two megabytes', '/device', { body: `user_code=${twoMegabytes}`, expected: 413 }),
    { what: 'device: a resume that never was', path: '/device/not-a-uid', headers: page, expected: [200, 400] },

    { what: 'logout: an id_token that is none', path: '/logout?id_token_hint=a.b.c', headers: page, expected: 400 },
    {
      what: 'logout: an unsigned id_token',
      path: `/logout?id_token_hint=${unsigned({ aud: party.clientId, iss: app.issuer, sub: person.id })}`,
      headers: page,
      expected: 400,
    },
    { what: 'logout: an access token', path: `/logout?id_token_hint=${jwtAccessToken}`, headers: page, expected: 400 },
    {
      what: 'logout: an id_token of a prototype',
      path: `/logout?id_token_hint=${unsigned({ aud: '__proto__' })}`,
      headers: page,
      expected: 400,
    },
    {
      what: 'logout: an id_token for a list',
      path: `/logout?id_token_hint=${unsigned({ aud: [{}, null] })}`,
      headers: page,
      expected: 400,
    },
    { what: 'logout: a client of NUL', path: '/logout?client_id=%00', headers: page, expected: 400 },
    {
      what: 'logout: to somewhere else',
      path: `/logout?client_id=${party.clientId}&post_logout_redirect_uri=https://evil.example`,
      headers: page,
      expected: 400,
    },
    { what: 'logout: twice', path: '/logout?client_id=a&client_id=b', headers: page, expected: 400 },
    post('logout: confirmed without its token', '/logout/confirm', {
      headers: { ...sameOrigin, cookie: sessionCookie },
      body: 'logout=yes',
      expected: 400,
    }),
    post('logout: confirmed by a forged token', '/logout/confirm', {
      headers: { ...sameOrigin, cookie: sessionCookie },
      body: 'logout=yes&xsrf=x',
      expected: 400,
    }),
    post('logout: JSON', '/logout', {
      headers: { ...page, 'content-type': 'application/json' },
      body: '{}',
      expected: 415,
    }),

    post('account: no session', '/account/sessions/revoke', { body: 'session=x', expected: 401 }),
    post('account: a session of NUL', '/account/sessions/revoke', {
      headers: { ...sameOrigin, cookie: sessionCookie },
      body: 'session=%00',
      expected: 400,
    }),
    post('account: a session of SQL', '/account/sessions/revoke', {
      headers: { ...sameOrigin, cookie: sessionCookie },
      body: "session=' or 1=1--",
      expected: 404,
    }),
    post('account: from another site', '/account/sessions/revoke', {
      headers: { ...sameOrigin, cookie: sessionCookie, 'sec-fetch-site': 'cross-site' },
      body: 'session=x',
      expected: 403,
    }),
    {
      what: 'account: a forged cookie',
      path: '/account',
      headers: { ...page, cookie: 'gh_session=x; gh_session.sig=y; gh_device=%00' },
      expected: 303,
    },
    {
      what: 'account: ten thousand cookies',
      path: '/account',
      headers: { ...page, cookie: 'a=b; '.repeat(2_000) },
      expected: 303,
    },
    {
      what: 'account: a cookie of broken percent signs',
      path: '/account',
      headers: { ...page, cookie: 'gh_session=%; gh_locale=%E0%A4%A; gh_device=%zz' },
      expected: 303,
    },

    { what: 'set-up: a token of nobody', path: '/set-up/nobody', headers: page, expected: 404 },
    { what: 'set-up: a token of NUL', path: '/set-up/%00', headers: page, expected: 404 },
    post('set-up: a token of nobody, sent', '/set-up/nobody', {
      body: 'password=x&email=y&full_name=z&tenant_name=a',
      expected: 404,
    }),

    { what: 'path: out of the house', path: '/../../etc/passwd', headers: page, expected: 404 },
    { what: 'path: out of the assets', path: '/assets/..%2f..%2fpackage.json', headers: page, expected: 404 },
    { what: 'path: out of the assets, in full', path: '/assets/../../package.json', headers: page, expected: 404 },
    { what: 'path: a file of ours', path: '/.env', headers: page, expected: 404 },
    { what: 'path: of another site', path: '//evil.example/%2f..', headers: page, expected: 400 },
    { what: 'path: an address for a path', path: 'http://evil.example/account', headers: page, expected: 400 },
    { what: 'path: broken percent signs', path: '/%', headers: page, expected: 404 },
    { what: 'path: NUL', path: '/%00', headers: page, expected: 404 },
    { what: 'path: ten thousand characters', path: `/${'a/'.repeat(5_000)}`, headers: page, expected: 404 },
    { what: 'a host of somebody else', path: authorize({}), headers: { ...page, host: 'evil.example' }, expected: 303 },
    { what: 'a host of nobody', path: '/account', headers: { ...page, host: '[' }, expected: 303 },
    {
      what: 'a forwarded host of somebody else',
      path: '/account',
      headers: {
        ...page,
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'gopher',
        forwarded: 'host=evil.example',
      },
      expected: 303,
    },
    {
      what: 'an Accept of garbage',
      path: '/nothing',
      headers: { accept: `${'a/b;q=x,'.repeat(500)}*` },
      expected: 404,
    },
    { what: 'a request id of garbage', path: '/nothing', headers: { 'x-request-id': '<script>' }, expected: 404 },
    {
      what: 'a user agent as long as a letter',
      path: authorize({}),
      headers: { ...page, 'user-agent': 'x'.repeat(9_000) },
      expected: 303,
    },
    {
      what: 'a user agent of bytes',
      path: authorize({}),
      headers: { ...page, 'user-agent': '\xff\xfe\x80' },
      expected: 303,
    },
    {
      what: 'expectations',
      method: 'POST',
      path: '/token',
      headers: { ...form, ...basic, expect: '200-maybe' },
      body: 'grant_type=x',
      expected: [400, 417],
    },
  ];
}
