/** Whether an account can be proved by a password at all, before any is compared. */
import type { Rule } from '../../sign-in/rules.ts';
import { parseTenantSettings } from '../../tenants/tenant-settings.ts';

export interface PasswordAccount {
  tenantActive: boolean;
  userActive: boolean;
  tenantSettings: unknown;
  hasPassword: boolean;
}

export type NoPasswordWay = 'method_not_offered' | 'no_password_set' | 'tenant_suspended' | 'user_inactive';

/** In the order in which they are told. */
export const passwordRules: readonly Rule<PasswordAccount, NoPasswordWay>[] = [
  { refusal: 'tenant_suspended', holds: ({ tenantActive }) => tenantActive },
  { refusal: 'user_inactive', holds: ({ userActive }) => userActive },
  {
    refusal: 'method_not_offered',
    holds: ({ tenantSettings }) => parseTenantSettings(tenantSettings).signInMethods.includes('password'),
  },
  { refusal: 'no_password_set', holds: ({ hasPassword }) => hasPassword },
];
