import type { Knex } from 'knex';

/**
 * Codes and links that are asked for by a username: where each went is known when it is sent. The prefix of a phone number
 * is known no earlier.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table otp_codes
      add column reached text,
      drop constraint otp_codes_prefix_is_for_phones,
      add constraint otp_codes_prefix_is_for_phones
        check (case when destination like 'username:%' then channel <> 'email' or prefix is null
                    else (channel = 'email') = (prefix is null) end),
      add constraint otp_codes_username_has_tenant check (destination not like 'username:%' or tenant_id is not null);
    create index otp_codes_reached_idx on otp_codes (reached, created_at desc) where reached is not null;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    delete from otp_codes where destination like 'username:%';
    alter table otp_codes
      drop constraint otp_codes_username_has_tenant,
      drop constraint otp_codes_prefix_is_for_phones,
      add constraint otp_codes_prefix_is_for_phones check ((channel = 'email') = (prefix is null)),
      drop column reached;
  `);
}
