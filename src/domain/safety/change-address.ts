/**
 * A person's own new email address or phone number. Owns that it is proved before it takes the place of the old one, and that
 * the old one is told, with a link that takes it back (safety-links.ts). Whether the new one is somebody else's here is told to
 * whoever has proved it alone. That the person proved themselves lately is for the caller.
 */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { Caller } from '../audit/audit-events.ts';
import { endCodesOfPerson, verifyCode } from '../codes/one-time-codes.ts';
import { enqueueMessage } from '../messages/outgoing-message.ts';
import { findProfile, updateProfile } from '../users/profiles.ts';
import type { AccountProfile } from '../users/users.ts';
import type { AddressKind } from '../users/verified-address.ts';
import { makeSafetyLink, safetyLinkHours } from './safety-links.ts';

/**
 * Gives the person the address that a code has proved (`requestCode` with `forNewAddress`). Give the pool as `db`.
 * @param wanted.challenge, wanted.destination as for and from `requestCode`; `code` as typed
 * @throws DomainError unauthenticated CODE_INVALID; expired CODE_EXPIRED; rate_limited TOO_MANY_ATTEMPTS `{ seconds }`; conflict
 *   DUPLICATE_EMAIL or DUPLICATE_PHONE, which leaves the code as it was
 */
export async function changeOwnAddress(
  db: Database,
  person: AccountProfile,
  wanted: { kind: AddressKind; destination: string; challenge: string; code: string; locale: string },
  { secrets, issuer, caller }: { secrets: Secrets; issuer: string; caller: Caller },
): Promise<void> {
  const { tenantId, userId } = person;
  const { kind, destination, challenge, code } = wanted;
  const purpose = kind === 'email' ? 'verify_email' : 'verify_phone';
  const attempt = { challenge, purpose, tenantId, destination, code, userId } as const;
  await verifyCode(db, attempt, { secrets, caller }, async (trx) => {
    // Held by now; what the session said may be a change behind.
    const before = await findProfile(trx, { tenantId, userId });
    if (before?.state !== 'active') throw new DomainError('expired', 'CODE_EXPIRED');
    const [old, proved] =
      kind === 'email' ? [before.email, before.emailVerified] : [before.phone, before.phoneVerified];
    if (old === destination) throw new DomainError('expired', 'CODE_EXPIRED');
    const { email, phone } = kind === 'email' ? { email: old, phone: null } : { email: null, phone: old };
    await endCodesOfPerson(trx, { tenantId, userId, email, phone, username: before.username });
    const changed =
      kind === 'email' ? { email: destination, emailVerified: true } : { phone: destination, phoneVerified: true };
    await updateProfile(trx, { tenantId, userId, ...changed }, caller);
    // One that was never proved may be a slip of the pen, and a stranger's.
    if (old === null || !proved) return;
    await tellOldAddress(trx, person, { kind, old, locale: person.locale ?? wanted.locale }, { secrets, issuer });
  });
}

async function tellOldAddress(
  trx: Database,
  { tenantId, userId, tenant, zoneinfo }: AccountProfile,
  { kind, old, locale }: { kind: AddressKind; old: string; locale: string },
  { secrets, issuer }: { secrets: Secrets; issuer: string },
): Promise<void> {
  const channel = kind === 'email' ? 'email' : 'sms';
  const path = await makeSafetyLink(trx, { tenantId, userId, kind: 'undo_address', channel, address: old }, secrets);
  const model = { tenantName: tenant.name, kind, at: new Date(), hours: safetyLinkHours, href: `${issuer}${path}` };
  const reader = { locale, timeZone: zoneinfo ?? undefined };
  await enqueueMessage(trx, { channel, to: old, tenantId, ...reader, template: 'address-changed', model }, { secrets });
}
