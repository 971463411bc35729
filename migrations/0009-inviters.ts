import type { Knex } from 'knex';

/** The inviter, also where that is no person of the tenant: what they may give is asked again at the acceptance. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    alter table invitations
      add column inviter_type      text not null default 'system',
      add column inviter_id        text,
      -- Where they belong, where that is another tenant.
      add column inviter_tenant_id uuid,
      add constraint invitations_inviter_known check (inviter_type in ('user', 'client', 'system')),
      add constraint invitations_inviter_named check ((inviter_type = 'system') = (inviter_id is null));
    update invitations set inviter_type = 'user', inviter_id = invited_by::text where invited_by is not null;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(
    'alter table invitations drop column inviter_type, drop column inviter_id, drop column inviter_tenant_id',
  );
}
