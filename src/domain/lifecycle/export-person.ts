/**
 * Telling everything that is held on a person, as one document. Owns that it is complete: each feature tells what it holds
 * (`data-of-person.ts`), and a test reads the columns of the database for what nobody tells. Refuses secrets: of a password
 * it says that there is one.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { exportEarlierAccessOf } from '../access/data-of-person.ts';
import { exportApiKeysOf } from '../api-keys/data-of-person.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { exportEventsOf } from '../audit/data-of-person.ts';
import { exportCodesOf } from '../codes/data-of-person.ts';
import { exportFactorsOf } from '../factors/data-of-person.ts';
import { exportInvitationsOf } from '../invitations/data-of-person.ts';
import { exportMessagesOf } from '../messages/data-of-person.ts';
import { exportPasskeyOffersOf, exportPasskeysOf } from '../methods/passkey/data-of-person.ts';
import { exportPlacesOf } from '../organisation/data-of-person.ts';
import { exportReferralsOf } from '../referrals/data-of-person.ts';
import { exportSafetyLinksOf } from '../safety/data-of-person.ts';
import { exportSessionsOf } from '../sessions/data-of-person.ts';
import { exportSetupLinksOf } from '../setup/data-of-person.ts';
import { exportFailuresOf } from '../sign-in/data-of-person.ts';
import { exportAccountOf, findPersonRow } from '../users/data-of-person.ts';
import { usernameDestination } from '../users/username.ts';
import type { UserOfTenant } from '../users/users.ts';
import { findWordsOf } from './personal-data.ts';

/**
 * @param dependencies.grantsOf what the person lets applications have, which is sealed by a floor above
 * @throws DomainError not_found NOT_FOUND, also for a person of another tenant; one who was deleted and not erased is there
 */
export async function exportPerson<Grant>(
  db: Database,
  { tenantId, userId }: UserOfTenant,
  {
    secrets,
    caller,
    grantsOf,
  }: { secrets: Secrets; caller: Caller; grantsOf(db: Database, user: UserOfTenant): Promise<Grant[]> },
) {
  return inTransaction(db, async (trx) => {
    const user = { tenantId, userId };
    const person = await findPersonRow(trx, user);
    if (!person) throw new DomainError('not_found', 'NOT_FOUND');
    const { email, phone, username } = person;
    const { sealed: words } = await findWordsOf(trx, { ...person, tenantId });
    const name = username === null ? null : usernameDestination(username);
    const addresses = [email, phone, name].filter((address) => address !== null);
    const held = {
      exportedAt: new Date(),
      person,
      ...(await exportAccountOf(trx, user)),
      ...(await exportPlacesOf(trx, user)),
      earlierAccess: await exportEarlierAccessOf(trx, user),
      invitations: await exportInvitationsOf(trx, { ...user, email, phone }),
      ...(await exportSessionsOf(trx, user)),
      grants: await grantsOf(trx, user),
      ...(await exportFactorsOf(trx, user)),
      safetyLinks: await exportSafetyLinksOf(trx, user),
      codes: await exportCodesOf(trx, { ...user, addresses }),
      failures: await exportFailuresOf(trx, { ...user, email, phone, username }, secrets),
      setupLinks: await exportSetupLinksOf(trx, { tenantId, email }),
      messages: await exportMessagesOf(trx, { tenantId, words }, secrets),
      passkeys: await exportPasskeysOf(trx, user),
      passkeyOffers: await exportPasskeyOffersOf(trx, user),
      apiKeys: await exportApiKeysOf(trx, user),
      referral: await exportReferralsOf(trx, user),
      events: await exportEventsOf(trx, user),
    };
    await recordEvent(trx, { tenantId, action: 'user.exported', entityType: 'user', entityId: userId }, caller);
    return held;
  });
}
