import type { Knex } from 'knex';

/** Which APIs take exchanged tokens, and what services may get for people there. Nothing, until somebody says so. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    alter table resource_servers add column token_exchange boolean not null default false;

    create table client_exchange_capabilities (
      client_id     uuid        not null,
      capability_id uuid        not null,
      granted_at    timestamptz not null default now(),
      granted_by    uuid,
      constraint client_exchange_capabilities_pkey primary key (client_id, capability_id),
      constraint client_exchange_capabilities_client_fk foreign key (client_id) references clients (id) on delete cascade,
      constraint client_exchange_capabilities_capability_fk
        foreign key (capability_id) references capabilities (id) on delete cascade,
      constraint client_exchange_capabilities_granted_by_fk foreign key (granted_by) references users (id)
    );
    create index client_exchange_capabilities_capability_idx on client_exchange_capabilities (capability_id);
    create index client_exchange_capabilities_granted_by_idx on client_exchange_capabilities (granted_by)
      where granted_by is not null;
    create constraint trigger client_exchange_capabilities_raise_configuration_version
      after insert or update or delete on client_exchange_capabilities
      deferrable initially deferred
      for each row execute function raise_configuration_version();
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop table client_exchange_capabilities;
    alter table resource_servers drop column token_exchange;
  `);
}
