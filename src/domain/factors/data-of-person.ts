/** What a person has enrolled: told when and what, without the seed or a code. */
import { type Database, rows } from '../../platform/database.ts';
import type { UserOfTenant } from '../users/users.ts';

export async function exportFactorsOf(db: Database, { tenantId, userId }: UserOfTenant) {
  const person = { tenantId, userId };
  return {
    secondFactors: await rows(
      db,
      `select id, kind, name, backup_eligible, backed_up, transports, created_at, last_used_at, ends_at from user_factors
        where tenant_id = :tenantId and user_id = :userId order by id`,
      person,
    ),
    recoveryCodes: await rows(
      db,
      `select id, created_at, used_at from recovery_codes
        where tenant_id = :tenantId and user_id = :userId order by id`,
      person,
    ),
    askedToEnrol: await rows(
      db,
      'select began_at from factor_grace where tenant_id = :tenantId and user_id = :userId',
      person,
    ),
  };
}

export async function eraseFactorsOf(trx: Database, { tenantId, userId }: UserOfTenant): Promise<void> {
  const person = { tenantId, userId };
  await rows(trx, 'delete from recovery_codes where tenant_id = :tenantId and user_id = :userId', person);
  await rows(trx, 'delete from user_factors where tenant_id = :tenantId and user_id = :userId', person);
  await rows(trx, 'delete from factor_grace where tenant_id = :tenantId and user_id = :userId', person);
}
