import type { Knex } from 'knex';

/**
 * The trail out of the program's reach: where the tables belong to another role than the one the server runs as, that role reads
 * and adds events and nothing else. What has to change the trail goes through three functions that run as the owner and whose
 * arguments erase nothing: partitions, what is older than it is kept for, and where an erased person was
 * (docs/decisions/0057-the-trail-belongs-to-another-role.md). `gatehouse.audit_maintenance` means nothing any more.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    -- What the server's role may do to a table, where that is less than reading and writing. It is told by a comment, which
    -- comes and goes with the table; platform/server-role.ts grants by it. No role may do more here, and none gets more by it.
    create function limit_server_role(kept regclass, privileges text) returns void language plpgsql as $$
    declare
      other record;
    begin
      for other in
        select case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as name,
               string_agg(a.privilege_type, ', ')
                 filter (where lower(a.privilege_type) = any(string_to_array(privileges, ', '))) as left_to_it
          from pg_class c
         cross join lateral aclexplode(c.relacl) a
         where c.oid = kept and a.grantee <> c.relowner
         group by a.grantee
      loop
        execute format('revoke all on table %s from %s', kept, other.name);
        if other.left_to_it is not null then
          execute format('grant %s on table %s to %s', other.left_to_it, kept, other.name);
        end if;
      end loop;
      execute format('comment on table %s is %L', kept, 'server role: ' || privileges);
    end $$;

    -- The transactions that one of the functions below has let change the trail. The owner alone writes here.
    create table audit_upkeep (
      transaction xid8 not null,
      constraint audit_upkeep_pkey primary key (transaction)
    );
    select limit_server_role('audit_upkeep', 'nothing');
    select limit_server_role('audit_events', 'select, insert');
    select limit_server_role(inhrelid, 'nothing') from pg_inherits where inhparent = 'audit_events'::regclass;

    create or replace function audit_events_refuse() returns trigger language plpgsql as $$
    begin
      if tg_op <> 'TRUNCATE' and exists (select from audit_upkeep where transaction = pg_current_xact_id()) then
        if tg_op = 'UPDATE' then
          return new;
        end if;
        return old;
      end if;
      raise exception 'audit events are append-only' using errcode = 'insufficient_privilege';
    end $$;

    -- Makes the partitions of this month and the next ones. Safe to call at any time, by many at once: one of them does it. A
    -- table is made aside and attached, which lets others go on reading and writing; where that has to wait for somebody who
    -- reads the default partition, it gives up soon, before others wait behind it (55P03), and is to be called again.
    create or replace function ensure_audit_partitions(months_ahead integer default 2) returns void
    language plpgsql security definer set lock_timeout = '50ms' as $$
    declare
      place   text := (select nspname from pg_namespace n join pg_class c on c.relnamespace = n.oid
                        where c.oid = 'audit_events'::regclass);
      missing date[] := '{}';
      month   date;
      part    text;
    begin
      if months_ahead is null or months_ahead not between 0 and 24 then
        raise exception 'partitions are made for 24 months at the most' using errcode = 'check_violation';
      end if;
      if not pg_try_advisory_xact_lock(hashtextextended('audit_events', 0)) then
        return;
      end if;
      for i in 0..months_ahead loop
        month := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => i))::date;
        part  := 'audit_events_' || to_char(month, 'YYYY_MM');
        -- Of a month whose events the default partition has, it keeps the rest as well.
        continue when to_regclass(format('%I.%I', place, part)) is not null or exists (
          select from audit_events_default
           where occurred_at >= month::timestamp at time zone 'UTC'
             and occurred_at < (month + interval '1 month') at time zone 'UTC');
        execute format('create table %I.%I (like audit_events including all)', place, part);
        execute format('create trigger audit_events_no_truncate before truncate on %I.%I
                        for each statement execute function audit_events_refuse()', place, part);
        perform limit_server_role(format('%I.%I', place, part)::regclass, 'nothing');
        missing := missing || month;
      end loop;
      foreach month in array missing loop
        execute format('alter table audit_events attach partition %I.%I for values from (%L) to (%L)',
                       place, 'audit_events_' || to_char(month, 'YYYY_MM'),
                       month::timestamp at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
      end loop;
    end $$;

    -- Deletes some of what is older than it is kept for: a tenant's own time, or the server's. Never what is younger than
    -- 30 days, whoever asks and whatever the settings say.
    drop function purge_audit_events(integer);
    create or replace function purge_audit_events(retention_days integer, most integer) returns bigint
    language plpgsql security definer as $$
    declare
      kept  record;
      found bigint;
      gone  bigint := 0;
    begin
      if retention_days is null or retention_days < 30 then
        raise exception 'audit events are kept for at least 30 days' using errcode = 'check_violation';
      end if;
      if most is null or most not between 1 and 100000 then
        raise exception 'a batch has 1 to 100000 events' using errcode = 'check_violation';
      end if;
      insert into audit_upkeep values (pg_current_xact_id()) on conflict do nothing;
      for kept in
        select t.id, greatest(30, coalesce(nullif(t.settings ->> 'auditRetentionDays', '')::integer, retention_days)) as days
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
      delete from audit_upkeep where transaction = pg_current_xact_id();
      return gone;
    end $$;

    -- Takes from the trail where a person acted from, and what the named events say; who did what to what, and when, stays,
    -- by opaque ids. What an administrator did to the person keeps where the administrator was. Only for a person who is
    -- erased and whose erasure the trail tells: nothing is blanked without an event that stays.
    create or replace function erase_person_from_audit(person uuid, events uuid[]) returns void
    language plpgsql security definer as $$
    begin
      if not exists (select from users u where u.id = person and u.erased_at is not null)
         or not exists (select from audit_events
                         where entity_type = 'user' and entity_id = person::text and action = 'user.erased') then
        raise exception 'only an erased person is taken out of the audit trail' using errcode = 'insufficient_privilege';
      end if;
      insert into audit_upkeep values (pg_current_xact_id()) on conflict do nothing;
      update audit_events
         set ip = null, user_agent = null
       where actor_type = 'user' and actor_id = person::text and (ip is not null or user_agent is not null);
      update audit_events
         set ip = null, user_agent = null
       where entity_type = 'user' and entity_id = person::text and actor_type = 'system'
         and (ip is not null or user_agent is not null);
      update audit_events
         set payload = jsonb_strip_nulls(jsonb_build_object('erased', true, 'cause', payload -> 'cause'))
       where id = any(events) and action <> 'user.erased'
         and (actor_id = person::text or (entity_type = 'user' and entity_id = person::text));
      delete from audit_upkeep where transaction = pg_current_xact_id();
    end $$;

    -- They find what they name where it was made, whatever the caller's search_path; and none but the server's role is let call
    -- those that run as the owner.
    do $$
    declare
      named text;
    begin
      foreach named in array array['limit_server_role(regclass, text)', 'audit_events_refuse()',
                                   'ensure_audit_partitions(integer)', 'purge_audit_events(integer, integer)',
                                   'erase_person_from_audit(uuid, uuid[])'] loop
        execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', named, current_schema());
        execute format('revoke all on function %s from public', named);
      end loop;
    end $$;
  `);
}

/** Not undone: the functions of before would be open to whoever may call them. */
export async function down(): Promise<void> {
  throw new Error('The trail does not go back into the reach of the program. Restore a backup.');
}
