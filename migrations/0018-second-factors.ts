import type { Knex } from 'knex';

/**
 * Second factors. `ends_at`: a reset that waits; from then on the row counts for nothing. `last_step`: the newest time step
 * whose code was used (RFC 6238 section 5.2). A kind that keeps something else adds its columns.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table user_factors (
      id           uuid primary key default gen_random_uuid(),
      tenant_id    uuid not null,
      user_id      uuid not null,
      kind         text not null constraint user_factors_kind_check check (kind ~ '^[a-z_]{1,32}$'),
      secret       bytea,
      last_step    bigint,
      created_at   timestamptz not null default now(),
      last_used_at timestamptz,
      ends_at      timestamptz,
      constraint user_factors_tenant_key unique (tenant_id, id),
      constraint user_factors_user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
      constraint user_factors_totp_check check (kind <> 'totp' or (secret is not null and last_step is not null))
    );
    create index user_factors_user_idx on user_factors (tenant_id, user_id);
    create unique index user_factors_totp_key on user_factors (user_id) where kind = 'totp';

    create table recovery_codes (
      id         uuid primary key default gen_random_uuid(),
      tenant_id  uuid not null,
      user_id    uuid not null,
      code_hash  bytea not null,
      created_at timestamptz not null default now(),
      used_at    timestamptz,
      constraint recovery_codes_user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
      constraint recovery_codes_code_key unique (user_id, code_hash)
    );
    create index recovery_codes_user_idx on recovery_codes (tenant_id, user_id);

    create table factor_grace (
      user_id   uuid primary key,
      tenant_id uuid not null,
      began_at  timestamptz not null default now(),
      constraint factor_grace_user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
    );
    create index factor_grace_user_idx on factor_grace (tenant_id, user_id);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table factor_grace; drop table recovery_codes; drop table user_factors');
}
