import type { Knex } from 'knex';

/** What is sent to an address to be proved (codes, links), invitations, and who referred whom. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    -- One row for each code or link that was asked for, whether or not anybody lives at the destination. Rows stay for
    -- two days: the limits on sends and failures, and the conversion of a prefix, are counted from them.
    create table otp_codes (
      id              uuid        not null default gen_random_uuid(),
      tenant_id       uuid,
      user_id         uuid,
      destination     text        not null,
      channel         text        not null,
      purpose         text        not null,
      prefix          text,
      challenge_hash  bytea,
      code_hash       bytea       not null,
      attempt_count   integer     not null default 0,
      attempt_max     integer     not null default 5,
      last_attempt_at timestamptz,
      sent_at         timestamptz,
      failed_at       timestamptz,
      consumed_at     timestamptz,
      revoked_at      timestamptz,
      expires_at      timestamptz not null,
      created_at      timestamptz not null default clock_timestamp(),
      constraint otp_codes_pkey primary key (id),
      constraint otp_codes_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint otp_codes_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
      constraint otp_codes_user_has_tenant check (user_id is null or tenant_id is not null),
      constraint otp_codes_channel_known check (channel in ('email', 'sms', 'whatsapp')),
      constraint otp_codes_purpose_known
        check (purpose in ('login', 'sign_up', 'verify_email', 'verify_phone', 'reset_password', 'link_identity')),
      constraint otp_codes_prefix_is_for_phones check ((channel = 'email') = (prefix is null)),
      constraint otp_codes_attempts_bounded check (attempt_count between 0 and attempt_max),
      -- A code is typed into the browser that asked for it; a link may be opened in any.
      constraint otp_codes_link_or_challenge check ((purpose = 'reset_password') = (challenge_hash is null))
    );
    create index otp_codes_destination_idx on otp_codes (destination, created_at desc);
    create index otp_codes_challenge_idx on otp_codes (challenge_hash, created_at desc) where challenge_hash is not null;
    create unique index otp_codes_link_key on otp_codes (code_hash) where challenge_hash is null;
    create index otp_codes_prefix_idx on otp_codes (tenant_id, prefix, created_at) where prefix is not null;
    create index otp_codes_user_idx on otp_codes (tenant_id, user_id) where user_id is not null;
    create index otp_codes_created_idx on otp_codes (created_at);

    create table invitations (
      id          uuid        not null default gen_random_uuid(),
      tenant_id   uuid        not null,
      email       text,
      phone       text,
      channel     text        not null,
      role_id     uuid        not null,
      org_node_id uuid        not null,
      token_hash  bytea       not null,
      invited_by  uuid,
      sent_count  integer     not null default 1,
      sent_at     timestamptz not null default now(),
      expires_at  timestamptz not null,
      accepted_at timestamptz,
      accepted_by uuid,
      revoked_at  timestamptz,
      created_at  timestamptz not null default now(),
      updated_at  timestamptz not null default now(),
      constraint invitations_pkey primary key (id),
      constraint invitations_tenant_id_id_key unique (tenant_id, id),
      constraint invitations_token_hash_key unique (token_hash),
      constraint invitations_tenant_fk foreign key (tenant_id) references tenants (id),
      constraint invitations_role_fk foreign key (tenant_id, role_id) references roles (tenant_id, id),
      constraint invitations_org_node_fk foreign key (tenant_id, org_node_id) references org_nodes (tenant_id, id),
      constraint invitations_invited_by_fk foreign key (tenant_id, invited_by) references users (tenant_id, id),
      constraint invitations_accepted_by_fk foreign key (tenant_id, accepted_by) references users (tenant_id, id),
      constraint invitations_one_address check (num_nonnulls(email, phone) = 1),
      constraint invitations_channel_fits check ((channel = 'email') = (email is not null) and channel in ('email', 'sms', 'whatsapp')),
      constraint invitations_accepted_by_somebody check ((accepted_at is null) = (accepted_by is null)),
      constraint invitations_ended_once check (accepted_at is null or revoked_at is null)
    );
    create index invitations_role_idx on invitations (tenant_id, role_id);
    create index invitations_org_node_idx on invitations (tenant_id, org_node_id);
    create index invitations_invited_by_idx on invitations (tenant_id, invited_by) where invited_by is not null;
    create index invitations_accepted_by_idx on invitations (tenant_id, accepted_by) where accepted_by is not null;
    create index invitations_open_idx on invitations (tenant_id, created_at desc) where accepted_at is null and revoked_at is null;
    -- Inviting an address again for the same place replaces what waits.
    create unique index invitations_open_email_key on invitations (tenant_id, lower(email), role_id, org_node_id)
     where accepted_at is null and revoked_at is null and email is not null;
    create unique index invitations_open_phone_key on invitations (tenant_id, phone, role_id, org_node_id)
     where accepted_at is null and revoked_at is null and phone is not null;
    create trigger invitations_touch before update on invitations for each row execute function touch_updated_at();

    create table referral_codes (
      id         uuid        not null default gen_random_uuid(),
      tenant_id  uuid        not null,
      user_id    uuid        not null,
      code       text        not null,
      is_active  boolean     not null default true,
      expires_at timestamptz,
      created_at timestamptz not null default now(),
      constraint referral_codes_pkey primary key (id),
      constraint referral_codes_tenant_id_id_key unique (tenant_id, id),
      constraint referral_codes_code_key unique (code),
      constraint referral_codes_user_key unique (tenant_id, user_id),
      constraint referral_codes_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
    );

    create table referrals (
      id               uuid        not null default gen_random_uuid(),
      tenant_id        uuid        not null,
      referrer_user_id uuid        not null,
      referred_user_id uuid        not null,
      referral_code_id uuid        not null,
      status           text        not null default 'pending',
      converted_at     timestamptz,
      created_at       timestamptz not null default now(),
      constraint referrals_pkey primary key (id),
      constraint referrals_tenant_id_id_key unique (tenant_id, id),
      constraint referrals_referred_key unique (tenant_id, referred_user_id),
      constraint referrals_referrer_fk foreign key (tenant_id, referrer_user_id) references users (tenant_id, id) on delete cascade,
      constraint referrals_referred_fk foreign key (tenant_id, referred_user_id) references users (tenant_id, id) on delete cascade,
      constraint referrals_code_fk foreign key (tenant_id, referral_code_id) references referral_codes (tenant_id, id) on delete cascade,
      constraint referrals_status_known check (status in ('pending', 'completed_signup', 'subscription_activated')),
      constraint referrals_converted_when_done check ((status = 'pending') = (converted_at is null)),
      constraint referrals_not_oneself check (referrer_user_id <> referred_user_id)
    );
    create index referrals_referrer_idx on referrals (tenant_id, referrer_user_id);
    create index referrals_code_idx on referrals (tenant_id, referral_code_id);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw('drop table referrals, referral_codes, invitations, otp_codes');
}
