/** Several servers in one URL: which one the connections lead to, and that none stays with one that is the primary no more. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { createDatabase, type Database, isConnectionError } from '../../src/platform/database.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { type PostgresNode, type ReplicatedPostgres, startReplicatedPostgres } from '../support/replicated-postgres.ts';

describe('connections to the primary of several servers', () => {
  let servers: ReplicatedPostgres;
  let one: PostgresNode;
  let other: PostgresNode;
  const open = new Set<Database>();
  const lines: string[] = [];

  before(async () => {
    servers = await startReplicatedPostgres({ synchronous: false });
    [one, other] = servers.nodes as [PostgresNode, PostgresNode];
  });
  after(() => servers?.stop());
  afterEach(async () => {
    for (const db of open) await db.destroy();
    open.clear();
  });

  function connect(url: string): Database {
    const log = { warn: (text: string) => void lines.push(text), error() {} };
    const db = createDatabase({ url, poolMax: 3, acquireTimeoutMs: 60_000, log });
    open.add(db);
    return db;
  }

  const portOf = async (db: Database): Promise<number> =>
    (await db.raw(`select current_setting('port')::int as port`)).rows[0].port;
  const turned = (url: string): string => {
    const [, first, second] = /@([^,]+),([^/]+)/.exec(url) ?? [];
    return url.replace(`${first},${second}`, `${second},${first}`);
  };

  it('are found whichever place of the list it has', async () => {
    const url = servers.url();
    assert.notEqual(turned(url), url);
    for (const each of [url, turned(url)]) assert.equal(await portOf(connect(each)), one.port);
  });

  it('are found while another server hangs, and while one refuses', async () => {
    const hanging: Server = createServer(() => {});
    hanging.listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const { port } = hanging.address() as { port: number };
    const url = servers.url().replace('@', `@127.0.0.1:${port},127.0.0.1:${await freePort()},`);
    try {
      // As long as one waits for a server that hangs, all in all, is longer than this pool waits for a connection.
      const db = createDatabase({ url, poolMax: 1, acquireTimeoutMs: 60_000 });
      open.add(db);
      assert.equal(await portOf(db), one.port);
    } finally {
      hanging.close();
    }
  });

  it('do not lead to a standby, which the error names', async () => {
    const db = createDatabase({ url: servers.url([other]), poolMax: 1, acquireTimeoutMs: 60_000 });
    open.add(db);
    await assert.rejects(portOf(db), (error: Error & { code?: string }) => {
      assert.equal(error.code, '25006');
      assert.match(error.message, new RegExp(`^127.0.0.1:${other.port} takes no writes$`));
      return isConnectionError(error);
    });
    const none = connect(servers.url([other, other]));
    await assert.rejects(portOf(none), /^TakesNoWritesError|no server takes writes: .* \(takes no writes\)/);
    const looking = createDatabase({ url: servers.url([other]), anyServer: true, acquireTimeoutMs: 60_000 });
    open.add(looking);
    assert.equal(await portOf(looking), other.port);
  });

  it('say at once what does not come right by waiting', async () => {
    await assert.rejects(portOf(connect(servers.url().replace('of-a-test-alone', 'wrong'))), { code: '28P01' });
    await assert.rejects(portOf(connect(servers.url().replace('/gatehouse?', '/nowhere?'))), { code: '3D000' });
  });

  it('leave a primary that still answers when another one was promoted, also those that only read', async () => {
    const db = connect(servers.url());
    await db.raw('create table read (n int)');
    // All of its connections are there, and one is in the middle of its work.
    await Promise.all([portOf(db), portOf(db)]);
    const busy = assert.rejects(
      db.raw('select pg_sleep(14)').then(() => {}),
      (error: Error) => isConnectionError(error) && /is the primary now/.test(error.message),
    );
    await other.promote();
    await eventually(async () => (await portOf(db)) === other.port, 'it leads to the one promoted last');
    await busy;
    for (let n = 0; n < 6; n++) assert.deepEqual(await Promise.all([portOf(db), portOf(db)]), [other.port, other.port]);
    assert.ok(
      lines.some((line) => line.includes(`is 127.0.0.1:${other.port} now`)),
      lines.join(),
    );
    // Of two that call themselves primary, whoever comes new finds the later one.
    assert.equal(await portOf(connect(servers.url())), other.port);
  });

  it('do not go back to the earlier one while the later one is away, and return with it', async () => {
    const db = connect(servers.url());
    assert.equal(await portOf(db), other.port);
    await other.stop('SIGINT');
    await assert.rejects(portOf(db), (error) => isConnectionError(error));
    await assert.rejects(portOf(db), /is an earlier primary/);
    await other.start();
    assert.equal(await eventually(() => portOf(db).catch(() => undefined)), other.port);
  });

  it('leave no connection behind, and none that holds the process', async () => {
    for (const db of open) await db.destroy();
    open.clear();
    const admin = await other.admin();
    const left = async () =>
      (await admin.query(`select 1 from pg_stat_activity where application_name like 'gatehouse%'`)).rowCount === 0;
    await eventually(left, 'nobody is connected');
    await admin.end();
  });
});
