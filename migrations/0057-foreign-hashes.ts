import type { Knex } from 'knex';

/**
 * Passwords that another system hashed, until their person signs in for the first time. `foreign_password_hash` is sealed;
 * `foreign_password_ms` is roughly what comparing with it takes, so that the costliest of a tenant is found. `rehashed_from`
 * is the SHA-256 of the stored hash that a sign-in replaced: of several that compared with it at once each one counts.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    alter table user_identities
      add column foreign_password_hash text,
      add column foreign_password_ms   integer,
      add column rehashed_from         bytea,
      drop constraint user_identities_password_is_argon2id,
      -- What is there holds more than this.
      add constraint user_identities_password_is_argon2id
        check (num_nonnulls(password_hash, foreign_password_hash) = case when provider = 'password' then 1 else 0 end
               and (password_hash is null or password_hash like '$argon2id$%')) not valid,
      add constraint user_identities_foreign_password_has_cost
        check (num_nonnulls(foreign_password_hash, foreign_password_ms) in (0, 2)) not valid;

    create index user_identities_foreign_password_idx on user_identities (tenant_id, foreign_password_ms desc)
     where foreign_password_hash is not null;
    create index user_identities_foreign_password_ms_idx on user_identities (foreign_password_ms desc)
     where foreign_password_hash is not null;

    -- A password of ours ends the foreign one, whoever sets it: also a process of the version before.
    create function end_foreign_password() returns trigger language plpgsql as $$
    begin
      new.foreign_password_hash := null;
      new.foreign_password_ms := null;
      if new.rehashed_from is not distinct from old.rehashed_from then
        new.rehashed_from := null;
      end if;
      return new;
    end $$;
    create trigger user_identities_end_foreign_password before update of password_hash on user_identities
      for each row when (new.password_hash is distinct from old.password_hash) execute function end_foreign_password();
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    drop trigger user_identities_end_foreign_password on user_identities;
    drop function end_foreign_password();
    delete from user_identities where foreign_password_hash is not null;
    alter table user_identities
      drop constraint user_identities_password_is_argon2id,
      drop column foreign_password_hash, drop column foreign_password_ms, drop column rehashed_from,
      add constraint user_identities_password_is_argon2id
        check ((provider = 'password') = (password_hash is not null)
               and (password_hash is null or password_hash like '$argon2id$%'));
  `);
}
