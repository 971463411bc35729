import type { Knex } from 'knex';

const beforeChange = (parentIsLive: string) => `
    create or replace function org_nodes_before_change() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' then
        if new.id <> old.id or new.tenant_id <> old.tenant_id then
          raise exception 'the id and the tenant of an organisation node never change'
            using errcode = 'check_violation', constraint = 'org_nodes_identity_is_fixed';
        end if;
        if new.parent_id is not distinct from old.parent_id and (new.deleted_at is null) = (old.deleted_at is null) then
          return new;
        end if;
        if old.parent_id is null and new.parent_id is not null then
          raise exception 'the root of a tenant cannot be moved'
            using errcode = 'check_violation', constraint = 'org_nodes_root_stays';
        end if;
      end if;
      perform take_turns('org_nodes', new.tenant_id);
      if new.deleted_at is null and new.parent_id is not null and not (${parentIsLive}) then
        raise exception 'the parent of an organisation node is a node of the same tenant that is not deleted'
          using errcode = 'check_violation', constraint = 'org_nodes_parent_is_live';
      end if;
      if tg_op = 'UPDATE' and new.deleted_at is not null and exists (
        select from org_nodes where parent_id = new.id and deleted_at is null
      ) then
        raise exception 'a node with nodes below it cannot be deleted'
          using errcode = 'check_violation', constraint = 'org_nodes_deleted_is_childless';
      end if;
      return new;
    end $$`;

/**
 * What a tenant that moves needs:
 *
 * - whether it was active when it moved: taken back, it is so again. Null: it is here, and its state says it;
 * - a tree that comes in at once: the parent of each node is looked for by its id alone. By the tenant as well, a server that has no
 *   statistics of its nodes yet reads all nodes of the tenant for each, by the index of their external ids.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw('alter table tenants add column moved_state text');
  await db.raw(
    beforeChange(`coalesce((select p.tenant_id = new.tenant_id and p.deleted_at is null
                                from org_nodes p where p.id = new.parent_id), false)`),
  );
}

export async function down(db: Knex): Promise<void> {
  await db.raw(
    beforeChange(`exists (
        select from org_nodes where tenant_id = new.tenant_id and id = new.parent_id and deleted_at is null
      )`),
  );
  await db.raw('alter table tenants drop column moved_state');
}
