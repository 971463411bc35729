import type { Knex } from 'knex';

/**
 * The trail by a request's id, which a page of errors shows, and by what was done. Neither is found in a large trail without an
 * index: a request is one of millions, and what is rare lies far back.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create index audit_events_request_idx on audit_events (request_id) where request_id is not null;
    create index audit_events_action_idx on audit_events (tenant_id, action, occurred_at desc);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop index audit_events_action_idx, audit_events_request_idx');
}
