/** Pages opened under another name of the server than the issuer's. */
import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type RawAnswer, rawText, sendRaw } from '../support/raw-request.ts';

describe('a page that is opened under another name', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp({ env: { TRUSTED_PROXIES: '192.0.2.1' } });
  });
  after(() => app?.stop());

  const navigation = { 'Sec-Fetch-Mode': 'navigate', Accept: 'text/html' };
  const open = (target: string, headers: Record<string, string>): Promise<RawAnswer> =>
    sendRaw(app.config.listen.port, rawText({ target, headers: { ...navigation, ...headers } }));
  const locationOf = ({ head }: RawAnswer) => /^Location: (.+)$/im.exec(head)?.[1];
  const port = () => app.config.listen.port;

  it('leads to the same page under the issuer’s, before anything is asked', async () => {
    for (const target of ['/', '/account', '/account?a=1&b=%20', '/authorize?client_id=x', '/device', '/recovery/abc'])
      for (const Host of ['id.old.example', `127.0.0.1:${port()}`, 'localhost']) {
        const answer = await open(target, { Host });
        assert.deepEqual([answer.status, locationOf(answer)], [303, app.issuer + target], `${Host} ${target}`);
        assert.match(answer.head, /^Cache-Control: no-store$/im);
        assert.doesNotMatch(answer.head + answer.body, /id\.old\.example/);
        assert.doesNotMatch(answer.head, /gh_session|gh_interaction/);
      }
  });

  it('is there under the issuer’s, however it is spelled', async () => {
    for (const Host of [`localhost:${port()}`, `LOCALHOST:${port()}`])
      assert.equal((await open('/', { Host })).status, 200, Host);
  });

  it('is not led in circles where a proxy hides the name', async () => {
    const answer = await open('/', { Host: 'gatehouse:3000' });
    const [, cookie = ''] = /^Set-Cookie: (gh_led=1)/im.exec(answer.head) ?? [];
    assert.notEqual(cookie, '');
    // The browser was at the issuer's name all the time, and brings the cookie back.
    assert.equal((await open('/', { Host: 'gatehouse:3000', Cookie: cookie })).status, 200);
  });

  it('leads nobody who is no browser, and nobody within a journey', async () => {
    const machine = rawText({ target: '/account', headers: { Host: 'inner' } });
    assert.notEqual(locationOf(await sendRaw(port(), machine)), `${app.issuer}/account`);
    for (const target of ['/interaction/abc/sign-in', '/callback/google', '/.well-known/openid-configuration', '/jwks'])
      assert.notEqual(locationOf(await open(target, { Host: 'inner' })), app.issuer + target, target);
    for (const Host of ['[', 'a@b', 'x'.repeat(300), '']) assert.ok((await open('/', { Host })).status < 500, Host);
  });
});
