/**
 * Erasing a person: whatever is personal leaves every table, the queue and what is sealed, in one transaction; the address
 * is free for another. Owns that nothing is left half done: killed at any moment, it has happened or it has not. The opaque
 * id stays where others' doings speak of it, and in the trail (docs/decisions/0027-erasure-keeps-the-opaque-id.md).
 *
 * Locks are taken as in end-person.ts.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { eraseApiKeysOf } from '../api-keys/data-of-person.ts';
import type { Caller } from '../audit/audit-events.ts';
import { eraseEventsOf, isErasureTold } from '../audit/data-of-person.ts';
import { eraseCodesOf } from '../codes/data-of-person.ts';
import { eraseFactorsOf } from '../factors/data-of-person.ts';
import { eraseInvitationsOf } from '../invitations/data-of-person.ts';
import { eraseMessagesOf } from '../messages/data-of-person.ts';
import { eraseFederationRequestsOf } from '../methods/federation/data-of-person.ts';
import { erasePasskeysOf } from '../methods/passkey/data-of-person.ts';
import { eraseRecoveriesOf } from '../recovery/data-of-person.ts';
import { eraseReferralCodeOf } from '../referrals/data-of-person.ts';
import { eraseSafetyLinksOf } from '../safety/data-of-person.ts';
import { forgetSaltsOf } from '../seals/data-of-person.ts';
import { eraseSessionsOf } from '../sessions/data-of-person.ts';
import { revokeAllSessions } from '../sessions/sessions.ts';
import { eraseSetupLinksOf } from '../setup/data-of-person.ts';
import { forgetFailures } from '../sign-in/sign-in-failures.ts';
import { eraseAccountOf, findPersonRow, recordErasure } from '../users/data-of-person.ts';
import type { PersonWords } from '../users/person-words.ts';
import { usernameDestination } from '../users/username.ts';
import type { UserOfTenant } from '../users/users.ts';
import { deleteUser } from './end-person.ts';
import { findWordsOf } from './personal-data.ts';

/** Takes what names a person out of sealed content of a floor above. */
export type ForgetSealed = (trx: Database, words: PersonWords, secrets: Secrets) => Promise<void>;

/**
 * Erases a person, whether deleted before or not. Once more does no harm: it takes what came into the trail beside the first
 * time, and writes no event where the trail still has the first one.
 * @param dependencies.sealedAbove everything that floors above seal and that may name a person
 * @throws DomainError not_found NOT_FOUND, also for a person of another tenant; conflict LAST_OWNER
 */
export async function erasePerson(
  db: Database,
  user: UserOfTenant,
  { secrets, caller, sealedAbove }: { secrets: Secrets; caller: Caller; sealedAbove: readonly ForgetSealed[] },
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const person = await findPersonRow(trx, user, { lock: true });
    if (!person) throw new DomainError('not_found', 'NOT_FOUND');
    const { tenantId, userId } = user;
    const { email, phone, username } = person;
    const { sealed, trail } = await findWordsOf(trx, { ...person, tenantId });
    if (!person.erasedAt) {
      const name = username === null ? null : usernameDestination(username);
      const addresses = [email, phone, name].filter((address) => address !== null);
      const codeIds = await eraseCodesOf(trx, { tenantId, userId, addresses }, secrets);
      await eraseInvitationsOf(trx, { tenantId, userId, email, phone });
      await eraseSetupLinksOf(trx, { tenantId, email });
      // Ends what they hold, and tells applications.
      if (person.deletedAt) await revokeAllSessions(trx, user, caller);
      else await deleteUser(trx, user, caller);
      await eraseApiKeysOf(trx, user);
      await forgetFailures(trx, secrets, { tenantId, userId, email, phone, username }, { secondFactor: true });
      await eraseSessionsOf(trx, user);
      for (const forget of sealedAbove) await forget(trx, sealed, secrets);
      await eraseFederationRequestsOf(trx, sealed, secrets);
      await eraseRecoveriesOf(trx, codeIds, secrets);
      await eraseMessagesOf(trx, { tenantId, words: sealed }, secrets);
      await eraseFactorsOf(trx, user);
      await erasePasskeysOf(trx, user);
      await eraseReferralCodeOf(trx, user);
      await eraseSafetyLinksOf(trx, user);
      await eraseAccountOf(trx, user);
    }
    if (!(await isErasureTold(trx, user))) await recordErasure(trx, user, caller);
    await eraseEventsOf(trx, user, (payload) => trail.mentions(payload));
    await forgetSaltsOf(trx, user);
  });
}
