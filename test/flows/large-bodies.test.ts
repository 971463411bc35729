/** Bodies larger than anything here: the answer is read by a sender who sends all of it first, as proxies do. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startTestApp, type TestApp } from '../support/app.ts';
import { basic } from '../support/endpoints.ts';

const body = 'a'.repeat(3 * 1024 * 1024);

describe('a body that is too large', function () {
  this.timeout(300_000);
  let app: TestApp;
  let authorization: string;
  before(async () => {
    app = await startTestApp();
    authorization = basic(await app.service({})).authorization as string;
  });
  after(() => app?.stop());

  /** Sends all, and looks for the answer afterwards; then the connection serves another request. */
  async function statusesAfterSending(path: string, type: string, chunked: boolean): Promise<string[]> {
    const socket = connect({ host: '127.0.0.1', port: app.config.listen.port });
    const failed = once(socket, 'error').then(([error]) => {
      throw error;
    });
    const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nContent-Type: ${type}\r\nAuthorization: ${authorization}\r\n`;
    const framed = chunked
      ? `${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
      : `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
    socket.pause();
    const sent = new Promise<void>((resolve) => socket.write(framed, () => resolve()));
    await Promise.race([sent, failed]);
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
    });
    socket.resume();
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await Promise.race([once(socket, 'close'), failed]);
    return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status);
  }

  const form = 'application/x-www-form-urlencoded';
  for (const [path, type, statuses] of [
    ['/token', form, ['413', '413']],
    ['/introspect', form, ['413', '413']],
    ['/par', form, ['413', '413']],
    ['/device', form, ['413', '413']],
    ['/authorize', form, ['413', '413']],
    ['/api/v1/roles', 'application/json', ['413', '401']],
    ['/access/v1/evaluation', 'application/json', ['413', '403']],
    ['/nowhere', form, ['404', '404']],
  ] as const)
    it(`for ${path} is answered, and the connection goes on`, async () => {
      for (const chunked of [false, true]) {
        const expected = [statuses[chunked ? 1 : 0], '200'];
        assert.deepEqual(
          await statusesAfterSending(path, type, chunked),
          expected,
          chunked ? 'in pieces' : 'announced',
        );
      }
    });
});
