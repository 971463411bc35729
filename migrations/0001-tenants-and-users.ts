import type { Knex } from 'knex';

/** Tenants, the people in them, how they prove who they are, and the counters that slow guessing down. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    create function touch_updated_at() returns trigger language plpgsql as $$
    begin
      new.updated_at := now();
      return new;
    end $$;

    create table tenants (
      id         uuid        not null default gen_random_uuid(),
      slug       text        not null,
      name       text        not null,
      state      text        not null default 'active',
      settings   jsonb       not null default '{}',
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint tenants_pkey primary key (id),
      constraint tenants_slug_key unique (slug),
      constraint tenants_slug_is_dns_label check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])\\?$'),
      constraint tenants_name_not_blank check (btrim(name) <> ''),
      constraint tenants_state_known check (state in ('active', 'suspended')),
      constraint tenants_settings_is_object check (jsonb_typeof(settings) = 'object')
    );
    create trigger tenants_touch before update on tenants for each row execute function touch_updated_at();

    create table users (
      id                  uuid        not null default gen_random_uuid(),
      tenant_id           uuid        not null,
      email               text,
      email_verified_at   timestamptz,
      phone               text,
      phone_verified_at   timestamptz,
      full_name           text,
      given_name          text,
      family_name         text,
      picture_url         text,
      state               text        not null default 'active',
      mfa_required        boolean     not null default false,
      last_login_at       timestamptz,
      password_changed_at timestamptz,
      metadata            jsonb       not null default '{}',
      erased_at           timestamptz,
      created_at          timestamptz not null default now(),
      updated_at          timestamptz not null default now(),
      deleted_at          timestamptz,
      created_by          uuid,
      updated_by          uuid,
      deleted_by          uuid,
      constraint users_pkey primary key (id),
      constraint users_tenant_id_id_key unique (tenant_id, id),
      constraint users_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint users_created_by_fk foreign key (tenant_id, created_by) references users (tenant_id, id),
      constraint users_updated_by_fk foreign key (tenant_id, updated_by) references users (tenant_id, id),
      constraint users_deleted_by_fk foreign key (tenant_id, deleted_by) references users (tenant_id, id),
      constraint users_state_known check (state in ('active', 'inactive')),
      constraint users_phone_is_e164 check (phone ~ '^\\+[1-9][0-9]{6,14}$'),
      constraint users_email_length check (char_length(email) <= 254),
      constraint users_reachable check (email is not null or phone is not null or erased_at is not null),
      constraint users_metadata_is_object check (jsonb_typeof(metadata) = 'object')
    );
    create unique index users_email_key on users (tenant_id, lower(email)) where deleted_at is null;
    create unique index users_phone_key on users (tenant_id, phone) where deleted_at is null;
    create index users_lower_email_idx on users (lower(email)) where deleted_at is null;
    create index users_created_by_idx on users (tenant_id, created_by) where created_by is not null;
    create index users_updated_by_idx on users (tenant_id, updated_by) where updated_by is not null;
    create index users_deleted_by_idx on users (tenant_id, deleted_by) where deleted_by is not null;
    create trigger users_touch before update on users for each row execute function touch_updated_at();

    create table user_identities (
      id             uuid        not null default gen_random_uuid(),
      tenant_id      uuid        not null,
      user_id        uuid        not null,
      provider       text        not null,
      issuer         text        not null default '',
      subject        text        not null,
      password_hash  text,
      email          text,
      email_verified boolean     not null default false,
      last_used_at   timestamptz,
      created_at     timestamptz not null default now(),
      updated_at     timestamptz not null default now(),
      constraint user_identities_pkey primary key (id),
      constraint user_identities_tenant_id_id_key unique (tenant_id, id),
      constraint user_identities_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
      constraint user_identities_subject_key unique (tenant_id, provider, issuer, subject),
      constraint user_identities_user_provider_key unique (user_id, provider),
      constraint user_identities_password_is_argon2id check ((provider = 'password') = (password_hash is not null)
                                                             and (password_hash is null or password_hash like '$argon2id$%'))
    );
    create index user_identities_user_idx on user_identities (tenant_id, user_id);
    create trigger user_identities_touch before update on user_identities for each row execute function touch_updated_at();

    create table user_settings (
      user_id         uuid        not null,
      tenant_id       uuid        not null,
      locale          text,
      zoneinfo        text,
      theme           text        not null default 'system',
      notify_by_email boolean     not null default true,
      notify_in_app   boolean     not null default true,
      created_at      timestamptz not null default now(),
      updated_at      timestamptz not null default now(),
      constraint user_settings_pkey primary key (user_id),
      constraint user_settings_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
      constraint user_settings_theme_known check (theme in ('light', 'dark', 'system'))
    );
    create index user_settings_tenant_user_idx on user_settings (tenant_id, user_id);
    create trigger user_settings_touch before update on user_settings for each row execute function touch_updated_at();

    -- Failures in a row, by HMAC of (tenant, address): an unknown address is counted exactly like a known one.
    create table sign_in_failures (
      subject_hash   bytea       not null,
      failures       integer     not null,
      last_failed_at timestamptz not null default now(),
      constraint sign_in_failures_pkey primary key (subject_hash)
    );

    -- Fixed windows of src/platform/rate-limits.ts.
    create table rate_limits (
      key            text        not null,
      hits           integer     not null,
      window_ends_at timestamptz not null,
      constraint rate_limits_pkey primary key (key)
    );
    create index rate_limits_window_idx on rate_limits (window_ends_at);

    -- One-time links by which an administrator sets the server up.
    create table setup_links (
      id          uuid        not null default gen_random_uuid(),
      tenant_id   uuid,
      email       text,
      token_hash  bytea       not null,
      expires_at  timestamptz not null,
      consumed_at timestamptz,
      revoked_at  timestamptz,
      created_at  timestamptz not null default now(),
      constraint setup_links_pkey primary key (id),
      constraint setup_links_token_hash_key unique (token_hash),
      constraint setup_links_tenant_fk foreign key (tenant_id) references tenants (id)
    );
    create index setup_links_tenant_idx on setup_links (tenant_id);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop table setup_links, rate_limits, sign_in_failures, user_settings, user_identities, users, tenants;
    drop function touch_updated_at();
  `);
}
