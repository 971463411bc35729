import type { Knex } from 'knex';

/**
 * What the overview counts. Days are those of UTC. `activity_days` is counted from the trail by a job, up to
 * `activity_counted.until`; what came since is counted when it is asked for. `message_days` and `identity_provider_uses` are
 * written as things happen: a message that went leaves no event.
 *
 * Events come in the order of their time, so an index of block ranges finds those of a minute and costs next to nothing.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table activity_days (
      tenant_id uuid   not null,
      day       date   not null,
      kind      text   not null,
      detail    text   not null,
      count     bigint not null,
      constraint activity_days_pkey primary key (tenant_id, day, kind, detail),
      constraint activity_days_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint activity_days_kind_known check (kind in ('sign_in', 'refusal', 'new_person'))
    );
    create table activity_counted (
      single boolean     not null default true,
      until  timestamptz not null,
      constraint activity_counted_pkey primary key (single),
      constraint activity_counted_is_single check (single)
    );

    create table message_days (
      tenant_id   uuid        not null,
      day         date        not null,
      channel     text        not null,
      outcome     text        not null,
      count       bigint      not null,
      last_at     timestamptz not null,
      last_reason text,
      constraint message_days_pkey primary key (tenant_id, day, channel, outcome),
      constraint message_days_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint message_days_channel_known check (channel in ('email', 'sms', 'whatsapp')),
      constraint message_days_outcome_known check (outcome in ('sent', 'refused', 'failed', 'retried'))
    );
    create table identity_provider_uses (
      provider_id     uuid    not null,
      last_success_at timestamptz,
      last_failure_at timestamptz,
      last_failure    text,
      failures        integer not null default 0,
      constraint identity_provider_uses_pkey primary key (provider_id),
      constraint identity_provider_uses_provider_fk foreign key (provider_id) references identity_providers (id) on delete cascade
    );

    create index audit_events_occurred_idx on audit_events using brin (occurred_at);
    insert into activity_counted (until)
    select coalesce(min(occurred_at), now()) from audit_events
     where occurred_at >= (date_trunc('day', now() at time zone 'UTC') - interval '31 days') at time zone 'UTC';

    create index audit_events_locked_out_idx on audit_events (tenant_id, occurred_at desc)
     where action = 'login.failed' and payload ->> 'reason' in ('account_locked', 'second_factor_locked');
    create index users_mfa_required_idx on users (tenant_id) where mfa_required and deleted_at is null;
    create index org_assignments_ends_idx on org_assignments (tenant_id, ends_at) where ends_at is not null;
    create index invitations_open_until_idx on invitations (tenant_id, expires_at) where accepted_at is null and revoked_at is null;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop index invitations_open_until_idx, org_assignments_ends_idx, users_mfa_required_idx, audit_events_locked_out_idx, audit_events_occurred_idx;
    drop table identity_provider_uses, message_days, activity_counted, activity_days;
  `);
}
