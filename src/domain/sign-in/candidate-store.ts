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
  phone: string | null;
  phoneVerified: boolean;
  username: string | null;
  locale: string | null;
  zoneinfo: string | null;
}

const personColumns = `u.id as user_id, u.tenant_id, t.name as tenant_name, t.slug as tenant_slug,
          t.settings as tenant_settings, t.state = 'active' as tenant_active, u.state = 'active' as user_active,
          u.full_name, u.email, u.email_verified_at is not null as email_verified,
