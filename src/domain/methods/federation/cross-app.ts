/**
 * Cross-app access, the side that trusts: which assertions of a provider count here (draft-ietf-oauth-identity-assertion-authz-grant).
 * Owns the terms of a provider: which applications may bring its assertions, which capabilities they may get by them at the most,
 * and of which tenant of the provider the people are. Off until somebody says so, and for the providers of a tenant alone. An
 * assertion makes nobody's account and links nothing: it finds who is linked already. It is judged in oidc/cross-app.
 */
import { type Database, inTransaction } from '../../../platform/database.ts';
import { DomainError } from '../../../platform/errors.ts';
import { isId } from '../../../platform/ids.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import { findBringingFault } from '../../clients/cross-app-audiences.ts';
import { firstRefusal } from '../../sign-in/rules.ts';
import { parseTenantSettings } from '../../tenants/tenant-settings.ts';
import { federationRules } from './federation-rules.ts';
import { isOfHostedDomain } from './identities.ts';
import { selectAssertingProviders, selectProviderForUpdate, updateCrossAppTerms } from './identity-provider-store.ts';
import { type CrossAppTerms, type IdentityProvider, providerOf, unknownProvider } from './identity-providers.ts';
import { selectIdentityAccounts } from './identity-store.ts';

/** Applications that bring the assertions of one provider. */
export const mostBringing = 50;

export type TrustingProvider = IdentityProvider & { tenantId: string; crossApp: CrossAppTerms };

function refusal(field: string, reason: string, value?: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field, reason, ...(value !== undefined && { value }) });
}

async function checkClients(db: Database, clients: readonly string[], tenantId: string): Promise<void> {
  if (clients.length === 0 || clients.length > mostBringing)
    throw refusal('client_ids', 'they are 1 to 50 applications');
  for (const clientId of clients) {
    const fault = await findBringingFault(db, { clientId, tenantId });
    if (fault !== undefined) throw refusal('client_ids', fault, clientId);
  }
}

/** @param issuer of this server @throws DomainError invalid INVALID_INPUT */
export function checkTerms(
  { scopes, theirTenant: tenant }: CrossAppTerms,
  provider: Pick<IdentityProvider, 'issuer' | 'tenantId'>,
  issuer: string,
) {
  const areWell = scopes.length > 0 && scopes.length <= 100 && scopes.every((one) => /^[\x21-\x7e]{1,100}$/.test(one));
  if (!areWell) throw refusal('scopes', 'they are 1 to 100 capabilities');
  if (tenant !== null && !/^[\x21-\x7e]{1,255}$/.test(tenant))
    throw refusal('their_tenant', 'it has 1 to 255 printable characters');
  if (provider.issuer !== issuer) return;
  // Of one server, the tenant says whose people they are; and nobody is to get by an assertion what signing in here is for.
  if (tenant === null || !isId(tenant))
    throw refusal('their_tenant', 'of this server, it is the id of the other tenant');
  if (tenant === provider.tenantId) throw refusal('their_tenant', 'it is the tenant itself');
}

/**
 * Says which assertions of a provider count, in the place of what counted before; null: none. Already so: nothing is recorded.
 * @param options.issuer of this server
 * @throws DomainError not_found NOT_FOUND (identity_provider), invalid INVALID_INPUT (client_ids, scopes, their_tenant; key: a provider
 *   of all tenants)
 */
export async function setCrossAppTerms(
  db: Database,
  { key, terms }: { key: string; terms: CrossAppTerms | null },
  { issuer, caller }: { issuer: string; caller: Caller },
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const row = await selectProviderForUpdate(trx, key);
    if (!row) throw unknownProvider(key);
    const before = providerOf(row);
    const { id, tenantId, crossApp } = before;
    const wanted = terms && { ...terms, clientIds: [...new Set(terms.clientIds)], scopes: [...new Set(terms.scopes)] };
    if (wanted) {
      if (tenantId === null) throw refusal('key', 'a provider of all tenants vouches for nobody');
      checkTerms(wanted, { ...before, tenantId }, issuer);
      await checkClients(trx, wanted.clientIds, tenantId);
    }
    const [from, to] = [crossApp, wanted].map((one) =>
      JSON.stringify(one && [one.clientIds, one.scopes, one.theirTenant]),
    );
    if (from === to) return;
    await updateCrossAppTerms(trx, id, wanted);
    const payload = { key, from: { crossApp }, to: { crossApp: wanted } };
    const about = { tenantId, entityType: 'identity_provider', entityId: id };
    await recordEvent(trx, { ...about, action: 'identity_provider.cross_app_changed', payload }, caller);
  });
}

/** The providers of a tenant that may vouch for its people under this issuer to this application now. */
export async function findTrustedProviders(
  db: Database,
  { issuer, tenantId, clientId }: { issuer: string; tenantId: string; clientId: string },
): Promise<TrustingProvider[]> {
  const found = (await selectAssertingProviders(db, { issuer, tenantId })).map(providerOf);
  return found.filter(
    (provider): provider is TrustingProvider => provider.crossApp?.clientIds.includes(clientId) === true,
  );
}

/** Who is meant by an assertion, and by which link. */
export interface AssertedAccount {
  userId: string;
  identityId: string;
}

/** Undefined for who is not linked, or could not sign in with this provider now. @param hostedDomain as the assertion says it */
export async function findAssertedAccount(
  db: Database,
  provider: TrustingProvider,
  { issuer, subject, hostedDomain }: { issuer: string; subject: string; hostedDomain: string | null },
): Promise<AssertedAccount | undefined> {
  const { key, tenantId } = provider;
  const [row] = await selectIdentityAccounts(db, { provider: key, issuer, subject, tenantId });
  if (!row) return undefined;
  const settings = parseTenantSettings(row.tenantSettings);
  if (firstRefusal(federationRules, { ...row, settings, provider }) !== undefined) return undefined;
  if (!isOfHostedDomain(provider, { hostedDomain }, settings)) return undefined;
  return { userId: row.userId, identityId: row.identityId };
}
