import type { Knex } from 'knex';

/** Passkeys (WebAuthn credentials) that people sign in with, and the challenges that were answered. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';

    create table passkeys (
      id              uuid        not null default gen_random_uuid(),
      tenant_id       uuid        not null,
      user_id         uuid        not null,
      credential_id   bytea       not null,
      -- COSE, as the authenticator told it. It is public: nobody signs in by it.
      public_key      bytea       not null,
      sign_count      bigint      not null,
      -- May be copied to other devices, and has been (WebAuthn Level 3 section 6.1.3).
      backup_eligible boolean     not null,
      backed_up       boolean     not null,
      transports      text[]      not null default '{}',
      name            text        not null,
      created_at      timestamptz not null default now(),
      last_used_at    timestamptz,
      constraint passkeys_pkey primary key (id),
      constraint passkeys_credential_key unique (credential_id),
      constraint passkeys_credential_length check (octet_length(credential_id) between 16 and 1023),
      constraint passkeys_sign_count_range check (sign_count between 0 and 4294967295),
      constraint passkeys_backed_up_where_eligible check (backup_eligible or not backed_up),
      constraint passkeys_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id)
    );
    create index passkeys_user_idx on passkeys (tenant_id, user_id, id);

    -- Answered ones alone: who has answered none has nothing stored.
    create table passkey_challenges (
      challenge_hash bytea       not null,
      expires_at     timestamptz not null,
      constraint passkey_challenges_pkey primary key (challenge_hash),
      constraint passkey_challenges_hash_is_sha256 check (octet_length(challenge_hash) = 32)
    );
    create index passkey_challenges_expiry_idx on passkey_challenges (expires_at);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table passkey_challenges, passkeys');
}
