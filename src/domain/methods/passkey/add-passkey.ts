/**
 * Adding a passkey (WebAuthn Level 3 section 7.1). Owns that one is asked for which names its owner by itself and verifies them.
 */
import { type Database, inTransaction, violatedConstraint } from '../../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import { newId } from '../../../platform/ids.ts';
import type { Secrets } from '../../../platform/secrets.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import { enqueueMessage } from '../../messages/outgoing-message.ts';
import { findTenantById } from '../../tenants/tenants.ts';
import { findSettings } from '../../users/profiles.ts';
import { holdUser } from '../../users/user-state.ts';
import type { UserOfTenant } from '../../users/users.ts';
import { type AskedAt, useUpChallenge } from '../../webauthn/challenges.ts';
import { checkKeyName } from '../../webauthn/key-name.ts';
import { creationOptions, verifyMadeKey } from '../../webauthn/verify-made.ts';
import { allowsPasskeys } from './passkey-rules.ts';
import { insertPasskey, selectPasskeys } from './passkey-store.ts';
import { aboutPasskeysOf, passkeyNotFound } from './passkeys.ts';

export const addPasskeyCodes = defineCodes({
  PASSKEY_LIMIT: { kind: 'conflict', means: 'the person has as many passkeys as one may have' },
  PASSKEY_NOT_ADDED: { kind: 'invalid', means: 'what the browser sent is no new passkey that was asked for' },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof addPasskeyCodes> {}
}

const mostPasskeys = 20;

/** Whose page it is: one sign-in of one person. */
export interface AddingPlace extends UserOfTenant {
  sessionUidHash: Buffer;
}

function askedAt({ userId, sessionUidHash }: AddingPlace): AskedAt {
  return { purpose: 'add', place: `${sessionUidHash.toString('hex')}:${userId}` };
}

/** What a browser is asked for: `PublicKeyCredentialCreationOptionsJSON`. `name`, `displayName`: what lists of passkeys show. */
export async function passkeyToAdd(
  db: Database,
  place: AddingPlace & { name: string; displayName: string },
  { secrets, issuer, partyName }: { secrets: Secrets; issuer: string; partyName: string },
): Promise<Record<string, unknown>> {
  const known = await selectPasskeys(db, place);
  return creationOptions(place, { at: askedAt(place), known, isPasskey: true }, { secrets, issuer, partyName });
}

const notAdded = () => new DomainError('invalid', 'PASSKEY_NOT_ADDED');

/**
 * Adds the passkey that an authenticator has made on the person's page.
 * @returns the id of its row
 * @throws DomainError invalid PASSKEY_NOT_ADDED (also where it is somebody's already), INVALID_INPUT, FIELD_REQUIRED (name),
 *   conflict PASSKEY_LIMIT, not_found NOT_FOUND (the person may not act; the tenant has no passkeys)
 */
export async function addPasskey(
  db: Database,
  { answer, name: typed, ...place }: AddingPlace & { answer: string; name: string },
  { secrets, issuer, caller }: { secrets: Secrets; issuer: string; caller: Caller },
): Promise<string> {
  const name = checkKeyName(typed);
  const at = askedAt(place);
  const made = await verifyMadeKey(answer, { at, mustVerifyUser: true }, { secrets, issuer });
  if (!made) throw notAdded();
  const { tenantId, userId } = place;
  const user = { tenantId, userId };
  return inTransaction(db, async (trx) => {
    const { state, email } = await holdUser(trx, user);
    const tenant = await findTenantById(trx, tenantId);
    if (state !== 'active' || !tenant || !allowsPasskeys(tenant.settings)) throw passkeyNotFound();
    if (!(await useUpChallenge(trx, made.challenge, at, secrets))) throw notAdded();
    if ((await selectPasskeys(trx, user)).length >= mostPasskeys) throw new DomainError('conflict', 'PASSKEY_LIMIT');
    const id = newId();
    await insertPasskey(trx, { id, ...user, name, ...made.key }).catch((error) => {
      const constraint = violatedConstraint(error)?.constraint;
      const isRefused = constraint === 'passkeys_credential_key' || constraint === 'passkeys_credential_length';
      throw isRefused ? notAdded() : error;
    });
    const payload = { passkey: id, name, synced: made.key.backupEligible };
    await recordEvent(trx, { ...aboutPasskeysOf(user), action: 'passkey.added', payload }, caller);
    if (email !== null) {
      const { locale } = await findSettings(trx, user);
      const model = { tenantName: tenant.name, href: `${issuer}/account/passkeys` };
      const to = { channel: 'email', to: email, locale: locale ?? 'en', tenantId } as const;
      await enqueueMessage(trx, { ...to, template: 'passkey-added', model }, { secrets });
    }
    return id;
  });
}
