import type { Knex } from 'knex';

/**
 * Since when somebody is deactivated, for tenants that erase people who stay so. Those who are it already count from the first
 * time that the server looks.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    alter table users add column deactivated_at timestamptz;
    create index users_inactive_idx on users (tenant_id, deactivated_at)
     where state = 'inactive' and deleted_at is null and erased_at is null;

    create function users_deactivated() returns trigger language plpgsql as $$
    begin
      new.deactivated_at := case when new.state = 'inactive' then now() end;
      return new;
    end $$;
    create trigger users_deactivated before update of state on users
      for each row when (new.state is distinct from old.state) execute function users_deactivated();
    create trigger users_made_inactive before insert on users
      for each row when (new.state = 'inactive') execute function users_deactivated();
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop trigger users_made_inactive on users;
    drop trigger users_deactivated on users;
    drop function users_deactivated();
    alter table users drop column deactivated_at;
  `);
}
