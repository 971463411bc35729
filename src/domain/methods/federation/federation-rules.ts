/** Whether an account can be signed in to by a provider at all, whoever comes back from there. */
import type { Rule } from '../../sign-in/rules.ts';
import type { TenantSettings } from '../../tenants/tenant-settings.ts';
import { type IdentityProvider, isOffered } from './identity-providers.ts';

export interface FederatedAccount {
  tenantId: string;
  tenantActive: boolean;
  userActive: boolean;
  settings: TenantSettings;
  provider: IdentityProvider;
}

/** In the order in which they are told. */
export const federationRules: readonly Rule<
  FederatedAccount,
  'method_not_offered' | 'tenant_suspended' | 'user_inactive'
>[] = [
  { refusal: 'tenant_suspended', holds: ({ tenantActive }) => tenantActive },
  { refusal: 'user_inactive', holds: ({ userActive }) => userActive },
  {
    refusal: 'method_not_offered',
    holds: ({ provider, tenantId, settings }) => isOffered(provider, { id: tenantId, settings }),
  },
];
