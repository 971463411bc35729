/** The SQL of security keys among the second factors. What has ended by a reset (`ends_at`) is found by none of it. */
import { type Database, prepared, rows, runPrepared } from '../../platform/database.ts';
import type { UserOfTenant } from '../users/users.ts';
import type { HeldKey } from '../webauthn/verify-signed.ts';

export interface SecurityKeyRow extends HeldKey {
  id: string;
  credentialId: Buffer;
  transports: string[];
}

const isLive = '(f.removed_at is null and (f.ends_at is null or f.ends_at > now()))';

const ofPerson = prepared(
  'factor-security-keys',
  `select f.id, f.credential_id, f.public_key, f.backup_eligible, f.transports
     from user_factors f
    where f.tenant_id = $1 and f.user_id = $2 and f.kind = 'security_key' and ${isLive}
    order by f.id`,
);

/** The oldest first. */
export async function selectSecurityKeys(db: Database, { tenantId, userId }: UserOfTenant): Promise<SecurityKeyRow[]> {
  return (await runPrepared<SecurityKeyRow>(db, ofPerson, [tenantId, userId])).rows;
}

const use = prepared(
  'factor-security-key-use',
  `update user_factors f
      set sign_count = $2, backed_up = $3, last_used_at = now()
    where f.id = $1 and f.kind = 'security_key' and (f.sign_count < $2 or (f.sign_count = 0 and $2 = 0)) and ${isLive}
   returning f.id`,
);

/** Keeps the counter of a signature. False where it has not gone on (a copy of the key, or two at once), or the key is gone. */
export async function useSecurityKey(
  trx: Database,
  { id, signCount, backedUp }: { id: string; signCount: number; backedUp: boolean },
): Promise<boolean> {
  return (await runPrepared(trx, use, [id, signCount, backedUp])).rows.length > 0;
}

export interface NewSecurityKey extends UserOfTenant {
  id: string;
  name: string;
  credentialId: Buffer;
  publicKey: Buffer;
  signCount: number;
  backupEligible: boolean;
  backedUp: boolean;
  transports: readonly string[];
}

/** Refused by `user_factors_credential_key` where somebody has it. */
export async function insertSecurityKey(trx: Database, key: NewSecurityKey): Promise<void> {
  await rows(
    trx,
    `insert into user_factors (id, tenant_id, user_id, kind, name, credential_id, public_key, sign_count, backup_eligible,
                               backed_up, transports, last_used_at)
     values (:id, :tenantId, :userId, 'security_key', :name, :credentialId, :publicKey, :signCount, :backupEligible,
             :backedUp, :transports::text[], now())`,
    { ...key },
  );
}
