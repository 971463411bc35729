/** Whether a passkey opens an account at all, once its signature is right. */
import type { Rule } from '../../sign-in/rules.ts';
import { parseTenantSettings, type TenantSettings } from '../../tenants/tenant-settings.ts';

export interface PasskeyAccount {
  tenantActive: boolean;
  userActive: boolean;
  tenantSettings: unknown;
}

export type NoPasskeyWay = 'method_not_offered' | 'tenant_suspended' | 'user_inactive';

/** Whether the tenant signs people in by passkeys; where it is not known yet: yes. */
export function allowsPasskeys(settings: TenantSettings | null): boolean {
  return settings === null || settings.signInMethods.includes('passkey');
}

/** In the order in which they are told. */
export const passkeyRules: readonly Rule<PasskeyAccount, NoPasskeyWay>[] = [
  { refusal: 'tenant_suspended', holds: ({ tenantActive }) => tenantActive },
  { refusal: 'user_inactive', holds: ({ userActive }) => userActive },
  {
    refusal: 'method_not_offered',
    holds: ({ tenantSettings }) => allowsPasskeys(parseTenantSettings(tenantSettings)),
  },
];
