import type { Knex } from 'knex';

/** When a person answered a request for their approval (CIBA): once. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table oidc_payloads add column answered_at timestamptz;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('alter table oidc_payloads drop column answered_at');
}
