/** Reads by real standbys: how old an answer may be, and what happens when one is behind, hangs or is gone. */
import assert from 'node:assert/strict';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { createReads, type ReadFrom, type Reads } from '../../src/platform/replicas.ts';
import { eventually } from '../support/eventually.ts';
import { type PostgresNode, type ReplicatedPostgres, startReplicatedPostgres } from '../support/replicated-postgres.ts';

/** Long for a machine that is busy with other things. */
const maxLagMs = 2_000;

describe('reads from replicas', () => {
  let servers: ReplicatedPostgres;
  let primary: PostgresNode;
  let standby: PostgresNode;
  let db: Database;
  let reads: Reads;
  const went: ReadFrom[] = [];
  const lines: string[] = [];
  const log = { warn: (text: string) => void lines.push(text), error() {} };

  before(async () => {
    servers = await startReplicatedPostgres({ synchronous: false });
    [primary, standby] = servers.nodes as [PostgresNode, PostgresNode];
    db = createDatabase({ url: servers.url([primary]), poolMax: 4, acquireTimeoutMs: 60_000 });
    await db.raw('create table written (n int primary key)');
    reads = open(servers.url([standby]));
  });
  after(async () => {
    await reads?.close();
    await db?.destroy();
    await servers?.stop();
  });

  function open(url: string, lag = maxLagMs): Reads {
    const onRead = (_what: string, from: ReadFrom) => void went.push(from);
    return createReads({ url: url.replace('read-write', 'any'), primary: db, maxLagMs: lag, log, onRead });
  }

  const portOf = async (from: Database): Promise<number> =>
    (await from.raw(`select current_setting('port')::int as port`)).rows[0].port;
  const has = (n: number) => async (from: Database) =>
    (await from.raw('select 1 from written where n = ?', [n])).rows.length === 1;
  const usesReplica = () =>
    eventually(async () => (await reads.recent('port', portOf)) === standby.port, 'the replica is read');

  async function onStandby(sql: string): Promise<void> {
    const admin = await standby.admin();
    await admin.query(sql);
    await admin.end();
  }

  it('go there as soon as it is known how far behind it is, and say so', async () => {
    await usesReplica();
    assert.equal(went.at(-1), 'replica');
    assert.ok(went.includes('primary_behind'), 'nothing was known of it at first');
  });

  it('miss nothing that was committed before, where they must not', async () => {
    went.length = 0;
    for (let n = 0; n < 50; n++) {
      await db('written').insert({ n });
      assert.equal(await reads.current('written', has(n)), true, `${n} was written`);
    }
    await eventually(async () => {
      await reads.current('port', portOf);
      return went.includes('replica');
    }, 'some of them went to the replica');
  });

  it('see what was written although the replica is behind: the primary is asked, in the same call', async () => {
    await usesReplica();
    await onStandby('select pg_wal_replay_pause()');
    try {
      await db('written').insert({ n: 1_000 });
      assert.equal(await reads.current('written', has(1_000)), true);
      assert.equal(went.at(-1), 'primary_behind');
      assert.equal(await has(1_000)(standbyOnly()), false, 'the replica does not have it');
      // Where a moment is allowed, no answer is older than that.
      const since = performance.now();
      await eventually(async () => {
        const begun = performance.now();
        const found = await reads.recent('written', has(1_000));
        assert.ok(found || begun - since <= maxLagMs, 'an answer was older than it may be');
        return found;
      }, 'the primary is asked');
      assert.equal(went.at(-1), 'primary_behind');
    } finally {
      await onStandby('select pg_wal_replay_resume()');
    }
    await usesReplica();
  });

  function standbyOnly(): Database {
    const own = createDatabase({ url: servers.url([standby]), anyServer: true, acquireTimeoutMs: 60_000 });
    opened.push(own);
    return own;
  }
  const opened: Database[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.destroy();
  });

  it('are answered while the replica hangs', async () => {
    await usesReplica();
    standby.freeze();
    try {
      await eventually(async () => {
        assert.equal(await reads.recent('port', async (from) => (await portOf(from)) > 0), true);
        return went.at(-1) === 'primary_behind';
      }, 'it is left alone');
      assert.equal(await reads.current('port', portOf), primary.port);
    } finally {
      standby.thaw();
    }
    await usesReplica();
  });

  it('are answered when the replica dies in the middle of one', async () => {
    await usesReplica();
    let begun = 0;
    const answer = reads.recent('sleep', async (from) => {
      begun += 1;
      if (begun === 1) setImmediate(() => void standby.stop('SIGKILL'));
      return (await from.raw(`select pg_sleep(?), current_setting('port')::int as port`, [begun === 1 ? 60 : 0]))
        .rows[0].port;
    });
    assert.equal(await answer, primary.port);
    assert.equal(went.at(-1), 'primary_failed');
    for (let n = 0; n < 10; n++) assert.equal(await reads.recent('port', portOf), primary.port);
    await standby.start();
    await usesReplica();
  });

  it('hand on what is wrong with the question itself', async () => {
    await usesReplica();
    await assert.rejects(
      reads.recent('fault', (from) => from.raw('select nothing')),
      { code: '42703' },
    );
  });

  it('never go to what is no standby of this cluster, or is promoted', async () => {
    const others = await startReplicatedPostgres({ synchronous: false });
    const wrong = open(servers.url([primary]));
    const foreign = open(others.url([others.nodes[1] as PostgresNode]));
    try {
      for (const [which, words] of [
        [wrong, /is no standby/],
        [foreign, /is of another cluster or database/],
      ] as const) {
        await eventually(async () => {
          assert.equal(await which.recent('port', portOf), primary.port);
          return lines.some((line) => words.test(line));
        }, 'it is refused');
        for (let n = 0; n < 5; n++) assert.equal(await which.current('port', portOf), primary.port);
      }
    } finally {
      await Promise.all([wrong.close(), foreign.close()]);
      await others.stop();
    }
    await usesReplica();
    await standby.promote();
    // What it holds since then is no past of the primary.
    await eventually(async () => (await reads.recent('port', portOf)) === primary.port, 'it is read no more');
  });
});
