/** What is swept beside others who hold a row of it: nobody waits, so nobody waits in a circle; the rest goes. */
import assert from 'node:assert/strict';
import { sweepCodes } from '../src/domain/codes/one-time-codes.ts';
import { sweepFederationRequests } from '../src/domain/methods/federation/federation-requests.ts';
import { sweepPayloads } from '../src/domain/sessions/payload-store.ts';
import { sweepSessions } from '../src/domain/sessions/sessions.ts';
import { sweepSignInFailures } from '../src/domain/sign-in/sign-in-failures.ts';
import { sweepRepeatedRequests } from '../src/management/repeated-requests.ts';
import { createDatabase, type Database, rows } from '../src/platform/database.ts';
import { sweepRateLimits } from '../src/platform/rate-limits.ts';
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
});
