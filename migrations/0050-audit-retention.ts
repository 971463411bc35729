import type { Knex } from 'knex';

/**
 * Months of the trail come and go while everybody writes and reads. Each function does one short step in a transaction of its own,
 * and gives up (55P03) where it would have to wait for a lock, because all who come later would wait behind it. A month that is over
 * for everybody is taken off and dropped; where a tenant keeps its events longer, the month stays and the rest goes in batches.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    -- Makes the partitions of this month and the next ones. Answers whether there is more to do: call it again then. Safe to call
    -- at any time, by many at once: one of them does it.
    --
    -- Attaching reads the default partition under a lock, to see that it has no event of that month. Where it is large, that is
    -- seen beforehand without one: by a constraint that is added unchecked, then checked, then used, a call for each. While it
    -- stands, such events are refused. So it is there for months alone that begin later than the night's job comes by the next
    -- time and ends what was left half done; the events of one that is too near go to the default partition.
    drop function ensure_audit_partitions(integer);
    create function ensure_audit_partitions(months_ahead integer default 2) returns boolean
    language plpgsql security definer set lock_timeout = '50ms' as $$
    declare
      place    text    := (select nspname from pg_namespace n join pg_class c on c.relnamespace = n.oid
                            where c.oid = 'audit_events'::regclass);
      is_large boolean := pg_relation_size('audit_events_default') > 8 * 1024 * 1024;
      month    date;
      part     text;
      proof    text;
      stands   boolean;
      lower    timestamptz;
      upper    timestamptz;
    begin
      if months_ahead is null or months_ahead not between 0 and 24 then
        raise exception 'partitions are made for 24 months at the most' using errcode = 'check_violation';
      end if;
      if not pg_try_advisory_xact_lock(hashtextextended('audit_events', 0)) then
        return false;
      end if;
      -- Left behind by a process that was killed.
      for proof in
        select conname from pg_constraint
         where conrelid = 'audit_events_default'::regclass and conname ~ '^audit_events_not_[0-9]{4}_[0-9]{2}$'
           and to_date(right(conname, 7), 'YYYY_MM') < now() at time zone 'UTC' + interval '30 hours'
      loop
        execute format('alter table %I.audit_events_default drop constraint %I', place, proof);
      end loop;
      for i in 0..months_ahead loop
        month := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => i))::date;
        part  := 'audit_events_' || to_char(month, 'YYYY_MM');
        lower := month::timestamp at time zone 'UTC';
        upper := (month + interval '1 month') at time zone 'UTC';
        -- Of a month whose events the default partition has, it keeps the rest as well.
        continue when to_regclass(format('%I.%I', place, part)) is not null or exists (
          select from audit_events_default where occurred_at >= lower and occurred_at < upper);
        proof := 'audit_events_not_' || to_char(month, 'YYYY_MM');
        if is_large then
          continue when month < now() at time zone 'UTC' + interval '30 hours';
          select convalidated into stands from pg_constraint
           where conrelid = 'audit_events_default'::regclass and conname = proof;
          if not found then
            execute format('alter table %I.audit_events_default add constraint %I
                            check (occurred_at < %L or occurred_at >= %L) not valid', place, proof, lower, upper);
            return true;
          elsif not stands then
            execute format('alter table %I.audit_events_default validate constraint %I', place, proof);
            return true;
          end if;
        end if;
        execute format('create table %I.%I (like %I.audit_events including all)', place, part, place);
        execute format('create trigger audit_events_no_truncate before truncate on %I.%I
                        for each statement execute function audit_events_refuse()', place, part);
        perform limit_server_role(format('%I.%I', place, part)::regclass, 'nothing');
        execute format('alter table %I.audit_events attach partition %I.%I for values from (%L) to (%L)',
                       place, place, part, lower, upper);
        execute format('alter table %I.audit_events_default drop constraint if exists %I', place, proof);
        return true;
      end loop;
      return false;
    end $$;

    -- Takes one month off the trail of which nothing has to be kept any more, by the server's time and by that of each tenant that
    -- has an event in it. Answers its name, or null where there is none.
    create function detach_ended_audit_partition(retention_days integer) returns text
    language plpgsql security definer set lock_timeout = '50ms' set enable_seqscan = off as $$
    declare
      ended   record;
      is_kept boolean;
    begin
      if retention_days is null or retention_days < 30 then
        raise exception 'audit events are kept for at least 30 days' using errcode = 'check_violation';
      end if;
      if not pg_try_advisory_xact_lock(hashtextextended('audit_events', 0)) then
        return null;
      end if;
      for ended in
        select n.nspname as place, c.relname as name,
               (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC' as upper
          from pg_inherits i
          join pg_class c on c.oid = i.inhrelid
          join pg_namespace n on n.oid = c.relnamespace
         where i.inhparent = 'audit_events'::regclass and c.relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$'
         order by c.relname
      loop
        exit when ended.upper > now() - make_interval(days => retention_days);
        -- By the index on (tenant_id, occurred_at), tenant by tenant: read as a whole, a month takes seconds.
        execute format(
          'select exists (
             select from tenants t
              where nullif(t.settings ->> ''auditRetentionDays'', '''')::integer > $1
                and $2 > now() - make_interval(days => (t.settings ->> ''auditRetentionDays'')::integer)
                and exists (select from %I.%I e where e.tenant_id = t.id offset 0))', ended.place, ended.name)
          into is_kept using retention_days, ended.upper;
        continue when is_kept;
        -- Last: from here on nobody reads or writes the trail until this transaction has ended.
        execute format('alter table %I.audit_events detach partition %I.%I', ended.place, ended.place, ended.name);
        execute format('alter table %I.%I rename to %I', ended.place, ended.name, 'ended_' || ended.name);
        return ended.name;
      end loop;
      return null;
    end $$;

    -- Drops what was taken off, which nobody reads any more: apart, because removing large files takes time. What an operator took
    -- off to keep it has another name.
    create function drop_ended_audit_partitions() returns integer
    language plpgsql security definer set lock_timeout = '50ms' as $$
    declare
      ended   record;
      dropped integer := 0;
    begin
      for ended in
        select n.nspname as place, c.relname as name
          from pg_class c
          join pg_namespace n on n.oid = c.relnamespace
          join pg_class trail on trail.oid = 'audit_events'::regclass and trail.relnamespace = n.oid
         where c.relkind = 'r' and not c.relispartition and c.relowner = trail.relowner
           and c.relname ~ '^ended_audit_events_[0-9]{4}_[0-9]{2}$'
      loop
        execute format('drop table %I.%I', ended.place, ended.name);
        dropped := dropped + 1;
      end loop;
      return dropped;
    end $$;

    do $$
    declare
      named text;
    begin
      foreach named in array array['ensure_audit_partitions(integer)', 'detach_ended_audit_partition(integer)',
                                   'drop_ended_audit_partitions()'] loop
        execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', named, current_schema());
        -- Moments are written into their statements: a caller's abbreviation of a time zone may mean another one.
        execute format('alter function %s set timezone = %L', named, 'UTC');
        execute format('alter function %s set datestyle = %L', named, 'ISO');
        execute format('revoke all on function %s from public', named);
      end loop;
    end $$;
  `);
}

/** Not undone: the functions of before would be made anew by migration 0049. */
export async function down(): Promise<void> {
  throw new Error('Restore a backup.');
}
