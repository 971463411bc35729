import type { Knex } from 'knex';

/** Whether a tenant was active when it moved to another server: taken back, it is so again. Null: it is here, and its state says it. */
export async function up(db: Knex): Promise<void> {
  await db.raw('alter table tenants add column moved_state text');
}

export async function down(db: Knex): Promise<void> {
  await db.raw('alter table tenants drop column moved_state');
}
