import type { Knex } from 'knex';

/** Tokens of platforms by which services prove themselves: whose, for whom, and of which workload. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    create table workload_identities (
      id         uuid        not null default gen_random_uuid(),
      client_id  uuid        not null,
      issuer     text        not null,
      audience   text        not null,
      subject    text        not null,
      -- Where the keys are, if the issuer does not say it by discovery.
      jwks_uri   text,
      -- A token is good once, by its jti; else until it ends.
      single_use boolean     not null default true,
      created_at timestamptz not null default now(),
      created_by uuid,
      constraint workload_identities_pkey primary key (id),
      constraint workload_identities_key unique (client_id, issuer, audience, subject),
      constraint workload_identities_client_fk foreign key (client_id) references clients (id) on delete cascade,
      constraint workload_identities_created_by_fk foreign key (created_by) references users (id)
    );
    create index workload_identities_created_by_idx on workload_identities (created_by) where created_by is not null;
    create constraint trigger workload_identities_raise_configuration_version
      after insert or update or delete on workload_identities
      deferrable initially deferred
      for each row execute function raise_configuration_version();
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table workload_identities');
}
