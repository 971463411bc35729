import type { Knex } from 'knex';

/** When a platform's tokens last proved a service, so that one that nothing uses any more is seen and taken away. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table workload_identities add column last_used_at timestamptz;
    -- Not for last_used_at, which a busy service writes every minute.
    drop trigger workload_identities_raise_configuration_version on workload_identities;
    create constraint trigger workload_identities_raise_configuration_version
      after insert or update of issuer, audience, subject, jwks_uri, single_use or delete on workload_identities
      deferrable initially deferred
      for each row execute function raise_configuration_version();
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop trigger workload_identities_raise_configuration_version on workload_identities;
    create constraint trigger workload_identities_raise_configuration_version
      after insert or update or delete on workload_identities
      deferrable initially deferred
      for each row execute function raise_configuration_version();
    alter table workload_identities drop column last_used_at;
  `);
}
