/** Headers as many applications under one name make them, and larger than anybody's. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startTestApp, type TestApp } from '../support/app.ts';
import { rawText, sendRaw } from '../support/raw-request.ts';

describe('the headers of a request', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp({ env: { KEEP_ALIVE_SECONDS: '300' } });
  });
  after(() => app?.stop());

  const ask = (target: string, cookieBytes: number) =>
    sendRaw(app.config.listen.port, rawText({ target, headers: { Cookie: `a=${'x'.repeat(cookieBytes)}` } }));

  it('may have 60 KB, on pages and at endpoints', async () => {
    for (const target of ['/', '/account', '/.well-known/openid-configuration', '/healthz']) {
      const { status } = await ask(target, 60_000);
      assert.ok(status >= 200 && status < 400, `${target}: ${status}`);
    }
  });

  it('get a page where they are larger, however large, that needs nothing else', async () => {
    for (const bytes of [70_000, 200_000, 3_000_000]) {
      const { status, head, body } = await ask('/account', bytes);
      assert.equal(status, 431, String(bytes));
      assert.match(head, /^Content-Type: text\/html; charset=utf-8$/m);
      assert.match(head, /^Content-Security-Policy: default-src 'none'/m);
      assert.match(body, /<h1>The request is too large<\/h1>[\s\S]*<h2>La requ/);
      assert.match(body, /<\/html>\n$/);
      assert.doesNotMatch(body, /(?:href|src)=/);
    }
  });

  it('of which one is an address get it too', async () => {
    const { status, body } = await sendRaw(
      app.config.listen.port,
      rawText({ target: `/account?${'a'.repeat(100_000)}` }),
    );
    assert.equal(status, 431);
    assert.match(body, /<h1>/);
  });

  it('that are none are refused without a page', async () => {
    const { status, body } = await sendRaw(app.config.listen.port, 'GET / HTTP/1.1\r\nno header\r\n\r\n');
    assert.deepEqual([status, body], [400, '']);
  });

  it('are no second answer on a connection that has begun one', async () => {
    const socket = connect({ host: '127.0.0.1', port: app.config.listen.port });
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
    });
    socket.on('error', () => undefined);
    socket.write(`GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nCookie: ${'x'.repeat(100_000)}\r\n\r\n`);
    await once(socket, 'close');
    const statuses = [...received.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status);
    assert.ok(['200', '200,431', '431'].includes(statuses.join()), received.slice(0, 500));
  });

  it('say how long an idle connection is kept', async () => {
    const socket = connect({ host: '127.0.0.1', port: app.config.listen.port });
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
    });
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    assert.match(received, /^Keep-Alive: timeout=300$/im);
    socket.destroy();
  });
});
