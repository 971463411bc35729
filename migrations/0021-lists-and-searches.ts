import type { Knex } from 'knex';

/**
 * People are listed by name and by address, and found by a part of what they are called, without reading the whole tenant;
 * nodes are found by a part of their name. The lists lead with the tenant because they are of a whole tenant, and are for people
 * who are not deleted alone: no look-up of a row comes by them (decision 8). `last_login_at` has no index: each sign-in would
 * then write to every index of the person.
 *
 * The expressions are those of the queries (domain/organisation/people.ts, org-node-store.ts), to the letter.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    -- Parts of words. A trusted extension (PostgreSQL 13 and later), as btree_gist is: the owner of the database may add it.
    create extension if not exists pg_trgm;

    create index users_by_name_idx on users (tenant_id, lower(coalesce(full_name, '')), id) where deleted_at is null;
    create index users_by_email_idx on users (tenant_id, lower(coalesce(email, '')), id) where deleted_at is null;
    create index users_words_idx on users using gin ((
      ' ' || coalesce(full_name, '') || ' ' || coalesce(given_name, '') || ' ' || coalesce(family_name, '') || ' ' ||
      coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || coalesce(username, '') || ' ' || coalesce(external_id, '')
    ) gin_trgm_ops) where deleted_at is null;
    create index org_nodes_words_idx on org_nodes using gin ((' ' || name) gin_trgm_ops) where deleted_at is null;

    -- What a partial index knows of an expression is not asked: without these a word that everybody has is taken for a rare one,
    -- and all that have it are read and sorted, where the first fifty in order would do.
    create statistics users_words_stats on (
      ' ' || coalesce(full_name, '') || ' ' || coalesce(given_name, '') || ' ' || coalesce(family_name, '') || ' ' ||
      coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || coalesce(username, '') || ' ' || coalesce(external_id, '')
    ) from users;
    create statistics org_nodes_words_stats on (' ' || name) from org_nodes;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop statistics org_nodes_words_stats, users_words_stats;
    drop index org_nodes_words_idx, users_words_idx, users_by_email_idx, users_by_name_idx;
    drop extension pg_trgm;
  `);
}
