import type { Knex } from 'knex';

/** Streams of security events (OpenID Shared Signals Framework): receivers that are pushed signed tokens, or that poll for them. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table event_streams (
      id                   uuid        not null,
      tenant_id            uuid        not null,
      -- The service that made it and that alone sees it; null: a person made it.
      client_id            uuid,
      audience             text        not null,
      method               text        not null,
      endpoint_url         text,
      -- What is sent as Authorization with each push.
      sealed_authorization bytea,
      -- URIs, as they were asked for.
      events_requested     text[]      not null,
      description          text        not null default '',
      verified_at          timestamptz,
      created_at           timestamptz not null default now(),
      created_by           uuid,
      updated_at           timestamptz not null default now(),
      constraint event_streams_pkey primary key (id),
      constraint event_streams_method_known check (method in ('push', 'poll')),
      constraint event_streams_push_has_address check ((method = 'push') = (endpoint_url is not null)),
      constraint event_streams_receiver_fk foreign key (tenant_id, id) references event_receivers (tenant_id, id) on delete cascade,
      constraint event_streams_client_fk foreign key (client_id) references clients (id) on delete cascade,
      constraint event_streams_created_by_fk foreign key (tenant_id, created_by) references users (tenant_id, id)
    );
    create index event_streams_tenant_idx on event_streams (tenant_id, id);
    create index event_streams_client_idx on event_streams (client_id) where client_id is not null;
    create index event_streams_created_by_idx on event_streams (tenant_id, created_by) where created_by is not null;
    create trigger event_streams_touch before update on event_streams for each row execute function touch_updated_at();

    do $$
    begin
      if exists (select from capabilities where deleted_at is null and key = 'events.receive') then
        raise exception 'a capability of yours has a name that the management API needs: events.receive'
          using hint = 'Define it anew under another key, and delete this one, before this migration.';
      end if;
    end $$;
    insert into capabilities (key, description, module, is_system)
    values ('events.receive', 'Be told what happens, by a stream of one''s own', 'gatehouse', true);
    insert into role_capabilities (tenant_id, role_id, capability_id)
    select r.tenant_id, r.id, c.id
      from roles r
      join capabilities c on c.is_system and c.key = 'events.receive'
     where r.is_system and r.name in ('owner', 'admin');
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    delete from event_receivers where kind in ('stream_push', 'stream_poll');
    drop table event_streams;
    delete from role_capabilities where capability_id in (select id from capabilities where key = 'events.receive');
    delete from capabilities where key = 'events.receive' and is_system;
  `);
}
