import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import {
  createDatabase,
  type Database,
  isConnectionError,
  prepared,
  runPrepared,
} from '../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const one = prepared('test-one', 'select 1 as one');

/** Not one that waited for a connection in vain: the statement's own time is over. */
function givenUp(error: Error): boolean {
  assert.equal(isConnectionError(error), true, String(error));
  assert.match(error.message, /Query read timeout/);
  return true;
}

describe('a database that falls silent', () => {
  let database: TestDatabase;
  let network: Server;
  const sockets = new Set<Socket>();
  /** Of the connections that are there; those to come are heard again. */
  let cut: () => void;
  let db: Database;

  before(async () => {
    database = await createTestDatabase();
    const { hostname, port } = new URL(database.url);
    const open = new Set<[Socket, Socket]>();
    cut = () => {
      for (const [near, far] of open) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    };
    network = createServer((near) => {
      const far = connect({ host: hostname, port: Number(port) });
      open.add([near, far]);
      for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
      near.pipe(far);
      far.pipe(near);
    }).listen(0, '127.0.0.1');
    await once(network, 'listening');
    const url = new URL(database.url);
    url.port = String((network.address() as AddressInfo).port);
    const log = { warn() {}, error() {} };
    db = createDatabase({ url: url.href, poolMax: 1, answerTimeoutMs: 1_500, log });
  });
  after(async () => {
    await db?.destroy();
    for (const socket of sockets) socket?.destroy();
    network?.close();
    await database?.drop();
  });

  const ways: [string, () => Promise<unknown>][] = [
    ['a query', () => db.raw('select 1')],
    ['a prepared statement', () => runPrepared(db, one, [])],
    ['a transaction', () => db.transaction(async (trx) => trx.raw('select 1'))],
  ];
  for (const [what, ask] of ways) {
    it(`is told of within the time that ${what} may take, and asked anew`, async () => {
      await ask();
      cut();
      await assert.rejects(ask(), givenUp);
      await ask();
    });
  }

  it('is given up by all who wait, in the middle of a transaction too', async () => {
    const middle = db.transaction(async (trx) => {
      await trx.raw('select 1');
      cut();
      await trx.raw('select 1');
    });
    await assert.rejects(middle, (error) => isConnectionError(error));
    assert.equal((await db.raw('select 1 as one')).rows[0].one, 1);
  });

  it('is not taken for one that is asked nothing, whatever it answered before', async () => {
    const idle = createDatabase({ url: database.url, poolMax: 1, answerTimeoutMs: 300 });
    try {
      const session = async () => (await idle.raw('select pg_backend_pid() as pid')).rows[0].pid;
      const before = await session();
      await assert.rejects(idle.raw('select 1/0'), /division by zero/);
      await assert.rejects(runPrepared(idle, prepared('test-zero', 'select 1/$1::int'), [0]), /division by zero/);
      await runPrepared(idle, one, []);
      await idle.transaction(async (trx) => Promise.all([trx.raw('select 1'), trx.raw('select 2')]));
      await new Promise((resolve) => setTimeout(resolve, 700));
      assert.equal(await session(), before);
    } finally {
      await idle.destroy();
    }
  });

  it('is not taken for one that answers slowly', async () => {
    await db.raw('select pg_sleep(0.2)');
    const patient = createDatabase({ url: database.url, poolMax: 1, statementTimeoutMs: 1_000 });
    try {
      await assert.rejects(patient.raw('select pg_sleep(120)'), (error) => isConnectionError(error));
      assert.equal((await patient.raw('select 1 as one')).rows[0].one, 1);
    } finally {
      await patient.destroy();
    }
  });
});
