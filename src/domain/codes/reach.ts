/**
 * Where a message goes, decided in the job that delivers it. Owns that what is asked for by a username is counted with what
 * is asked for by the address that it leads to, in silence: a refusal at the form that knew the address would tell whose it
 * is, and that there is one. Binds a message that was asked for by a username to the address that it went to.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { kindOf } from '../messages/outgoing-message.ts';
import { usernameOf } from '../users/username.ts';
import { lockNames, selectSendsTo, updateReached } from './code-store.ts';
import { isRangeStopped, phonePrefix, waitForRoom } from './send-limits.ts';
import type { DeliverableRow } from './sent-codes.ts';

/**
 * Whether a message may go to an address, by what else went there in the last hour and day. A retry goes where the first
 * try went, or nowhere.
 * @param to.codeHash of a code that was asked for by a username: from here on it is bound to a person
 */
export async function mayReach(
  db: Database,
  row: DeliverableRow,
  { address, codeHash = null }: { address: string; codeHash?: Buffer | null },
): Promise<boolean> {
  return inTransaction(db, async (trx) => {
    await lockNames(trx, [address]);
    const others = await selectSendsTo(trx, address, row.id);
    const isByUsername = usernameOf(row.destination) !== undefined;
    // What was asked for by the address was counted at the form; unless usernames came beside.
    const isCounted = row.reached === null && (isByUsername || others.some(({ byUsername }) => byUsername));
    if (isCounted && waitForRoom(others, row, row.knownDevice) > 0) return false;
    if (!isByUsername) return true;
    const prefix = kindOf(row.channel) === 'phone' ? phonePrefix(address) : null;
    if (prefix !== null && (await isRangeStopped(trx, row, prefix))) return false;
    return updateReached(trx, { id: row.id, address, prefix, codeHash });
  });
}
