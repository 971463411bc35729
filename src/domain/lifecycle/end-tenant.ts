/**
 * Suspending a tenant, and letting it in again. Owns that whatever its people and its clients hold or have pending ends in
 * the transaction that suspends it. Locks as in end-person.ts, the tenant in the place of the user.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { endApiKeysOfTenant } from '../api-keys/api-keys.ts';
import type { Caller } from '../audit/audit-events.ts';
import { endCodesOfTenant } from '../codes/one-time-codes.ts';
import { endInvitationsOfTenant } from '../invitations/invitations.ts';
import { endFederationRequestsOfTenant } from '../methods/federation/federation-requests.ts';
import { endInitialAccessTokensOfTenant } from '../registration/initial-access-tokens.ts';
import { endSessionsOfTenant } from '../sessions/sessions.ts';
import { endSetupLinksOf } from '../setup/setup-links.ts';
import { refusePlatform } from '../tenants/platform-tenant.ts';
import { lockTenant, storeTenantState, type Tenant } from '../tenants/tenants.ts';

/** Ends what a tenant's people, places and clients hold. Answers how many sign-ins, invitations and API keys ended. */
async function endTenant(
  trx: Database,
  tenantId: string,
): Promise<{ sessions: number; invitations: number; keys: number }> {
  await endCodesOfTenant(trx, tenantId);
  const invitations = await endInvitationsOfTenant(trx, tenantId);
  await endSetupLinksOf(trx, { tenantId });
  const keys = await endApiKeysOfTenant(trx, tenantId);
  await endFederationRequestsOfTenant(trx, tenantId);
  await endInitialAccessTokensOfTenant(trx, tenantId);
  return { sessions: await endSessionsOfTenant(trx, tenantId), invitations, keys };
}

async function changeState(db: Database, tenantId: string, state: Tenant['state'], caller: Caller): Promise<Tenant> {
  return inTransaction(db, async (trx) => {
    const tenant = await lockTenant(trx, tenantId);
    if (tenant.state === state) return tenant;
    if (state === 'suspended') refusePlatform(tenant);
    // Going back as well: what was under way when the tenant was stopped must not come to life again.
    const ended = await endTenant(trx, tenantId);
    const payload = state === 'suspended' ? ended : {};
    return storeTenantState(trx, { tenantId, state, payload }, caller);
  });
}

/**
 * Stops a tenant: nobody of it may act, and what they and its clients hold ends at once. Suspended already: nothing changes,
 * and nothing is recorded. The platform's own is never stopped: nobody but the command line could let it in again.
 * @throws DomainError not_found NOT_FOUND, conflict PLATFORM_TENANT_NEEDED
 */
export async function suspendTenant(db: Database, tenantId: string, caller: Caller): Promise<Tenant> {
  return changeState(db, tenantId, 'suspended', caller);
}

/** Lets a suspended tenant's people act again; they sign in anew. @throws DomainError not_found NOT_FOUND */
export async function activateTenant(db: Database, tenantId: string, caller: Caller): Promise<Tenant> {
  return changeState(db, tenantId, 'active', caller);
}
