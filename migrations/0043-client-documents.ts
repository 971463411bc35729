import type { Knex } from 'knex';

/**
 * Applications that are known by the address of a document about them (client ID metadata documents): the address is their
 * `client_id`. A row is made when a person first lets such a one have something.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    -- Wider than before: nothing that is there can break it.
    alter table clients
      drop constraint clients_client_id_form,
      add constraint clients_client_id_form
        check (client_id ~ '^([A-Za-z0-9._~:-]{1,100}|https://[!-~]{1,242})$') not valid;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    update clients set state = 'disabled', deleted_at = coalesce(deleted_at, now()),
           client_id = 'document-' || id where client_id like 'https://%';
    alter table clients
      drop constraint clients_client_id_form,
      add constraint clients_client_id_form check (client_id ~ '^[A-Za-z0-9._~:-]{1,100}$') not valid;
  `);
}
