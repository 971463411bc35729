import type { Knex } from 'knex';

/** What an API asks of the people whose tokens it takes: how they signed in, and whether they are always asked for their consent. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table resource_servers
      add column required_acr text,
      add column skip_consent boolean not null default true,
      -- Every row has the default: nothing that is there can break it.
      add constraint resource_servers_required_acr_is_known
        check (required_acr in ('urn:gatehouse:acr:aal1', 'urn:gatehouse:acr:aal2')) not valid;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('alter table resource_servers drop column required_acr, drop column skip_consent');
}
