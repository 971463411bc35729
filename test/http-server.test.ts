import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { createHttpServer, type HttpServer } from '../src/http-server.ts';
import { eventually } from './support/eventually.ts';
import { send } from './support/loopback.ts';
import { openSocket } from './support/server-process.ts';

const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

describe('a server that leaves', () => {
  let http: HttpServer;
  let port: number;
  let drained: Promise<void> | undefined;
  /** Answers that are not finished. */
  const open = new Map<string, ServerResponse>();

  beforeEach(async () => {
    http = createHttpServer((req, res) => {
      if (req.url === '/begun') res.writeHead(200).write('begun');
      if (req.url === '/begun' || req.url === '/waits') open.set(req.url, res);
      else res.end('whole');
    });
    port = await http.listen('127.0.0.1', 0);
    drained = undefined;
  });
  afterEach(async () => {
    for (const res of open.values()) res.end();
    open.clear();
    await (drained ?? http.drain());
  });

  async function asked(path: string): Promise<ReturnType<typeof openSocket>> {
    const socket = openSocket(port);
    socket.write(ask(path));
    if (path === '/') await eventually(() => /whole/.test(socket.received()));
    else await eventually(() => open.has(path));
    return socket;
  }

  it('takes new connections and answers them, each for the last time', async () => {
    await http.leave(0);
    const { status, headers, body } = await send({ port }, { headers: { connection: 'keep-alive' } });
    assert.deepEqual([status, body, headers.connection], [200, 'whole', 'close']);
  });

  it('closes a connection with its next answer, and one that is idle not before the end', async () => {
    const [busy, idle] = [await asked('/'), await asked('/')];
    assert.match(busy.received(), /connection: keep-alive/i);
    await http.leave(0);
    busy.write(ask('/'));
    await busy.closed;
    assert.match(busy.received(), /connection: close[\s\S]*whole$/i);
    idle.write(ask('/'));
    await eventually(() => /connection: close[\s\S]*whole$/i.test(idle.received()), 'it was open');
    await idle.closed;
  });

  it('keeps a connection open whose answer had said so, and closes it with the next', async () => {
    const begun = await asked('/begun');
    assert.match(begun.received(), /connection: keep-alive/i);
    await http.leave(0);
    open.get('/begun')?.end('the rest');
    await eventually(() => /the rest\r\n0\r\n\r\n$/.test(begun.received()));
    begun.write(ask('/'));
    await eventually(() => /connection: close[\s\S]*whole$/i.test(begun.received()), 'it was open');
    await begun.closed;
  });

  it('finishes what was begun before, and closes after it', async () => {
    const [waits, begun] = [await asked('/waits'), await asked('/begun')];
    await http.leave(0);
    drained = http.drain();
    open.get('/waits')?.end('later');
    open.get('/begun')?.end('the rest');
    await Promise.all([waits.closed, begun.closed, drained]);
    assert.match(waits.received(), /connection: close[\s\S]*later/i);
    assert.match(begun.received(), /begun[\s\S]*the rest/);
  });

  it('takes no connection once it drains, and closes those that are idle', async () => {
    const idle = await asked('/');
    drained = http.drain();
    await Promise.all([idle.closed, drained]);
    await assert.rejects(send({ port }), { code: 'ECONNREFUSED' });
  });
});
