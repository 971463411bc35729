import type { Knex } from 'knex';

/**
 * Seals of the audit trail: signed roots of Merkle trees over the events of an hour, each chained to the one before; the leaves,
 * packed, so that they cost little beside the events and outlive them; and the keys that sign.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    create table audit_seal_keys (
      kid        text        not null,
      public_jwk jsonb       not null,
      -- The private part while it signs, and the key of the tags for as long as they may be asked.
      sealed     bytea       not null,
      state      text        not null,
      created_at timestamptz not null default now(),
      retired_at timestamptz,
      constraint audit_seal_keys_pkey primary key (kid),
      constraint audit_seal_keys_state_known check (state in ('current', 'retired'))
    );
    create unique index audit_seal_keys_one_current_key on audit_seal_keys (state) where state = 'current';

    create table audit_seals (
      id          uuid        not null,
      -- null: of the server, which holds the seals of the tenants, too.
      tenant_id   uuid,
      -- From 1, in the chain of this tenant or of the server.
      number      bigint      not null,
      starts_at   timestamptz not null,
      ends_at     timestamptz not null,
      sealed_at   timestamptz not null,
      events      integer     not null,
      -- So many of them, the first, are of an earlier hour.
      late        integer     not null,
      -- Of tenants, leaves behind the events.
      seals       integer     not null,
      first_event uuid,
      last_event  uuid,
      root        bytea       not null,
      -- Of the statement of the seal before.
      previous    bytea       not null,
      -- Of its own statement.
      hash        bytea       not null,
      kid         text        not null,
      signature   bytea       not null,
      constraint audit_seals_pkey primary key (id),
      constraint audit_seals_kid_fkey foreign key (kid) references audit_seal_keys (kid)
    );
    create unique index audit_seals_number_key on audit_seals (tenant_id, number) where tenant_id is not null;
    create unique index audit_seals_server_number_key on audit_seals (number) where tenant_id is null;
    create index audit_seals_tenant_ends_idx on audit_seals (tenant_id, ends_at desc);
    create index audit_seals_ends_idx on audit_seals (ends_at);
    create index audit_seals_kid_idx on audit_seals (kid);

    -- Some leaves of one seal, packed: their order in the tree is that of the bytes.
    create table audit_leaves (
      seal_id     uuid    not null,
      first_index integer not null,
      -- 16 bytes a leaf: the id of the event.
      ids         bytea   not null,
      -- 32: the hash of the leaf.
      hashes      bytea   not null,
      -- 16: says under a key that is not in the database that this leaf was sealed here.
      tags        bytea   not null,
      -- 64: what stands for where it came from, and for what it says. Null: the events are gone.
      commitments bytea,
      -- 32: of both; zeros where erasure took them.
      salts       bytea,
      constraint audit_leaves_pkey primary key (seal_id, first_index),
      constraint audit_leaves_seal_fkey foreign key (seal_id) references audit_seals (id) deferrable initially deferred
    );
    -- Hashes and salts cannot be compressed.
    alter table audit_leaves
      alter ids set storage external, alter hashes set storage external, alter tags set storage external,
      alter commitments set storage external, alter salts set storage external;
    create index audit_leaves_with_salts_idx on audit_leaves (seal_id) where salts is not null;

    create function audit_seals_refuse() returns trigger language plpgsql as $$
    begin
      raise exception 'seals of the audit trail are kept as they are' using errcode = 'insufficient_privilege';
    end $$;
    create trigger audit_seals_append_only before update or delete on audit_seals
      for each row execute function audit_seals_refuse();
    create trigger audit_seals_no_truncate before truncate on audit_seals
      for each statement execute function audit_seals_refuse();
    create trigger audit_leaves_append_only before update of seal_id, first_index, ids, hashes, tags or delete on audit_leaves
      for each row execute function audit_seals_refuse();
    create trigger audit_leaves_no_truncate before truncate on audit_leaves
      for each statement execute function audit_seals_refuse();

    -- Where the server runs as a role that owns nothing: erasure takes salts, and nothing else is changed.
    select limit_server_role('audit_seals', 'select, insert');
    select limit_server_role('audit_leaves', 'select, insert, update');
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop table audit_leaves;
    drop table audit_seals;
    drop table audit_seal_keys;
    drop function audit_seals_refuse();
  `);
}
