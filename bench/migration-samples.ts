/**
 * What migrations may do on tables in use, as migrations/README.md advises it: for bench/migrations.ts, which runs them on millions of rows
 * under load. Each passes the rules of test/migrations.test.ts; a statement that they let through and that stops somebody shows here.
 */
import type { Database } from '../src/platform/database.ts';
import type { NamedMigration } from '../src/platform/migrations.ts';

const outside = { transaction: false };

const samples: [name: string, statements: string[], config?: { transaction: boolean }][] = [
  ['column', ['alter table users add column sample_a text, add column sample_b boolean not null default false']],
  ['column-of-payloads', ['alter table oidc_payloads add column sample_at timestamptz default now()']],
  ['column-of-events', ['alter table audit_events add column sample_a text']],
  [
    'index-of-users',
    [
      'drop index concurrently if exists users_sample_idx',
      'create index concurrently users_sample_idx on users (tenant_id, full_name)',
    ],
    outside,
  ],
  [
    'index-of-payloads',
    [
      'drop index concurrently if exists oidc_payloads_sample_idx',
      'create index concurrently oidc_payloads_sample_idx on oidc_payloads (client_id, account_id)',
    ],
    outside,
  ],
  [
    'unique-index',
    ['create unique index concurrently org_assignments_history_sample_key on org_assignments_history (id, valid_from)'],
    outside,
  ],
  [
    'key-of-index',
    [
      'alter table org_assignments_history add constraint org_assignments_history_sample unique using index org_assignments_history_sample_key',
    ],
  ],
  [
    'check',
    [
      'alter table oidc_payloads add constraint oidc_payloads_sample check (sample_at is not null) not valid',
      'alter table users add constraint users_sample check (char_length(full_name) < 1000) not valid',
    ],
  ],
  ['check-validated', ['alter table oidc_payloads validate constraint oidc_payloads_sample']],
  ['check-validated-users', ['alter table users validate constraint users_sample']],
  ['not-null', ['alter table oidc_payloads alter column sample_at set not null']],
  [
    'reference',
    [
      'alter table service_sessions add constraint service_sessions_sample foreign key (client_id) references clients (id) not valid',
    ],
  ],
  ['reference-validated', ['alter table service_sessions validate constraint service_sessions_sample']],
  [
    'reference-to-users',
    [
      `alter table user_sessions add constraint user_sessions_sample foreign key (tenant_id, user_id) references users (tenant_id, id)
       on delete cascade not valid`,
    ],
  ],
  ['reference-to-users-validated', ['alter table user_sessions validate constraint user_sessions_sample']],
  [
    'table',
    [
      `create table sample_things (
         id uuid primary key, tenant_id uuid not null references tenants (id), client_id uuid references clients (id), user_id uuid,
         constraint sample_things_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id))`,
      'create index on sample_things (tenant_id, user_id)',
    ],
  ],
  [
    'triggers',
    [
      `create function sample() returns trigger language plpgsql as $$ begin return null; end $$`,
      'create trigger sample after insert on users for each row execute function sample()',
      'create trigger sample after insert on audit_events for each row execute function sample()',
    ],
  ],
  ['triggers-dropped', ['drop trigger sample on audit_events', 'drop trigger sample on users']],
  ['table-dropped', ['drop table\n -- contract: unread since 0066\n sample_things']],
  ['column-dropped', ['alter table users\n -- contract: unread since 0066\n drop column sample_a']],
  ['index-dropped', ['drop index concurrently users_sample_idx'], outside],
];

/** After all that are real, by their names. */
export const sampleMigrations: NamedMigration[] = samples.map(([name, statements, config], at) => ({
  name: `sample-${String(at + 1).padStart(2, '0')}-${name}`,
  migration: {
    up: async (db: Database) => {
      for (const statement of statements) await db.raw(statement);
    },
    down: async () => {},
    ...(config && { config }),
  },
}));
