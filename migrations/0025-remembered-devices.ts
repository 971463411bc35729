import type { Knex } from 'knex';

/** Browsers at which a person is not asked for a second factor for a time. The token is in a cookie of the browser alone. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table remembered_devices (
      id           uuid        not null default gen_random_uuid(),
      tenant_id    uuid        not null,
      user_id      uuid        not null,
      token_hash   bytea       not null,
      user_agent   text,
      created_at   timestamptz not null default now(),
      last_used_at timestamptz,
      expires_at   timestamptz not null,
      constraint remembered_devices_pkey primary key (id),
      constraint remembered_devices_token_key unique (user_id, token_hash),
      constraint remembered_devices_token_is_sha256 check (octet_length(token_hash) = 32),
      constraint remembered_devices_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
    );
    create index remembered_devices_user_idx on remembered_devices (tenant_id, user_id, id);
    create index remembered_devices_token_idx on remembered_devices (token_hash);
    create index remembered_devices_expiry_idx on remembered_devices (expires_at);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table remembered_devices');
}
