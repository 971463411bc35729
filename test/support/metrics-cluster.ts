/**
 * Forked by metrics.test.ts: a primary that serves the metrics of its two workers, which have counted one and two
 * sign-ins. Sends the port when all is ready; ends with a message, or with its parent.
 */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { showPasswordQueue } from '../../src/domain/methods/password/password-metrics.ts';
import { createSignInMetrics } from '../../src/domain/sign-in/sign-in-metrics.ts';
import { createMetrics, startMetricsServer } from '../../src/platform/metrics.ts';

if (cluster.isPrimary) {
  const workers = [1, 2].map((count) => cluster.fork({ SIGN_INS: String(count) }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const server = await startMetricsServer({ port: 0, host: '127.0.0.1', source: 'cluster' });
  process.send?.(server.port);
  const stop = () => {
    for (const worker of workers) worker.kill();
    server.stop().then(() => process.exit(0));
  };
  process.once('message', stop);
  process.once('disconnect', stop);
} else {
  const { registry } = createMetrics();
  const metrics = createSignInMetrics(registry);
  const count = Number(process.env.SIGN_INS);
  for (let i = 0; i < count; i += 1) metrics.countSignIn('password', 'ok');
  showPasswordQueue(registry, { pending: count });
  process.send?.('ready');
}
