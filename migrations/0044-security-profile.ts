import type { Knex } from 'knex';

/** By which security profile a client is held to more than the others are (FAPI 2.0). */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table clients
      add column security_profile text not null default 'none',
      -- Every row has the default: nothing that is there can break it.
      add constraint clients_security_profile_is_known
        check (security_profile in ('none', 'fapi2', 'fapi2_message_signing')) not valid;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('alter table clients drop column security_profile');
}
