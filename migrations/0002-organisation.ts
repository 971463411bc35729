import type { Knex } from 'knex';

/**
 * The organisation tree with its closure table, roles and capabilities, and who holds what where and when.
 *
 * Indexes that find rows by a reference lead with that reference and not with the tenant. For a tenant that the planner's
 * statistics do not know yet, a just imported one for instance, it takes `tenant_id = ...` for one row and any index
 * that leads with it for as good as another: moving 10,000 nodes then took more than ten minutes instead of half a second.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    -- Equality beside ranges in one index: what refuses two overlapping assignments. A trusted extension (PostgreSQL 13
    -- and later): a role that may create in the database may add it.
    create extension if not exists btree_gist;

    create table org_nodes (
      id         uuid        not null default gen_random_uuid(),
      tenant_id  uuid        not null,
      parent_id  uuid,
      type       text        not null,
      name       text        not null,
      active     boolean     not null default true,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      deleted_at timestamptz,
      created_by uuid,
      updated_by uuid,
      deleted_by uuid,
      constraint org_nodes_pkey primary key (id),
      constraint org_nodes_tenant_id_id_key unique (tenant_id, id),
      constraint org_nodes_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint org_nodes_parent_fk foreign key (tenant_id, parent_id) references org_nodes (tenant_id, id),
      constraint org_nodes_created_by_fk foreign key (tenant_id, created_by) references users (tenant_id, id),
      constraint org_nodes_updated_by_fk foreign key (tenant_id, updated_by) references users (tenant_id, id),
      constraint org_nodes_deleted_by_fk foreign key (tenant_id, deleted_by) references users (tenant_id, id),
      constraint org_nodes_name_not_blank check (btrim(name) <> ''),
      constraint org_nodes_type_not_blank check (btrim(type) <> ''),
      constraint org_nodes_root_is_not_deleted check (parent_id is not null or deleted_at is null),
      constraint org_nodes_root_is_active check (parent_id is not null or active),
      constraint org_nodes_not_own_parent check (parent_id <> id)
    );
    create unique index org_nodes_one_root_key on org_nodes (tenant_id) where parent_id is null;
    create index org_nodes_parent_idx on org_nodes (parent_id, tenant_id);
    create index org_nodes_created_by_idx on org_nodes (tenant_id, created_by) where created_by is not null;
    create index org_nodes_updated_by_idx on org_nodes (tenant_id, updated_by) where updated_by is not null;
    create index org_nodes_deleted_by_idx on org_nodes (tenant_id, deleted_by) where deleted_by is not null;
    create trigger org_nodes_touch before update on org_nodes for each row execute function touch_updated_at();

    create table org_node_paths (
      tenant_id     uuid    not null,
      ancestor_id   uuid    not null,
      descendant_id uuid    not null,
      depth         integer not null,
      constraint org_node_paths_pkey primary key (ancestor_id, descendant_id),
      constraint org_node_paths_ancestor_fk foreign key (tenant_id, ancestor_id) references org_nodes (tenant_id, id) on delete cascade,
      constraint org_node_paths_descendant_fk foreign key (tenant_id, descendant_id) references org_nodes (tenant_id, id) on delete cascade,
      constraint org_node_paths_depth_not_negative check (depth >= 0),
      constraint org_node_paths_self_has_depth_zero check ((ancestor_id = descendant_id) = (depth = 0))
    );
    -- Without the depth, so that a move that changes nothing else of a path touches no index. Two columns that are both
    -- asked for, and none between them: a path is found by its ends at once, in this index and in that of the key.
    create index org_node_paths_descendant_idx on org_node_paths (descendant_id, ancestor_id);

    -- Changes that could cross each other and together break what each of them keeps (two moves that close a cycle, two
    -- owners who leave at once) take turns within a tenant. The lock is held to the end of the transaction, and what is
    -- read after it must be what the one before has committed: a snapshot taken earlier would not show it.
    create function take_turns(what text, tenant uuid) returns void language plpgsql as $$
    begin
      if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
        raise exception '% of a tenant change at isolation level read committed only', what
          using errcode = 'invalid_transaction_state';
      end if;
      perform pg_advisory_xact_lock(hashtextextended(what || ':' || tenant::text, 0));
    end $$;

    create function org_nodes_before_change() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' then
        if new.id <> old.id or new.tenant_id <> old.tenant_id then
          raise exception 'the id and the tenant of an organisation node never change'
            using errcode = 'check_violation', constraint = 'org_nodes_identity_is_fixed';
        end if;
        if new.parent_id is not distinct from old.parent_id and (new.deleted_at is null) = (old.deleted_at is null) then
          return new;
        end if;
        if old.parent_id is null and new.parent_id is not null then
          raise exception 'the root of a tenant cannot be moved'
            using errcode = 'check_violation', constraint = 'org_nodes_root_stays';
        end if;
      end if;
      perform take_turns('org_nodes', new.tenant_id);
      if new.deleted_at is null and new.parent_id is not null and not exists (
        select from org_nodes where tenant_id = new.tenant_id and id = new.parent_id and deleted_at is null
      ) then
        raise exception 'the parent of an organisation node is a node of the same tenant that is not deleted'
          using errcode = 'check_violation', constraint = 'org_nodes_parent_is_live';
      end if;
      if tg_op = 'UPDATE' and new.deleted_at is not null and exists (
        select from org_nodes where parent_id = new.id and deleted_at is null
      ) then
        raise exception 'a node with nodes below it cannot be deleted'
          using errcode = 'check_violation', constraint = 'org_nodes_deleted_is_childless';
      end if;
      return new;
    end $$;
    create trigger org_nodes_before_change before insert or update on org_nodes
      for each row execute function org_nodes_before_change();

    create function org_nodes_after_insert() returns trigger language plpgsql as $$
    begin
      insert into org_node_paths (tenant_id, ancestor_id, descendant_id, depth)
      select new.tenant_id, new.id, new.id, 0
      union all
      select new.tenant_id, ancestor_id, new.id, depth + 1
        from org_node_paths
       where descendant_id = new.parent_id;
      return null;
    end $$;
    create trigger org_nodes_after_insert after insert on org_nodes
      for each row execute function org_nodes_after_insert();

    create function org_nodes_after_move() returns trigger language plpgsql as $$
    declare
      -- What was above the node and is no more; what stays above it, all of it nearer or farther by as many levels.
      left_behind uuid[];
      kept        uuid[];
      shift       integer;
    begin
      -- Looked for here and not before the change, so that several moves in one statement see each other.
      if exists (select from org_node_paths where ancestor_id = new.id and descendant_id = new.parent_id) then
        raise exception 'a node cannot be moved below itself'
          using errcode = 'check_violation', constraint = 'org_nodes_no_cycle';
      end if;
      select array_agg(o.ancestor_id) filter (where n.ancestor_id is null),
             array_agg(o.ancestor_id) filter (where n.ancestor_id is not null),
             min(n.depth + 1 - o.depth)
        into left_behind, kept, shift
        from org_node_paths o
        left join org_node_paths n on n.ancestor_id = o.ancestor_id and n.descendant_id = new.parent_id
       where o.descendant_id = new.id and o.depth > 0;
      -- Paths inside the subtree stay as they are. The others are named by ctid, found from each of its nodes upward: that
      -- leaves the planner, which knows neither the size of the subtree nor that of its ancestors, little to choose. The
      -- lock taken before the change keeps them in place.
      delete from org_node_paths
       where ctid = any (array(
               select found.row_id
                 from org_node_paths below
                cross join lateral (
                  select path.ctid as row_id
                    from org_node_paths path
                   where path.descendant_id = below.descendant_id and path.ancestor_id = any (left_behind)
                  offset 0) found
                where below.ancestor_id = new.id));
      if shift <> 0 then
        update org_node_paths
           set depth = depth + shift
         where ctid = any (array(
                 select found.row_id
                   from org_node_paths below
                  cross join lateral (
                    select path.ctid as row_id
                      from org_node_paths path
                     where path.descendant_id = below.descendant_id and path.ancestor_id = any (kept)
                    offset 0) found
                  where below.ancestor_id = new.id));
      end if;
      insert into org_node_paths (tenant_id, ancestor_id, descendant_id, depth)
      select new.tenant_id, above.ancestor_id, below.descendant_id, above.depth + 1 + below.depth
        from org_node_paths above
       cross join org_node_paths below
       where above.descendant_id = new.parent_id and above.ancestor_id <> all (coalesce(kept, '{}'))
         and below.ancestor_id = new.id;
      return null;
    end $$;
    create trigger org_nodes_after_move after update of parent_id on org_nodes
      for each row when (new.parent_id is distinct from old.parent_id) execute function org_nodes_after_move();

    create table roles (
      id          uuid        not null default gen_random_uuid(),
      tenant_id   uuid        not null,
      name        text        not null,
      description text,
      is_system   boolean     not null default false,
      created_at  timestamptz not null default now(),
      updated_at  timestamptz not null default now(),
      deleted_at  timestamptz,
      created_by  uuid,
      updated_by  uuid,
      deleted_by  uuid,
      constraint roles_pkey primary key (id),
      constraint roles_tenant_id_id_key unique (tenant_id, id),
      constraint roles_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint roles_created_by_fk foreign key (tenant_id, created_by) references users (tenant_id, id),
      constraint roles_updated_by_fk foreign key (tenant_id, updated_by) references users (tenant_id, id),
      constraint roles_deleted_by_fk foreign key (tenant_id, deleted_by) references users (tenant_id, id),
      constraint roles_name_not_blank check (btrim(name) <> ''),
      constraint roles_system_is_not_deleted check (not is_system or deleted_at is null)
    );
    create unique index roles_name_key on roles (tenant_id, lower(name)) where deleted_at is null;
    create index roles_created_by_idx on roles (tenant_id, created_by) where created_by is not null;
    create index roles_updated_by_idx on roles (tenant_id, updated_by) where updated_by is not null;
    create index roles_deleted_by_idx on roles (tenant_id, deleted_by) where deleted_by is not null;
    create trigger roles_touch before update on roles for each row execute function touch_updated_at();

    create function roles_keep_system() returns trigger language plpgsql as $$
    begin
      if old.is_system and (tg_op = 'DELETE' or new.name <> old.name or not new.is_system or new.tenant_id <> old.tenant_id) then
        raise exception 'a system role cannot be renamed or deleted'
          using errcode = 'check_violation', constraint = 'roles_system_is_fixed';
      end if;
      return case when tg_op = 'DELETE' then old else new end;
    end $$;
    create trigger roles_keep_system before update or delete on roles for each row execute function roles_keep_system();

    create table resource_servers (
      id                        uuid        not null default gen_random_uuid(),
      tenant_id                 uuid,
      identifier                text        not null,
      name                      text        not null,
      token_format              text        not null default 'jwt',
      signing_alg               text        not null default 'ES256',
      access_token_ttl          integer     not null default 600,
      created_at                timestamptz not null default now(),
      updated_at                timestamptz not null default now(),
      constraint resource_servers_pkey primary key (id),
      constraint resource_servers_identifier_key unique (identifier),
      constraint resource_servers_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint resource_servers_format_known check (token_format in ('jwt', 'opaque')),
      constraint resource_servers_alg_known check (signing_alg in ('ES256', 'RS256')),
      constraint resource_servers_ttl_seconds check (access_token_ttl between 30 and 86400),
      constraint resource_servers_identifier_is_uri check (identifier ~ '^[a-z][a-z0-9+.-]*:[^#[:space:]]+$')
    );
    create index resource_servers_tenant_idx on resource_servers (tenant_id);
    create trigger resource_servers_touch before update on resource_servers for each row execute function touch_updated_at();

    create table capabilities (
      id                 uuid        not null default gen_random_uuid(),
      key                text        not null,
      description        text,
      module             text,
      resource_server_id uuid,
      created_at         timestamptz not null default now(),
      updated_at         timestamptz not null default now(),
      deleted_at         timestamptz,
      created_by         uuid,
      updated_by         uuid,
      deleted_by         uuid,
      constraint capabilities_pkey primary key (id),
      constraint capabilities_resource_server_fk foreign key (resource_server_id) references resource_servers (id),
      constraint capabilities_created_by_fk foreign key (created_by) references users (id),
      constraint capabilities_updated_by_fk foreign key (updated_by) references users (id),
      constraint capabilities_deleted_by_fk foreign key (deleted_by) references users (id),
      -- A key is also an OAuth scope (RFC 6749 section 3.3), so it holds no space and no quote.
      constraint capabilities_key_form check (key ~ '^[a-z][a-z0-9_-]*([.:][a-z0-9_-]+)+$' and char_length(key) <= 100)
    );
    create unique index capabilities_key_key on capabilities (key) where deleted_at is null;
    create index capabilities_module_idx on capabilities (module);
    create index capabilities_resource_server_idx on capabilities (resource_server_id);
    create index capabilities_created_by_idx on capabilities (created_by) where created_by is not null;
    create index capabilities_updated_by_idx on capabilities (updated_by) where updated_by is not null;
    create index capabilities_deleted_by_idx on capabilities (deleted_by) where deleted_by is not null;
    create trigger capabilities_touch before update on capabilities for each row execute function touch_updated_at();

    create table role_capabilities (
      tenant_id     uuid        not null,
      role_id       uuid        not null,
      capability_id uuid        not null,
      granted_at    timestamptz not null default now(),
      granted_by    uuid,
      constraint role_capabilities_pkey primary key (role_id, tenant_id, capability_id),
      constraint role_capabilities_role_fk foreign key (tenant_id, role_id) references roles (tenant_id, id) on delete cascade,
      constraint role_capabilities_capability_fk foreign key (capability_id) references capabilities (id) on delete cascade,
      constraint role_capabilities_granted_by_fk foreign key (tenant_id, granted_by) references users (tenant_id, id)
    );
    create index role_capabilities_capability_idx on role_capabilities (capability_id, tenant_id, role_id);
    create index role_capabilities_granted_by_idx on role_capabilities (tenant_id, granted_by) where granted_by is not null;

    create table org_assignments (
      id          uuid        not null default gen_random_uuid(),
      tenant_id   uuid        not null,
      user_id     uuid        not null,
      role_id     uuid        not null,
      org_node_id uuid        not null,
      starts_at   timestamptz not null default now(),
      ends_at     timestamptz,
      assigned_by uuid,
      created_at  timestamptz not null default now(),
      constraint org_assignments_pkey primary key (id),
      constraint org_assignments_tenant_id_id_key unique (id, tenant_id),
      constraint org_assignments_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id),
      constraint org_assignments_role_fk foreign key (tenant_id, role_id) references roles (tenant_id, id),
      constraint org_assignments_node_fk foreign key (tenant_id, org_node_id) references org_nodes (tenant_id, id),
      constraint org_assignments_assigned_by_fk foreign key (tenant_id, assigned_by) references users (tenant_id, id),
      constraint org_assignments_ends_after_start check (ends_at > starts_at),
      constraint org_assignments_no_overlap exclude using gist
        (user_id with =, org_node_id with =, role_id with =, tstzrange(starts_at, ends_at) with &&)
    );
    -- A hash has no order: a query for the holders of a role at a node in the order of their ids is then led to the index
    -- that begins with the node, and not to this one, which would pass everybody's assignments by.
    create index org_assignments_user_idx on org_assignments using hash (user_id);
    create index org_assignments_role_idx on org_assignments (role_id, tenant_id);
    -- With the role and the user, so that the holders of a role at a node are read in the order of their ids.
    create index org_assignments_node_idx on org_assignments (org_node_id, role_id, user_id);
    create index org_assignments_assigned_by_idx on org_assignments (tenant_id, assigned_by) where assigned_by is not null;

    create table visibility_grants (
      id           uuid        not null default gen_random_uuid(),
      tenant_id    uuid        not null,
      user_id      uuid        not null,
      org_node_id  uuid        not null,
      access_scope text        not null,
      starts_at    timestamptz not null default now(),
      ends_at      timestamptz,
      granted_by   uuid,
      created_at   timestamptz not null default now(),
      constraint visibility_grants_pkey primary key (id),
      constraint visibility_grants_tenant_id_id_key unique (id, tenant_id),
      constraint visibility_grants_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id),
      constraint visibility_grants_node_fk foreign key (tenant_id, org_node_id) references org_nodes (tenant_id, id),
      constraint visibility_grants_granted_by_fk foreign key (tenant_id, granted_by) references users (tenant_id, id),
      constraint visibility_grants_scope_known check (access_scope in ('read', 'analyze')),
      constraint visibility_grants_ends_after_start check (ends_at > starts_at),
      constraint visibility_grants_no_overlap exclude using gist
        (user_id with =, org_node_id with =, access_scope with =, tstzrange(starts_at, ends_at) with &&)
    );
    create index visibility_grants_user_idx on visibility_grants (user_id, tenant_id);
    create index visibility_grants_node_idx on visibility_grants (org_node_id, tenant_id);
    create index visibility_grants_granted_by_idx on visibility_grants (tenant_id, granted_by) where granted_by is not null;

    -- A tenant that has an owner keeps one: someone active who holds the system role owner at the root, now and without
    -- an end. Who asks has already made the change; it goes back if nobody is left.
    create function refuse_without_owner(tenant uuid) returns void language plpgsql as $$
    begin
      perform take_turns('owners', tenant);
      if not exists (
        select from org_assignments a
          join roles     r on r.tenant_id = a.tenant_id and r.id = a.role_id     and r.is_system and r.name = 'owner'
          join org_nodes n on n.tenant_id = a.tenant_id and n.id = a.org_node_id and n.parent_id is null
          join users     u on u.tenant_id = a.tenant_id and u.id = a.user_id     and u.state = 'active' and u.deleted_at is null
         where a.tenant_id = tenant
           and a.starts_at <= statement_timestamp() and a.ends_at is null
      ) then
        raise exception 'the last owner of a tenant stays'
          using errcode = 'check_violation', constraint = 'tenants_keep_an_owner';
      end if;
    end $$;

    create function org_assignments_keep_an_owner() returns trigger language plpgsql as $$
    begin
      if old.starts_at <= statement_timestamp() and old.ends_at is null and exists (
        select from roles     r
          join org_nodes n on n.tenant_id = r.tenant_id and n.id = old.org_node_id and n.parent_id is null
          join users     u on u.tenant_id = r.tenant_id and u.id = old.user_id and u.state = 'active' and u.deleted_at is null
         where r.tenant_id = old.tenant_id and r.id = old.role_id and r.is_system and r.name = 'owner'
      ) then
        perform refuse_without_owner(old.tenant_id);
      end if;
      return null;
    end $$;
    create trigger org_assignments_keep_an_owner after update or delete on org_assignments
      for each row execute function org_assignments_keep_an_owner();

    create function users_keep_an_owner() returns trigger language plpgsql as $$
    begin
      if exists (
        select from org_assignments a
          join roles     r on r.tenant_id = a.tenant_id and r.id = a.role_id     and r.is_system and r.name = 'owner'
          join org_nodes n on n.tenant_id = a.tenant_id and n.id = a.org_node_id and n.parent_id is null
         where a.tenant_id = old.tenant_id and a.user_id = old.id
           and a.starts_at <= statement_timestamp() and a.ends_at is null
      ) then
        perform refuse_without_owner(old.tenant_id);
      end if;
      return null;
    end $$;
    create trigger users_keep_an_owner after update of state, deleted_at on users
      for each row when (old.state = 'active' and old.deleted_at is null
                         and (new.state <> 'active' or new.deleted_at is not null))
      execute function users_keep_an_owner();
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop trigger users_keep_an_owner on users;
    drop table visibility_grants, org_assignments, role_capabilities, capabilities, resource_servers, roles,
               org_node_paths, org_nodes;
    drop function users_keep_an_owner(), org_assignments_keep_an_owner(), refuse_without_owner(uuid), roles_keep_system(),
                  org_nodes_after_move(), org_nodes_after_insert(), org_nodes_before_change(), take_turns(text, uuid);
  `);
}
