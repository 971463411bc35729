import type { Knex } from 'knex';

/** New applications get their claims in the id_token too; those that are there stay as they are until somebody changes it. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    update clients
       set metadata = metadata || '{"id_token_claims": "lean"}'
     where kind <> 'service';
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`update clients set metadata = metadata - 'id_token_claims' - 'claim_mapping' - 'default_resource'`);
}
