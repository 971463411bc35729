/** What is swept beside others who hold a row of it: nobody waits, so nobody waits in a circle; the rest goes. */
import assert from 'node:assert/strict';
import { purgeAuditEvents } from '../src/domain/audit/audit-upkeep.ts';
import { sweepCodes } from '../src/domain/codes/one-time-codes.ts';
import { sweepFederationRequests } from '../src/domain/methods/federation/federation-requests.ts';
import { findPayload } from '../src/domain/sessions/find-payload.ts';
import { sweepPayloads } from '../src/domain/sessions/payload-store.ts';
import { type ServiceToken, storeServiceToken } from '../src/domain/sessions/service-token-store.ts';
import { sweepSessions } from '../src/domain/sessions/sessions.ts';
import { sweepSignInFailures } from '../src/domain/sign-in/sign-in-failures.ts';
import { sweepRepeatedRequests } from '../src/management/repeated-requests.ts';
import { createDatabase, type Database, rows } from '../src/platform/database.ts';
import { newId } from '../src/platform/ids.ts';
import { inBatches } from '../src/platform/in-batches.ts';
import { sweepRateLimits } from '../src/platform/rate-limits.ts';
import { sha256 } from '../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { createTenant, createUser } from './support/factories.ts';

const longAgo = `now() - interval '1 year'`;
const hash = `sha256(i::text::bytea)`;

/** Three rows of each table whose time is over. */
const ended: Record<string, { sweep: (db: Database) => Promise<unknown>; insert: string }> = {
  oidc_payloads: {
    sweep: (db) => sweepPayloads(db),
    insert: `(model, id_hash, payload, expires_at) select 'AccessToken', ${hash}, 'sealed', ${longAgo}`,
  },
  otp_codes: {
    sweep: sweepCodes,
    insert: `(destination, channel, purpose, code_hash, expires_at, created_at)
             select 'ada@example.test', 'email', 'reset_password', ${hash}, ${longAgo}, ${longAgo}`,
  },
  sign_in_failures: {
    sweep: sweepSignInFailures,
    insert: `(subject_hash, failures, last_failed_at) select ${hash}, 1, ${longAgo}`,
  },
  rate_limits: {
    sweep: sweepRateLimits,
    insert: `(key, hits, window_ends_at) select 'swept:' || i, 1, ${longAgo}`,
  },
  federation_requests: {
    sweep: sweepFederationRequests,
    insert: `(provider_id, state_hash, browser_hash, sealed, expires_at)
             select (select id from identity_providers), ${hash}, ${hash}, 'sealed', ${longAgo}`,
  },
  user_sessions: {
    sweep: sweepSessions,
    insert: `(tenant_id, user_id, oidc_session_uid_hash, expires_at)
             select (select tenant_id from users), (select id from users), ${hash}, ${longAgo}`,
  },
  service_sessions: {
    sweep: sweepSessions,
    insert: `(client_id, jti, expires_at) select (select id from clients), i::text, ${longAgo}`,
  },
  idempotency_keys: {
    sweep: sweepRepeatedRequests,
    insert: `(actor_hash, key_hash, request_hash, expires_at) select ${hash}, ${hash}, ${hash}, ${longAgo}`,
  },
};

describe('sweeping', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 4, statementTimeoutMs: 5_000 });
    const { id: tenantId } = await createTenant(db);
    await createUser(db, { tenantId });
    await rows(db, `insert into identity_providers (key, name, issuer, client_id) values ('test', 'Test', 'x', 'x')`);
    await rows(db, `insert into clients (client_id, kind, name) values ('test', 'service', 'Test')`);
  });
  after(async () => {
    await db.destroy();
    await database.drop();
  });

  for (const [table, { sweep, insert }] of Object.entries(ended))
    it(`takes ended rows of ${table}, and leaves the one that somebody holds for the next time`, async () => {
      await rows(db, `insert into ${table} ${insert} from generate_series(1, 3) as i`);
      const count = async () => (await rows<{ n: number }>(db, `select count(*) as n from ${table}`))[0]?.n;
      await db.transaction(async (trx) => {
        await rows(trx, `select 1 from ${table} limit 1 for update`);
        await sweep(db);
        assert.equal(await count(), 1);
      });
      await sweep(db);
      assert.equal(await count(), 0);
    });

  it('goes on until nothing is left, a batch at a time, each on its own', async () => {
    await rows(db, `insert into oidc_payloads ${ended.oidc_payloads?.insert} from generate_series(1, 25) as i`);
    await rows(db, `insert into service_sessions ${ended.service_sessions?.insert} from generate_series(1, 2100) as i`);
    assert.equal(await sweepPayloads(db, { size: 10, milliseconds: 0 }), 10);
    assert.equal(await sweepPayloads(db, { size: 10 }), 15);
    await sweepSessions(db);
    assert.deepEqual(await rows(db, 'select id from service_sessions'), []);
  });

  it('waits for no end of a batch that fails: what went before it is gone', async () => {
    let asked = 0;
    const failing = inBatches(
      async (most) => {
        if (++asked === 3) throw new Error('the third');
        return most;
      },
      { size: 5 },
    );
    await assert.rejects(failing, /the third/);
    assert.equal(asked, 3);
  });

  it('holds up no token: they are stored and found while a batch is still under way', async () => {
    const [client] = await rows<{ id: string; clientId: string }>(db, `select id, client_id from clients`);
    const { clientId = '' } = client ?? {};
    await rows(db, `insert into oidc_payloads ${ended.oidc_payloads?.insert} from generate_series(1, 300) as i`);
    await rows(db, `insert into service_sessions ${ended.service_sessions?.insert} from generate_series(1, 300) as i`);
    const token = (n: number): ServiceToken => ({
      row: {
        model: 'ClientCredentials',
        idHash: sha256(`live ${n}`),
        payload: Buffer.from('sealed'),
        clientId,
        expiresAt: new Date(Date.now() + 3_600_000),
      },
      session: { id: newId(), jti: `live ${n}`, ip: null },
      auditRow: null,
    });
    await db.transaction(async (trx) => {
      assert.equal(await sweepPayloads(trx, { size: 100, milliseconds: 0 }), 100);
      await sweepSessions(trx);
      await sweepRateLimits(trx);
      for (let n = 0; n < 20; n++) assert.equal(await storeServiceToken(db, token(n)), true);
      assert.ok(await findPayload(db, 'ClientCredentials', sha256('live 7')));
      // Another process sweeps at the same time: it takes the others, and waits for none.
      assert.equal(await sweepPayloads(db), 200);
    });
    assert.deepEqual((await rows<{ n: number }>(db, 'select count(*) as n from oidc_payloads'))[0]?.n, 20);
  });

  it('takes old events tenant by tenant, each after its own time', async () => {
    const keeps = await createTenant(db);
    const plain = await createTenant(db);
    await rows(db, `update tenants set settings = settings || '{"auditRetentionDays": 400}' where id = ?`, [keeps.id]);
    for (const tenantId of [keeps.id, plain.id, null])
      await rows(
        db,
        `insert into audit_events (tenant_id, actor_type, action, occurred_at)
         select ?::uuid, 'system', 'swept.away', now() - make_interval(days => 100 * i - 1) from generate_series(1, 6) as i`,
        [tenantId],
      );
    const left = async () =>
      (
        await rows<{ n: number }>(
          db,
          `select count(*) as n from audit_events where action = 'swept.away' group by tenant_id
            order by tenant_id = ? desc nulls last, tenant_id`,
          [keeps.id],
        )
      ).map(({ n }) => n);
    const [first] = await rows<{ gone: number }>(db, 'select purge_audit_events(180, 3) as gone');
    assert.equal(first?.gone, 3);
    await purgeAuditEvents(db, 180);
    assert.deepEqual(await left(), [4, 1, 1]);
    await assert.rejects(rows(db, 'select purge_audit_events(0, 10)'), /at least 30 days/);
  });
});
