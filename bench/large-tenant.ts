/**
 * A large tenant for benches: 100,000 nodes ten levels deep (2 % of them inactive), 100,000 users, 300,000 assignments of 100
 * roles, of which everybody holds `member` at the root. Triggers are set aside: it has no history of access (then.ts makes one).
 */
import type { NewTenant } from '../src/domain/setup/create-tenant.ts';
import { type Database, rows } from '../src/platform/database.ts';

const size = { nodes: 100_000, users: 100_000, assignments: 300_000, roles: 100, capabilities: 200 };

/** Ids are made of a number, so that the statements below can name a row without looking for it. */
const fill = `
  create function pg_temp.made(kind text, n bigint) returns uuid language sql immutable as
    $$ select overlay(overlay(md5(kind || n) placing '4' from 13) placing '8' from 17)::uuid $$;

  insert into org_nodes (id, tenant_id, parent_id, type, name, active)
  select pg_temp.made('node', n), :tenantId,
         case when n = 1 then :rootNodeId else pg_temp.made('node', greatest(1, (n - 1) * 10 / 32)) end,
         'branch', 'Branch ' || n, n < 50 or n % 50 <> 0
    from generate_series(1, :nodes - 1) n;

  insert into org_node_paths (tenant_id, ancestor_id, descendant_id, depth)
  with recursive path as (
    select id as ancestor_id, id as descendant_id, 0 as depth from org_nodes where id <> :rootNodeId
    union all
    select n.parent_id, p.descendant_id, p.depth + 1
      from path p join org_nodes n on n.id = p.ancestor_id
     where n.parent_id is not null
  )
  select :tenantId, ancestor_id, descendant_id, depth from path;

  insert into users (id, tenant_id, email, full_name)
  select pg_temp.made('user', n), :tenantId, 'person-' || n || '@example.test', 'Person ' || n
    from generate_series(1, :users) n;

  insert into roles (id, tenant_id, name)
  select pg_temp.made('role', n), :tenantId, 'Role ' || n from generate_series(1, :roles) n;

  insert into capabilities (id, key)
  select pg_temp.made('capability', n), 'part' || n % 20 || '.do' || n from generate_series(1, :capabilities) n;

  -- Ten capabilities a role; member alone carries the first.
  insert into role_capabilities (tenant_id, role_id, capability_id)
  select :tenantId, pg_temp.made('role', r), pg_temp.made('capability', 2 + (r * 17 + k * 23) % (:capabilities - 1))
    from generate_series(1, :roles) r, generate_series(1, 10) k
      on conflict do nothing;
  insert into role_capabilities (tenant_id, role_id, capability_id)
  values (:tenantId, :memberRoleId, pg_temp.made('capability', 1));

  -- Of the others one in ten has ended and one in ten is to come.
  insert into org_assignments (id, tenant_id, user_id, role_id, org_node_id, starts_at, ends_at)
  select pg_temp.made('assignment', n), :tenantId, pg_temp.made('user', 1 + n % :users),
         case when n <= :users then :memberRoleId else pg_temp.made('role', 1 + hashint8(n)::bigint % 50 + 50) end,
         case when n <= :users then :rootNodeId   else pg_temp.made('node', 1 + abs(hashint8(n + 7)::bigint) % (:nodes - 1)) end,
         case when n <= :users or n % 10 <> 1 then now() - interval '1 year' else now() + interval '1 year' end,
         case when n > :users and n % 10 = 0 then now() - interval '1 day' when n % 3 = 0 then now() + interval '2 years' end
    from generate_series(1, :assignments) n
      -- Of a million some fall together.
      on conflict do nothing;`;

/** Row by row the tree's triggers and the foreign keys take minutes: they are set aside, and all is checked at the end. */
export async function withoutChecks(trx: Database, tables: string[], work: () => Promise<void>): Promise<void> {
  const references = await rows<{ tableName: string; name: string; definition: string }>(
    trx,
    `select conrelid::regclass::text as table_name, conname as name, pg_get_constraintdef(oid) as definition
       from pg_constraint
      where contype = 'f' and conrelid = any(:tables::text[]::regclass[])`,
    { tables },
  );
  for (const { tableName, name } of references) await trx.raw(`alter table ${tableName} drop constraint ${name}`);
  for (const table of tables) await trx.raw(`alter table ${table} disable trigger user`);
  await work();
  for (const table of tables) await trx.raw(`alter table ${table} enable trigger user`);
  for (const { tableName, name, definition } of references)
    await trx.raw(`alter table ${tableName} add constraint ${name} ${definition}`);
}

export async function fillLargeTenant(
  db: Database,
  { id: tenantId, rootNodeId, systemRoleIds }: Pick<NewTenant, 'id' | 'rootNodeId' | 'systemRoleIds'>,
  other: Partial<typeof size> = {},
): Promise<void> {
  const values = { tenantId, rootNodeId, memberRoleId: systemRoleIds.member, ...size, ...other };
  const tables = ['org_nodes', 'org_node_paths', 'users', 'role_capabilities', 'org_assignments'];
  await db.transaction(async (trx) => {
    await trx.raw('set local statement_timeout = 0');
    await withoutChecks(trx, tables, async () => {
      for (const statement of fill.split(/;\n/)) await trx.raw(statement, values);
    });
  });
  await db.raw('vacuum analyze');
}
