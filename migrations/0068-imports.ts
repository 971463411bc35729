import type { Knex } from 'knex';

/** Imports of people that are looked at before they are done, and go on by themselves. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    create table imports (
      id           uuid        not null,
      tenant_id    uuid        not null,
      -- Who brought it, with what their credential was good for: asked anew before each batch.
      actor        jsonb       not null,
      brought_by   text        not null,
      created_by   uuid,
      file_name    text        not null default '',
      format       text        not null,
      weak_hashes  boolean     not null,
      state        text        not null default 'receiving',
      stopped_why  text,
      row_count    integer     not null default 0,
      -- How many of which outcome: as it was looked at, and as it was done.
      foreseen     jsonb       not null default '{"created": 0, "updated": 0, "unchanged": 0, "refused": 0}',
      outcomes     jsonb       not null default '{"created": 0, "updated": 0, "unchanged": 0, "refused": 0}',
      created_at   timestamptz not null default now(),
      begun_at     timestamptz,
      ended_at     timestamptz,
      constraint imports_pkey primary key (id),
      constraint imports_tenant_id_key unique (tenant_id, id),
      constraint imports_state_known check (state in ('receiving', 'checking', 'ready', 'running', 'done', 'stopped')),
      constraint imports_stopped_says_why check ((state = 'stopped') = (stopped_why is not null)),
      constraint imports_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint imports_created_by_fk foreign key (tenant_id, created_by) references users (tenant_id, id)
    );
    create index imports_created_by_idx on imports (tenant_id, created_by) where created_by is not null;
    create index imports_created_at_idx on imports (created_at);

    create table import_rows (
      tenant_id  uuid    not null,
      import_id  uuid    not null,
      line       integer not null,
      -- What it says, as long as it waits to be done; null: it is done.
      sealed     bytea,
      outcome    text,
      user_id    uuid,
      kept       text[]  not null default '{}',
      error      jsonb,
      -- Faults come first.
      rank       integer generated always as (
        case outcome when 'refused' then 0 when 'created' then 1 when 'updated' then 2 when 'unchanged' then 3 else 4 end
      ) stored,
      constraint import_rows_pkey primary key (import_id, line),
      constraint import_rows_outcome_known check (outcome in ('created', 'updated', 'unchanged', 'refused')),
      constraint import_rows_import_fk foreign key (tenant_id, import_id) references imports (tenant_id, id) on delete cascade
    );
    create index import_rows_import_idx on import_rows (tenant_id, import_id, rank, line);
    create index import_rows_waiting_idx on import_rows (import_id, line) where sealed is not null;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table import_rows; drop table imports;');
}
