import type { Knex } from 'knex';

/**
 * Factors that their owner has taken away. `removed_at`: since when; the row has ended (`ends_at`) and counts for nothing, and
 * waits for three days whether it is taken back. Another app may be set up beside it.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table user_factors add column removed_at timestamptz;
    alter table user_factors add constraint user_factors_removed_check check (removed_at is null or ends_at is not null);
    create unique index user_factors_live_totp_key on user_factors (user_id) where kind = 'totp' and removed_at is null;
    drop index user_factors_totp_key;
    alter table safety_links drop constraint safety_links_kind_known;
    alter table safety_links add constraint safety_links_kind_known
      check (kind in ('undo_address', 'not_me', 'undo_factor', 'keep_account'));
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    delete from safety_links where kind in ('undo_factor', 'keep_account');
    alter table safety_links drop constraint safety_links_kind_known;
    alter table safety_links add constraint safety_links_kind_known check (kind in ('undo_address', 'not_me'));
    delete from user_factors where removed_at is not null;
    drop index user_factors_live_totp_key;
    create unique index user_factors_totp_key on user_factors (user_id) where kind = 'totp';
    alter table user_factors drop column removed_at;
  `);
}
