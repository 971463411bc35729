import type { Knex } from 'knex';

/** Which token follows a used refresh token, as a fact: what a key derives differs between nodes while keys change. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table oidc_payloads add column successor_hash bytea;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('alter table oidc_payloads drop column successor_hash');
}
