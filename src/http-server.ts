/** Listening, and the end of it: what is in flight is finished, ten seconds at the most. Refuses headers of more than 64 KiB. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { answerUnreadable, mostHeaderBytes } from './unreadable-requests.ts';

export interface HttpServer {
  /** Answers the port. */
  listen(host: string, port: number): Promise<number>;
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
  let server: Server | undefined;
  return {
    async listen(host, port) {
      const http = createServer({ ...timeouts, maxHeaderSize: mostHeaderBytes }, handle);
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
    drain: async () => server && drain(server, sockets, drainMs),
  };
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
