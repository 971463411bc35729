/**
 * A load balancer that asks each server for `/readyz` as Kubernetes does, keeps its connections, and tries nothing again: what a
 * server fails is seen by the client. A server counts as ready by an answer to a question of the last `staleMs`, so however slow the
 * machine is, no request goes to one that has said longer ago than that that it leaves.
 */
import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.ts';

interface Backend {
  port: number;
  agent: Agent;
  /** When the last question was asked that it answered with 200. */
  readyAt: number;
  /** What it answered last. */
  ready: boolean;
}

export interface ReadinessBalancer {
  port: number;
  origin: string;
  /** How many came. */
  requests: number;
  /** Requests that got no answer of a server. */
  failures: string[];
  /** Resolves when the server is ready for requests. */
  add(port: number): Promise<void>;
  /** It is gone, and asked no more. */
  remove(port: number): void;
  stop(): Promise<void>;
}

export async function startReadinessBalancer({ everyMs = 100, staleMs = 1_000 } = {}): Promise<ReadinessBalancer> {
  const backends = new Map<number, Backend>();
  let turn = 0;

  const isReady = (backend: Backend) => backend.ready && performance.now() - backend.readyAt < staleMs;

  async function choose(): Promise<Backend> {
    return eventually(() => {
      const ready = [...backends.values()].filter(isReady);
      turn += 1;
      return ready[turn % ready.length];
    }, 'a server is ready');
  }

  const balancer: ReadinessBalancer = {
    port: 0,
    origin: '',
    requests: 0,
    failures: [],
    async add(port) {
      const backend = { port, agent: new Agent({ keepAlive: true }), readyAt: 0, ready: false };
      backends.set(port, backend);
      await eventually(() => isReady(backend), `${port} is ready`);
    },
    remove(port) {
      backends.get(port)?.agent.destroy();
      backends.delete(port);
    },
    async stop() {
      clearInterval(asking);
      for (const port of backends.keys()) balancer.remove(port);
      server.close();
      server.closeAllConnections();
    },
  };

  async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    balancer.requests += 1;
    const backend = await choose();
    const { method, url = '/', headers } = incoming;
    const options = { host: '127.0.0.1', port: backend.port, method, path: url, headers, agent: backend.agent };
    const asked = httpRequest(options, (answer) => {
      const { connection: _, ...kept } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, kept);
      answer.pipe(outgoing);
      answer.on('error', (error) => balancer.failures.push(`${method} ${url}: ${error.message}`));
    });
    asked.on('error', (error) => {
      balancer.failures.push(`${method} ${url}: ${error.message}`);
      if (!outgoing.headersSent) outgoing.writeHead(502).end();
    });
    incoming.pipe(asked);
  }

  const asking = setInterval(() => {
    for (const backend of backends.values()) {
      const askedAt = performance.now();
      const asked = httpRequest({ host: '127.0.0.1', port: backend.port, path: '/readyz', agent: false }, (answer) => {
        answer.resume();
        backend.ready = answer.statusCode === 200;
        if (backend.ready) backend.readyAt = Math.max(backend.readyAt, askedAt);
      });
      asked.on('error', () => undefined).end();
    }
  }, everyMs);

  const server = createServer((incoming, outgoing) => void forward(incoming, outgoing).catch(() => outgoing.destroy()));
  // Longer than who asks keeps a connection: what is sent while it closes is lost.
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  balancer.port = (server.address() as AddressInfo).port;
  balancer.origin = `http://localhost:${balancer.port}`;
  return balancer;
}
