/** An address has one spelling. Whatever counts, keeps or refuses by an address sees all requests that it is for. */
import assert from 'node:assert/strict';
import { createRouteFinder, knownRoutes } from '../../src/web/middleware/known-routes.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { rawText, sendRaw } from '../support/raw-request.ts';

const device = {
  kind: 'native',
  redirectUris: [],
  postLogoutRedirectUris: [],
  metadata: {
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    response_types: [],
  },
} as const;

/** What stands for the values of a route, where something else is asked for than `value`. */
const rests: Record<string, string> = {
  '/assets/*': 'gatehouse.css',
  '/interaction/:uid/*': 'sign-in',
  '/account/*': 'signed-in',
  '/console/**': 'here/people',
  '/access/v1/*': 'evaluation',
  '/api/v1/**': 'openapi.json',
  '/scim/v2/**': 'ServiceProviderConfig',
  '/ssf/*': 'streams',
};

/** Routes that take no GET. */
const posted = new Set([
  '/token',
  '/introspect',
  '/revoke',
  '/par',
  '/backchannel',
  '/device/authorize',
  '/logout/confirm',
  '/access/v1/*',
]);

/** Other spellings of a path. */
function spellingsOf(path: string): Record<string, string> {
  const last = path.lastIndexOf('/') + 1;
  const at = /[a-z](?=[^/]*$)/.exec(path)?.index ?? 1;
  const letter = path.charCodeAt(at).toString(16);
  return {
    'in capitals': path.toUpperCase(),
    'with one capital': path.replace(/[a-z]/, (first) => first.toUpperCase()),
    'with a slash at its end': `${path}/`,
    'with a slash twice': `${path.slice(0, last)}/${path.slice(last)}`,
    'with a dot segment': `${path.slice(0, last)}./${path.slice(last)}`,
    'with two dot segments': `${path.slice(0, last)}a/../${path.slice(last)}`,
    'with a dot segment at its end': `${path}/.`,
    'with a letter in percent': `${path.slice(0, at)}%${letter}${path.slice(at + 1)}`,
    'with a slash in percent': `${path.slice(0, last)}%2F${path.slice(last)}`,
    'with a slash in percent at its end': `${path}%2f`,
    'with NUL': `${path}%00`,
    'with a parameter': `${path};a=b`,
    'with a backslash': `${path}\\`,
  };
}

describe('the spelling of an address', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app?.stop());

  const send = (method: string, target: string, form?: Record<string, string>) =>
    sendRaw(app.config.listen.port, rawText({ method, target, form, headers: { Accept: 'application/json' } }));

  const sampleOf = (route: string) => route.replace(/\*+/, rests[route] ?? '').replace(/:\w+/, 'value-of-no-one');

  for (const route of knownRoutes.filter((path) => path !== '/'))
    it(`of ${route} is one`, async () => {
      const path = sampleOf(route);
      const method = posted.has(route) ? 'POST' : 'GET';
      const answer = await send(method, path, method === 'POST' ? {} : undefined);
      // A value of nobody may be unknown to the handler; then nothing else would say that there is one.
      if (!route.includes(':')) assert.notEqual(answer.status, 404, `${path}: ${answer.body}`);
      for (const [what, spelling] of Object.entries(spellingsOf(path))) {
        for (const each of ['GET', 'POST']) {
          const other = await send(each, spelling, each === 'POST' ? {} : undefined);
          const expected = spelling.startsWith('//') || spelling.includes('\\') ? 400 : 404;
          assert.equal(other.status, expected, `${each} ${spelling} (${what}): ${other.head}`);
          // What a mail program made of a link gets the page of the link.
          if (route.endsWith('/:token') && /^\/[a-z-]+\/[^/]+$/.test(spelling)) continue;
          const told = JSON.parse(other.body);
          // A directory is told in its own form (RFC 7644 section 3.12).
          if (told.schemas && route.startsWith('/scim/')) assert.equal(told.status, '404', spelling);
          else assert.equal(told.code, expected === 404 ? 'NOT_FOUND' : 'INVALID_INPUT', spelling);
        }
      }
    });

  it('of a route after another is not taken for its value', () => {
    const routeOf = createRouteFinder();
    assert.equal(routeOf('/device/authorize'), '/device/authorize');
    assert.equal(routeOf('/device/AbC_-9'), '/device/:uid');
    for (const path of [
      '/device/AUTHORIZE',
      '/device/Authorize',
      '/device/..',
      '/device/.',
      '/device/a.b/c',
      '/device/',
    ])
      assert.equal(routeOf(path), undefined, path);
  });

  it('does not lead round the limit on codes of devices', async () => {
    const { clientId } = await app.relyingParty(device as never);
    const started = await send('POST', '/device/authorize', { client_id: clientId, scope: 'openid' });
    assert.match(JSON.parse(started.body).user_code, /^[A-Z]{4}-[A-Z]{4}$/);
    const spellings = ['/device/', '/DEVICE', '/Device/', '/devic%65', '/./device', '/device/.'];
    const statuses = new Set<number>();
    for (let n = 0; n < 30; n++)
      statuses.add((await send('POST', spellings[n % spellings.length] as string, { user_code: 'BBBB-BBBB' })).status);
    assert.deepEqual([...statuses], [404]);
    for (let n = 0; n < 20; n++)
      assert.notEqual(
        (await send('POST', '/device', { user_code: 'BBBB-BBBB' })).status,
        429,
        `the code number ${n + 1}`,
      );
    assert.equal((await send('POST', '/device', { user_code: 'BBBB-BBBB' })).status, 429);
  });
});
