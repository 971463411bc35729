/**
 * A process that uses the embedded PostgreSQL, for tests of what happens between several of them. It reports its start,
 * answers `query` and `stop`, and otherwise keeps nothing alive but its channel to the test.
 */
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.ts';

const [dataDirectory = '', binaries] = process.argv.slice(2);

try {
  const log = { info() {}, warn() {} };
  const server = await startEmbeddedPostgres({ dataDirectory, log, binaries });

  const answers = async (): Promise<boolean> => {
    const client = new pg.Client(server.url);
    try {
      await client.connect();
      await client.query('select 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  };

  // As a server does on Ctrl-C: it still finishes what is under way, and stops its database last.
  process.once('SIGINT', async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.send?.({ answersAfterInterrupt: await answers() });
    await server.stop();
    process.exit(0);
  });
  process.on('message', async (message) => {
    if (message === 'stop') {
      await server.stop();
      process.send?.({ stopped: true });
    }
    process.disconnect();
  });
  process.send?.({
    url: server.url,
    ownerUrl: server.ownerUrl,
    adopted: server.adopted,
    firstStart: server.firstStart,
    home: server.home,
  });
} catch (error) {
  process.send?.({ error: String(error) });
  process.disconnect();
}
