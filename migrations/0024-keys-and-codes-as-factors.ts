import type { Knex } from 'knex';

/**
 * Security keys among the second factors, with what a signature is held against, and codes that are sent. `recovered_by`: the
 * kind of address through which the password was last recovered, which is therefore no other factor beside it.
 */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    alter table user_factors
      add column credential_id   bytea,
      -- COSE, as the authenticator told it. It is public: nobody signs in by it.
      add column public_key      bytea,
      add column sign_count      bigint,
      -- May be copied to other devices, and has been (WebAuthn Level 3 section 6.1.3).
      add column backup_eligible boolean,
      add column backed_up       boolean,
      add column transports      text[],
      add column name            text,
      add constraint user_factors_credential_key unique (credential_id),
      add constraint user_factors_credential_length check (octet_length(credential_id) between 16 and 1023),
      add constraint user_factors_sign_count_range check (sign_count between 0 and 4294967295),
      add constraint user_factors_backed_up_where_eligible check (backup_eligible or not backed_up),
      add constraint user_factors_key_check check (
        kind <> 'security_key' or (credential_id is not null and public_key is not null and sign_count is not null
          and backup_eligible is not null and backed_up is not null and transports is not null and name is not null)
      );

    alter table user_identities
      add column recovered_by text,
      add constraint user_identities_recovered_by_known check (recovered_by in ('email', 'phone'));

    alter table otp_codes
      drop constraint otp_codes_purpose_known,
      add constraint otp_codes_purpose_known
        check (purpose in ('login', 'sign_up', 'verify_email', 'verify_phone', 'reset_password', 'link_identity', 'second_factor'));
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    delete from otp_codes where purpose = 'second_factor';
    alter table otp_codes
      drop constraint otp_codes_purpose_known,
      add constraint otp_codes_purpose_known
        check (purpose in ('login', 'sign_up', 'verify_email', 'verify_phone', 'reset_password', 'link_identity'));
    alter table user_identities drop column recovered_by;
    delete from user_factors where kind = 'security_key';
    alter table user_factors drop column credential_id, drop column public_key, drop column sign_count,
      drop column backup_eligible, drop column backed_up, drop column transports, drop column name;
  `);
}
