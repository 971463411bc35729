/** Two processes of Gatehouse behind a balancer, on a database of several servers, and what people and services do meanwhile. */

import { migrateToLatest } from '../../src/platform/apply-migrations.ts';
import { createDatabase } from '../../src/platform/database.ts';
import { migrateJobs } from '../../src/platform/jobs/jobs.ts';
import { startTestApp, type TestApp, type TestAppOptions } from './app.ts';
import { freePort } from './free-port.ts';
import { environmentOf, type ServerProcess, startBalancer, startServerProcess } from './server-process.ts';

export interface FailoverApp {
  /** Its issuer is the balancer. */
  app: TestApp;
  processes: readonly ServerProcess[];
  stop(): Promise<void>;
}

/** A server in this process on an empty database, which is migrated over the same URL. */
export async function startAppOn(url: string, options: TestAppOptions = {}): Promise<TestApp> {
  const db = createDatabase({ url, poolMax: 2, acquireTimeoutMs: 60_000, statementTimeoutMs: 120_000 });
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
  await migrateJobs({ databaseUrl: url });
  return startTestApp({ ...options, database: { url, serverUrl: url, async drop() {} } });
}

/** @param url an empty database */
export async function startFailoverApp(url: string): Promise<FailoverApp> {
  const balancer = await startBalancer();
  const app = await startAppOn(url, { issuer: () => `http://localhost:${balancer.port}` });
  const processes: ServerProcess[] = [];
  for (let n = 0; n < 2; n++) processes.push(startServerProcess(environmentOf(app, await freePort())));
  await Promise.all(processes.map((one) => one.ready()));
  balancer.use(...processes.map(({ port }) => port));
  return {
    app,
    processes,
    async stop() {
      await balancer.stop();
      await Promise.all(processes.map((one) => one.stop()));
      await app.stop();
    },
  };
}
