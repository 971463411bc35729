/**
 * What follows from comparing a password. Owns that a proof is worth something only while the account and its password are as they
 * were compared, that it takes back what was counted, and that every account which was not proved is told of in the trail.
 */
import { type Database, inTransaction } from '../../../platform/database.ts';
import { type Counted, giveBackHit } from '../../../platform/rate-limits.ts';
import type { Secrets } from '../../../platform/secrets.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import { forgiveBystander } from '../../sign-in/forgive-bystander.ts';
import {
  accountFailureKeys,
  clearFailures,
  deviceKey,
  type FailureKeys,
  hashesOf,
} from '../../sign-in/sign-in-failures.ts';
import { usePassword } from '../../users/identities.ts';
import type { AccountProfile } from '../../users/users.ts';
import type { Comparison, Reason } from './compare-password.ts';
import { type CandidateRow, usePasswordAndForget } from './password-store.ts';

export interface Refusal {
  row?: CandidateRow;
  reason: Reason;
}

/** Never what was typed as the address: now and then it is a password. */
export async function recordRefusals(
  trx: Database,
  refusals: readonly Refusal[],
  tenantId: string | null,
  caller: Caller,
): Promise<void> {
  for (const { row, reason } of refusals) {
    const subject = row ? { entityType: 'user', entityId: row.userId } : {};
    await recordEvent(
      trx,
      { tenantId: row?.tenantId ?? tenantId, action: 'login.failed', ...subject, payload: { method: 'pwd', reason } },
      caller,
    );
  }
}

/** Which of those who were not proved are to be told of: an attempt that proved an account is no failure of another. */
async function notForgiven(
  trx: Database,
  failed: readonly Comparison[],
  proved: readonly Comparison[],
  secrets: Secrets,
): Promise<Refusal[]> {
  const told: Refusal[] = [];
  for (const { row, reason = 'wrong_password' } of failed) {
    let forgiven = false;
    if (reason === 'wrong_password')
      for (const { row: own, proof } of proved) {
        const about = { way: 'password', userId: row.userId, proof: `${own.userId}:${proof?.verifiedHash}` } as const;
        forgiven = (await forgiveBystander(trx, secrets, about)) || forgiven;
      }
    if (!forgiven) told.push({ row, reason });
  }
  return told;
}

export interface Settled {
  /** The ids of the users whose proof holds. */
  proved: ReadonlySet<string>;
  /** The account of the only one, where it came along and may act. */
  account?: AccountProfile;
}

export interface Surroundings {
  tenantId: string | null;
  secrets: Secrets;
  caller: Caller;
  /** Who has signed in with this browser before. */
  knownHere: ReadonlySet<string>;
  /** What the attempt was counted as at its address, and gives back where it proved an account. */
  atAddress: Counted;
}

/** What a proof takes back. A known device was never held up by what strangers counted, so it does not give them back their guesses. */
function failuresOf(proved: readonly Comparison[], { secrets, caller, knownHere }: Surroundings): FailureKeys {
  const keys = proved.map(({ row }) =>
    knownHere.has(row.userId) && caller.device
      ? { doors: [deviceKey(secrets, 'password', row.userId, caller.device)], accounts: [] }
      : accountFailureKeys(secrets, row),
  );
  return { doors: keys.flatMap(({ doors }) => doors), accounts: keys.flatMap(({ accounts }) => accounts) };
}

/**
 * Of the one account that was compared with, if its proof holds, in one statement; else nothing has happened. The address's count is
 * given back before the account's, as everybody who holds both does.
 */
async function settleOne(
  db: Database,
  [only, another]: readonly Comparison[],
  about: Surroundings,
): Promise<Settled | undefined> {
  if (!only?.proof || another) return undefined;
  const keys = hashesOf(failuresOf([only], about));
  const used = await usePasswordAndForget(db, { ...only.row, ...only.proof, keys, atAddress: about.atAddress });
  return used && { proved: new Set([only.row.userId]), account: used.account };
}

async function settleAll(
  trx: Database,
  compared: readonly Comparison[],
  bystanders: readonly Refusal[],
  surroundings: Surroundings,
): Promise<Settled> {
  const { tenantId, secrets, caller } = surroundings;
  const proved: Comparison[] = [];
  const failed: Comparison[] = [];
  // In the order of ids: two sign-ins that share accounts wait for each other instead of locking up.
  const ordered = compared.toSorted((left, right) => (left.row.userId < right.row.userId ? -1 : 1));
  for (const comparison of ordered) {
    const { row, proof } = comparison;
    if (proof && (await usePassword(trx, { ...row, ...proof }))) proved.push(comparison);
    else failed.push(comparison);
  }
  if (proved.length > 0) {
    await giveBackHit(trx, surroundings.atAddress);
    await clearFailures(trx, failuresOf(proved, surroundings));
  }
  const refused = [...bystanders, ...(await notForgiven(trx, failed, proved, secrets))];
  await recordRefusals(trx, refused, tenantId, caller);
  return { proved: new Set(proved.map(({ row }) => row.userId)) };
}

/** What follows from the comparisons: of one that was right in one statement, of anything else in one transaction. */
export async function settle(
  db: Database,
  compared: readonly Comparison[],
  bystanders: readonly Refusal[],
  surroundings: Surroundings,
): Promise<Settled> {
  const settled = await settleOne(db, compared, surroundings);
  return settled ?? inTransaction(db, (trx) => settleAll(trx, compared, bystanders, surroundings));
}
