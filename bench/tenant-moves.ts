/**
 * What it takes to move a tenant: as many nodes as people, twice as many assignments, their past, a password each and three events each.
 * By the commands themselves: seconds by the clock, seconds of processor and the most memory of the process, and bytes of the
 * file. Run it with `node bench/tenant-moves.ts [people]`; 100,000 unless it says otherwise.
 */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { createTenant } from '../src/domain/setup/create-tenant.ts';
import { type Database, rows } from '../src/platform/database.ts';
import { type CommandBench, createBench, spawnGatehouse } from '../test/commands/run-gatehouse.ts';
import { mochaGlobalTeardown } from '../test/support/cluster.ts';
import { fillLargeTenant } from './large-tenant.ts';
import { processorSeconds, residentMebibytes } from './processor-time.ts';

const people = Number(process.argv[2] ?? 100_000);

/** Two versions of a third of the assignments, as if they had been changed; one of everything else. */
const past = `
  insert into users_history (id, tenant_id, state, valid_from)
  select id, tenant_id, state, now() - interval '400 days' from users where tenant_id = :tenantId;
  insert into org_nodes_history (id, tenant_id, parent_id, type, name, active, valid_from)
  select id, tenant_id, parent_id, type, name, active, now() - interval '400 days'
    from org_nodes where tenant_id = :tenantId and parent_id is not null;
  insert into org_assignments_history (id, tenant_id, user_id, role_id, org_node_id, starts_at, ends_at, assigned_by, created_at, valid_from)
  select id, tenant_id, user_id, role_id, org_node_id, starts_at, ends_at, assigned_by, created_at, now() - interval '30 days'
    from org_assignments where tenant_id = :tenantId;
  insert into org_assignments_history
         (id, tenant_id, user_id, role_id, org_node_id, starts_at, ends_at, assigned_by, created_at, valid_from, valid_to)
  select id, tenant_id, user_id, role_id, org_node_id, starts_at, now() + interval '1 day', assigned_by, created_at,
         now() - interval '400 days', now() - interval '30 days'
    from org_assignments where tenant_id = :tenantId and hashtextextended(id::text, 9) % 3 = 0;
  insert into user_identities (id, tenant_id, user_id, provider, issuer, subject, password_hash)
  select gen_random_uuid(), tenant_id, id, 'password', '', id,
         '$argon2id$v=19$m=1024,t=2,p=1$' || repeat('a', 22) || '$' || repeat('b', 43)
    from users where tenant_id = :tenantId;
  insert into audit_events (id, tenant_id, actor_type, actor_id, action, entity_type, entity_id, payload, occurred_at)
  select gen_random_uuid(), u.tenant_id, 'user', u.id, 'login.succeeded', 'session', u.id,
         '{"method": "password", "client": "app"}', now() - n * interval '10 minutes'
    from users u cross join generate_series(1, 3) n
   where u.tenant_id = :tenantId`;

interface Measured {
  seconds: number;
  processor: number;
  /** Of the connections that it opened. */
  database: number;
  mebibytes: number;
}

/** Of each connection to the database, what it has spent so far. */
async function spent(db: Database, seen: Map<number, number>): Promise<void> {
  const found = await rows<{ pid: number }>(db, 'select pid from pg_stat_activity where datname = current_database()');
  for (const { pid } of found) seen.set(pid, processorSeconds(pid));
}

const total = (seen: Map<number, number>) => [...seen.values()].reduce((sum, seconds) => sum + seconds, 0);

async function measured(words: string[], { db, environment }: CommandBench): Promise<Measured> {
  const seen = new Map<number, number>();
  await spent(db, seen);
  const before = total(seen);
  const began = performance.now();
  const child = spawnGatehouse(words, environment);
  const pid = child.pid as number;
  let [processor, mebibytes] = [0, 0];
  const watch = setInterval(() => {
    spent(db, seen).catch(() => undefined);
    try {
      processor = Math.max(processor, processorSeconds(pid));
      mebibytes = Math.max(mebibytes, residentMebibytes(pid));
    } catch {
      // It has just ended.
    }
  }, 500);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  const [code] = await once(child, 'close');
  clearInterval(watch);
  if (code !== 0) throw new Error(said);
  return { seconds: (performance.now() - began) / 1000, processor, database: total(seen) - before, mebibytes };
}

function show(what: string, { seconds, processor, database, mebibytes }: Measured): void {
  console.log(
    `| ${what} | ${seconds.toFixed(1)} s | ${processor.toFixed(1)} s | ${database.toFixed(1)} s | ${mebibytes.toFixed(0)} MiB |`,
  );
}

async function fill(db: Database): Promise<void> {
  const tenant = await createTenant(db, { slug: 'large', name: 'Large' }, systemCaller);
  const size = { nodes: people, users: people, assignments: 2 * people };
  await fillLargeTenant(db, tenant, size);
  await db.transaction(async (trx) => {
    await trx.raw('set local statement_timeout = 0');
    for (const statement of past.split(/;\n/)) await trx.raw(statement, { tenantId: tenant.id });
  });
  await db.raw('vacuum analyze');
}

async function run(): Promise<void> {
  const movesTo = 'http://localhost:4999';
  const from = await createBench();
  const to = await createBench({ ISSUER: movesTo });
  try {
    await fill(from.db);
    const key = (await to.run('tenants import-key')).stdout.trim();
    const file = join(from.directory, 'large.age');
    console.log(`${people} people\n| | clock | processor | of the database | memory |\n|---|---|---|---|---|`);
    const out = ['tenants', 'export', 'large', '--moves-to', movesTo, '--to', key, '--output', file];
    show('export', await measured(out, from));
    console.log(`| file | ${((await stat(file)).size / 2 ** 20).toFixed(0)} MiB | | | |`);
    show('import', await measured(['tenants', 'import', file], to));
    show('import again', await measured(['tenants', 'import', file], to));
    show('resume', await measured(['tenants', 'resume', 'large'], to));
    show('take-back', await measured(['tenants', 'take-back', 'large'], from));
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}

// The connections of the test server keep no process alive.
const alive = setInterval(() => {}, 1000);
try {
  await run();
} finally {
  await mochaGlobalTeardown();
  clearInterval(alive);
}
