/**
 * How a password that came from another system is sealed, where its row moves with a tenant, and which hashes are taken: those that
 * a sign-in here can afford to compare with.
 */
import type { ArrivingRow } from '../../../platform/arriving-row.ts';
import { DomainError } from '../../../platform/errors.ts';
import type { ArrivalRules, SealedColumn } from '../../../platform/travelling.ts';
import { checkedForeignHash, foreignHashPurpose, workOf } from './foreign-hash.ts';

export const foreignHashSeal: SealedColumn = {
  purpose: foreignHashPurpose,
  context: ({ user_id }) => String(user_id),
  stored: 'base64url',
};

/** @throws DomainError invalid INVALID_INPUT, PASSWORD_HASH_INVALID, PASSWORD_HASH_TOO_COSTLY */
export function checkArrivingIdentity(row: ArrivingRow, rules: ArrivalRules): void {
  for (const [column, most] of [
    ['issuer', 500],
    ['subject', 1_000],
    ['email', 320],
  ] as const)
    row.text(column, most);
  const own = row.text('password_hash', 500);
  if (own !== null && !isOfThisServer(own, rules)) checkedForeignHash(own, { weakHashes: false });
  const foreign = row.opened('foreign_password_hash');
  if (foreign === null) return;
  const hash = checkedForeignHash(parsed(foreign), { weakHashes: true });
  // By it the work of a refusal is made up.
  if (row.number('foreign_password_ms') !== Math.ceil(workOf(hash)))
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'foreign_password_ms' });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** It costs no more than one that is made here, whatever that is. */
function isOfThisServer(hash: string, { argon2 }: ArrivalRules): boolean {
  const [, memory, passes, lanes] =
    /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}$/.exec(hash) ?? [];
  return (
    memory !== undefined &&
    Number(memory) <= argon2.memoryKiB &&
    Number(passes) <= argon2.iterations &&
    Number(lanes) <= argon2.parallelism
  );
}
