/**
 * HTTP on loopback for tests: a server for a Koa application or a plain handler, and requests as bare as they are on the
 * wire (`fetch` sets headers of its own, hides others and refuses some).
 */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type RequestListener,
  request,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';

export interface LoopbackServer {
  port: number;
  url: string;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1, or on the one that is wanted. */
export async function listen(app: Koa | RequestListener, host = '127.0.0.1', wantedPort = 0): Promise<LoopbackServer> {
  const server = createServer(app instanceof Koa ? app.callback() : app);
  // Longer than who asks keeps a connection: what is sent while it closes is lost.
  server.keepAliveTimeout = 120_000;
  server.listen(wantedPort, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface SentRequest {
  method?: string;
  path?: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
}

/** Sends one request on a connection of its own. */
export async function send({ port }: { port: number }, sent: SentRequest = {}): Promise<Answer> {
  const { method = 'GET', path = '/', headers = {}, body } = sent;
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
  // A reset after the answer is nobody's failure; one before it rejects below.
  outgoing.on('error', () => undefined);
  outgoing.end(body);
  const [answer] = await once(outgoing, 'response');
  let text = '';
  answer.setEncoding('utf8');
  for await (const chunk of answer) text += chunk;
  return { status: answer.statusCode, headers: answer.headers, body: text };
}
