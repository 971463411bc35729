/** A server of the tests' own kind, for what is measured inside one process. */
import { createDatabase, type Database } from '../src/platform/database.ts';
import { startTestApp, type TestApp } from '../test/support/app.ts';
import { mochaGlobalTeardown } from '../test/support/cluster.ts';

/** @param run is given the server, and connections of its own whose statements may take a quarter of an hour */
export async function onTestServer(run: (app: TestApp, db: Database) => Promise<void>): Promise<void> {
  // The connections of the test server keep no process alive.
  const alive = setInterval(() => {}, 1000);
  const app = await startTestApp();
  // The paths of the tree are one statement of a minute, on a busy machine of more.
  const db = createDatabase({ url: app.databaseUrl, poolMax: 2, answerTimeoutMs: 900_000 });
  try {
    await run(app, db);
  } finally {
    await db.destroy();
    await app.stop();
    await mochaGlobalTeardown();
    clearInterval(alive);
  }
}
