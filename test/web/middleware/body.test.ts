import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Koa from 'koa';
import { DomainError } from '../../../src/platform/errors.ts';
import { limitBody, readForm } from '../../../src/web/middleware/body.ts';
import { eventually } from '../../support/eventually.ts';
import { type LoopbackServer, listen, send } from '../../support/loopback.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded' };

describe('reading a form', () => {
  let server: LoopbackServer;

  before(async () => {
    const app = new Koa();
    app.silent = true;
    app.use(async (ctx) => {
      try {
        // Short for the test of what drips alone: a busy machine takes its time over the others.
        const timeoutMs = ctx.path === '/drip' ? 300 : 30_000;
        ctx.body = { ...(await readForm(ctx, { limitBytes: 1_000, timeoutMs })) };
      } catch (error) {
        assert.ok(error instanceof DomainError, String(error));
        ctx.status = 400;
        ctx.body = { code: error.code };
      }
    });
    server = await listen(app);
  });
  after(() => server?.close());

  async function read(body: string | Buffer, headers: Record<string, string> = form): Promise<unknown> {
    return JSON.parse((await send(server, { method: 'POST', headers, body })).body);
  }

  it('gives the fields', async () => {
    assert.deepEqual(await read('email=ada%40example.org&password=a+b%2Bc%26&empty=&bare'), {
      email: 'ada@example.org',
      password: 'a b+c&',
      empty: '',
      bare: '',
    });
    assert.deepEqual(await read(''), {});
    assert.deepEqual(await read('&&a=1&'), { a: '1' });
    assert.deepEqual(await read('a=b=c'), { a: 'b=c' });
    assert.deepEqual(await read('n%C3%A4me=%F0%9F%94%91'), { näme: '🔑' });
    assert.deepEqual(await read('name=Zoë'), { name: 'Zoë' });
    assert.deepEqual(await read('a=%EF%BB%BFx'), { a: '\ufeffx' });
  });

  it('gives names that objects have as plain fields', async () => {
    const text = (await send(server, { method: 'POST', headers: form, body: 'constructor=a&toString=b' })).body;
    assert.deepEqual(JSON.parse(text), { constructor: 'a', toString: 'b' });
    assert.equal((await send(server, { method: 'POST', headers: form, body: '__proto__=a' })).status, 200);
  });

  it('takes the type with the one charset there is', async () => {
    for (const type of [
      'application/x-www-form-urlencoded; charset=UTF-8',
      'Application/X-WWW-Form-Urlencoded;charset="utf-8"',
    ])
      assert.deepEqual(await read('a=1', { 'content-type': type }), { a: '1' }, type);
  });

  it('refuses other types', async () => {
    for (const type of [
      'application/json',
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded; charset=iso-8859-1',
      'application/x-www-form-urlencodedx',
      '',
    ])
      assert.deepEqual(await read('a=1', { 'content-type': type }), { code: 'UNSUPPORTED_MEDIA_TYPE' }, type);
    assert.deepEqual(await read('a=1', {}), { code: 'UNSUPPORTED_MEDIA_TYPE' });
    assert.deepEqual(await read('a=1', { ...form, 'content-encoding': 'gzip' }), { code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  it('refuses a field given twice, however its name is written', async () => {
    for (const body of ['a=1&a=2', 'a=1&a=1', 'a=1&%61=2', 'a&a='])
      assert.deepEqual(await read(body), { code: 'INVALID_INPUT' }, body);
  });

  it('refuses NUL and what is no UTF-8', async () => {
    for (const body of [
      'a=%00',
      'a%00=1',
      'a=\0',
      'a=%FF',
      'a=%C0%AF',
      'a=%ED%A0%80',
      'a=%E2%82',
      'a=%zz',
      'a=%',
      '%C3=1',
    ])
      assert.deepEqual(await read(body), { code: 'INVALID_INPUT' }, JSON.stringify(body));
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]])
      assert.deepEqual(await read(Buffer.concat([Buffer.from('a='), Buffer.from(bytes)])), { code: 'INVALID_INPUT' });
  });

  it('refuses more fields than any form has', async () => {
    const body = Array.from({ length: 201 }, (_, n) => `${n}`).join('&');
    assert.deepEqual(await read(body), { code: 'INVALID_INPUT' });
  });

  it('takes a body of exactly the limit and none that is larger', async () => {
    assert.deepEqual(await read(`a=${'x'.repeat(998)}`), { a: 'x'.repeat(998) });
    const answer = await send(server, { method: 'POST', headers: form, body: `a=${'x'.repeat(999)}` });
    assert.equal(answer.body, '{"code":"BODY_TOO_LARGE"}');
  });

  async function talk(
    head: string,
    feed: (write: (text: string) => void, closed: () => boolean, received: () => string) => Promise<void>,
    path = '/',
  ): Promise<string> {
    const socket = connect(server.port, '127.0.0.1');
    let text = '';
    let closed = false;
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    socket
      .on('error', () => {})
      .on('close', () => {
        closed = true;
      });
    await once(socket, 'connect');
    const write = (piece: string) => {
      if (!socket.destroyed) socket.write(piece);
    };
    write(`POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: ${form['content-type']}\r\n${head}\r\n\r\n`);
    await feed(
      write,
      () => closed,
      () => text,
    );
    socket.destroy();
    return text;
  }

  it('stops reading a body without announced length as soon as it is too large', async () => {
    const text = await talk('transfer-encoding: chunked', async (write, _closed, received) => {
      for (let n = 0; n < 50; n += 1) write(`40\r\n${'x'.repeat(64)}\r\n`);
      // The end of the body has not come, and the answer has.
      await eventually(() => /BODY_TOO_LARGE/.test(received()));
    });
    assert.match(text, /BODY_TOO_LARGE/);
  });

  it('does not wait for a body that drips, and hangs up', async () => {
    const drip = async (write: (text: string) => void, closed: () => boolean) => {
      while (!closed()) {
        write('x');
        await sleep(20);
      }
    };
    const text = await talk('content-length: 500', drip, '/drip');
    assert.match(text, /INVALID_INPUT/);
  });

  it('bears a client that goes away', async () => {
    await talk('content-length: 500', async (write) => write('a=1'));
    assert.deepEqual(await read('a=1'), { a: '1' });
  });
});

describe('the size of bodies', () => {
  let server: LoopbackServer;
  let handled = 0;

  before(async () => {
    const app = new Koa();
    app.use(limitBody());
    app.use((ctx) => {
      handled += 1;
      ctx.body = 'next';
    });
    server = await listen(app);
  });
  after(() => server?.close());

  it('is refused by its announcement, before a byte of it has come', async () => {
    const socket = connect(server.port, '127.0.0.1').setEncoding('utf8');
    socket.write('POST /token HTTP/1.1\r\nhost: a\r\ncontent-length: 65537\r\n\r\n');
    const [text] = (await once(socket, 'data')) as [string];
    socket.destroy();
    assert.match(text, /^HTTP\/1\.1 413 Payload Too Large\r\n/);
    assert.deepEqual(JSON.parse(text.split('\r\n\r\n')[1] ?? ''), {
      statusCode: 413,
      error: 'Payload Too Large',
      message: 'The request is too large',
      code: 'BODY_TOO_LARGE',
    });
    assert.equal(handled, 0);
  });

  it('is let pass up to 64 KiB', async () => {
    assert.equal((await send(server, { method: 'POST', body: 'x'.repeat(65_536) })).body, 'next');
    assert.equal((await send(server)).body, 'next');
  });
});
