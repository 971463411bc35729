import type { Knex } from 'knex';

/**
 * The application that a recovery link was asked for from, by its `client_id`: the way back once the password is changed.
 * No reference: an application that is deleted meanwhile is no way back, and nothing more.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table otp_codes add column client_id text;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('alter table otp_codes drop column client_id');
}
