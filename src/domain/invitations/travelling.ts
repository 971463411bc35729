/** What of invitations moves with a tenant: all. Their links lead to where they were made, and from there to the new place. */
import { DomainError } from '../../platform/errors.ts';
import { defineTravelling } from '../../platform/travelling.ts';
import { canonicalEmail, canonicalPhone } from '../users/canonical-address.ts';
import { longestInvitationSeconds } from './send-invitation.ts';

const columns = `id, tenant_id, email, phone, channel, role_id, org_node_id, token_hash, invited_by, sent_count, sent_at, expires_at,
  accepted_at, accepted_by, revoked_at, created_at, updated_at, inviter_type, inviter_id, inviter_tenant_id`;

export const travellingInvitations = defineTravelling({
  table: 'invitations',
  columns,
  rows: `select ${columns} from invitations where tenant_id = :tenantId`,
  put: `insert into invitations (${columns})
        select ${columns}
          from jsonb_populate_recordset(null::invitations, :rows::jsonb)
         where tenant_id = :tenantId
            on conflict do nothing`,
  check(row) {
    const [email, phone] = [row.text('email'), row.text('phone')];
    if (email !== null && canonicalEmail(email) !== email)
      throw new DomainError('invalid', 'EMAIL_INVALID', { field: 'email' });
    if (phone !== null && canonicalPhone(phone) !== phone)
      throw new DomainError('invalid', 'PHONE_INVALID', { field: 'phone' });
    const left = (row.time('expires_at')?.getTime() ?? Number.NaN) - Date.now();
    if (!(left <= longestInvitationSeconds * 1000)) throw new DomainError('invalid', 'PERIOD_INVALID');
  },
  namedBy: ['email', 'phone', 'id'],
  isHidden: true,
});
