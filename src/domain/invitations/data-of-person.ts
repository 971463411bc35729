/** Invitations to a person and from one: told, and erased. Whom a person invited is told to nobody but by the place. */
import { type Database, rows } from '../../platform/database.ts';

interface InvitationOfPerson {
  id: string;
  /** Whether it went to the person; else it is one that they sent. */
  received: boolean;
  /** Their own; null for one that they sent. */
  address: string | null;
  roleId: string;
  orgNodeId: string;
  sentAt: Date;
  expiresAt: Date;
  acceptedAt: Date | null;
  revokedAt: Date | null;
  createdAt: Date;
}

interface InvitedPerson {
  tenantId: string;
  userId: string;
  email: string | null;
  phone: string | null;
}

/** SQL: to the person. */
const received = `(accepted_by = :userId or lower(email) = lower(:email) or phone = :phone)`;

export async function exportInvitationsOf(db: Database, person: InvitedPerson): Promise<InvitationOfPerson[]> {
  const { tenantId, userId, email, phone } = person;
  return rows<InvitationOfPerson>(
    db,
    `select id, coalesce(${received}, false) as received,
            case when ${received} then coalesce(email, phone) end as address,
            role_id, org_node_id, sent_at, expires_at, accepted_at, revoked_at, created_at
       from invitations
      where tenant_id = :tenantId and (${received} or invited_by = :userId)
      order by created_at, id`,
    { tenantId, userId, email, phone },
  );
}

/** Takes those to the person away. Those from them hold an opaque id, and have ended already. */
export async function eraseInvitationsOf(trx: Database, person: InvitedPerson): Promise<void> {
  const { tenantId, userId, email, phone } = person;
  await rows(
    trx,
    `with held as (
       select id from invitations where tenant_id = :tenantId and ${received} order by id for update
     )
     delete from invitations i using held where i.id = held.id`,
    { tenantId, userId, email, phone },
  );
}
