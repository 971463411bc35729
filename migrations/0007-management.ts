import type { Knex } from 'knex';

/** What the management of a tenant is made of: its capabilities, the platform's own tenant, and keys of repeated requests. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    -- The tenant whose owners run the server. At most one.
    alter table tenants add column is_platform boolean not null default false;
    create unique index tenants_one_platform_key on tenants (is_platform) where is_platform;
    update tenants set is_platform = true
     where id = (select tenant_id from audit_events where action = 'setup_link.used' and tenant_id is not null
                  order by occurred_at limit 1);

    -- The API of the program itself; its identifier follows the issuer.
    alter table resource_servers add column is_system boolean not null default false;
    create unique index resource_servers_one_system_key on resource_servers (is_system) where is_system;

    alter table capabilities add column is_system boolean not null default false;
    do $$
    declare
      taken text;
    begin
      -- People who hold such a key already would find the whole tenant in their hands.
      select string_agg(key, ', ' order by key) into taken from capabilities
       where deleted_at is null and key in (
         'users.read', 'users.manage', 'roles.read', 'roles.manage', 'roles.assign', 'org.read', 'org.manage',
         'visibility.grant', 'invitations.manage', 'clients.manage', 'services.manage', 'apis.manage',
         'identity_providers.manage', 'audit.read', 'sessions.manage', 'api_keys.manage', 'referrals.manage',
         'messages.read', 'tenant.manage', 'keys.manage', 'tenants.manage');
      if taken is not null then
        raise exception 'these capabilities of yours have names that the management API needs: %', taken
          using hint = 'Define them anew under other keys, and delete these, before this migration.';
      end if;
    end $$;
    insert into capabilities (key, description, module, is_system) values
      ('users.read',                'See people and what they hold',                         'gatehouse', true),
      ('users.manage',              'Make, change, stop and remove people',                  'gatehouse', true),
      ('roles.read',                'See roles and what they carry',                         'gatehouse', true),
      ('roles.manage',              'Make and change roles',                                 'gatehouse', true),
      ('roles.assign',              'Give people roles, and end them',                       'gatehouse', true),
      ('org.read',                  'See the organisation',                                  'gatehouse', true),
      ('org.manage',                'Change the organisation',                               'gatehouse', true),
      ('visibility.grant',          'Let people see places',                                 'gatehouse', true),
      ('invitations.manage',        'Invite people',                                         'gatehouse', true),
      ('clients.manage',            'Register and change applications',                      'gatehouse', true),
      ('services.manage',           'Register and change services',                          'gatehouse', true),
      ('apis.manage',               'Register and change APIs and their capabilities',       'gatehouse', true),
      ('identity_providers.manage', 'Set up providers that people sign in with',             'gatehouse', true),
      ('audit.read',                'Read the audit trail',                                  'gatehouse', true),
      ('sessions.manage',           'See and end sessions',                                  'gatehouse', true),
      ('api_keys.manage',           'Make and revoke API keys',                              'gatehouse', true),
      ('referrals.manage',          'See and settle referrals',                              'gatehouse', true),
      ('messages.read',             'See messages that were not sent',                       'gatehouse', true),
      ('tenant.manage',             'Change the settings of the organisation',               'gatehouse', true),
      ('keys.manage',               'Rotate the signing keys of the server',                 'gatehouse', true),
      ('tenants.manage',            'Make and change tenants, and act in them',              'gatehouse', true);

    -- An owner carries all of it, an administrator all but what is the server's.
    create function roles_carry_system_capabilities() returns trigger language plpgsql as $$
    begin
      insert into role_capabilities (tenant_id, role_id, capability_id)
      select new.tenant_id, new.id, c.id
        from capabilities c
       where c.is_system and c.deleted_at is null
         and (new.name = 'owner' or c.key not in ('keys.manage', 'tenants.manage'));
      return null;
    end $$;
    create trigger roles_carry_system_capabilities after insert on roles
      for each row when (new.is_system and new.name in ('owner', 'admin'))
      execute function roles_carry_system_capabilities();
    insert into role_capabilities (tenant_id, role_id, capability_id)
    select r.tenant_id, r.id, c.id
      from roles r
      join capabilities c on c.is_system and (r.name = 'owner' or c.key not in ('keys.manage', 'tenants.manage'))
     where r.is_system and r.name in ('owner', 'admin');

    -- What other systems call them, and a name to sign in with for people without an address.
    alter table users
      add column username    text,
      add column external_id text,
      add constraint users_username_form check (username ~ '^[^[:space:]@]{1,64}$'),
      add constraint users_external_id_length check (char_length(external_id) between 1 and 255),
      drop constraint users_reachable,
      add constraint users_reachable
        check (email is not null or phone is not null or username is not null or erased_at is not null);
    create unique index users_username_key on users (tenant_id, lower(username)) where deleted_at is null;
    create unique index users_external_id_key on users (tenant_id, external_id) where deleted_at is null;
    alter table org_nodes
      add column external_id text,
      add constraint org_nodes_external_id_length check (char_length(external_id) between 1 and 255);
    create unique index org_nodes_external_id_key on org_nodes (tenant_id, external_id) where deleted_at is null;

    -- Answers of requests with an Idempotency-Key, sealed: some hold a secret that is shown once.
    create table idempotency_keys (
      actor_hash   bytea       not null,
      key_hash     bytea       not null,
      request_hash bytea       not null,
      answer       bytea,
      created_at   timestamptz not null default now(),
      expires_at   timestamptz not null,
      constraint idempotency_keys_pkey primary key (actor_hash, key_hash)
    );
    create index idempotency_keys_expires_idx on idempotency_keys (expires_at);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop table idempotency_keys;
    alter table org_nodes drop column external_id;
    alter table users drop constraint users_reachable, drop column username, drop column external_id,
      add constraint users_reachable check (email is not null or phone is not null or erased_at is not null);
    drop trigger roles_carry_system_capabilities on roles;
    drop function roles_carry_system_capabilities();
    delete from role_capabilities where capability_id in (select id from capabilities where is_system);
    delete from client_capabilities where capability_id in (select id from capabilities where is_system);
    delete from capabilities where is_system;
    alter table capabilities drop column is_system;
    alter table resource_servers drop column is_system;
    alter table tenants drop column is_platform;
  `);
}
