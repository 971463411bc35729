/** What of second factors moves with a tenant. Recovery codes do not: they are kept as what SECRET_KEY alone can compare. */
import { DomainError } from '../../platform/errors.ts';
import { defineTravelling } from '../../platform/travelling.ts';
import { checkKeyName } from '../webauthn/key-name.ts';
import { isTotpSeed, totpContext, totpSeeds } from './totp.ts';

const columns = `id, tenant_id, user_id, kind, secret, last_step, created_at, last_used_at, ends_at, credential_id, public_key,
  sign_count, backup_eligible, backed_up, transports, name, removed_at`;

export const travellingFactors = defineTravelling({
  table: 'user_factors',
  columns,
  rows: `select ${columns} from user_factors where tenant_id = :tenantId`,
  put: `insert into user_factors (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::user_factors, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  check(row) {
    const name = row.text('name');
    if (name !== null) checkKeyName(name);
    const seed = row.opened('secret');
    if (seed !== null && !isTotpSeed(seed)) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'secret' });
  },
  hidden: ['secret'],
  sealed: { secret: { purpose: totpSeeds, context: ({ id }) => totpContext(String(id)), stored: 'bytea' } },
});

const graceColumns = 'user_id, tenant_id, began_at';

export const travellingFactorGrace = defineTravelling({
  table: 'factor_grace',
  columns: graceColumns,
  rows: `select ${graceColumns} from factor_grace where tenant_id = :tenantId`,
  put: `insert into factor_grace (${graceColumns})
        select ${graceColumns}
          from jsonb_populate_recordset(null::factor_grace, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
});
