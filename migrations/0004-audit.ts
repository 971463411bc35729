import type { Knex } from 'knex';

/** The audit trail: append-only, one partition a month, emptied by one function alone. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    create table audit_events (
      id          uuid        not null default gen_random_uuid(),
      tenant_id   uuid,
      actor_type  text        not null,
      actor_id    text,
      action      text        not null,
      entity_type text,
      entity_id   text,
      ip          inet,
      user_agent  text,
      request_id  text,
      payload     jsonb       not null default '{}',
      occurred_at timestamptz not null default now(),
      constraint audit_events_pkey primary key (id, occurred_at),
      constraint audit_events_actor_type_known check (actor_type in ('user', 'client', 'system')),
      constraint audit_events_action_form check (action ~ '^[a-z_]+(\\.[a-z_]+)+$')
    ) partition by range (occurred_at);
    create index audit_events_tenant_idx on audit_events (tenant_id, occurred_at desc);
    create index audit_events_entity_idx on audit_events (entity_type, entity_id, occurred_at desc);
    create index audit_events_actor_idx on audit_events (actor_id, action, occurred_at desc);

    create function audit_events_refuse() returns trigger language plpgsql as $$
    begin
      if current_setting('gatehouse.audit_maintenance', true) = 'on' then
        return old;
      end if;
      raise exception 'audit events are append-only' using errcode = 'insufficient_privilege';
    end $$;
    create trigger audit_events_append_only before update or delete on audit_events
      for each row execute function audit_events_refuse();
    create trigger audit_events_no_truncate before truncate on audit_events
      for each statement execute function audit_events_refuse();

    -- Catches what arrives when the month's partition has not been made: nothing is ever lost or refused.
    create table audit_events_default partition of audit_events default;
    create trigger audit_events_no_truncate before truncate on audit_events_default
      for each statement execute function audit_events_refuse();

    -- Makes the partitions of this month and the next ones. Safe to call at any time, by many at once.
    create function ensure_audit_partitions(months_ahead integer default 2) returns void language plpgsql as $$
    declare
      month date;
      part  text;
    begin
      perform pg_advisory_xact_lock(hashtextextended('audit_events', 0));
      for i in 0..months_ahead loop
        month := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => i))::date;
        part  := 'audit_events_' || to_char(month, 'YYYY_MM');
        if to_regclass(part) is null and not exists (
          select from audit_events_default
           where occurred_at >= month::timestamp at time zone 'UTC'
             and occurred_at < (month + interval '1 month') at time zone 'UTC'
        ) then
          execute format('create table %I partition of audit_events for values from (%L) to (%L)', part,
                         month::timestamp at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
          execute format('create trigger audit_events_no_truncate before truncate on %I
                          for each statement execute function audit_events_refuse()', part);
        end if;
      end loop;
    end $$;

    -- The one way out: deletes what is older than the retention. A tenant may keep its own events for another
    -- time than the server's (settings.auditRetentionDays). Answers how many events went.
    create function purge_audit_events(retention_days integer) returns bigint language plpgsql as $$
    declare
      gone bigint;
    begin
      if retention_days is null or retention_days < 1 then
        raise exception 'audit retention is at least one day' using errcode = 'check_violation';
      end if;
      perform set_config('gatehouse.audit_maintenance', 'on', true);
      delete from audit_events e
       where e.occurred_at < now() - make_interval(days => coalesce(
               (select nullif(t.settings ->> 'auditRetentionDays', '')::integer from tenants t where t.id = e.tenant_id),
               retention_days));
      get diagnostics gone = row_count;
      perform set_config('gatehouse.audit_maintenance', 'off', true);
      return gone;
    end $$;

    select ensure_audit_partitions();
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop function purge_audit_events(integer), ensure_audit_partitions(integer);
    drop table audit_events;
    drop function audit_events_refuse();
  `);
}
