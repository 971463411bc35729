import type { Knex } from 'knex';

/**
 * The trail of a tenant that came from another server, as far as no seal holds it yet: its events from a moment on are leaves of
 * the next seal, however old they are. One row until then.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    create table audit_arrivals (
      tenant_id uuid        not null,
      since     timestamptz not null,
      -- HMAC under SECRET_KEY: who has the database alone has nothing sealed that is old.
      tag       bytea       not null,
      constraint audit_arrivals_pkey primary key (tenant_id),
      constraint audit_arrivals_tenant_fk foreign key (tenant_id) references tenants (id)
    );
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table audit_arrivals');
}
