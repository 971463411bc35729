/**
 * Adding a passkey (WebAuthn Level 3 section 7.1). Owns what authenticators are asked for: a passkey that names its owner by
 * itself and verifies them, under a key of the usual kinds. No attestation is asked for, and none is looked at: its
 * certificates name addresses that a verifier would call.
 */
import { verifyRegistrationResponse } from '@simplewebauthn/server';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';
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
import { clientDataOf, parseMadeCredential, userHandleOf } from './passkey-answers.ts';
import { type AskedAt, isChallenge, makeChallenge, useUpChallenge } from './passkey-challenges.ts';
import { allowsPasskeys } from './passkey-rules.ts';
import { insertPasskey, type NewPasskey, selectPasskeys } from './passkey-store.ts';
import { aboutPasskeysOf, checkPasskeyName, passkeyNotFound } from './passkeys.ts';
import { partyOf } from './relying-party.ts';

export const addPasskeyCodes = defineCodes({
  PASSKEY_LIMIT: { kind: 'conflict', means: 'the person has as many passkeys as one may have' },
  PASSKEY_NOT_ADDED: { kind: 'invalid', means: 'what the browser sent is no new passkey that was asked for' },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof addPasskeyCodes> {}
}

const mostPasskeys = 20;

/** COSE algorithms (RFC 9053): ES256, EdDSA, RS256; the first that an authenticator can. */
const algorithms = [-7, -8, -257];

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
  const held = await selectPasskeys(db, place);
  return {
    rp: { id: partyOf(issuer).rpId, name: partyName },
    user: {
      id: userHandleOf(place.userId).toString('base64url'),
      name: place.name,
      displayName: place.displayName,
    },
    challenge: makeChallenge(secrets, askedAt(place)),
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    timeout: 300_000,
    excludeCredentials: held.map(({ credentialId, transports }) => ({
      type: 'public-key',
      id: credentialId.toString('base64url'),
      transports,
    })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: 'none',
  };
}

const notAdded = () => new DomainError('invalid', 'PASSKEY_NOT_ADDED');

type Credential = Omit<NewPasskey, 'id' | 'name' | 'tenantId' | 'userId'>;

/** @throws DomainError invalid PASSKEY_NOT_ADDED */
async function verify(
  text: string,
  at: AskedAt,
  { secrets, issuer }: { secrets: Secrets; issuer: string },
): Promise<{ credential: Credential; challenge: string }> {
  const made = parseMadeCredential(text);
  const told = made && clientDataOf(made.response.clientDataJSON);
  if (!made || !told || told.crossOrigin || !isChallenge(told.challenge, at, secrets)) throw notAdded();
  const { rpId, origin } = partyOf(issuer);
  try {
    const attestation = decodeAttestationObject(
      new Uint8Array(Buffer.from(made.response.attestationObject, 'base64url')),
    );
    // With certificates the library would call the addresses in them. An authenticator's own signature has none.
    if (attestation.get('attStmt').size > 0 && attestation.get('attStmt').get('x5c') !== undefined) throw notAdded();
    if (!['none', 'packed'].includes(attestation.get('fmt'))) throw notAdded();
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: made,
      expectedChallenge: told.challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified) throw notAdded();
    const { credential, credentialDeviceType, credentialBackedUp } = registrationInfo;
    return {
      challenge: told.challenge,
      credential: {
        credentialId: Buffer.from(credential.id, 'base64url'),
        publicKey: Buffer.from(credential.publicKey),
        signCount: credential.counter,
        backupEligible: credentialDeviceType === 'multiDevice',
        backedUp: credentialBackedUp,
        transports: made.response.transports ?? [],
      },
    };
  } catch {
    // The library throws for everything that is not as it should be.
    throw notAdded();
  }
}

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
  const name = checkPasskeyName(typed);
  const at = askedAt(place);
  const { credential, challenge } = await verify(answer, at, { secrets, issuer });
  const { tenantId, userId } = place;
  const user = { tenantId, userId };
  return inTransaction(db, async (trx) => {
    const { state, email } = await holdUser(trx, user);
    const tenant = await findTenantById(trx, tenantId);
    if (state !== 'active' || !tenant || !allowsPasskeys(tenant.settings)) throw passkeyNotFound();
    if (!(await useUpChallenge(trx, challenge, at, secrets))) throw notAdded();
    if ((await selectPasskeys(trx, user)).length >= mostPasskeys) throw new DomainError('conflict', 'PASSKEY_LIMIT');
    const id = newId();
    await insertPasskey(trx, { id, ...user, name, ...credential }).catch((error) => {
      const constraint = violatedConstraint(error)?.constraint;
      const isRefused = constraint === 'passkeys_credential_key' || constraint === 'passkeys_credential_length';
      throw isRefused ? notAdded() : error;
    });
    const payload = { passkey: id, name, synced: credential.backupEligible };
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
