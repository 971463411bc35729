import type { Knex } from 'knex';

/** OAuth clients and services, what oidc-provider persists, sessions and signing keys. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    create table clients (
      id                 uuid        not null default gen_random_uuid(),
      tenant_id          uuid,
      client_id          text        not null,
      kind               text        not null,
      name               text        not null,
      state              text        not null default 'active',
      first_party        boolean     not null default false,
      -- Set for the client by which an API itself authenticates: it may introspect tokens meant for that API.
      resource_server_id uuid,
      metadata           jsonb       not null default '{}',
      created_at         timestamptz not null default now(),
      updated_at         timestamptz not null default now(),
      deleted_at         timestamptz,
      created_by         uuid,
      updated_by         uuid,
      deleted_by         uuid,
      constraint clients_pkey primary key (id),
      constraint clients_tenant_id_id_key unique (tenant_id, id),
      constraint clients_client_id_key unique (client_id),
      constraint clients_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint clients_resource_server_fk foreign key (resource_server_id) references resource_servers (id),
      constraint clients_created_by_fk foreign key (tenant_id, created_by) references users (tenant_id, id),
      constraint clients_updated_by_fk foreign key (tenant_id, updated_by) references users (tenant_id, id),
      constraint clients_deleted_by_fk foreign key (tenant_id, deleted_by) references users (tenant_id, id),
      constraint clients_kind_known check (kind in ('web', 'spa', 'native', 'service')),
      constraint clients_state_known check (state in ('active', 'disabled')),
      constraint clients_client_id_form check (client_id ~ '^[A-Za-z0-9._~:-]{1,100}$'),
      constraint clients_metadata_is_object check (jsonb_typeof(metadata) = 'object'),
      constraint clients_metadata_holds_no_secret check (not metadata \\? 'client_secret')
    );
    create index clients_tenant_idx on clients (tenant_id);
    create index clients_resource_server_idx on clients (resource_server_id);
    create index clients_created_by_idx on clients (tenant_id, created_by) where created_by is not null;
    create index clients_updated_by_idx on clients (tenant_id, updated_by) where updated_by is not null;
    create index clients_deleted_by_idx on clients (tenant_id, deleted_by) where deleted_by is not null;
    create trigger clients_touch before update on clients for each row execute function touch_updated_at();

    create table client_secrets (
      id           uuid        not null default gen_random_uuid(),
      client_id    uuid        not null,
      secret_hash  bytea       not null,
      hint         text        not null,
      expires_at   timestamptz,
      last_used_at timestamptz,
      revoked_at   timestamptz,
      created_at   timestamptz not null default now(),
      constraint client_secrets_pkey primary key (id),
      constraint client_secrets_hash_key unique (client_id, secret_hash),
      constraint client_secrets_client_fk foreign key (client_id) references clients (id) on delete cascade,
      constraint client_secrets_hash_is_sha256 check (octet_length(secret_hash) = 32)
    );

    create table client_capabilities (
      client_id     uuid        not null,
      capability_id uuid        not null,
      granted_at    timestamptz not null default now(),
      granted_by    uuid,
      constraint client_capabilities_pkey primary key (client_id, capability_id),
      constraint client_capabilities_client_fk foreign key (client_id) references clients (id) on delete cascade,
      constraint client_capabilities_capability_fk foreign key (capability_id) references capabilities (id) on delete cascade,
      constraint client_capabilities_granted_by_fk foreign key (granted_by) references users (id)
    );
    create index client_capabilities_capability_idx on client_capabilities (capability_id);
    create index client_capabilities_granted_by_idx on client_capabilities (granted_by) where granted_by is not null;

    create table service_sessions (
      id         uuid        not null default gen_random_uuid(),
      tenant_id  uuid,
      client_id  uuid        not null,
      jti        text        not null,
      ip         inet,
      expires_at timestamptz not null,
      revoked_at timestamptz,
      created_at timestamptz not null default now(),
      constraint service_sessions_pkey primary key (id),
      constraint service_sessions_jti_key unique (jti),
      constraint service_sessions_client_fk foreign key (client_id) references clients (id) on delete cascade,
      constraint service_sessions_tenant_fk foreign key (tenant_id) references tenants (id)
    );
    create index service_sessions_client_idx on service_sessions (client_id, created_at desc);
    create index service_sessions_tenant_idx on service_sessions (tenant_id);
    create index service_sessions_expires_idx on service_sessions (expires_at);

    -- The payload is sealed (AES-256-GCM): it can hold values that are handed out, such as a request object.
    create table oidc_payloads (
      model            text        not null,
      id_hash          bytea       not null,
      payload          bytea       not null,
      grant_id         text,
      uid_hash         bytea,
      user_code_hash   bytea,
      session_uid_hash bytea,
      account_id       uuid,
      client_id        text,
      expires_at       timestamptz,
      consumed_at      timestamptz,
      created_at       timestamptz not null default now(),
      constraint oidc_payloads_pkey primary key (model, id_hash),
      constraint oidc_payloads_id_is_sha256 check (octet_length(id_hash) = 32)
    );
    create index oidc_payloads_grant_idx on oidc_payloads (grant_id) where grant_id is not null;
    create unique index oidc_payloads_uid_key on oidc_payloads (uid_hash) where uid_hash is not null;
    create unique index oidc_payloads_user_code_key on oidc_payloads (user_code_hash) where user_code_hash is not null;
    create index oidc_payloads_session_uid_idx on oidc_payloads (session_uid_hash) where session_uid_hash is not null;
    create index oidc_payloads_account_idx on oidc_payloads (account_id) where account_id is not null;
    create index oidc_payloads_client_idx on oidc_payloads (client_id) where client_id is not null;
    create index oidc_payloads_expires_idx on oidc_payloads (expires_at);

    create table user_sessions (
      id                    uuid        not null default gen_random_uuid(),
      tenant_id             uuid        not null,
      user_id               uuid        not null,
      oidc_session_uid_hash bytea       not null,
      user_agent            text,
      ip                    inet,
      device_fingerprint    bytea,
      amr                   text[]      not null default '{}',
      acr                   text,
      login_at              timestamptz not null default now(),
      last_seen_at          timestamptz not null default now(),
      expires_at            timestamptz not null,
      revoked_at            timestamptz,
      created_at            timestamptz not null default now(),
      constraint user_sessions_pkey primary key (id),
      constraint user_sessions_tenant_id_id_key unique (tenant_id, id),
      constraint user_sessions_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
    );
    create unique index user_sessions_uid_key on user_sessions (oidc_session_uid_hash);
    create index user_sessions_user_idx on user_sessions (tenant_id, user_id, login_at desc);
    create index user_sessions_expires_idx on user_sessions (expires_at);

    -- The relying parties that a session signed in to: whom to tell, and which grants to end, when it ends.
    create table session_clients (
      tenant_id       uuid        not null,
      user_session_id uuid        not null,
      client_id       text        not null,
      sid             text        not null,
      grant_id        text,
      created_at      timestamptz not null default now(),
      constraint session_clients_pkey primary key (user_session_id, client_id),
      constraint session_clients_session_fk foreign key (tenant_id, user_session_id)
        references user_sessions (tenant_id, id) on delete cascade
    );
    create index session_clients_session_idx on session_clients (tenant_id, user_session_id);
    create index session_clients_client_idx on session_clients (client_id);

    create table signing_keys (
      kid                text        not null,
      alg                text        not null,
      state              text        not null,
      public_jwk         jsonb       not null,
      private_jwk_sealed bytea       not null,
      created_at         timestamptz not null default now(),
      activates_at       timestamptz not null,
      retires_at         timestamptz,
      -- Until then a retired key stays published: nothing it signed lives longer.
      verifies_until     timestamptz,
      constraint signing_keys_pkey primary key (kid),
      constraint signing_keys_alg_known check (alg in ('ES256', 'RS256')),
      constraint signing_keys_state_known check (state in ('next', 'current', 'retired')),
      constraint signing_keys_public_holds_no_private check (not public_jwk \\?| array['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])
    );
    create unique index signing_keys_one_current_key on signing_keys (alg) where state = 'current';
    create unique index signing_keys_one_next_key on signing_keys (alg) where state = 'next';
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop table signing_keys, session_clients, user_sessions, oidc_payloads, service_sessions, client_capabilities, client_secrets, clients;
  `);
}
