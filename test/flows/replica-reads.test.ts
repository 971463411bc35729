/** A server with a replica: what is read there, that whoever changed something sees it, and that what was revoked is so at once. */
import assert from 'node:assert/strict';
import { checkReplicas } from '../../src/checks/replica-check.ts';
import type { TestApp } from '../support/app.ts';
import { type AuthzenScene, action, createAuthzenFixture, record } from '../support/authzen.ts';
import { basic, post } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { startAppOn } from '../support/failover-app.ts';
import { freePort } from '../support/free-port.ts';
import { type Ask, askAsService } from '../support/management.ts';
import { type PostgresNode, type ReplicatedPostgres, startReplicatedPostgres } from '../support/replicated-postgres.ts';

describe('a server with a replica', () => {
  let servers: ReplicatedPostgres;
  let standby: PostgresNode;
  let app: TestApp;
  let ask: Ask;
  let tenantId: string;
  let scene: AuthzenScene;

  before(async () => {
    servers = await startReplicatedPostgres({ synchronous: false });
    standby = servers.nodes[1] as PostgresNode;
    app = await startAppOn(servers.url(), {
      env: {
        DATABASE_REPLICA_URL: servers.url([standby]).replace('read-write', 'any'),
        // Long for a machine that is busy with other things.
        DATABASE_REPLICA_MAX_LAG_MS: '5000',
      },
    });
    scene = (await createAuthzenFixture(app)).ours;
    tenantId = scene.tenantId;
    ask = await askAsService(app, { tenantId, capabilities: ['audit.read', 'users.manage', 'users.read'] });
  });
  after(async () => {
    await app?.stop();
    await servers?.stop();
  });

  async function onStandby(sql: string): Promise<void> {
    const admin = await standby.admin();
    await admin.query(sql);
    await admin.end();
  }

  async function count(read: string, from: string): Promise<number> {
    const text = await app.server.metrics.registry.metrics();
    const line = new RegExp(`^gatehouse_db_replica_reads_total\\{read="${read}",from="${from}"\\} (\\d+)$`, 'm');
    return Number(line.exec(text)?.[1] ?? 0);
  }

  const subjects = () =>
    scene.ask('search/subject', { subject: { type: 'user' }, action: action('read'), resource: record('record-1') });
  const trail = async (query = '') => (await ask('GET', `/audit-events${query}`)).body.items as { entity_id: string }[];
  const makePerson = async (n: number): Promise<string> => {
    const body = { email: `read${n}@example.test`, full_name: `Read ${n}` };
    const made = await ask('POST', '/users', body);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body.id;
  };

  it('has searches and the trail read there', async () => {
    await eventually(async () => {
      assert.equal((await subjects()).body.results.length, 2);
      await trail();
      return (await count('authzen_search', 'replica')) > 0 && (await count('audit', 'replica')) > 0;
    }, 'both went to the replica');
    const lag = /^gatehouse_db_replica_lag_seconds\{replica="127\.0\.0\.1:\d+"\} \d/m;
    await eventually(async () => lag.test(await app.server.metrics.registry.metrics()), 'its lag is told');
  });

  it('shows whoever changed something their change, also while the replica is behind', async () => {
    for (let n = 0; n < 5; n++) {
      const id = await makePerson(n);
      assert.ok(
        (await trail()).some((event) => event.entity_id === id),
        `change ${n}`,
      );
    }
    await onStandby('select pg_wal_replay_pause()');
    try {
      const id = await makePerson(5);
      assert.ok((await trail()).some((event) => event.entity_id === id));
      const exported = await ask('POST', '/audit-events/export', { format: 'ndjson' });
      assert.equal(exported.status, 200);
      assert.ok(exported.body.includes(id), 'an export has all that was before it');
    } finally {
      await onStandby('select pg_wal_replay_resume()');
    }
  });

  it('asks the primary who may do something: what was revoked is so while the replica stands still', async () => {
    const service = await app.service({ tenantId, capabilities: ['audit.read'] });
    const form = { grant_type: 'client_credentials', resource: `${app.issuer}/api/v1`, scope: 'audit.read' };
    const { body } = await post(`${app.issuer}/token`, form, basic(service));
    const bearer = { authorization: `Bearer ${body.access_token}` };
    const list = () => fetch(`${app.issuer}/api/v1/audit-events`, { headers: bearer });
    await eventually(async () => {
      assert.equal((await list()).status, 200);
      return (await count('audit', 'replica')) > 0;
    });
    await onStandby('select pg_wal_replay_pause()');
    try {
      await post(`${app.issuer}/revoke`, { token: body.access_token }, basic(service));
      assert.equal((await list()).status, 401);
    } finally {
      await onStandby('select pg_wal_replay_resume()');
    }
  });

  it('says by doctor how far it is behind, and what is wrong with others', async () => {
    const states = async (url: string, maxLagMs = 5_000) => {
      const database = { ...app.config.database, replicaUrl: url, replicaMaxLagMs: maxLagMs };
      const [check] = await checkReplicas({ db: app.db, config: { ...app.config, database } });
      return `${check?.status} ${check?.detail}`;
    };
    const url = app.config.database.replicaUrl as string;
    assert.match(await states(url), /^ok 127\.0\.0\.1:\d+ follows within \d+ ms$/);
    const both = servers.url().replace('read-write', 'any');
    assert.match(await states(both), /^warn \S+ is no standby; \S+ follows within/);
    const away = url.replace(String(standby.port), String(await freePort()));
    assert.match(await states(away), /^warn \S+ does not answer: /);
    await onStandby('select pg_wal_replay_pause()');
    try {
      await makePerson(6);
      assert.match(await states(url, 50), /^warn \S+ is further behind than DATABASE_REPLICA_MAX_LAG_MS$/);
    } finally {
      await onStandby('select pg_wal_replay_resume()');
    }
    assert.deepEqual(
      await checkReplicas({
        db: app.db,
        config: { ...app.config, database: { ...app.config.database, replicaUrl: undefined } },
      }),
      [],
    );
  });

  it('answers as before when the replica is gone', async () => {
    await standby.stop('SIGKILL');
    for (let n = 0; n < 5; n++) {
      assert.equal((await subjects()).status, 200);
      const id = await makePerson(10 + n);
      assert.ok((await trail()).some((event) => event.entity_id === id));
    }
    const text = await app.server.metrics.registry.metrics();
    assert.match(text, /from="primary_(?:failed|behind)"/);
  });
});
