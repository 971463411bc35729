import type { Knex } from 'knex';

/**
 * Groups of a directory that fills this one over SCIM: each stands for a role at a place, and its members are those who hold
 * the role there. It holds a name and what the directory calls it; who is a member is told by the assignments alone.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table provisioned_groups (
      id           uuid        not null default gen_random_uuid(),
      tenant_id    uuid        not null,
      display_name text        not null,
      external_id  text,
      role_id      uuid        not null,
      org_node_id  uuid        not null,
      created_at   timestamptz not null default now(),
      updated_at   timestamptz not null default now(),
      deleted_at   timestamptz,
      constraint provisioned_groups_pkey primary key (id),
      constraint provisioned_groups_name_length check (char_length(display_name) between 1 and 256),
      constraint provisioned_groups_external_id_length check (char_length(external_id) between 1 and 255),
      constraint provisioned_groups_role_fk foreign key (tenant_id, role_id) references roles (tenant_id, id),
      constraint provisioned_groups_node_fk foreign key (tenant_id, org_node_id) references org_nodes (tenant_id, id)
    );
    create unique index provisioned_groups_name_key on provisioned_groups (tenant_id, lower(display_name))
      where deleted_at is null;
    create unique index provisioned_groups_place_key on provisioned_groups (tenant_id, role_id, org_node_id)
      where deleted_at is null;
    create unique index provisioned_groups_external_id_key on provisioned_groups (tenant_id, external_id)
      where deleted_at is null;
    create index provisioned_groups_list_idx on provisioned_groups (tenant_id, id);
    create index provisioned_groups_node_idx on provisioned_groups (org_node_id);
    create index provisioned_groups_role_idx on provisioned_groups (role_id);
    create trigger provisioned_groups_touch before update on provisioned_groups
      for each row execute function touch_updated_at();
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table provisioned_groups');
}
