/**
 * Forked by jobs.test.ts: a worker whose job `stuck` never ends. Says when one has begun and when it was told to end, and when the
 * job `quick` ran; is killed, or ends with its parent.
 */
import { startJobs } from '../../src/platform/jobs/jobs.ts';
import { createLogger } from '../../src/platform/logger.ts';

process.once('disconnect', () => process.exit(0));
startJobs({
  databaseUrl: String(process.env.JOBS_DATABASE_URL),
  logger: createLogger({ level: 'silent' }),
  stopTimeoutMs: 500,
  beatIntervalMs: 100,
  patience: { goneAfterSeconds: 300 },
  tasks: {
    async stuck(_payload, { signal }) {
      process.send?.('begun');
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      process.send?.('ended');
    },
    async quick() {
      process.send?.('quick');
    },
  },
});
