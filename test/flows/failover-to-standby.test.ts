/** A primary that is stopped, and one that is killed, under people who sign in: nothing that was acknowledged is lost. */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { type FailoverApp, startFailoverApp } from '../support/failover-app.ts';
import { type FailoverLoad, startFailoverLoad } from '../support/failover-load.ts';
import { type PostgresNode, type ReplicatedPostgres, startReplicatedPostgres } from '../support/replicated-postgres.ts';

describe('a failover to a standby', () => {
  let servers: ReplicatedPostgres;
  let gatehouse: FailoverApp;
  let load: FailoverLoad;
  let one: PostgresNode;
  let other: PostgresNode;

  before(async () => {
    servers = await startReplicatedPostgres();
    [one, other] = servers.nodes as [PostgresNode, PostgresNode];
    gatehouse = await startFailoverApp(servers.url());
    load = await startFailoverLoad(gatehouse.app);
  });
  after(async () => {
    await load?.stop();
    await gatehouse?.stop();
    await servers?.stop();
  });

  /** Everybody gets something again, of every kind. */
  async function goesOn(): Promise<void> {
    const before = { ...load.acknowledged };
    const kinds = Object.keys(before) as (keyof typeof before)[];
    await eventually(() => kinds.every((kind) => load.acknowledged[kind] > before[kind] + 2), 'all of them go on');
    assert.deepEqual(load.faults, []);
  }

  it('in an order, and back after a kill: 503 with Retry-After for a moment, and then it goes on', async () => {
    await goesOn();
    await one.stop('SIGINT');
    await other.promote();
    await goesOn();
    await one.follow(other);
    await one.start();
    await other.waitForStandby(true);
    await goesOn();
    await other.stop('SIGKILL');
    await one.promote();
    await goesOn();
  });

  it('loses nothing that was acknowledged, doubles no line, and no code is used twice', async () => {
    await load.stop();
    await load.verify();
    assert.deepEqual(load.faults, []);
    assert.ok(load.acknowledged.signIns > 0 && load.acknowledged.refreshes > 0 && load.acknowledged.serviceTokens > 0);
  });

  it('is told of by /readyz while nothing takes writes', async () => {
    await one.stop('SIGKILL');
    for (const { origin } of gatehouse.processes) {
      const answer = await fetch(`${origin}/readyz`);
      assert.equal(answer.status, 503);
      assert.deepEqual(await answer.json(), { status: 'unavailable', problems: ['database'] });
      const token = await fetch(`${origin}/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'x' }) });
      assert.notEqual(token.status, 500);
    }
  });
});
