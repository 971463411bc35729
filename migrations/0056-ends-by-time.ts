import type { Knex } from 'knex';

/** Finds what began and what ended within some seconds, in tables where that is a handful of millions. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create index org_assignments_ended_idx on org_assignments (ends_at) where ends_at is not null;
    create index org_assignments_begun_idx on org_assignments (starts_at) where starts_at > created_at;
    create index visibility_grants_ended_idx on visibility_grants (ends_at) where ends_at is not null;
    create index visibility_grants_begun_idx on visibility_grants (starts_at) where starts_at > created_at;
    create index api_keys_ended_idx on api_keys (expires_at) where revoked_at is null;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`drop index org_assignments_ended_idx, org_assignments_begun_idx, visibility_grants_ended_idx,
                  visibility_grants_begun_idx, api_keys_ended_idx`);
}
