/**
 * Changing what is registered of a provider. Refuses another issuer and another key: the identities that people have there are
 * named by both, and would be somebody else's at another issuer. That is a new provider.
 */
import { type Database, inTransaction } from '../../../platform/database.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import { differences } from '../../audit/differences.ts';
import { checkDisplayName } from '../../tenants/display-name.ts';
import { type ClaimMappingInput, checkClaimMapping } from './claim-mapping.ts';
import { selectProviderForUpdate, updateProvider } from './identity-provider-store.ts';
import {
  checkClientId,
  checkedScopes,
  type IdentityProvider,
  providerOf,
  unknownProvider,
} from './identity-providers.ts';

export interface ProviderChange {
  key: string;
  name?: string;
  /** Of our client there; its secret is replaced by `setClientSecret`. */
  clientId?: string;
  scopes?: readonly string[];
  responseMode?: IdentityProvider['responseMode'];
  /** In the place of the whole mapping before. */
  claimMapping?: ClaimMappingInput;
}

/**
 * What is absent stays as it is. Already so: nothing is recorded.
 * @throws DomainError not_found NOT_FOUND (identity_provider), invalid INVALID_INPUT or FIELD_REQUIRED
 */
export async function updateIdentityProvider(
  db: Database,
  { key, name, clientId, scopes, responseMode, claimMapping }: ProviderChange,
  caller: Caller,
): Promise<IdentityProvider> {
  if (clientId !== undefined) checkClientId(clientId);
  const wanted = {
    name: name === undefined ? undefined : checkDisplayName(name),
    clientId,
    scopes: scopes && checkedScopes(scopes),
    responseMode,
    claimMapping: claimMapping && checkClaimMapping(claimMapping),
  };
  return inTransaction(db, async (trx) => {
    const before = await selectProviderForUpdate(trx, key);
    if (!before) throw unknownProvider(key);
    const { from, to } = differences(asText({ ...before }), asText(wanted));
    if (Object.keys(to).length === 0) return providerOf(before);
    const after = {
      ...before,
      name: wanted.name ?? before.name,
      clientId: wanted.clientId ?? before.clientId,
      scopes: wanted.scopes ?? before.scopes,
      responseMode: wanted.responseMode ?? before.responseMode,
      claimMapping: wanted.claimMapping ?? (before.claimMapping as object),
    };
    await updateProvider(trx, after);
    const about = { tenantId: before.tenantId, entityType: 'identity_provider', entityId: before.id };
    await recordEvent(trx, { ...about, action: 'identity_provider.changed', payload: { key, from, to } }, caller);
    return providerOf(after);
  });
}

/** Lists and objects as text, by which they are compared and told. */
function asText({
  name,
  clientId,
  scopes,
  responseMode,
  claimMapping,
}: Record<string, unknown>): Record<string, unknown> {
  const text = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value));
  return { name, clientId, responseMode, scopes: text(scopes), claimMapping: text(claimMapping) };
}
