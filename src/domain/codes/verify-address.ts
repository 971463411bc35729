/**
 * Verifying one's own email address or phone number while signed in, by a code that was sent to it (`requestCode` with
 * `verify_email` or `verify_phone` and the person's id). Owns that the code's end and the mark on the address are one
 * change. Takes nothing away: the person has proved the account already. Refuses a code that somebody else asked for, and
 * an address that was changed meanwhile.
 */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { Caller } from '../audit/audit-events.ts';
import { verifyAddress } from '../sign-in/prove-address.ts';
import type { AddressKind } from '../users/verified-address.ts';
import { verifyCode } from './one-time-codes.ts';

/**
 * Marks the address as verified. Give the pool as `db`.
 * @param wanted.challenge, wanted.destination as for and from `requestCode`; `code` as typed
 * @returns `first`: it had not been verified before
 * @throws DomainError unauthenticated CODE_INVALID; expired CODE_EXPIRED, also where the address is no longer the
 *   person's or they may no longer act; rate_limited TOO_MANY_ATTEMPTS `{ seconds }`
 */
export async function confirmAddress(
  db: Database,
  wanted: {
    tenantId: string;
    userId: string;
    kind: AddressKind;
    destination: string;
    challenge: string;
    code: string;
  },
  deps: { secrets: Secrets; caller: Caller },
): Promise<{ first: boolean }> {
  const { tenantId, userId, kind, destination: address, challenge, code } = wanted;
  const purpose = kind === 'email' ? 'verify_email' : 'verify_phone';
  let first = false;
  await verifyCode(db, { challenge, purpose, tenantId, destination: address, code, userId }, deps, async (trx) => {
    const proved = await verifyAddress(trx, { tenantId, userId, kind, address }, deps.caller).catch(
      (error: unknown) => {
        throw error instanceof DomainError && error.kind === 'not_found'
          ? new DomainError('expired', 'CODE_EXPIRED')
          : error;
      },
    );
    first = proved.first;
  });
  return { first };
}
