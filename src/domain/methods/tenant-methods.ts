/**
 * The ways to sign in that a tenant names in its settings, and what it asks of each identity provider. Which names of our own
 * there are comes from methods.ts. Refuses a way that nobody could use: a provider that is not there, or another tenant's.
 */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Caller } from '../audit/audit-events.ts';
import type { TenantSettings, TenantSettingsInput } from '../tenants/tenant-settings.ts';
import { type Tenant, updateTenantSettings } from '../tenants/tenants.ts';
import { findIdentityProvider, isOffered, listSharedProviders } from './federation/identity-providers.ts';
import { methodNames } from './methods.ts';

/** Whether the provider is there for the tenant: its own, or one of all tenants; disabled ones too. */
async function hasProvider(db: Database, tenantId: string, key: string): Promise<boolean> {
  const provider = await findIdentityProvider(db, key);
  return provider !== undefined && (provider.tenantId === null || provider.tenantId === tenantId);
}

/** Whether a tenant may name it as a way to sign in: one of the program's own, or a provider that is there for it. */
export async function knowsMethod(db: Database, tenantId: string, name: string): Promise<boolean> {
  return methodNames.includes(name) || (await hasProvider(db, tenantId, name));
}

export interface NamableMethod {
  /** As `sign_in_methods` has it. */
  method: string;
  /** Of a provider, what its button says; null: a way of the program's own. */
  provider: string | null;
  /** Whether anybody can come in by it now: false for a provider that is disabled. */
  isActive: boolean;
}

/** Every way to sign in that a tenant may name: those of the program, and the providers of all tenants. */
export async function namableMethods(db: Database): Promise<NamableMethod[]> {
  return [
    ...methodNames.map((method) => ({ method, provider: null, isActive: true })),
    ...(await listSharedProviders(db)).map(({ key, name, state }) => ({
      method: key,
      provider: name,
      isActive: state === 'active',
    })),
  ];
}

/**
 * As `updateTenantSettings`, and may name every way to sign in that the tenant can have.
 * @throws DomainError invalid INVALID_INPUT (settings.<field>), not_found NOT_FOUND (tenant, identity_provider)
 */
export async function changeTenantSettings(
  db: Database,
  tenantId: string,
  input: TenantSettingsInput | ((before: TenantSettings) => TenantSettingsInput),
  caller: Caller,
): Promise<Tenant> {
  return updateTenantSettings(db, tenantId, input, caller, knowsMethod);
}

/** Of these ways to sign in the providers that nobody is offered now: not there yet, or disabled. */
export async function idleProviders(db: Database, _tenant: Tenant, methods: readonly string[]): Promise<string[]> {
  const idle: string[] = [];
  for (const method of methods) {
    if (methodNames.includes(method)) continue;
    const provider = await findIdentityProvider(db, method);
    if (provider?.state !== 'active') idle.push(method);
  }
  return idle;
}

export interface ProviderTerms {
  /** Whether the sign-in page has its button; of no account for the tenant's own. */
  offer?: boolean;
  /** Only accounts of this organisation there; null: any. */
  requiredHostedDomain?: string | null;
  /** Domains whose addresses link an account by the provider's word alone. */
  trustedEmailDomains?: readonly string[];
}

/**
 * Changes what a tenant asks of a provider; what is absent stays as it is.
 * @returns what it asks now, and whether its people are offered the provider
 * @throws DomainError invalid INVALID_INPUT (settings.<field>), not_found NOT_FOUND (tenant, identity_provider)
 */
export async function setProviderTerms(
  db: Database,
  { tenantId, key, ...terms }: ProviderTerms & { tenantId: string; key: string },
  caller: Caller,
): Promise<{ offered: boolean; requiredHostedDomain: string | null; trustedEmailDomains: string[] }> {
  const provider = await findIdentityProvider(db, key);
  if (!provider || (provider.tenantId !== null && provider.tenantId !== tenantId))
    throw new DomainError('not_found', 'NOT_FOUND', { entity: 'identity_provider', value: key });
  const tenant = await changeTenantSettings(db, tenantId, (before) => changedTerms(before, key, terms), caller);
  const { requiredHostedDomain = null, trustedEmailDomains = [] } = tenant.settings.federation[key] ?? {};
  return { offered: isOffered(provider, tenant), requiredHostedDomain, trustedEmailDomains };
}

function changedTerms(
  { federation, signInMethods }: TenantSettings,
  key: string,
  { offer, requiredHostedDomain, trustedEmailDomains }: ProviderTerms,
): TenantSettingsInput {
  const before = federation[key] ?? { requiredHostedDomain: null, trustedEmailDomains: [] };
  const hostedDomain = requiredHostedDomain === undefined ? before.requiredHostedDomain : requiredHostedDomain;
  const trusted = trustedEmailDomains ?? before.trustedEmailDomains;
  const terms = {
    requiredHostedDomain: hostedDomain?.toLowerCase() ?? null,
    trustedEmailDomains: trusted.map((domain) => domain.toLowerCase()),
  };
  const others = signInMethods.filter((method) => method !== key);
  return {
    federation: { ...federation, [key]: terms },
    ...(offer === undefined ? {} : { signInMethods: offer ? [...others, key] : others }),
  };
}
