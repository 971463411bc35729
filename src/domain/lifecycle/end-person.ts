/**
 * Stopping a person, and letting them in again. Owns that a person who may act no longer holds nothing: sign-ins, grants and
 * tokens, codes and links, invitations from them and to them all end in the transaction that stops them.
 *
 * Locks are taken in the order in which everybody takes them: the user, codes, invitations, links, keys, sign-ins, what the
 * protocol stores, and last what services were given. Where there are several of a kind, in the order of their ids.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { endApiKeysOfPerson } from '../api-keys/api-keys.ts';
import type { Caller } from '../audit/audit-events.ts';
import { endCodesOfPerson } from '../codes/one-time-codes.ts';
import { endFactorsOf } from '../factors/factors.ts';
import { endInvitationsOfPerson } from '../invitations/invitations.ts';
import { signInMethods } from '../methods/methods.ts';
import { revokeAllSessions } from '../sessions/sessions.ts';
import { endSetupLinksOf } from '../setup/setup-links.ts';
import { holdUser, holdUserUnlessDeleted, storeUserDeleted, storeUserState } from '../users/user-state.ts';
import type { User, UserOfTenant } from '../users/users.ts';

/** Ends what a person holds, who is held. `store` writes what becomes of the person, with the payload of its event. */
export async function endPerson(
  trx: Database,
  { tenantId, userId, email, phone, username }: UserOfTenant & Pick<User, 'email' | 'phone' | 'username'>,
  store: (payload: Record<string, unknown>) => Promise<void>,
  caller: Caller,
): Promise<void> {
  const person = { tenantId, userId, email, phone };
  await endCodesOfPerson(trx, { ...person, username });
  const invitations = await endInvitationsOfPerson(trx, person);
  if (email !== null) await endSetupLinksOf(trx, { tenantId, email });
  const keys = await endApiKeysOfPerson(trx, person);
  await store({ ...(invitations > 0 && { invitations }), ...(keys > 0 && { keys }) });
  await revokeAllSessions(trx, { tenantId, userId }, caller);
}

async function changeState(
  db: Database,
  { tenantId, userId }: UserOfTenant,
  state: User['state'],
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const user = await holdUser(trx, { tenantId, userId });
    if (user.state === state) return;
    // Going back as well: a sign-in that was under way when the user was stopped must not come to life again.
    const store = (payload: Record<string, unknown>) =>
      storeUserState(trx, { tenantId, userId, state, payload }, caller);
    await endPerson(trx, { tenantId, userId, ...user }, store, caller);
  });
}

/**
 * Stops a user from acting and ends what they hold. Nothing happens to one who is inactive already.
 * @throws DomainError not_found, also for a user of another tenant; conflict LAST_OWNER
 */
export async function deactivateUser(db: Database, user: UserOfTenant, caller: Caller): Promise<void> {
  await changeState(db, user, 'inactive', caller);
}

/** Lets a deactivated user act again; they sign in anew. @throws DomainError not_found */
export async function activateUser(db: Database, user: UserOfTenant, caller: Caller): Promise<void> {
  await changeState(db, user, 'active', caller);
}

/**
 * Deletes a user softly: the row stays for what speaks of it, the address is free for another, the password and other
 * proofs are gone, and what they held has ended. Once more does no harm.
 * @throws DomainError not_found, also for a user of another tenant; conflict LAST_OWNER
 */
export async function deleteUser(db: Database, { tenantId, userId }: UserOfTenant, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const user = await holdUserUnlessDeleted(trx, { tenantId, userId });
    if (!user) return;
    const store = async (payload: Record<string, unknown>) => {
      for (const method of signInMethods) await method.takeAway(trx, { tenantId, userId });
      await endFactorsOf(trx, { tenantId, userId });
      await storeUserDeleted(trx, { tenantId, userId, payload }, caller);
    };
    await endPerson(trx, { tenantId, userId, ...user }, store, caller);
  });
}
