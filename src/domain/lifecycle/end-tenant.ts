/**
 * Suspending a tenant, and letting it in again. Owns that whatever its people and its clients hold or have pending ends in
 * the transaction that suspends it. Locks as in end-person.ts, the tenant in the place of the user.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { endApiKeysOfTenant } from '../api-keys/api-keys.ts';
import type { Caller } from '../audit/audit-events.ts';
import { endCodesOfTenant } from '../codes/one-time-codes.ts';
import { endInvitationsOfTenant } from '../invitations/invitations.ts';
import { endFederationRequestsOfTenant } from '../methods/federation/federation-requests.ts';
import { endInitialAccessTokensOfTenant } from '../registration/initial-access-tokens.ts';
import { endSessionsOfTenant } from '../sessions/sessions.ts';
import { endSetupLinksOf } from '../setup/setup-links.ts';
import { refusePlatform } from '../tenants/platform-tenant.ts';
import { lockTenant, storeTenantMove, storeTenantState, type Tenant } from '../tenants/tenants.ts';

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

/** What is bound to this server, in the order of `endTenant`: sign-ins, and what is on its way to one. */
async function endWhatIsUnderWay(trx: Database, tenantId: string): Promise<void> {
  await endCodesOfTenant(trx, tenantId);
  await endSetupLinksOf(trx, { tenantId });
  await endFederationRequestsOfTenant(trx, tenantId);
  await endSessionsOfTenant(trx, tenantId);
}

async function changeState(db: Database, tenantId: string, state: Tenant['state'], caller: Caller): Promise<Tenant> {
  return inTransaction(db, async (trx) => {
    const tenant = await lockTenant(trx, tenantId);
    if (tenant.movedTo !== null) throw new DomainError('conflict', 'TENANT_MOVED', { issuer: tenant.movedTo });
    if (tenant.state === state) return tenant;
    if (state === 'suspended') refusePlatform(tenant);
    // Going back as well: what was under way when the tenant was stopped must not come to life again. Of one that has come from
    // elsewhere, nothing was under way here.
    const ended = tenant.arrivedAt === null || state === 'suspended' ? await endTenant(trx, tenantId) : {};
    const payload = state === 'suspended' ? ended : {};
    return storeTenantState(trx, { tenantId, state, payload }, caller);
  });
}

/**
 * Stops a tenant: nobody of it may act, and what they and its clients hold ends at once. Suspended already: nothing changes,
 * and nothing is recorded. The platform's own is never stopped: nobody but the command line could let it in again.
 * @throws DomainError not_found NOT_FOUND, conflict PLATFORM_TENANT_NEEDED, TENANT_MOVED
 */
export async function suspendTenant(db: Database, tenantId: string, caller: Caller): Promise<Tenant> {
  return changeState(db, tenantId, 'suspended', caller);
}

/** Lets a suspended tenant's people act again; they sign in anew. @throws DomainError not_found NOT_FOUND, conflict TENANT_MOVED */
export async function activateTenant(db: Database, tenantId: string, caller: Caller): Promise<Tenant> {
  return changeState(db, tenantId, 'active', caller);
}

/**
 * Closes a tenant that moves to another server: nobody of it may act here, and what was under way ends at once. Its invitations,
 * keys and registrations stay as they are, for they go along; nothing here takes them while it is closed. Closed for the same
 * place already: nothing changes.
 * @param move.issuer where it goes
 * @throws DomainError not_found NOT_FOUND, conflict PLATFORM_TENANT_NEEDED, TENANT_MOVED (to yet another place)
 */
export async function moveTenantAway(
  db: Database,
  { tenantId, issuer }: { tenantId: string; issuer: string },
  caller: Caller,
): Promise<Tenant> {
  return inTransaction(db, async (trx) => {
    const tenant = await lockTenant(trx, tenantId);
    refusePlatform(tenant);
    if (tenant.movedTo === issuer) return tenant;
    if (tenant.movedTo !== null) throw new DomainError('conflict', 'TENANT_MOVED', { issuer: tenant.movedTo });
    await endWhatIsUnderWay(trx, tenantId);
    return storeTenantMove(trx, { tenantId, movedTo: issuer, issuer }, caller);
  });
}

/**
 * Takes back that a tenant has moved, where it did not come to the other server. Of one that was active, people act here again, and sign
 * in anew. One that was suspended is so still, and one that had come from elsewhere and was not let in yet waits for that. One that is
 * here: nothing changes.
 * @throws DomainError not_found NOT_FOUND
 */
export async function takeTenantBack(db: Database, tenantId: string, caller: Caller): Promise<Tenant> {
  return inTransaction(db, async (trx) => {
    const tenant = await lockTenant(trx, tenantId);
    if (tenant.movedTo === null) return tenant;
    const returned = await storeTenantMove(trx, { tenantId, movedTo: null, issuer: tenant.movedTo }, caller);
    if (tenant.movedState === 'suspended') return returned;
    return storeTenantState(trx, { tenantId, state: 'active', payload: {} }, caller);
  });
}
