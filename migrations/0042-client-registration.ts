import type { Knex } from 'knex';

/**
 * Applications that register themselves (RFC 7591, RFC 7592): the initial access tokens of a tenant, each with what may be
 * registered by it, and what was registered. Tokens are kept as hashes.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table initial_access_tokens (
      id             uuid        not null default gen_random_uuid(),
      tenant_id      uuid        not null,
      name           text        not null,
      token_hash     bytea       not null,
      hint           text        not null,
      redirect_hosts text[]      not null,
      scopes         text[]      not null,
      most_uses      integer     not null,
      uses           integer     not null default 0,
      expires_at     timestamptz not null,
      last_used_at   timestamptz,
      revoked_at     timestamptz,
      created_at     timestamptz not null default now(),
      created_by     uuid,
      constraint initial_access_tokens_pkey primary key (id),
      constraint initial_access_tokens_hash_key unique (token_hash),
      constraint initial_access_tokens_hash_is_sha256 check (octet_length(token_hash) = 32),
      constraint initial_access_tokens_uses_are_bounded check (uses between 0 and most_uses),
      constraint initial_access_tokens_name_hosts check (cardinality(redirect_hosts) between 1 and 50),
      constraint initial_access_tokens_expires_after_creation check (expires_at > created_at),
      constraint initial_access_tokens_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint initial_access_tokens_created_by_fk foreign key (tenant_id, created_by) references users (tenant_id, id)
    );
    create index initial_access_tokens_tenant_idx on initial_access_tokens (tenant_id, id);
    create index initial_access_tokens_created_by_idx on initial_access_tokens (created_by) where created_by is not null;

    create table client_registrations (
      client_id               uuid        not null,
      initial_access_token_id uuid        not null,
      token_hash              bytea       not null,
      created_at              timestamptz not null default now(),
      -- When somebody first let the application have something; one that nobody ever wanted goes by itself.
      used_at                 timestamptz,
      constraint client_registrations_pkey primary key (client_id),
      constraint client_registrations_hash_key unique (token_hash),
      constraint client_registrations_hash_is_sha256 check (octet_length(token_hash) = 32),
      constraint client_registrations_client_fk foreign key (client_id) references clients (id) on delete cascade,
      constraint client_registrations_token_fk foreign key (initial_access_token_id) references initial_access_tokens (id)
    );
    create index client_registrations_token_idx on client_registrations (initial_access_token_id);
    create index client_registrations_unused_idx on client_registrations (created_at) where used_at is null;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table client_registrations, initial_access_tokens');
}
