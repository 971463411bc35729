import type { Knex } from 'knex';

/** OpenID providers that people may sign in with, and the sign-ins that are on their way to one. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    create table identity_providers (
      id                    uuid        not null default gen_random_uuid(),
      tenant_id             uuid,
      key                   text        not null,
      name                  text        not null,
      state                 text        not null default 'active',
      issuer                text        not null,
      client_id             text        not null,
      client_secret_sealed  bytea,
      scopes                text[]      not null default '{openid,email,profile}',
      claim_mapping         jsonb       not null default '{}',
      created_at            timestamptz not null default now(),
      updated_at            timestamptz not null default now(),
      constraint identity_providers_pkey primary key (id),
      constraint identity_providers_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint identity_providers_key_form check (key ~ '^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])\\?$' and key not in ('password', 'otp')),
      constraint identity_providers_state_known check (state in ('active', 'disabled')),
      constraint identity_providers_mapping_is_object check (jsonb_typeof(claim_mapping) = 'object')
    );
    -- A key is an address (/callback/<key>) and a mark on a button: one provider has it, whichever tenant owns the provider.
    create unique index identity_providers_key_key on identity_providers (key);
    create index identity_providers_tenant_idx on identity_providers (tenant_id);
    create trigger identity_providers_touch before update on identity_providers for each row execute function touch_updated_at();

    -- Sealed: the nonce, the PKCE verifier, and what it is for (an interaction's uid is a credential, and a person who
    -- links an account need not be readable here).
    create table federation_requests (
      id              uuid        not null default gen_random_uuid(),
      provider_id     uuid        not null,
      state_hash      bytea       not null,
      browser_hash    bytea       not null,
      sealed          bytea       not null,
      expires_at      timestamptz not null,
      consumed_at     timestamptz,
      created_at      timestamptz not null default now(),
      constraint federation_requests_pkey primary key (id),
      constraint federation_requests_state_key unique (state_hash),
      constraint federation_requests_provider_fk foreign key (provider_id) references identity_providers (id) on delete cascade
    );
    create index federation_requests_provider_idx on federation_requests (provider_id);
    create index federation_requests_expires_idx on federation_requests (expires_at);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table federation_requests, identity_providers');
}
