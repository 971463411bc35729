/**
 * How a payload is stored. Ids are bearer values: only their SHA-256 is kept (user codes, being short, as HMAC), and a
 * payload is sealed with its model and the id's hash bound in, so that it opens in its own row alone.
 */
import type { AdapterPayload } from 'oidc-provider';
import type { PayloadRow, StoredPayload } from '../../domain/sessions/payload-store.ts';
import type { AddressLimits } from '../../platform/address-limits.ts';
import type { Database } from '../../platform/database.ts';
import { defineSecretPurpose, type Secrets, sha256 } from '../../platform/secrets.ts';
import type { TokenOrigin } from '../tokens/exchanged-tokens.ts';
import type { DocumentClients } from './document-clients.ts';

const sealedPayloads = defineSecretPurpose('payloads');
export const hashedUserCodes = defineSecretPurpose('user-codes');

/** What the adapters work with. */
export interface AdapterDependencies {
  db: Database;
  secrets: Secrets;
  limits: AddressLimits;
  issuer: string;
  /** Clients that are known by a document about them; absent: there are none. */
  documents?: DocumentClients;
}

// Found by another key than their id, these need it back from the row; inside the seal it is no use to a thief.
const idSealedInside = new Set(['DeviceCode', 'Session']);

/** The payload as it is stored: without the id where the reader has it anyway. */
export function sealPayload(secrets: Secrets, model: string, idHash: Buffer, payload: AdapterPayload): Buffer {
  const { jti, ...rest } = payload;
  const kept = idSealedInside.has(model) ? payload : rest;
  return secrets.seal(sealedPayloads, JSON.stringify(kept), `${model}:${idHash.toString('hex')}`);
}

/** The payload of a row, or undefined where it was sealed under a key we no longer have. */
export function openPayload(
  secrets: Secrets,
  model: string,
  stored: StoredPayload | undefined,
): AdapterPayload | undefined {
  if (!stored) return undefined;
  const text = secrets.open(sealedPayloads, stored.payload, `${model}:${stored.idHash.toString('hex')}`);
  if (text === undefined) return undefined;
  const payload = JSON.parse(text) as AdapterPayload;
  return stored.consumed ? { ...payload, consumed: true } : payload;
}

/** The payload of a row that was found by its id, with the id. */
export function openPayloadOf(
  secrets: Secrets,
  model: string,
  id: string,
  stored: StoredPayload | undefined,
): AdapterPayload | undefined {
  const payload = openPayload(secrets, model, stored);
  return payload ? { ...payload, jti: id } : undefined;
}

/** When a row with this payload dies; undefined lifetime means never. */
export function expiryOf(expiresIn: number | undefined): Date | null {
  return expiresIn ? new Date(Date.now() + expiresIn * 1000) : null;
}

/**
 * Whom an interaction has proved. Ending everything of a person (domain/sessions) then ends a sign-in that stands between
 * its proof and its session too.
 */
function provedAccountId(payload: AdapterPayload): string | undefined {
  return (payload.result as { login?: { accountId?: string } } | undefined)?.login?.accountId;
}

/** The row of a payload. `expiresIn`: seconds. */
export function payloadRow(
  secrets: Secrets,
  model: string,
  id: string,
  payload: AdapterPayload,
  expiresIn: number | undefined,
): PayloadRow {
  const idHash = sha256(id);
  return {
    model,
    idHash,
    payload: sealPayload(secrets, model, idHash, payload),
    // What was exchanged ends with the grant that it rests on, which is another client's.
    grantId: model === 'Grant' ? id : (payload.grantId ?? (payload.origin as TokenOrigin | undefined)?.grantId ?? null),
    uidHash: null,
    userCodeHash: payload.userCode ? secrets.mac(hashedUserCodes, payload.userCode) : null,
    sessionUidHash: payload.sessionUid ? sha256(payload.sessionUid) : null,
    accountId: payload.accountId ?? provedAccountId(payload) ?? null,
    clientId: payload.clientId ?? null,
    expiresAt: expiryOf(expiresIn),
  };
}
