import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer, type Socket } from 'node:net';
import Koa from 'koa';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { createHealth } from '../../../src/web/api/health.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type LoopbackServer, listen, send } from '../../support/loopback.ts';

const logger = createLogger({ level: 'silent' });

describe('health', () => {
  let database: TestDatabase;
  let db: Database;
  let server: LoopbackServer;
  let stopping = false;

  async function serve(
    forDatabase: Database,
    isStopping?: () => boolean,
    answerWithinMs?: number,
  ): Promise<LoopbackServer> {
    const app = new Koa();
    app.use(createHealth({ db: forDatabase, logger, isStopping, answerWithinMs }));
    app.use((ctx) => {
      ctx.body = 'next';
    });
    return listen(app);
  }

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 2 });
    server = await serve(db, () => stopping);
  });
  after(async () => {
    await server?.close();
    await db?.destroy();
    await database?.drop();
  });

  const ready = () => send(server, { path: '/readyz' });

  async function addKey(state: string): Promise<void> {
    await db.raw(
      `insert into signing_keys (kid, alg, state, public_jwk, private_jwk_sealed, activates_at)
       values (?, 'ES256', ?, '{}', '\\x00', now())`,
      [state, state],
    );
  }

  it('says that the process is alive, without asking the database', async () => {
    const answer = await send(server, { path: '/healthz' });
    assert.equal(answer.status, 200);
    assert.equal(answer.body, '{"status":"ok"}');
    assert.equal(answer.headers['cache-control'], 'no-store');
  });

  it('is not ready without a current signing key', async () => {
    await addKey('next');
    const answer = await ready();
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.deepEqual(JSON.parse(answer.body), { status: 'unavailable', problems: ['signing_key'] });
  });

  it('is ready with one', async () => {
    await addKey('current');
    const answer = await ready();
    assert.equal(answer.status, 200);
    assert.equal(answer.body, '{"status":"ok"}');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal((await send(server, { path: '/readyz', method: 'HEAD' })).status, 200);
  });

  it('is not ready while migrations are missing, and is where a newer version has migrated already', async () => {
    await db.raw(`insert into schema_migrations (name, batch, migration_time) values ('9999-future', 9, now())`);
    assert.equal((await ready()).status, 200);
    await db.raw(`delete from schema_migrations where name = '9999-future'`);
    const { rows } = await db.raw(
      'delete from schema_migrations where id = (select max(id) from schema_migrations) returning *',
    );
    assert.deepEqual(JSON.parse((await ready()).body).problems, ['migrations']);
    const [{ name, batch }] = rows;
    await db.raw('insert into schema_migrations (name, batch, migration_time) values (?, ?, now())', [name, batch]);
    assert.equal((await ready()).status, 200);
  });

  it('is not ready once it has been told to stop, and alive until the end', async () => {
    stopping = true;
    try {
      assert.deepEqual(JSON.parse((await ready()).body), { status: 'unavailable', problems: ['stopping'] });
      assert.equal((await send(server, { path: '/healthz' })).status, 200);
    } finally {
      stopping = false;
    }
  });

  it('answers GET and HEAD at these two addresses alone', async () => {
    assert.equal((await send(server, { path: '/readyz', method: 'POST' })).status, 405);
    assert.equal((await send(server, { path: '/readyz/x' })).body, 'next');
  });

  it('is not ready, and says so at once, when the database cannot be reached', async () => {
    const gone = createDatabase({ url: 'postgres://canary:canary@127.0.0.1:1/none' });
    const without = await serve(gone);
    try {
      const answer = await send(without, { path: '/readyz' });
      assert.equal(answer.status, 503);
      assert.deepEqual(JSON.parse(answer.body), { status: 'unavailable', problems: ['database'] });
      assert.equal((await send(without, { path: '/healthz' })).status, 200);
    } finally {
      await without.close();
      await gone.destroy();
    }
  });

  it('does not wait long for a database that says nothing, however many ask, and asks it once', async () => {
    const sockets: Socket[] = [];
    const silent = createTcpServer((socket) => void sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const mute = createDatabase({ url: `postgres://nobody@127.0.0.1:${port}/none`, poolMax: 5 });
    const without = await serve(mute, undefined, 100);
    try {
      const answers = await Promise.all([1, 2, 3, 4, 5].map(() => send(without, { path: '/readyz' })));
      assert.ok(mute.client.pool.numPendingCreates() > 0, 'before the driver gives up');
      for (const { status, body } of answers) {
        assert.equal(status, 503);
        assert.deepEqual(JSON.parse(body).problems, ['database']);
      }
      assert.equal(sockets.length, 1);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
      await without.close();
      await mute.destroy();
    }
  });
});
