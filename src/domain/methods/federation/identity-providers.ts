/**
 * The OpenID providers that people may sign in with. Owns that a provider is data: issuer, client, scopes and the names
 * of its claims; its key is the address of its callback and the name of its button. Refuses a key that is taken or that
 * names a way of our own, http issuers where they are not allowed, and to remove a provider that people still sign in
 * with. The client's secret is sealed.
 */

import { type Database, inTransaction, violatedConstraint } from '../../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import { newId } from '../../../platform/ids.ts';
import type { Page, PageRequest } from '../../../platform/paging.ts';
import { defineSecretPurpose, type Secrets } from '../../../platform/secrets.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import { checkDisplayName } from '../../tenants/display-name.ts';
import type { Tenant } from '../../tenants/tenants.ts';
import { deleteProviderIdentities } from '../../users/identities.ts';
import { type ClaimMapping, type ClaimMappingInput, checkClaimMapping, parseClaimMapping } from './claim-mapping.ts';
import {
  countIdentities,
  deleteProvider,
  type IdentityProviderRow,
  insertIdentityProvider,
  lockProvider,
  selectActiveProviders,
  selectIdentityProvider,
  selectIdentityProviders,
  selectSharedProviders,
  updateClientSecret,
  updateProviderState,
} from './identity-provider-store.ts';

export const providerCodes = defineCodes({
  PROVIDER_ACCOUNT_REFUSED: {
    kind: 'forbidden',
    params: ['provider'],
    means: 'the account at the provider opens no account here',
  },
  PROVIDER_CANCELLED: {
    kind: 'unauthenticated',
    params: ['provider'],
    means: 'the person, or the provider, stopped the sign-in there',
  },
  PROVIDER_REFUSED: { kind: 'invalid', params: ['provider'], means: 'the answer of the provider cannot be used' },
  PROVIDER_UNAVAILABLE: { kind: 'unavailable', params: ['provider'], means: 'the provider does not answer' },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof providerCodes> {}
}

export interface IdentityProvider {
  id: string;
  /** Null: for all tenants. */
  tenantId: string | null;
  key: string;
  name: string;
  state: 'active' | 'disabled';
  issuer: string;
  clientId: string;
  clientSecretSealed: Buffer | null;
  scopes: string[];
  responseMode: 'query' | 'form_post';
  claimMapping: ClaimMapping;
  /** Which of its assertions count; null: none. */
  crossApp: CrossAppTerms | null;
  createdAt: Date;
}

/** Which assertions of a provider count in cross-app access (cross-app.ts). */
export interface CrossAppTerms {
  /** Applications of the tenant, by `client_id`. */
  clientIds: string[];
  /** Capabilities that they may get at the most. */
  scopes: string[];
  /** The `tenant` of the assertions; null: they have none. */
  theirTenant: string | null;
}

export interface NewIdentityProvider {
  /** Lower case letters, digits and hyphens, at most 32: `google`, `northwind-entra`. */
  key: string;
  /** For people: `Google`. Absent for a known key. */
  name?: string;
  /** The issuer identifier, exactly as the provider's discovery document has it. Absent for a known key. */
  issuer?: string;
  clientId: string;
  /** Absent for a public client. */
  clientSecret?: string;
  tenantId?: string | null;
  /** Without `openid`, which is always asked for. */
  scopes?: readonly string[];
  /** `form_post` for providers that give a name or an address in no other way (Apple). */
  responseMode?: IdentityProvider['responseMode'];
  claimMapping?: ClaimMappingInput;
}

type KnownProvider = Required<Pick<NewIdentityProvider, 'name' | 'issuer'>> &
  Pick<NewIdentityProvider, 'scopes' | 'responseMode' | 'claimMapping'>;

/** Providers whose issuer everybody knows. */
const knownProviders: Record<string, KnownProvider> = {
  // It sends an address only as a form, has no scope `profile`, and says "true" as a word.
  apple: {
    name: 'Apple',
    issuer: 'https://appleid.apple.com',
    scopes: ['email', 'name'],
    responseMode: 'form_post',
    claimMapping: { email_verified_values: [true, 'true'] },
  },
  google: { name: 'Google', issuer: 'https://accounts.google.com' },
};

const keyForm = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
/** Ways to sign in that are ours, now or soon. */
const reservedKeys = new Set(['password', 'otp', 'passkey', 'totp', 'webauthn', 'email', 'sms', 'whatsapp']);

export const sealedClientSecrets = defineSecretPurpose('identity-providers');

export function clientSecretContext(id: string): string {
  return `identity-provider:${id}`;
}

export function providerOf(row: IdentityProviderRow): IdentityProvider {
  const crossApp = row.crossApp as CrossAppTerms | null;
  return { ...row, claimMapping: parseClaimMapping(row.claimMapping, row.issuer), crossApp };
}

export function invalid(field: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field });
}

/** An issuer identifier (OpenID Connect Discovery section 3): an https URL without query and fragment, kept as it is. */
export function checkedIssuer(issuer: string, allowHttp: boolean): string {
  // With `/.well-known/` in it, it is the address of a discovery document.
  const url = URL.parse(issuer);
  if (!url || issuer.length > 500 || /[?#]|\/\.well-known\//.test(issuer)) throw invalid('issuer');
  const protocols = allowHttp ? ['https:', 'http:'] : ['https:'];
  // The token's `iss` is compared character by character: what the parser would tidy up could never match.
  const isTidy = url.href === issuer || url.href === `${issuer}/`;
  if (!protocols.includes(url.protocol) || !isTidy || url.username || url.password) throw invalid('issuer');
  return issuer;
}

export function checkedScopes(scopes: readonly string[]): string[] {
  const all = [...new Set(['openid', ...scopes])];
  // RFC 6749 section 3.3.
  if (all.length > 20 || all.some((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(scope))) throw invalid('scopes');
  return all;
}

export function checkClientId(clientId: string): void {
  if (!/^[\x21-\x7e]{1,255}$/.test(clientId)) throw invalid('clientId');
}

export function checkClientSecret(secret: string): void {
  if (!/^[\x20-\x7e]{1,1000}$/.test(secret)) throw invalid('clientSecret');
}

/**
 * Registers a provider, active at once. `google` and `apple` need neither name nor issuer.
 * @param allowHttp whether the issuer may be an http address: never in production
 * @throws DomainError invalid INVALID_INPUT or FIELD_REQUIRED (key, name, issuer, clientId, clientSecret, scopes,
 *   claim_mapping.<name>), conflict DUPLICATE (key)
 */
export async function addIdentityProvider(
  db: Database,
  wanted: NewIdentityProvider,
  { secrets, caller, allowHttp }: { secrets: Secrets; caller: Caller; allowHttp: boolean },
): Promise<IdentityProvider> {
  if (!isProviderKey(wanted.key)) throw invalid('key');
  const known = Object.hasOwn(knownProviders, wanted.key) ? knownProviders[wanted.key] : undefined;
  const name = wanted.name ?? known?.name;
  const issuer = wanted.issuer ?? known?.issuer;
  // What somebody else's server of that key says is believed like anybody's.
  const usual = known?.issuer === issuer ? known : undefined;
  if (issuer === undefined) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'issuer' });
  if (name === undefined) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'name' });
  checkClientId(wanted.clientId);
  if (wanted.clientSecret !== undefined) checkClientSecret(wanted.clientSecret);
  const id = newId();
  const tenantId = wanted.tenantId ?? null;
  const row = {
    id,
    tenantId,
    key: wanted.key,
    name: checkDisplayName(name),
    issuer: checkedIssuer(issuer, allowHttp),
    clientId: wanted.clientId,
    clientSecretSealed:
      wanted.clientSecret === undefined
        ? null
        : secrets.seal(sealedClientSecrets, wanted.clientSecret, clientSecretContext(id)),
    scopes: checkedScopes(wanted.scopes ?? usual?.scopes ?? ['email', 'profile']),
    responseMode: wanted.responseMode ?? usual?.responseMode ?? 'query',
    claimMapping: checkClaimMapping(wanted.claimMapping ?? usual?.claimMapping ?? {}),
  };
  return inTransaction(db, async (trx) => {
    const stored = await insertIdentityProvider(trx, row).catch((error) => {
      if (violatedConstraint(error)?.constraint === 'identity_providers_key_key')
        throw new DomainError('conflict', 'DUPLICATE', { field: 'key', value: wanted.key });
      throw error;
    });
    const { key, issuer, clientId, scopes, responseMode, claimMapping } = row;
    const payload = { key, issuer, clientId, scopes, responseMode, claimMapping };
    await recordEvent(
      trx,
      { tenantId, action: 'identity_provider.added', entityType: 'identity_provider', entityId: id, payload },
      caller,
    );
    return providerOf(stored);
  });
}

/** The secret of a provider's client; null for a public client. @throws where no secret key opens it */
export function clientSecretOf(provider: IdentityProvider, secrets: Secrets): string | null {
  if (provider.clientSecretSealed === null) return null;
  const secret = secrets.open(sealedClientSecrets, provider.clientSecretSealed, clientSecretContext(provider.id));
  if (secret === undefined)
    throw new Error(`the client secret of the identity provider ${provider.key} was sealed under another SECRET_KEY`);
  return secret;
}

/** Whether a provider may have this key; one that is not here yet, too. */
export function isProviderKey(key: string): boolean {
  return keyForm.test(key) && !reservedKeys.has(key);
}

export async function findIdentityProvider(db: Database, key: string): Promise<IdentityProvider | undefined> {
  const row = keyForm.test(key) ? await selectIdentityProvider(db, key) : undefined;
  return row && providerOf(row);
}

type OfferingTenant = Pick<Tenant, 'id' | 'settings'>;

/**
 * Whether the people of a tenant may sign in with a provider: one of all tenants where the tenant's sign-in methods have
 * its key, or the tenant's own. Where the tenant is not known yet: one of all tenants.
 */
export function isOffered(provider: IdentityProvider, tenant: OfferingTenant | null): boolean {
  if (provider.state !== 'active') return false;
  if (tenant === null || provider.tenantId !== null) return provider.tenantId === (tenant?.id ?? null);
  return tenant.settings.signInMethods.includes(provider.key);
}

/** The providers that the sign-in page offers, by name. */
export async function offeredProviders(db: Database, tenant: OfferingTenant | null): Promise<IdentityProvider[]> {
  const wanted = { tenantId: tenant?.id ?? null, keys: tenant?.settings.signInMethods ?? null };
  return (await selectActiveProviders(db, wanted)).map(providerOf);
}

/**
 * In the order in which they were added; of one tenant or of all.
 * @param query.shared with a tenant's own also those of all tenants
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listIdentityProviders(
  db: Database,
  { tenantId = null, shared = false, ...page }: PageRequest & { tenantId?: string | null; shared?: boolean },
): Promise<Page<IdentityProvider & { tenantSlug: string | null }>> {
  const { items, next } = await selectIdentityProviders(db, { tenantId, shared }, page);
  return { items: items.map(({ tenantSlug, ...row }) => ({ ...providerOf(row), tenantSlug })), next };
}

/** Those of all tenants, disabled ones too, by name. */
export async function listSharedProviders(db: Database): Promise<Pick<IdentityProvider, 'key' | 'name' | 'state'>[]> {
  return selectSharedProviders(db);
}

/** How many accounts are linked to a provider. */
export async function countLinkedAccounts(db: Database, key: string): Promise<number> {
  return countIdentities(db, key);
}

/**
 * Disables or enables a provider. Disabled, nobody signs in with it, sign-ins on their way to it included; what was
 * linked stays.
 * @throws DomainError not_found NOT_FOUND (identity_provider)
 */
export async function setIdentityProviderState(
  db: Database,
  key: string,
  state: IdentityProvider['state'],
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const found = await updateProviderState(trx, key, state);
    if (!found) throw unknownProvider(key);
    if (!found.changed) return;
    const action = state === 'active' ? 'identity_provider.enabled' : 'identity_provider.disabled';
    const about = { tenantId: found.tenantId, entityType: 'identity_provider', entityId: found.id };
    await recordEvent(trx, { ...about, action, payload: { key } }, caller);
  });
}

/**
 * Replaces the secret of our client at a provider: they expire there, and one that was sealed under a SECRET_KEY that is
 * gone opens no more.
 * @throws DomainError invalid INVALID_INPUT (clientSecret), not_found NOT_FOUND (identity_provider)
 */
export async function setClientSecret(
  db: Database,
  { key, clientSecret }: { key: string; clientSecret: string },
  { secrets, caller }: { secrets: Secrets; caller: Caller },
): Promise<void> {
  checkClientSecret(clientSecret);
  await inTransaction(db, async (trx) => {
    const found = await lockProvider(trx, key);
    if (!found) throw unknownProvider(key);
    const sealed = secrets.seal(sealedClientSecrets, clientSecret, clientSecretContext(found.id));
    await updateClientSecret(trx, found.id, sealed);
    const about = { tenantId: found.tenantId, entityType: 'identity_provider', entityId: found.id };
    await recordEvent(trx, { ...about, action: 'identity_provider.credentials_replaced', payload: { key } }, caller);
  });
}

/**
 * Removes a provider for good.
 * @param withIdentities also unlink the accounts of everybody who signs in with it; else it refuses while there are any
 * @returns how many were unlinked
 * @throws DomainError not_found NOT_FOUND (identity_provider), conflict IDENTITY_IN_USE `{ count }`
 */
export async function removeIdentityProvider(
  db: Database,
  key: string,
  { withIdentities }: { withIdentities: boolean },
  caller: Caller,
): Promise<number> {
  return inTransaction(db, async (trx) => {
    const found = await lockProvider(trx, key);
    if (!found) throw unknownProvider(key);
    const linked = await countIdentities(trx, key);
    if (linked > 0 && !withIdentities) throw new DomainError('conflict', 'IDENTITY_IN_USE', { count: linked });
    await deleteProviderIdentities(trx, key);
    await deleteProvider(trx, found.id);
    const about = { tenantId: found.tenantId, entityType: 'identity_provider', entityId: found.id };
    await recordEvent(trx, { ...about, action: 'identity_provider.removed', payload: { key, linked } }, caller);
    return linked;
  });
}

export function unknownProvider(key: string): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', { entity: 'identity_provider', value: key });
}
