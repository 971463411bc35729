/**
 * The rows of `otp_codes` that are recovery links: without a challenge, found by the token's hash. What one is good for is
 * decided in domain/recovery.
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import type { AskedFor } from '../sign-in/candidates.ts';

export interface RecoveryLink extends AskedFor {
  id: string;
  /** Where it was asked for; null: at the server's own sign-in, and so for every tenant. */
  tenantId: string | null;
  /** The `client_id` of the application where it was asked for. */
  clientId: string | null;
  used: boolean;
  expired: boolean;
}

export async function findRecoveryLink(db: Database, tokenHash: Buffer): Promise<RecoveryLink | undefined> {
  return firstRow<RecoveryLink>(
    db,
    `select id, tenant_id, destination, channel, created_at, reached, client_id, consumed_at is not null or revoked_at is not null as used,
            expires_at <= statement_timestamp() as expired
       from otp_codes
      where code_hash = ? and challenge_hash is null and purpose = 'reset_password'`,
    [tokenHash],
  );
}

/**
 * Locks the unused links of an address or a username, in the order of ids: two of them wait for each other instead of locking
 * up. Answers the ids.
 */
export async function holdRecoveryLinks(trx: Database, destinations: readonly string[]): Promise<string[]> {
  const held = await rows<{ id: string }>(
    trx,
    `select id
       from otp_codes
      where destination = any(?::text[]) and purpose = 'reset_password' and consumed_at is null and revoked_at is null
      order by id
        for update`,
    [destinations],
  );
  return held.map(({ id }) => id);
}

/** Revokes those of the held links that are unused and reach a tenant. One that came since then is newer than the proof. */
export async function revokeRecoveryLinks(trx: Database, held: readonly string[], tenantId: string): Promise<void> {
  await rows(
    trx,
    `update otp_codes
        set revoked_at = statement_timestamp()
      where id = any(:held::uuid[]) and consumed_at is null and revoked_at is null
        and (tenant_id is null or tenant_id = :tenantId)`,
    { held: [...held], tenantId },
  );
}
