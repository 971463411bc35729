import type { Knex } from 'knex';

/**
 * The one way out of the audit trail, a batch at a time: what a busy server has written in a day goes in no one statement.
 * Found by the index on (tenant_id, occurred_at), tenant by tenant; `purge_audit_events(integer)` stays for processes of the
 * version before.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    create function purge_audit_events(retention_days integer, most integer) returns bigint language plpgsql as $$
    declare
      kept record;
      found bigint;
      gone bigint := 0;
    begin
      if retention_days is null or retention_days < 1 then
        raise exception 'audit retention is at least one day' using errcode = 'check_violation';
      end if;
      perform set_config('gatehouse.audit_maintenance', 'on', true);
      for kept in
        select t.id, coalesce(nullif(t.settings ->> 'auditRetentionDays', '')::integer, retention_days) as days
          from tenants t
        union all
        select null, retention_days
      loop
        exit when gone >= most;
        if kept.id is null then
          delete from audit_events e
           using (select id, occurred_at from audit_events
                   where tenant_id is null and occurred_at < now() - make_interval(days => kept.days)
                   order by occurred_at limit most - gone) ended
           where e.id = ended.id and e.occurred_at = ended.occurred_at;
        else
          delete from audit_events e
           using (select id, occurred_at from audit_events
                   where tenant_id = kept.id and occurred_at < now() - make_interval(days => kept.days)
                   order by occurred_at limit most - gone) ended
           where e.id = ended.id and e.occurred_at = ended.occurred_at;
        end if;
        get diagnostics found = row_count;
        gone := gone + found;
      end loop;
      perform set_config('gatehouse.audit_maintenance', 'off', true);
      return gone;
    end $$;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop function purge_audit_events(integer, integer)');
}
