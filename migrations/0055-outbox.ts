import type { Knex } from 'knex';

/**
 * What is told to whoever listens: the events, who listens, what goes to whom in which order. An event is written in the
 * transaction of its change and only where somebody listens; it holds ids and no personal data.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table event_receivers (
      id            uuid        not null default gen_random_uuid(),
      tenant_id     uuid        not null,
      kind          text        not null,
      state         text        not null default 'enabled',
      -- None: all types.
      types         text[]      not null default '{}',
      -- Of what ends by time, only what ended since then is told.
      listens_since timestamptz not null default clock_timestamp(),
      -- Of attempts that failed one after another, with none between them that succeeded.
      failures      integer     not null default 0,
      failing_since timestamptz,
      retry_at      timestamptz,
      disabled_why  text,
      constraint event_receivers_pkey primary key (id),
      constraint event_receivers_tenant_id_id_key unique (tenant_id, id),
      constraint event_receivers_kind_form check (kind ~ '^[a-z_]+$'),
      constraint event_receivers_state_known check (state in ('enabled', 'paused', 'disabled')),
      constraint event_receivers_tenant_fk foreign key (tenant_id) references tenants (id)
    );
    create index event_receivers_listening_idx on event_receivers (tenant_id) where state <> 'disabled';

    -- No foreign key to the tenant: writing an event waits for nobody.
    create table outbox_events (
      id          uuid        not null,
      sequence    bigint      generated always as identity,
      tenant_id   uuid        not null,
      type        text        not null,
      -- What it is about, 'user:<id>': of one subject, what is told first happened first.
      subject     text        not null,
      data        jsonb       not null default '{}',
      -- Told to this one alone.
      receiver_id uuid,
      -- Of what can be noticed twice and is told once.
      once_key    text,
      occurred_at timestamptz not null default clock_timestamp(),
      -- The order in which events were committed; null until that is known.
      position    bigint,
      constraint outbox_events_pkey primary key (id),
      constraint outbox_events_tenant_id_id_key unique (tenant_id, id),
      constraint outbox_events_type_form check (type ~ '^[a-z_]+([.][a-z_]+)*$')
    );
    create unique index outbox_events_once_key on outbox_events (once_key) where once_key is not null;
    create index outbox_events_new_idx on outbox_events (sequence) where position is null;
    create index outbox_events_position_idx on outbox_events (tenant_id, position) where position is not null;
    create index outbox_events_occurred_idx on outbox_events (occurred_at);

    -- One row each: how far the outbox is in order, and up to when has been looked for what ends by time. Who holds the row is
    -- the one at work.
    create table outbox_progress (
      work     text        not null,
      position bigint      not null default 0,
      until    timestamptz not null default clock_timestamp(),
      constraint outbox_progress_pkey primary key (work)
    );
    insert into outbox_progress (work) values ('order'), ('ends');

    create table event_deliveries (
      id           uuid        not null,
      sequence     bigint      generated always as identity,
      tenant_id    uuid        not null,
      receiver_id  uuid        not null,
      event_id     uuid        not null,
      subject      text        not null,
      state        text        not null default 'waiting',
      attempts     integer     not null default 0,
      -- Of the last attempt: the status of the answer, or why there was none.
      status       integer,
      reason       text,
      attempted_at timestamptz,
      replayed_by  uuid,
      created_at   timestamptz not null default clock_timestamp(),
      constraint event_deliveries_pkey primary key (id),
      constraint event_deliveries_state_known check (state in ('waiting', 'delivered', 'failed')),
      constraint event_deliveries_receiver_fk foreign key (tenant_id, receiver_id)
        references event_receivers (tenant_id, id) on delete cascade,
      constraint event_deliveries_event_fk foreign key (tenant_id, event_id) references outbox_events (tenant_id, id) on delete cascade
    );
    create index event_deliveries_waiting_idx on event_deliveries (receiver_id, subject, sequence) where state = 'waiting';
    create index event_deliveries_receiver_idx on event_deliveries (receiver_id, sequence);
    create index event_deliveries_event_idx on event_deliveries (event_id, receiver_id);

    -- What waits for one receiver about one subject goes one after another.
    create table event_lanes (
      receiver_id     uuid        not null,
      subject         text        not null,
      -- Raised when something is put in: who empties it sees whether anything came meanwhile.
      version         bigint      not null default 0,
      next_at         timestamptz not null default clock_timestamp(),
      attempts        integer     not null default 0,
      first_failed_at timestamptz,
      -- Who sends its first delivery now, until 'next_at'.
      holder          uuid,
      constraint event_lanes_pkey primary key (receiver_id, subject),
      constraint event_lanes_receiver_fk foreign key (receiver_id) references event_receivers (id) on delete cascade
    );
    create index event_lanes_next_idx on event_lanes (receiver_id, next_at);
    create index event_lanes_held_idx on event_lanes (receiver_id) where holder is not null;

    create table webhooks (
      id                    uuid        not null,
      tenant_id             uuid        not null,
      name                  text        not null,
      url                   text        not null,
      sealed_secret         bytea       not null,
      -- Signs beside it until then.
      sealed_secret_before  bytea,
      secret_before_until   timestamptz,
      secret_since          timestamptz not null default clock_timestamp(),
      created_at            timestamptz not null default now(),
      created_by            uuid,
      updated_at            timestamptz not null default now(),
      constraint webhooks_pkey primary key (id),
      constraint webhooks_receiver_fk foreign key (tenant_id, id) references event_receivers (tenant_id, id) on delete cascade,
      constraint webhooks_created_by_fk foreign key (tenant_id, created_by) references users (tenant_id, id),
      constraint webhooks_overlap_is_whole check ((sealed_secret_before is null) = (secret_before_until is null))
    );
    create index webhooks_tenant_idx on webhooks (tenant_id, id);
    create index webhooks_created_by_idx on webhooks (tenant_id, created_by) where created_by is not null;
    create trigger webhooks_touch before update on webhooks for each row execute function touch_updated_at();

    do $$
    begin
      -- People who hold such a key already would find what is sent of everybody in their hands.
      if exists (select from capabilities where deleted_at is null and key = 'webhooks.manage') then
        raise exception 'a capability of yours has a name that the management API needs: webhooks.manage'
          using hint = 'Define it anew under another key, and delete this one, before this migration.';
      end if;
    end $$;
    insert into capabilities (key, description, module, is_system)
    values ('webhooks.manage', 'Decide who is told what happens', 'gatehouse', true);
    insert into role_capabilities (tenant_id, role_id, capability_id)
    select r.tenant_id, r.id, c.id
      from roles r
      join capabilities c on c.is_system and c.key = 'webhooks.manage'
     where r.is_system and r.name in ('owner', 'admin');
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop table webhooks, event_lanes, event_deliveries, outbox_progress, outbox_events, event_receivers;
    delete from role_capabilities where capability_id in (select id from capabilities where key = 'webhooks.manage');
    delete from capabilities where key = 'webhooks.manage' and is_system;
  `);
}
