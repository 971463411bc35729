import type { Knex } from 'knex';

/** When a person's grant was used last, to the minute. Null: not since this release, or never. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table oidc_payloads add column last_used_at timestamptz;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('alter table oidc_payloads drop column last_used_at');
}
