/**
 * How many rows in a second PostgreSQL reads, indexes, writes anew and changes: what `gatehouse migrate --plan` reckons with
 * (src/platform/migration-plan/plan-migrations.ts). A table as wide as `users`, on a server that syncs what it writes. Run
 * `node bench/migration-rates.ts [rows]`; default a million.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres/embedded-postgres.ts';

const count = Number(process.argv[2] ?? 1_000_000);

const statements = {
  read: 'alter table wide add constraint wide_named check (full_name is not null)',
  index: 'create index wide_email_idx on wide (tenant_id, email)',
  rewrite: 'alter table wide add column later uuid default gen_random_uuid()',
  change: `update wide set state = 'inactive'`,
};

const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
await chmod(directory, 0o711);
const server = await startEmbeddedPostgres({ dataDirectory: directory, log: { info() {}, warn() {} } });
const client = new pg.Client({ connectionString: server.ownerUrl });
try {
  await client.connect();
  await client.query(`create table wide (
    id uuid primary key, tenant_id uuid not null, email text not null, full_name text not null, state text not null,
    metadata jsonb not null, created_at timestamptz not null, updated_at timestamptz not null)`);
  await client.query(
    `insert into wide
     select gen_random_uuid(), gen_random_uuid(), 'person' || n || '@example.com', 'Person Number ' || n, 'active',
            '{"theme": "dark"}', now(), now()
       from generate_series(1, $1::integer) n`,
    [count],
  );
  await client.query('vacuum analyze wide');
  for (const [work, sql] of Object.entries(statements)) {
    const start = performance.now();
    await client.query(sql);
    const seconds = (performance.now() - start) / 1000;
    console.log(
      `${work.padEnd(8)} ${seconds.toFixed(1)} s, ${Math.round(count / seconds).toLocaleString('en')} rows a second`,
    );
  }
} finally {
  await client.end();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
