/**
 * Signing in with a passkey (WebAuthn Level 3 section 7.2), without an address: the authenticator says whose it is. Owns that
 * every answer is refused in the same words to the person, whether the passkey is unknown, its owner may not come in, or the signature is
 * wrong; that the person was verified by the authenticator (a PIN, a fingerprint), which makes it two factors; that a
 * challenge lets in once; and that a copied authenticator, whose counter falls behind, lets nobody in.
 */
import { type Database, inTransaction } from '../../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import { defineLimits } from '../../../platform/rate-limits.ts';
import { equalInConstantTime, type Secrets } from '../../../platform/secrets.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import type { ProvedAccount } from '../../sign-in/proved-account.ts';
import { firstRefusal } from '../../sign-in/rules.ts';
import { lockForSignIn } from '../../users/user-state.ts';
import { parseSignedAnswer, userHandleOf } from '../../webauthn/authenticator-answers.ts';
import { type AskedAt, useUpChallenge } from '../../webauthn/challenges.ts';
import {
  type AnsweredChallenge,
  amrOfKey,
  answeredChallenge,
  type Signature,
  verifySignature,
} from '../../webauthn/verify-signed.ts';
import { type NoPasskeyWay, passkeyRules } from './passkey-rules.ts';
import { type CredentialRow, selectCredential, usePasskey } from './passkey-store.ts';

export const passkeySignInCodes = defineCodes({
  PASSKEY_REFUSED: {
    kind: 'unauthenticated',
    params: ['unknown'],
    means: 'the passkey signs nobody in here; why is not told, but that there is none such (`unknown`, its id)',
  },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof passkeySignInCodes> {}
}

export const passkeyLimits = defineLimits({
  /** Answers from one address that signed nobody in. */
  passkeysPerIp: { hits: 100, windowSeconds: 600 },
});

type Reason =
  | NoPasskeyWay
  | 'challenge_refused'
  | 'counter_behind'
  | 'other_tenant'
  | 'unknown_passkey'
  | 'wrong_signature';

/** A key to hold a signature against where the passkey is unknown (P-256's base point, in COSE): whatever comes of it is refused. */
const nobodysKey = Buffer.from(
  'a5010203262001215820' +
    '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
    '225820' +
    '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  'hex',
);

export interface PasskeySignIn {
  /** The JSON form of what the authenticator answered. */
  answer: string;
  /** The interaction that asked. */
  interactionUid: string;
  tenantId: string | null;
}

interface SignInDependencies {
  secrets: Secrets;
  issuer: string;
  caller: Caller;
}

interface Proved extends Pick<AnsweredChallenge, 'challenge'> {
  signature: Signature;
  at: AskedAt;
}

/** Whom the answer proves; the reason where it is nobody. */
async function prove(
  db: Database,
  { answer: text, interactionUid, tenantId }: PasskeySignIn,
  { secrets, issuer }: SignInDependencies,
): Promise<{ row?: CredentialRow } & ({ reason: Reason } | Proved)> {
  const at: AskedAt = { purpose: 'login', place: interactionUid };
  const answered = answeredChallenge(text, at, secrets);
  // Without it nobody says whose passkey it is: it is none that signs in by itself.
  const userHandle = answered?.answer.response.userHandle;
  if (!answered || userHandle === undefined) return { reason: 'challenge_refused' };
  const row = await selectCredential(db, answered.credentialId);
  const held = row ?? { publicKey: nobodysKey, backupEligible: false };
  const signature = await verifySignature(answered, held, { issuer, mustVerifyUser: true });
  if (!row) return { reason: 'unknown_passkey' };
  const handle = Buffer.from(userHandle, 'base64url');
  if (!signature || !equalInConstantTime(handle, userHandleOf(row.userId))) return { row, reason: 'wrong_signature' };
  if (tenantId !== null && row.tenantId !== tenantId) return { row, reason: 'other_tenant' };
  const reason = firstRefusal(passkeyRules, row);
  return reason === undefined ? { row, signature, challenge: answered.challenge, at } : { row, reason };
}

/** Uses up the challenge and keeps the counter, both or neither. */
async function settle(
  trx: Database,
  row: CredentialRow,
  { signature: { signCount, backedUp }, challenge, at }: Proved,
  secrets: Secrets,
): Promise<Reason | undefined> {
  if (!(await lockForSignIn(trx, row.userId))) return 'user_inactive';
  if (!(await useUpChallenge(trx, challenge, at, secrets))) return 'challenge_refused';
  return (await usePasskey(trx, { id: row.id, signCount, backedUp })) ? undefined : 'counter_behind';
}

/** Undoes what a transaction has done. */
class Refused extends Error {
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * Compares an authenticator's answer with the passkey that it names. Writes `login.failed` where it proves nobody;
 * `login.succeeded` is written where the session is stored. Give the pool as `db`.
 * @returns the account, the RFC 8176 methods, and that it is two factors: the authenticator, and what it verified the person by
 * @throws DomainError unauthenticated PASSKEY_REFUSED
 */
export async function signInWithPasskey(
  db: Database,
  wanted: PasskeySignIn,
  deps: SignInDependencies,
): Promise<{ accounts: ProvedAccount[]; amr: string[]; isTwo: true }> {
  const { secrets, caller } = deps;
  const proved = await prove(db, wanted, deps);
  const { row } = proved;
  const refuse = async (reason: Reason): Promise<never> => {
    const subject = row ? { entityType: 'user', entityId: row.userId } : {};
    const payload = { method: 'passkey', reason, ...(row && { passkey: row.id }) };
    const tenantId = row?.tenantId ?? wanted.tenantId;
    await recordEvent(db, { tenantId, action: 'login.failed', ...subject, payload }, caller);
    // For the browser's own list of passkeys: one that was removed elsewhere is offered there until somebody tells it.
    const unknown = reason === 'unknown_passkey' ? parseSignedAnswer(wanted.answer)?.id : undefined;
    throw new DomainError('unauthenticated', 'PASSKEY_REFUSED', unknown === undefined ? {} : { unknown });
  };
  if ('reason' in proved) return refuse(proved.reason);
  if (!row) return refuse('unknown_passkey');
  const settled = await inTransaction(db, async (trx) => {
    const reason = await settle(trx, row, proved, secrets);
    if (reason !== undefined) throw new Refused(reason);
    return undefined;
  }).catch((error) => {
    if (error instanceof Refused) return error.reason;
    throw error;
  });
  if (settled !== undefined) return refuse(settled);
  return { accounts: [accountOf(row)], amr: [...amrOfKey(row), 'mfa'], isTwo: true };
}

function accountOf({ userId, tenantId, tenantName, tenantSlug, fullName, email }: CredentialRow): ProvedAccount {
  return { userId, tenantId, tenantName, tenantSlug, name: fullName, email };
}
