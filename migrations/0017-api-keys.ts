import type { Knex } from 'knex';

/** Long-lived bearer credentials of the management API and of other APIs: of a person or of a place. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table api_keys (
      id           uuid        not null default gen_random_uuid(),
      tenant_id    uuid        not null,
      -- It counts there and below. Of a person, within what the person holds; else it is the place's own.
      org_node_id  uuid        not null,
      user_id      uuid,
      name         text        not null,
      prefix       text        not null,
      key_hash     bytea       not null,
      active       boolean     not null default true,
      expires_at   timestamptz not null,
      last_used_at timestamptz,
      revoked_at   timestamptz,
      created_at   timestamptz not null default now(),
      updated_at   timestamptz not null default now(),
      created_by   uuid,
      constraint api_keys_pkey primary key (id),
      constraint api_keys_prefix_key unique (prefix),
      constraint api_keys_hash_key unique (key_hash),
      constraint api_keys_prefix_form check (prefix ~ '^[0-9A-Za-z]{8}$'),
      constraint api_keys_hash_is_sha256 check (octet_length(key_hash) = 32),
      constraint api_keys_expires_after_creation check (expires_at > created_at),
      constraint api_keys_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint api_keys_org_node_fk foreign key (tenant_id, org_node_id) references org_nodes (tenant_id, id),
      constraint api_keys_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id),
      constraint api_keys_created_by_fk foreign key (tenant_id, created_by) references users (tenant_id, id)
    );
    create index api_keys_tenant_idx on api_keys (tenant_id, id);
    create index api_keys_org_node_idx on api_keys (org_node_id);
    create index api_keys_user_idx on api_keys (user_id) where user_id is not null;
    create index api_keys_created_by_idx on api_keys (created_by) where created_by is not null;
    create trigger api_keys_touch before update of name, active, expires_at, revoked_at on api_keys
      for each row execute function touch_updated_at();

    create table api_key_capabilities (
      api_key_id    uuid not null,
      capability_id uuid not null,
      constraint api_key_capabilities_pkey primary key (api_key_id, capability_id),
      constraint api_key_capabilities_key_fk foreign key (api_key_id) references api_keys (id) on delete cascade,
      constraint api_key_capabilities_capability_fk
        foreign key (capability_id) references capabilities (id) on delete cascade
    );
    create index api_key_capabilities_capability_idx on api_key_capabilities (capability_id);

    -- A place's key acts in nobody's name. Wider than before: nothing that is there can break it.
    alter table audit_events
      drop constraint audit_events_actor_type_known,
      add constraint audit_events_actor_type_known
        check (actor_type in ('user', 'client', 'api_key', 'system')) not valid;
    alter table invitations
      drop constraint invitations_inviter_known,
      add constraint invitations_inviter_known
        check (inviter_type in ('user', 'client', 'api_key', 'system')) not valid;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    alter table invitations
      drop constraint invitations_inviter_known,
      add constraint invitations_inviter_known check (inviter_type in ('user', 'client', 'system')) not valid;
    alter table audit_events
      drop constraint audit_events_actor_type_known,
      add constraint audit_events_actor_type_known check (actor_type in ('user', 'client', 'system')) not valid;
    drop table api_key_capabilities, api_keys;
  `);
}
