import type { Knex } from 'knex';

/**
 * Redirect URIs that applications sent and that are not registered. Anybody can send one in an application's name, so there are
 * few rows of each: further ones are counted under the empty text. Without the query, which may say anything.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    create table redirect_mistakes (
      client_id uuid        not null,
      sent      text        not null,
      times     bigint      not null,
      first_at  timestamptz not null default now(),
      last_at   timestamptz not null default now(),
      constraint redirect_mistakes_pkey primary key (client_id, sent),
      constraint redirect_mistakes_client_fk foreign key (client_id) references clients (id) on delete cascade,
      constraint redirect_mistakes_sent_is_short check (length(sent) <= 300)
    );
    create index redirect_mistakes_last_idx on redirect_mistakes (last_at);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table redirect_mistakes');
}
