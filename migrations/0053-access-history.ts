import type { Knex } from 'knex';

/** What decides about access, and which of its columns: changes of others leave no trace. A row is there while `isThere` holds. */
interface Kept {
  table: string;
  key: readonly string[];
  columns: readonly string[];
  isThere?: (row: string) => string;
  /** Of the versions, beside the key: made when they are filled. */
  indexes: readonly string[];
}

const notDeleted = (row: string) => `${row}.deleted_at is null`;

// In the order in which the program locks them. Indexes as those of the tables, for the same reasons (0002, 0027).
const kept: readonly Kept[] = [
  {
    table: 'tenants',
    key: ['id'],
    columns: ['id', 'state'],
    indexes: ['tenants_history_ended_idx on tenants_history (id, valid_to) where valid_to is not null'],
  },
  {
    table: 'users',
    key: ['id'],
    columns: ['id', 'tenant_id', 'state'],
    isThere: notDeleted,
    indexes: ['users_history_ended_idx on users_history (tenant_id, valid_to) where valid_to is not null'],
  },
  {
    table: 'org_nodes',
    key: ['id'],
    columns: ['id', 'tenant_id', 'parent_id', 'type', 'name', 'active'],
    isThere: notDeleted,
    indexes: ['org_nodes_history_ended_idx on org_nodes_history (tenant_id, valid_to) where valid_to is not null'],
  },
  {
    table: 'roles',
    key: ['id'],
    columns: ['id', 'tenant_id', 'name'],
    isThere: notDeleted,
    indexes: ['roles_history_ended_idx on roles_history (tenant_id, valid_to) where valid_to is not null'],
  },
  {
    table: 'capabilities',
    key: ['id'],
    columns: ['id', 'key', 'is_system'],
    isThere: notDeleted,
    indexes: [
      'capabilities_history_key_idx on capabilities_history (key)',
      'capabilities_history_ended_idx on capabilities_history (valid_to) where valid_to is not null',
    ],
  },
  {
    table: 'role_capabilities',
    key: ['role_id', 'capability_id'],
    columns: ['tenant_id', 'role_id', 'capability_id', 'granted_at', 'granted_by'],
    indexes: [
      'role_capabilities_history_capability_idx on role_capabilities_history (capability_id, tenant_id, role_id)',
      'role_capabilities_history_ended_idx on role_capabilities_history (tenant_id, valid_to) where valid_to is not null',
    ],
  },
  {
    table: 'org_assignments',
    key: ['id'],
    columns: [
      ...['id', 'tenant_id', 'user_id', 'role_id', 'org_node_id'],
      ...['starts_at', 'ends_at', 'assigned_by', 'created_at'],
    ],
    indexes: [
      'org_assignments_history_user_idx on org_assignments_history using hash (user_id)',
      'org_assignments_history_node_idx on org_assignments_history (org_node_id, role_id, user_id)',
      'org_assignments_history_ended_idx on org_assignments_history (tenant_id, valid_to) where valid_to is not null',
    ],
  },
  {
    table: 'visibility_grants',
    key: ['id'],
    columns: ['id', 'tenant_id', 'user_id', 'org_node_id', 'access_scope', 'starts_at', 'ends_at', 'granted_by'],
    indexes: [
      'visibility_grants_history_user_idx on visibility_grants_history using hash (user_id)',
      'visibility_grants_history_ended_idx on visibility_grants_history (tenant_id, valid_to) where valid_to is not null',
    ],
  },
];

const watchedOf = ({ columns, isThere }: Kept) => [...columns, ...(isThere ? ['deleted_at'] : [])];
const of = (row: string, columns: Iterable<string>) => [...columns].map((column) => `${row}.${column}`).join(', ');
const isThereOf = ({ isThere }: Kept, row: string) => isThere?.(row) ?? 'true';
const isSame = ({ key }: Kept, row: string, other: string) =>
  key.map((column) => `${row}.${column} = ${other}.${column}`).join(' and ');
/** What is there now; then the indexes. */
function filled(it: Kept): string {
  const { table, key, columns, indexes } = it;
  return `
    insert into ${table}_history (${columns.join(', ')}, valid_from)
    select ${of('t', columns)}, now() from ${table} t where ${isThereOf(it, 't')};
    alter table ${table}_history
      add constraint ${table}_history_pkey primary key (${key.join(', ')}, valid_from),
      add constraint ${table}_history_ends_after_start check (valid_to > valid_from);
    ${indexes.map((index) => `create index ${index};`).join('\n    ')}`;
}

/** What changed between the copy and the lock. */
function caughtUp(it: Kept): string {
  const { table, columns } = it;
  return `
    delete from ${table}_history h
     where not exists (
       select from ${table} t
        where ${isSame(it, 't', 'h')} and ${isThereOf(it, 't')}
          and (${of('t', columns)}) is not distinct from (${of('h', columns)}));
    insert into ${table}_history (${columns.join(', ')}, valid_from)
    select ${of('t', columns)}, now() from ${table} t
     where ${isThereOf(it, 't')} and not exists (select from ${table}_history h where ${isSame(it, 'h', 't')});`;
}

/**
 * Deferred: it runs when the transaction commits. What a server answers changes at that moment, and not when the row was
 * written, which may be seconds before.
 */
function followed(it: Kept): string {
  const { table, columns } = it;
  const watched = watchedOf(it);
  return `
    create function ${table}_keep_history() returns trigger language plpgsql security definer as $$
    declare
      moment timestamptz := history_moment();
      latest record;
      known  record;
    begin
      if tg_op = 'INSERT' then known := new; else known := old; end if;
      select h.valid_from, h.valid_to into latest
        from ${table}_history h
       where ${isSame(it, 'h', 'known')}
       order by h.valid_from desc
       limit 1;
      if found then
        -- A clock that was set back makes no version that ends before it begins, or lies in another.
        moment := greatest(moment, latest.valid_from, latest.valid_to);
        if latest.valid_from = moment then
          -- Of this very transaction: nobody has seen it.
          delete from ${table}_history h where ${isSame(it, 'h', 'known')} and h.valid_from = moment;
        elsif latest.valid_to is null then
          update ${table}_history h set valid_to = moment
           where ${isSame(it, 'h', 'known')} and h.valid_from = latest.valid_from;
        end if;
      end if;
      if tg_op <> 'DELETE' then
        if ${isThereOf(it, 'new')} then
          insert into ${table}_history (${columns.join(', ')}, valid_from) values (${of('new', columns)}, moment);
        end if;
      end if;
      return null;
    end $$;
    create constraint trigger ${table}_keep_history after insert or delete on ${table}
      deferrable initially deferred for each row execute function ${table}_keep_history();
    create constraint trigger ${table}_keep_history_of_change after update of ${watched.join(', ')} on ${table}
      deferrable initially deferred for each row
      when ((${of('old', watched)}) is distinct from (${of('new', watched)}))
      execute function ${table}_keep_history();`;
}

const ofTenants = kept.filter(({ table }) => table !== 'capabilities');

/**
 * Deletes some of the versions that ended before what is kept, and says in the same statement from when on the past of their tenants
 * is known. Capabilities are of all tenants: the longest time counts. As of the trail, nothing younger than 30 days goes.
 */
const swept = `
  create function sweep_access_history(retention_days integer, most integer) returns bigint
  language plpgsql security definer as $$
  declare
    found bigint;
    gone  bigint := 0;
  begin
    if retention_days is null or retention_days < 30 then
      raise exception 'the history of access is kept for at least 30 days' using errcode = 'check_violation';
    end if;
    if most is null or most not between 1 and 100000 then
      raise exception 'a batch has 1 to 100000 versions' using errcode = 'check_violation';
    end if;
    ${ofTenants
      .map(
        ({ table }) => `
    with kept as materialized (
      select t.id, now() - make_interval(days =>
               greatest(30, coalesce(nullif(t.settings ->> 'auditRetentionDays', '')::integer, retention_days))) as since
        from tenants t
    ),
    ended as materialized (
      select old.row_id, kept.id as tenant_id, kept.since
        from kept
       cross join lateral (
         select h.ctid as row_id from ${table}_history h
          where h.${table === 'tenants' ? 'id' : 'tenant_id'} = kept.id and h.valid_to < kept.since
          order by h.valid_to
          limit most - gone) old
       limit most - gone
    ),
    known as (
      insert into access_history_since (tenant_id, since)
      select tenant_id, max(since) from ended group by tenant_id
          on conflict (tenant_id) do update set since = greatest(access_history_since.since, excluded.since)
    )
    delete from ${table}_history h using ended where h.ctid = ended.row_id;
    get diagnostics found = row_count;
    gone := gone + found;`,
      )
      .join('')}
    delete from capabilities_history
     where ctid = any (array(
             select h.ctid from capabilities_history h
              where h.valid_to < now() - make_interval(days => greatest(30, retention_days, (
                      select max(nullif(t.settings ->> 'auditRetentionDays', '')::integer) from tenants t)))
              limit most - gone));
    get diagnostics found = row_count;
    return gone + found;
  end $$`;

/** As the trail (0049): the role that the server works as reads it, and neither writes, changes nor deletes a version. */
const outOfReach = `
  select limit_server_role('access_history_since', 'select');
  ${kept.map(({ table }) => `select limit_server_role('${table}_history', 'select');`).join('\n  ')}
  do $$
  declare
    named text;
  begin
    foreach named in array array[${[
      'sweep_access_history(integer, integer)',
      ...kept.map(({ table }) => `${table}_keep_history()`),
    ]
      .map((name) => `'${name}'`)
      .join(', ')}] loop
      execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', named, current_schema());
      execute format('revoke all on function %s from public', named);
    end loop;
  end $$`;

/**
 * Who could do what, then (decision 59). Of each row that decides about access, its versions: `valid_from <= t < valid_to`, an
 * open one without `valid_to`. Triggers write them. The tree's closure has none: a node has few nodes above it, and they are
 * walked up by the versions of `org_nodes`.
 *
 * The versions refer to nothing. They outlast rows that are deleted, and are swept by time, as the audit trail is.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table tenants_history (
      id         uuid        not null,
      state      text        not null,
      valid_from timestamptz not null,
      valid_to   timestamptz
    );
    create table users_history (
      id         uuid        not null,
      tenant_id  uuid        not null,
      state      text        not null,
      valid_from timestamptz not null,
      valid_to   timestamptz
    );
    create table org_nodes_history (
      id         uuid        not null,
      tenant_id  uuid        not null,
      parent_id  uuid,
      type       text        not null,
      name       text        not null,
      active     boolean     not null,
      valid_from timestamptz not null,
      valid_to   timestamptz
    );
    create table roles_history (
      id         uuid        not null,
      tenant_id  uuid        not null,
      name       text        not null,
      valid_from timestamptz not null,
      valid_to   timestamptz
    );
    create table capabilities_history (
      id         uuid        not null,
      key        text        not null,
      is_system  boolean     not null,
      valid_from timestamptz not null,
      valid_to   timestamptz
    );
    create table role_capabilities_history (
      tenant_id     uuid        not null,
      role_id       uuid        not null,
      capability_id uuid        not null,
      granted_at    timestamptz not null,
      granted_by    uuid,
      valid_from    timestamptz not null,
      valid_to      timestamptz
    );
    create table org_assignments_history (
      id          uuid        not null,
      tenant_id   uuid        not null,
      user_id     uuid        not null,
      role_id     uuid        not null,
      org_node_id uuid        not null,
      starts_at   timestamptz not null,
      ends_at     timestamptz,
      assigned_by uuid,
      created_at  timestamptz not null,
      valid_from  timestamptz not null,
      valid_to    timestamptz
    );
    create table visibility_grants_history (
      id           uuid        not null,
      tenant_id    uuid        not null,
      user_id      uuid        not null,
      org_node_id  uuid        not null,
      access_scope text        not null,
      starts_at    timestamptz not null,
      ends_at      timestamptz,
      granted_by   uuid,
      valid_from   timestamptz not null,
      valid_to     timestamptz
    );

    -- From when on the past of a tenant is known. No row: since the tenant was made.
    create table access_history_since (
      tenant_id uuid        not null,
      since     timestamptz not null,
      constraint access_history_since_pkey primary key (tenant_id),
      constraint access_history_since_tenant_fk foreign key (tenant_id) references tenants (id)
    );

    -- One for all changes of a transaction, which become visible together.
    create function history_moment() returns timestamptz language plpgsql as $$
    declare
      noted text := current_setting('gatehouse.history_moment', true);
      moment timestamptz;
    begin
      -- The setting is anybody's to make: a moment outside of the transaction is nobody's.
      if noted <> '' and noted::timestamptz between now() and clock_timestamp() then
        return noted::timestamptz;
      end if;
      moment := clock_timestamp();
      perform set_config('gatehouse.history_moment', moment::text, true);
      return moment;
    end $$;
  `);
  // The long part, before anything is locked.
  for (const it of kept) await db.raw(filled(it));
  await db.raw(`lock table ${kept.map(({ table }) => table).join(', ')} in share row exclusive mode`);
  for (const it of kept) {
    await db.raw(caughtUp(it));
    await db.raw(followed(it));
  }
  await db.raw('insert into access_history_since (tenant_id, since) select id, clock_timestamp() from tenants');
  await db.raw(swept);
  await db.raw(outOfReach);
}

export async function down(db: Knex): Promise<void> {
  for (const { table } of kept)
    await db.raw(`
      drop trigger ${table}_keep_history on ${table};
      drop trigger ${table}_keep_history_of_change on ${table};
      drop function ${table}_keep_history();
      drop table ${table}_history`);
  await db.raw(
    'drop function history_moment(), sweep_access_history(integer, integer); drop table access_history_since',
  );
}
