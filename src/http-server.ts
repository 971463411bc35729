/**
 * Listening, and the end of it, in two steps: `leave` while balancers still send requests, then `drain`, in which what is in
 * flight is finished, ten seconds at the most. Refuses headers of more than 64 KiB.
 */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerUnreadable, mostHeaderBytes } from './unreadable-requests.ts';

export interface HttpServer {
  /** Answers the port. */
  listen(host: string, port: number): Promise<number>;
  /**
   * Answers as before for so long, and says with every answer that its connection ends there (RFC 9112, section 9.6): who sends
   * the next request opens another one, and may be led elsewhere. A connection on which nobody asks stays open until `drain`:
   * closed any sooner, it would be while its other end sends.
   */
  leave(milliseconds: number): Promise<void>;
  /** Takes no more connections, lets requests finish, and cuts what takes longer than ten seconds. */
  drain(): Promise<void>;
}

/** In milliseconds; the first four as Node.js calls them. */
export interface HttpTimeouts {
  requestTimeout: number;
  headersTimeout: number;
  keepAliveTimeout: number;
  /** Node.js looks at the first two only every half minute if it is not told otherwise. */
  connectionsCheckingInterval: number;
  drainMs: number;
}

const defaults: HttpTimeouts = {
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 130_000,
  connectionsCheckingInterval: 2_000,
  drainMs: 10_000,
};

export function createHttpServer(handle: RequestListener, overrides: Partial<HttpTimeouts> = {}): HttpServer {
  const { drainMs, ...timeouts } = { ...defaults, ...overrides };
  const sockets = new Set<Socket>();
  const answers = new Set<ServerResponse>();
  let isLeaving = false;
  let server: Server | undefined;
  return {
    async listen(host, port) {
      const http = createServer({ ...timeouts, maxHeaderSize: mostHeaderBytes }, (req, res) => {
        answers.add(res);
        res.once('close', () => answers.delete(res));
        if (isLeaving) res.shouldKeepAlive = false;
        handle(req, res);
      });
      answerUnreadable(http);
      http.maxHeadersCount = 100;
      http.on('connection', (socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
      server = http;
      await new Promise<void>((resolve, reject) => {
        http.once('error', reject);
        http.listen({ host, port }, resolve);
      });
      return (http.address() as AddressInfo).port;
    },
    async leave(milliseconds) {
      isLeaving = true;
      // One whose head said that its connection stays open is believed: the next request may be on its way already.
      for (const answer of answers) if (!answer.headersSent) answer.shouldKeepAlive = false;
      if (milliseconds > 0) await sleep(milliseconds);
    },
    async drain() {
      for (const answer of answers) closeAfter(answer);
      if (server) await drain(server, sockets, drainMs);
    },
  };
}

/** Also where the head of the answer has been sent already. */
function closeAfter(answer: ServerResponse): void {
  answer.shouldKeepAlive = false;
  const { socket } = answer;
  if (answer.headersSent) answer.once('finish', () => socket?.end());
}

function drain(server: Server, sockets: ReadonlySet<Socket>, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
    // Browsers open connections in case there will be something to ask; to Node these are busy.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  });
}
