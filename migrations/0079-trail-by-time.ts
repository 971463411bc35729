import type { Knex } from 'knex';

/**
 * The index of the trail by time tells of blocks what span of time is in them. Of what was added since PostgreSQL last cleaned the
 * table, which it does when a fifth of it is new, the index knows nothing, and whoever asks for a minute reads all of that. Here it is told.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    -- Of the partitions that events are added to at this moment. Where PostgreSQL cleans one, this is not needed, and gives up
    -- (55P03). Answers how many ranges of blocks the index has learnt of.
    create function summarize_audit_events() returns integer
    language sql security definer set lock_timeout = '50ms' as $$
      select coalesce(sum(brin_summarize_new_values(i.indexrelid)), 0)::integer
        from pg_inherits p
        join pg_class part on part.oid = p.inhrelid
        join pg_index i on i.indrelid = part.oid
        join pg_class c on c.oid = i.indexrelid
        join pg_am a on a.oid = c.relam and a.amname = 'brin'
       where p.inhparent = 'audit_events'::regclass
         and part.relname in ('audit_events_default',
                              'audit_events_' || to_char(now() at time zone 'UTC', 'YYYY_MM'),
                              'audit_events_' || to_char((now() - interval '1 hour') at time zone 'UTC', 'YYYY_MM'))
    $$;

    do $$
    begin
      execute format('alter function summarize_audit_events() set search_path = pg_catalog, %I, pg_temp', current_schema());
      revoke all on function summarize_audit_events() from public;
    end $$;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop function summarize_audit_events()');
}
