import type { Knex } from 'knex';

/** What processes remember of them counts until one of these is changed (platform/remembered.ts). */
const watched = {
  clients: 'insert or update or delete',
  // Not for `last_used_at`, which a busy service writes every minute.
  client_secrets: 'insert or update of secret_hash, expires_at, revoked_at or delete',
  client_capabilities: 'insert or update or delete',
  capabilities: 'insert or update or delete',
  resource_servers: 'insert or update or delete',
  tenants: 'insert or update or delete',
  identity_providers: 'insert or update or delete',
};

/**
 * One number, raised by each transaction that changes configuration. As late as can be, at the commit: its row is locked for
 * as long as the commit takes, and who holds it waits for nobody.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table configuration_version (
      single  boolean not null default true,
      version bigint  not null default 0,
      constraint configuration_version_pkey primary key (single),
      constraint configuration_version_is_one_row check (single)
    );
    insert into configuration_version default values;

    create function raise_configuration_version() returns trigger language plpgsql as $$
    begin
      -- Once a transaction, however many rows it changes.
      if coalesce(current_setting('gatehouse.configuration_raised', true), '') <> pg_current_xact_id()::text then
        update configuration_version set version = version + 1;
        perform set_config('gatehouse.configuration_raised', pg_current_xact_id()::text, true);
      end if;
      return null;
    end $$;
  `);
  for (const [table, changes] of Object.entries(watched))
    await db.raw(`
      create constraint trigger ${table}_raise_configuration_version
        after ${changes} on ${table}
        deferrable initially deferred
        for each row execute function raise_configuration_version()
    `);
}

export async function down(db: Knex): Promise<void> {
  for (const table of Object.keys(watched))
    await db.raw(`drop trigger ${table}_raise_configuration_version on ${table}`);
  await db.raw('drop function raise_configuration_version(); drop table configuration_version');
}
