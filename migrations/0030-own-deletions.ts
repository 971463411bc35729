import type { Knex } from 'knex';

/**
 * People who delete their own accounts. `users.deletion_due_at`: when the account is erased; until then the person may keep it.
 * Somebody who leaves counts as an owner no more, so that a tenant has one when they are gone.
 * `passkey_offers`: who was offered a passkey after a sign-in, which is done once.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table users add column deletion_requested_at timestamptz, add column deletion_due_at timestamptz;
    alter table users add constraint users_deletion_check
      check ((deletion_requested_at is null) = (deletion_due_at is null)) not valid;
    create index users_deletion_due_idx on users (deletion_due_at) where deletion_due_at is not null and erased_at is null;

    create or replace function refuse_without_owner(tenant uuid) returns void language plpgsql as $$
    begin
      perform take_turns('owners', tenant);
      if not exists (
        select from org_assignments a
          join roles     r on r.tenant_id = a.tenant_id and r.id = a.role_id     and r.is_system and r.name = 'owner'
          join org_nodes n on n.tenant_id = a.tenant_id and n.id = a.org_node_id and n.parent_id is null
          join users     u on u.tenant_id = a.tenant_id and u.id = a.user_id     and u.state = 'active' and u.deleted_at is null
                          and u.deletion_due_at is null
         where a.tenant_id = tenant
           and a.starts_at <= statement_timestamp() and a.ends_at is null
      ) then
        raise exception 'the last owner of a tenant stays'
          using errcode = 'check_violation', constraint = 'tenants_keep_an_owner';
      end if;
    end $$;
    create or replace function org_assignments_keep_an_owner() returns trigger language plpgsql as $$
    begin
      if old.starts_at <= statement_timestamp() and old.ends_at is null and exists (
        select from roles     r
          join org_nodes n on n.tenant_id = r.tenant_id and n.id = old.org_node_id and n.parent_id is null
          join users     u on u.tenant_id = r.tenant_id and u.id = old.user_id and u.state = 'active' and u.deleted_at is null
                          and u.deletion_due_at is null
         where r.tenant_id = old.tenant_id and r.id = old.role_id and r.is_system and r.name = 'owner'
      ) then
        perform refuse_without_owner(old.tenant_id);
      end if;
      return null;
    end $$;
    drop trigger users_keep_an_owner on users;
    create trigger users_keep_an_owner after update of state, deleted_at, deletion_due_at on users
      for each row when (old.state = 'active' and old.deleted_at is null and old.deletion_due_at is null
                         and (new.state <> 'active' or new.deleted_at is not null or new.deletion_due_at is not null))
      execute function users_keep_an_owner();

    create table passkey_offers (
      user_id    uuid primary key,
      tenant_id  uuid not null,
      offered_at timestamptz not null default now(),
      constraint passkey_offers_user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
    );
    create index passkey_offers_user_idx on passkey_offers (tenant_id, user_id);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop table passkey_offers;
    drop trigger users_keep_an_owner on users;
    create or replace function refuse_without_owner(tenant uuid) returns void language plpgsql as $$
    begin
      perform take_turns('owners', tenant);
      if not exists (
        select from org_assignments a
          join roles     r on r.tenant_id = a.tenant_id and r.id = a.role_id     and r.is_system and r.name = 'owner'
          join org_nodes n on n.tenant_id = a.tenant_id and n.id = a.org_node_id and n.parent_id is null
          join users     u on u.tenant_id = a.tenant_id and u.id = a.user_id     and u.state = 'active' and u.deleted_at is null
         where a.tenant_id = tenant
           and a.starts_at <= statement_timestamp() and a.ends_at is null
      ) then
        raise exception 'the last owner of a tenant stays'
          using errcode = 'check_violation', constraint = 'tenants_keep_an_owner';
      end if;
    end $$;
    create or replace function org_assignments_keep_an_owner() returns trigger language plpgsql as $$
    begin
      if old.starts_at <= statement_timestamp() and old.ends_at is null and exists (
        select from roles     r
          join org_nodes n on n.tenant_id = r.tenant_id and n.id = old.org_node_id and n.parent_id is null
          join users     u on u.tenant_id = r.tenant_id and u.id = old.user_id and u.state = 'active' and u.deleted_at is null
         where r.tenant_id = old.tenant_id and r.id = old.role_id and r.is_system and r.name = 'owner'
      ) then
        perform refuse_without_owner(old.tenant_id);
      end if;
      return null;
    end $$;
    alter table users drop column deletion_requested_at, drop column deletion_due_at;
    create trigger users_keep_an_owner after update of state, deleted_at on users
      for each row when (old.state = 'active' and old.deleted_at is null
                         and (new.state <> 'active' or new.deleted_at is not null))
      execute function users_keep_an_owner();
  `);
}
