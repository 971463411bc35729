import type { Knex } from 'knex';

/** Whether a code was asked for at a browser that somebody of its address has signed in with: strangers count apart. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table otp_codes add column known_device boolean not null default false;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('alter table otp_codes drop column known_device');
}
