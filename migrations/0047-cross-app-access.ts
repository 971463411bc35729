import type { Knex } from 'knex';

/**
 * Cross-app access: for whom an application may get assertions about people, and which providers' assertions are taken. Nothing,
 * until somebody says so.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table cross_app_audiences (
      id                 uuid        not null,
      client_id          uuid        not null,
      -- The issuer of the other authorization server.
      audience           text        not null,
      -- What the application is called there.
      audience_client_id text        not null,
      -- What may be asked for there at the most.
      scopes             text[]      not null,
      created_at         timestamptz not null default now(),
      created_by         uuid,
      constraint cross_app_audiences_pkey primary key (id),
      constraint cross_app_audiences_key unique (client_id, audience),
      constraint cross_app_audiences_client_fk foreign key (client_id) references clients (id) on delete cascade,
      constraint cross_app_audiences_created_by_fk foreign key (created_by) references users (id)
    );
    create index cross_app_audiences_created_by_idx on cross_app_audiences (created_by) where created_by is not null;
    create constraint trigger cross_app_audiences_raise_configuration_version
      after insert or update or delete on cross_app_audiences
      deferrable initially deferred
      for each row execute function raise_configuration_version();

    -- Whose assertions count, for what; null: none.
    alter table identity_providers
      add column cross_app jsonb,
      add constraint identity_providers_cross_app_is_of_a_tenant
        check (cross_app is null or tenant_id is not null) not valid;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    alter table identity_providers drop column cross_app;
    drop table cross_app_audiences;
  `);
}
