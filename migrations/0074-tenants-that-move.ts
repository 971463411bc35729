import type { Knex } from 'knex';

/** A version of the past, and the columns that must not be of another tenant. */
interface Version {
  table: string;
  columns: string;
  /** The column that says whose it is. */
  tenant: string;
  refersTo: readonly (readonly [column: string, table: string])[];
}

const user = ['user_id', 'users'] as const;
const node = ['org_node_id', 'org_nodes'] as const;
const role = ['role_id', 'roles'] as const;

const versions: readonly Version[] = [
  { table: 'tenants_history', columns: 'id, state', tenant: 'id', refersTo: [] },
  { table: 'users_history', columns: 'id, tenant_id, state', tenant: 'tenant_id', refersTo: [['id', 'users']] },
  {
    table: 'org_nodes_history',
    columns: 'id, tenant_id, parent_id, type, name, active',
    tenant: 'tenant_id',
    refersTo: [
      ['id', 'org_nodes'],
      ['parent_id', 'org_nodes'],
    ],
  },
  { table: 'roles_history', columns: 'id, tenant_id, name', tenant: 'tenant_id', refersTo: [['id', 'roles']] },
  {
    table: 'role_capabilities_history',
    columns: 'tenant_id, role_id, capability_id, granted_at, granted_by',
    tenant: 'tenant_id',
    refersTo: [role],
  },
  {
    table: 'org_assignments_history',
    columns: 'id, tenant_id, user_id, role_id, org_node_id, starts_at, ends_at, assigned_by, created_at',
    tenant: 'tenant_id',
    refersTo: [['id', 'org_assignments'], user, role, node],
  },
  {
    table: 'visibility_grants_history',
    columns: 'id, tenant_id, user_id, org_node_id, access_scope, starts_at, ends_at, granted_by',
    tenant: 'tenant_id',
    refersTo: [['id', 'visibility_grants'], user, node],
  },
];

/** A row that is of another tenant now, or was. */
const isOfAnother = ([column, table]: readonly [string, string]) => `
             and not exists (select from ${table} t where t.id = r.${column} and t.tenant_id <> tenant)
             and not exists (select from ${table}_history t where t.id = r.${column} and t.tenant_id <> tenant)`;

const received = ({ table, columns, tenant, refersTo }: Version) => `
      when '${table}' then
        insert into ${table} (${columns}, valid_from, valid_to)
        select ${columns.replaceAll(/\w+/g, 'r.$&')}, r.valid_from,
               coalesce(r.valid_to, greatest(moment, r.valid_from + interval '1 microsecond'))
          from jsonb_populate_recordset(null::${table}, given) r
         where r.${tenant} = tenant${refersTo.map(isOfAnother).join('')}
            on conflict do nothing;
        get diagnostics taken = row_count;`;

/**
 * A tenant moves to another database, and comes from one (decision 71). Adds:
 *
 * - to tenants, where one went to and that one has come and waits to be let in;
 * - what has come, by the export that it came by, so that the same one changes nothing the second time;
 * - references among people that wait to the end of a transaction that says so: the one who made somebody may come in after them;
 * - the one way in for the past of access, which the server's role only reads: of a tenant that came in by this very transaction.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    -- The function first: it needs no lock. How many of the given versions were taken.
    create function receive_access_history(tenant uuid, named text, given jsonb) returns integer
    language plpgsql security definer as $$
    declare
      moment timestamptz := history_moment();
      taken  integer := 0;
    begin
      -- Triggers write the first version of a tenant when the transaction ends in which it was made. So one without any was made
      -- in this one: nobody's past can be changed.
      if not exists (select from tenants t where t.id = tenant and t.arrived_at is not null and t.state = 'suspended')
         or exists (select from tenants_history h where h.id = tenant) then
        raise exception 'the past of a tenant comes in with it alone' using errcode = 'insufficient_privilege';
      end if;
      case named${versions.map(received).join('')}
      when 'access_history_since' then
        insert into access_history_since (tenant_id, since)
        select r.tenant_id, r.since
          from jsonb_populate_recordset(null::access_history_since, given) r
         where r.tenant_id = tenant
            on conflict do nothing;
        get diagnostics taken = row_count;
      when 'capabilities_history' then
        -- Of all tenants. One that is known here under its id is not told of anew; the past of one that is not is nobody's here,
        -- but of tenants that came from the same place.
        with r as (
          select * from jsonb_populate_recordset(null::capabilities_history, given)
        ), made as (
          insert into capabilities_history (id, key, is_system, valid_from, valid_to)
          select r.id, r.key, r.is_system, r.valid_from,
                 coalesce(r.valid_to, greatest(moment, r.valid_from + interval '1 microsecond'))
            from r
           where not exists (select from capabilities_history h where h.id = r.id and h.valid_to is null)
              on conflict (id, valid_from) do update set valid_to = greatest(capabilities_history.valid_to, excluded.valid_to)
               where capabilities_history.key = excluded.key
          returning 1
        )
        select (select count(*) from made)
               + (select count(*) from r
                   where exists (select from capabilities_history h where h.id = r.id and h.valid_to is null and h.key = r.key))
          into taken;
      else
        raise exception 'no past: %', named using errcode = 'invalid_parameter_value';
      end case;
      return taken;
    end $$;
    do $$
    begin
      execute format('alter function receive_access_history(uuid, text, jsonb) set search_path = pg_catalog, %I, pg_temp', current_schema());
      revoke all on function receive_access_history(uuid, text, jsonb) from public;
    end $$;

    alter table tenants
      -- The issuer that it is at now, and since when; null: it is here.
      add column moved_to   text,
      add column moved_at   timestamptz,
      -- It came by an import, and nobody has let it in yet.
      add column arrived_at timestamptz;

    create table tenant_arrivals (
      export_id   uuid        not null,
      tenant_id   uuid        not null,
      from_issuer text        not null,
      -- SHA-256 of what was read.
      digest      bytea       not null,
      -- Rows, by table.
      counts      jsonb       not null,
      arrived_at  timestamptz not null default now(),
      constraint tenant_arrivals_pkey primary key (export_id),
      constraint tenant_arrivals_tenant_fk foreign key (tenant_id) references tenants (id)
    );
    create index tenant_arrivals_tenant_idx on tenant_arrivals (tenant_id);

    alter table users alter constraint users_created_by_fk deferrable initially immediate;
    alter table users alter constraint users_updated_by_fk deferrable initially immediate;
    alter table users alter constraint users_deleted_by_fk deferrable initially immediate;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop function receive_access_history(uuid, text, jsonb);
    alter table users alter constraint users_created_by_fk not deferrable;
    alter table users alter constraint users_updated_by_fk not deferrable;
    alter table users alter constraint users_deleted_by_fk not deferrable;
    drop table tenant_arrivals;
    alter table tenants drop column moved_to, drop column moved_at, drop column arrived_at;
  `);
}
