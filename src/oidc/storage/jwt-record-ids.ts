/**
 * The ids of the rows of JWT access tokens: their `jti` under a prefix that no opaque token has. A `jti` stands in logs
 * and is no bearer value, so a request may look for such a row only after the token's signature was checked
 * (`isAdmitted` of payload-adapter.ts). Knows nothing of the library: the command line reads these ids too.
 */
import { sha256 } from '../../platform/secrets.ts';

const recordPrefix = 'at+jwt:';

/** Whether an id is that of a JWT access token's row. */
export function isRecordId(id: string): boolean {
  return id.startsWith(recordPrefix);
}

/** The id under which the row of a JWT access token is stored. */
export function recordId(jti: string): string {
  return `${recordPrefix}${jti}`;
}

/** The `service_sessions.jti` of a stored token: the JWT's own `jti`, or the hash of an opaque token. */
export function serviceJti(id: string): string {
  return id.startsWith(recordPrefix) ? id.slice(recordPrefix.length) : sha256(id).toString('base64url');
}

/** Where the token of a service session may be stored, of either form: hashes as `oidc_payloads.id_hash` has them. */
export function serviceRecordHashes(jti: string): Buffer[] {
  return [sha256(recordId(jti)), Buffer.from(jti, 'base64url')];
}
