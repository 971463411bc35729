/** The SQL of whom an address may mean at a sign-in. */
import { type Database, firstRow, prepared, runPrepared } from '../../platform/database.ts';

/** Somebody a destination may mean. */
export interface PersonRow {
  userId: string;
  tenantId: string;
  tenantName: string;
  tenantSlug: string;
  tenantSettings: unknown;
  tenantActive: boolean;
  userActive: boolean;
  fullName: string | null;
  email: string | null;
  emailVerified: boolean;
  emailVerifiedAt: Date | null;
  phone: string | null;
  phoneVerified: boolean;
  phoneVerifiedAt: Date | null;
  username: string | null;
  locale: string | null;
  zoneinfo: string | null;
}

const personColumns = `u.id as user_id, u.tenant_id, t.name as tenant_name, t.slug as tenant_slug,
          t.settings as tenant_settings, t.state = 'active' as tenant_active, u.state = 'active' as user_active,
          u.full_name, u.email, u.email_verified_at is not null as email_verified, u.email_verified_at,
          u.phone, u.phone_verified_at is not null as phone_verified, u.phone_verified_at, u.username,
          s.locale, s.zoneinfo
     from users u
     join tenants t on t.id = u.tenant_id
     left join user_settings s on s.user_id = u.id`;
const personOrder = `order by (u.state = 'active' and t.state = 'active') desc, u.last_login_at desc nulls last, u.id
    limit 10`;

const byEmail = prepared(
  'sign-in-people-by-email',
  `select ${personColumns}
    where lower(u.email) = lower($1) and u.deleted_at is null and ($2::uuid is null or u.tenant_id = $2)
    ${personOrder}`,
);
const byPhone = prepared(
  'sign-in-people-by-phone',
  `select ${personColumns}
    where u.phone = $1 and u.deleted_at is null and ($2::uuid is null or u.tenant_id = $2)
    ${personOrder}`,
);
const byUsername = prepared(
  'sign-in-people-by-username',
  `select ${personColumns}
    where u.tenant_id = $2::uuid and lower(u.username) = lower($1) and u.deleted_at is null
    ${personOrder}`,
);

/** One user who is not deleted. */
export async function selectPerson(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<PersonRow | undefined> {
  return firstRow<PersonRow>(
    db,
    `select ${personColumns} where u.tenant_id = :tenantId and u.id = :userId and u.deleted_at is null`,
    { tenantId, userId },
  );
}

/** Users that are not deleted under an address in canonical form, or the one of a username; those who may act first. At most 10. */
export async function selectPeople(
  db: Database,
  kind: 'email' | 'phone' | 'username',
  name: string,
  tenantId: string | null,
): Promise<PersonRow[]> {
  const statement = { email: byEmail, phone: byPhone, username: byUsername }[kind];
  return (await runPrepared<PersonRow>(db, statement, [name, tenantId])).rows;
}
