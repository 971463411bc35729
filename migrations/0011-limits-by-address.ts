import type { Knex } from 'knex';

/** What strangers may store and how it is counted: by address, by poll, and refusals that repeat in one event. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    -- Under which keys of rate_limits the row was counted: it is given back when the row goes or is used.
    alter table oidc_payloads add column counted_as text[];
    -- Of device codes: when the device asked last, and how long it has to wait between two polls.
    alter table oidc_payloads add column polled_at timestamptz, add column poll_seconds smallint;

    -- From where the code was asked for, where it counts there; null at a browser of the person's own and in a trusted network.
    alter table otp_codes add column ip inet;
    -- Not concurrently: rows are kept for two days, and none of them has an address yet.
    create index otp_codes_ip_idx on otp_codes (ip, created_at desc) where ip is not null and consumed_at is null;

    -- Refusals that came again, until they are told of in one event. Bookkeeping, no trail: who may change it is no auditor.
    create table repeated_refusals (
      client_id  text        not null,
      -- An address, the /48 of one, or empty for all others together.
      network    text        not null,
      -- The same each time; what differed is that of the first.
      tenant_id  uuid,
      -- By kind, how often since the last event.
      counts     jsonb       not null,
      -- The kind that was counted last, where that was its first.
      begun      text,
      since      timestamptz not null,
      constraint repeated_refusals_pkey primary key (client_id, network),
      constraint repeated_refusals_counts_is_object check (jsonb_typeof(counts) = 'object')
    );
    create index repeated_refusals_since_idx on repeated_refusals (since);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop table repeated_refusals;
    alter table otp_codes drop column ip;
    alter table oidc_payloads drop column counted_as, drop column polled_at, drop column poll_seconds;
  `);
}
