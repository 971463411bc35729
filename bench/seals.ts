/**
 * How long the trail takes to be sealed, and to be verified against its seals: `node bench/seals.ts --events 10000000`. Events of
 * ten days in four tenants, on a PostgreSQL of its own in the temporary folder. The indexes that neither needs are left out, so
 * that it is filled sooner; one event is changed in the end, which has to be found.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sealAudit } from '../src/domain/seals/seal-events.ts';
import { verifyTrail } from '../src/domain/seals/verify-trail.ts';
import { migrateToLatest } from '../src/platform/apply-migrations.ts';
import { createDatabase, type Database } from '../src/platform/database.ts';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres/embedded-postgres.ts';
import { createSecrets } from '../src/platform/secrets.ts';

const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' } } });
const count = Number(values.events);
const tenants = 4;
const days = 10;
const atOnce = 100_000;

async function fill(db: Database): Promise<void> {
  for (const index of ['entity', 'actor', 'request', 'action', 'locked_out'])
    await db.raw(`drop index if exists audit_events_${index}_idx`);
  for (let from = 0; from < count; from += atOnce)
    await db.raw(
      `insert into audit_events (id, tenant_id, actor_type, actor_id, action, entity_type, entity_id, ip, user_agent, request_id,
                                 payload, occurred_at)
       select overlay(md5('event' || n) placing '7' from 13)::uuid, md5('tenant' || n % :tenants::integer)::uuid, 'user',
              md5('user' || n % 5000)::uuid::text, 'login.succeeded', 'user', md5('user' || n % 5000)::uuid::text,
              '192.0.2.1'::inet + (n % 200),
              'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
              md5('request' || n), jsonb_build_object('amr', jsonb_build_array('pwd'), 'acr', 'urn:gatehouse:pwd',
                                                      'clientId', 'portal', 'sessionId', md5('session' || n)::uuid),
              date_trunc('hour', now()) - interval '1 day' * :days::integer + interval '1 second' * (86400.0 * :days::integer * n / :count::bigint)
         from generate_series(:from::bigint, least(:from::bigint + :atOnce::bigint, :count::bigint) - 1) n`,
      { from, count, tenants, days, atOnce },
    );
  await db.raw('vacuum analyze audit_events');
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const used = process.cpuUsage(before);
  const seconds = (performance.now() - began) / 1000;
  const own = (used.user + used.system) / 1e6;
  console.log(
    `${what.padEnd(28)} ${seconds.toFixed(1)} s, of it ${own.toFixed(1)} s of this process; ${Math.round(count / seconds)} events a second`,
  );
  return result;
}

async function run(db: Database): Promise<void> {
  const secrets = createSecrets(['a-key-for-measuring-that-is-long-enough']);
  await timed('filled', () => fill(db));
  await timed('sealed', () => sealAudit(db, secrets, { milliseconds: 86_400_000 }));
  await db.raw('vacuum analyze audit_seals');
  await db.raw('vacuum analyze audit_leaves');
  const whole = await timed('verified', () => verifyTrail(db, secrets, { retentionDays: 180 }));
  if (whole.faults.length > 0 || whole.events < count * 0.99) throw new Error(JSON.stringify(whole));
  const [{ id }] = (
    await db.raw(`select id from audit_events order by occurred_at desc offset ${Math.floor(count / 100)} limit 1`)
  ).rows;
  await db.raw('alter table audit_events disable trigger user');
  await db.raw(`update audit_events set entity_id = 'forged' where id = ?`, [id]);
  const found = await timed('verified, one changed', () => verifyTrail(db, secrets, { retentionDays: 180 }));
  console.log(`the changed event is ${found.faults[0]?.eventId === id ? 'found' : 'NOT FOUND'}`);
  const size = async (table: string) =>
    (await db.raw(`select pg_total_relation_size('${table}') as bytes`)).rows[0].bytes;
  console.log(`leaves: ${Math.round((await size('audit_leaves')) / count)} bytes an event`);
}

const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
const server = await startEmbeddedPostgres({ dataDirectory: directory, log: { info() {}, warn() {} }, durable: false });
const db = createDatabase({ url: server.ownerUrl, poolMax: 4, statementTimeoutMs: 900_000 });
try {
  await migrateToLatest(db);
  await run(db);
} finally {
  await db.destroy();
  await server.stop();
  await rm(server.home, { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
}
