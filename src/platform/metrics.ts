/**
 * What an operator watches, for Prometheus. Owns the metrics of requests and of the database, and the server that gives all
 * of them out, on a port of its own, so that the public one never does. Features add theirs to the registry. Refuses labels
 * without a bound: a route is one of a list, never a path.
 */
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from './database.ts';

export interface Metrics {
  registry: Registry;
  /** Counts a finished request. `route` comes from a bounded set. */
  observeRequest(request: { method: string; route: string; status: number; seconds: number }): void;
  /** Shows a pool's connections; `name` tells pools apart. */
  watchPool(name: string, db: Database): void;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

interface Pool {
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

/** Counts and times requests. */
function observeRequests(registry: Registry): Metrics['observeRequest'] {
  const requests = new Counter({
    name: 'gatehouse_http_requests_total',
    help: 'Requests answered.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'gatehouse_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  // Found by one text: the metrics sort and join their labels each time. There are as many as the metrics have.
  const lines = new Map<string, { requests: Counter.Internal; durations: Histogram.Internal<string> }>();

  return ({ method, route, status, seconds }) => {
    const known = methods.has(method) ? method : 'other';
    const key = `${known} ${status} ${route}`;
    let line = lines.get(key);
    if (!line) {
      const labels = { method: known, route, status: String(status) };
      line = { requests: requests.labels(labels), durations: durations.labels(labels) };
      lines.set(key, line);
    }
    line.requests.inc();
    line.durations.observe(seconds);
  };
}

/** Makes the metrics of this process. In a worker of a cluster the primary collects them (see `startMetricsServer`). */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const pools = new Map<string, Pool>();
  new Gauge({
    name: 'gatehouse_db_pool_connections',
    help: 'Connections to PostgreSQL, in use and idle.',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const [pool, connections] of pools) {
        this.set({ pool, state: 'used' }, connections.numUsed());
        this.set({ pool, state: 'idle' }, connections.numFree());
      }
    },
  });
  new Gauge({
    name: 'gatehouse_db_pool_waiting',
    help: 'Requests that wait for a connection to PostgreSQL.',
    labelNames: ['pool'],
    registers,
    collect() {
      for (const [pool, connections] of pools) this.set({ pool }, connections.numPendingAcquires());
    },
  });

  if (cluster.isWorker) {
    // The constructor alone subscribes a worker to the primary's questions.
    new AggregatorRegistry();
    AggregatorRegistry.setRegistries(registry);
  }

  return {
    registry,
    observeRequest: observeRequests(registry),
    watchPool(name, db) {
      pools.set(name, (db.client as { pool: Pool }).pool);
    },
  };
}

export interface MetricsServerOptions {
  /** 0 for any free one. */
  port: number;
  host: string;
  /** The registry of this process, or `'cluster'` in a primary: the sum over its workers. */
  source: Registry | 'cluster';
}

export interface MetricsServer {
  port: number;
  stop(): Promise<void>;
}

/** Serves `GET /metrics` and nothing else. Resolves when it listens; rejects where it cannot. */
export async function startMetricsServer({ port, host, source }: MetricsServerOptions): Promise<MetricsServer> {
  const workers = source === 'cluster' ? new AggregatorRegistry() : undefined;
  const read = () => (source === 'cluster' ? (workers?.clusterMetrics() ?? '') : source.metrics());

  const server = createServer(async (req, res) => {
    if (req.url !== '/metrics' || (req.method !== 'GET' && req.method !== 'HEAD')) {
      res.writeHead(404).end();
      return;
    }
    try {
      const text = await read();
      res.writeHead(200, { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE, 'cache-control': 'no-store' });
      res.end(req.method === 'HEAD' ? undefined : text);
    } catch {
      // A worker that ends while it is asked: the next scrape finds the others.
      res.writeHead(503).end();
    }
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
