import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createDatabase } from '../../src/platform/database.ts';
import { createMetrics, startMetricsServer } from '../../src/platform/metrics.ts';
import { createTestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { send } from '../support/loopback.ts';

describe('metrics', () => {
  it('counts requests and their time by method, route and status', async () => {
    const metrics = createMetrics();
    metrics.observeRequest({ method: 'GET', route: '/jwks', status: 200, seconds: 0.004 });
    metrics.observeRequest({ method: 'GET', route: '/jwks', status: 200, seconds: 0.2 });
    metrics.observeRequest({ method: 'PROPFIND', route: 'other', status: 404, seconds: 0.001 });
    const text = await metrics.registry.metrics();
    assert.match(text, /^gatehouse_http_requests_total\{method="GET",route="\/jwks",status="200"\} 2$/m);
    assert.match(text, /^gatehouse_http_requests_total\{method="other",route="other",status="404"\} 1$/m);
    assert.match(
      text,
      /^gatehouse_http_request_duration_seconds_bucket\{le="0.005",method="GET",route="\/jwks",status="200"\} 1$/m,
    );
    assert.match(
      text,
      /^gatehouse_http_request_duration_seconds_count\{method="GET",route="\/jwks",status="200"\} 2$/m,
    );
  });

  it('shows pools as they are when asked', async () => {
    const metrics = createMetrics();
    const database = await createTestDatabase();
    const db = createDatabase({ url: database.url, poolMax: 1 });
    metrics.watchPool('main', db);
    try {
      const held = await db.transaction();
      // A query begins when somebody waits for it.
      const queued = db.raw('select 1').then(() => {});
      const text = await eventually(async () => {
        const told = await metrics.registry.metrics();
        return /^gatehouse_db_pool_waiting\{pool="main"\} 1$/m.test(told) && told;
      });
      assert.match(text, /^gatehouse_db_pool_connections\{pool="main",state="used"\} 1$/m);
      assert.match(text, /^gatehouse_db_pool_connections\{pool="main",state="idle"\} 0$/m);
      assert.match(text, /^gatehouse_db_pool_waiting\{pool="main"\} 1$/m);
      await held.rollback();
      await queued;
      const later = await metrics.registry.metrics();
      assert.match(later, /^gatehouse_db_pool_connections\{pool="main",state="idle"\} 1$/m);
      assert.match(later, /^gatehouse_db_pool_waiting\{pool="main"\} 0$/m);
    } finally {
      await db.destroy();
      await database.drop();
    }
  });

  it('is served on a port of its own, and nothing else there', async () => {
    const metrics = createMetrics();
    const server = await startMetricsServer({ port: 0, host: '127.0.0.1', source: metrics.registry });
    try {
      const answer = await send(server, { path: '/metrics' });
      assert.equal(answer.status, 200);
      assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/);
      assert.match(answer.body, /^process_cpu_seconds_total /m);
      assert.match(answer.body, /^nodejs_eventloop_lag_seconds /m);
      assert.equal((await send(server, { path: '/' })).status, 404);
      assert.equal((await send(server, { path: '/metrics', method: 'POST' })).status, 404);
      assert.equal((await send(server, { path: '/metrics', method: 'HEAD' })).body, '');
      await assert.rejects(startMetricsServer({ port: server.port, host: '127.0.0.1', source: metrics.registry }), {
        code: 'EADDRINUSE',
      });
    } finally {
      await server.stop();
    }
  });

  it('sums up the workers of a cluster in the primary', async () => {
    const primary = fork(new URL('../support/metrics-cluster.ts', import.meta.url));
    const exited = once(primary, 'exit');
    try {
      const [port] = (await once(primary, 'message')) as [number];
      const { status, body } = await send({ port }, { path: '/metrics' });
      assert.equal(status, 200);
      assert.match(body, /^gatehouse_sign_ins_total\{method="password",result="ok"\} 3$/m);
      assert.match(body, /^gatehouse_password_queue_length 3$/m);
    } finally {
      primary.send('stop');
      await exited;
    }
  });
});
