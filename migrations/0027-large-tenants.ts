import type { Knex } from 'knex';

/**
 * Lists of a large tenant (decision 39).
 *
 * The people in the order of their last sign-in: a narrow table has the order, kept by a trigger. An index on `users` would make
 * each sign-in write to all twelve of that table. A page of `users` leaves room, so that a sign-in writes to none, and what
 * compares whole rows no longer looks at one that only notes a sign-in.
 *
 * The people of a branch are read out of an index of assignments: until when they hold is in it.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table user_last_logins (
      user_id       uuid        not null,
      tenant_id     uuid        not null,
      last_login_at timestamptz not null
    );
    -- Filled before anything of users is locked; what changes meanwhile is caught up with below.
    insert into user_last_logins (user_id, tenant_id, last_login_at)
    select id, tenant_id, coalesce(last_login_at, 'epoch') from users;
    alter table user_last_logins add constraint user_last_logins_pkey primary key (user_id);
    create index user_last_logins_order_idx on user_last_logins (tenant_id, last_login_at, user_id);

    create function users_note_last_login() returns trigger language plpgsql as $$
    begin
      insert into user_last_logins (user_id, tenant_id, last_login_at)
      values (new.id, new.tenant_id, coalesce(new.last_login_at, 'epoch'))
      on conflict (user_id) do update set last_login_at = excluded.last_login_at;
      return null;
    end $$;
    create trigger users_note_last_login after insert or update of last_login_at on users
      for each row execute function users_note_last_login();
    alter table user_last_logins add constraint user_last_logins_user_fk
      foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade;
    insert into user_last_logins (user_id, tenant_id, last_login_at)
    select u.id, u.tenant_id, coalesce(u.last_login_at, 'epoch')
      from users u
      left join user_last_logins l on l.user_id = u.id
     where l.last_login_at is distinct from coalesce(u.last_login_at, 'epoch')
        on conflict (user_id) do update set last_login_at = excluded.last_login_at;

    alter table users set (fillfactor = 85);
    drop trigger users_touch on users;
    create trigger users_touch before update of
        email, email_verified_at, phone, phone_verified_at, username, external_id, full_name, given_name, family_name,
        picture_url, state, mfa_required, metadata, erased_at, deleted_at, created_by, deleted_by
      on users for each row
      when (to_jsonb(old) - array['last_login_at', 'password_changed_at', 'updated_at', 'updated_by']
            is distinct from to_jsonb(new) - array['last_login_at', 'password_changed_at', 'updated_at', 'updated_by'])
      execute function touch_updated_at();

    create index org_assignments_node_people_idx on org_assignments (org_node_id, role_id, user_id) include (ends_at);
    drop index org_assignments_node_idx;
    alter index org_assignments_node_people_idx rename to org_assignments_node_idx;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop index org_assignments_node_idx;
    create index org_assignments_node_idx on org_assignments (org_node_id, role_id, user_id);
    drop trigger users_touch on users;
    create trigger users_touch before update on users for each row
      when (to_jsonb(old) - array['last_login_at', 'password_changed_at', 'updated_at', 'updated_by']
            is distinct from to_jsonb(new) - array['last_login_at', 'password_changed_at', 'updated_at', 'updated_by'])
      execute function touch_updated_at();
    alter table users reset (fillfactor);
    drop trigger users_note_last_login on users;
    drop function users_note_last_login();
    drop table user_last_logins;
  `);
}
