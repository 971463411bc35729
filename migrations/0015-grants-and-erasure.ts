import type { Knex } from 'knex';

/** When a person's grant was used last, and the second way to change the audit trail: erasing a person. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    -- To the minute. Null: not since this release, or never.
    alter table oidc_payloads add column last_used_at timestamptz;

    create or replace function audit_events_refuse() returns trigger language plpgsql as $$
    begin
      if current_setting('gatehouse.audit_maintenance', true) = 'on' then
        if tg_op = 'UPDATE' then
          return new;
        end if;
        return old;
      end if;
      raise exception 'audit events are append-only' using errcode = 'insufficient_privilege';
    end $$;

    -- Takes from the trail where a person acted from, and what the named events say; who did what to what, and when, stays,
    -- by opaque ids. What an administrator did to the person keeps where the administrator was.
    create function erase_person_from_audit(person uuid, events uuid[]) returns void language plpgsql as $$
    begin
      perform set_config('gatehouse.audit_maintenance', 'on', true);
      update audit_events
         set ip = null, user_agent = null
       where actor_type = 'user' and actor_id = person::text and (ip is not null or user_agent is not null);
      update audit_events
         set ip = null, user_agent = null
       where entity_type = 'user' and entity_id = person::text and actor_type = 'system'
         and (ip is not null or user_agent is not null);
      update audit_events
         set payload = jsonb_strip_nulls(jsonb_build_object('erased', true, 'cause', payload -> 'cause'))
       where id = any(events)
         and (actor_id = person::text or (entity_type = 'user' and entity_id = person::text));
      perform set_config('gatehouse.audit_maintenance', 'off', true);
    end $$;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop function erase_person_from_audit(uuid, uuid[]);
    create or replace function audit_events_refuse() returns trigger language plpgsql as $$
    begin
      if current_setting('gatehouse.audit_maintenance', true) = 'on' then
        return old;
      end if;
      raise exception 'audit events are append-only' using errcode = 'insufficient_privilege';
    end $$;
    alter table oidc_payloads drop column last_used_at;
  `);
}
