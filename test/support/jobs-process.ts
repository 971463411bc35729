/**
 * Forked by jobs.test.ts: a worker whose job `stuck` never ends. Says when one has begun; is killed, or ends with its
 * parent.
 */
import { startJobs } from '../../src/platform/jobs/jobs.ts';
import { createLogger } from '../../src/platform/logger.ts';

process.once('disconnect', () => process.exit(0));
startJobs({
  databaseUrl: String(process.env.JOBS_DATABASE_URL),
  logger: createLogger({ level: 'silent' }),
  tasks: {
    async stuck() {
      process.send?.('begun');
      await new Promise(() => {});
    },
  },
});
