import type { Knex } from 'knex';

/**
 * `users.updated_at` tells when the profile changed, which applications hear as the claim of that name; a sign-in and a new
 * password are no change of it. Beside it, the APIs of a host are found without reading all.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    drop trigger users_touch on users;
    create trigger users_touch before update on users for each row
      when (to_jsonb(old) - array['last_login_at', 'password_changed_at', 'updated_at', 'updated_by']
            is distinct from to_jsonb(new) - array['last_login_at', 'password_changed_at', 'updated_at', 'updated_by'])
      execute function touch_updated_at();
    drop trigger user_settings_touch on user_settings;
    create trigger user_settings_touch before update on user_settings for each row
      when (old.* is distinct from new.*) execute function touch_updated_at();
    create index resource_servers_host_idx on resource_servers (lower(split_part(identifier, '/', 3)));
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop index resource_servers_host_idx;
    drop trigger user_settings_touch on user_settings;
    create trigger user_settings_touch before update on user_settings for each row execute function touch_updated_at();
    drop trigger users_touch on users;
    create trigger users_touch before update on users for each row execute function touch_updated_at();
  `);
}
