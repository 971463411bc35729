import type { Knex } from 'knex';

/**
 * What became of the requests of a directory that fills this one: counted by who asked, what for and how it was answered. Holds
 * nothing of the people whom a request was about, and as many rows as there are kinds of answers.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table provisioning_requests (
      tenant_id       uuid        not null,
      actor_type      text        not null,
      actor_id        text        not null,
      method          text        not null,
      resource        text        not null,
      status          integer     not null,
      reason          text        not null,
      requests        bigint      not null default 1,
      last_at         timestamptz not null default now(),
      last_request_id text,
      constraint provisioning_requests_pkey primary key (tenant_id, actor_type, actor_id, method, resource, status, reason),
      constraint provisioning_requests_actor_known check (actor_type in ('client', 'api_key')),
      constraint provisioning_requests_tenant_fk foreign key (tenant_id) references tenants (id)
    );
    create index provisioning_requests_last_idx on provisioning_requests (tenant_id, last_at desc);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table provisioning_requests');
}
