import type { Knex } from 'knex';

/** Links by which a person takes back what was done to their account: another address, a sign-in that was not theirs. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    create table safety_links (
      id          uuid        primary key,
      tenant_id   uuid        not null,
      user_id     uuid        not null,
      kind        text        not null,
      token_hash  bytea       not null,
      -- The address that it was sent to, and that it gives back.
      sealed      bytea       not null,
      created_at  timestamptz not null default clock_timestamp(),
      expires_at  timestamptz not null,
      consumed_at timestamptz,
      constraint safety_links_user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id),
      constraint safety_links_kind_known check (kind in ('undo_address', 'not_me'))
    );
    create unique index safety_links_token_hash_key on safety_links (token_hash);
    create index safety_links_user_idx on safety_links (tenant_id, user_id);
    create index safety_links_expires_idx on safety_links (expires_at);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table safety_links');
}
