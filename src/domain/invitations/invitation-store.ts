/** The SQL of invitations. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import type { Caller } from '../audit/audit-events.ts';
import { actorInTenant } from '../organisation/acting-user.ts';
import { momentOfStatement } from '../organisation/period.ts';

export interface InvitationRow {
  id: string;
  tenantId: string;
  /** One of `email` and `phone`, in canonical form. */
  email: string | null;
  phone: string | null;
  channel: 'email' | 'sms' | 'whatsapp';
  roleId: string;
  orgNodeId: string;
  invitedBy: string | null;
  /** The inviter, of the tenant or not (inviter.ts). */
  inviterType: Caller['type'];
  inviterId: string | null;
  inviterTenantId: string | null;
  sentCount: number;
  sentAt: Date;
  expiresAt: Date;
  acceptedAt: Date | null;
  acceptedBy: string | null;
  revokedAt: Date | null;
  createdAt: Date;
  /** By the database's clock. `expired` may be sent again. */
  state: 'open' | 'expired' | 'accepted' | 'revoked';
}

const columns = `id, tenant_id, email, phone, channel, role_id, org_node_id, invited_by, inviter_type, inviter_id, inviter_tenant_id,
  sent_count, sent_at, expires_at,
  accepted_at, accepted_by, revoked_at, created_at,
  case when accepted_at is not null then 'accepted'
       when revoked_at is not null then 'revoked'
       when expires_at <= statement_timestamp() then 'expired'
       else 'open' end as state`;

/** SQL: true while nobody has ended the invitation `i`, expired or not. */
const unended = 'i.accepted_at is null and i.revoked_at is null';

/** Where an invitation leads. */
export interface PlaceRow {
  tenantName: string;
  tenantSlug: string;
  tenantState: 'active' | 'suspended';
  tenantSettings: unknown;
  /** null: there is no such role in the tenant. */
  roleName: string | null;
  /** null: there is no such node in the tenant. */
  nodeName: string | null;
  /** True where the node and everything above it is switched on. */
  nodeActive: boolean;
  /** The database's clock. */
  now: Date;
}

/** @param lock keeps the tenant from being suspended to the end of the transaction */
export async function selectPlace(
  db: Database,
  { lock, ...place }: { tenantId: string; roleId: string; orgNodeId: string; lock: boolean },
): Promise<PlaceRow | undefined> {
  return firstRow<PlaceRow>(
    db,
    `select t.name as tenant_name, t.slug as tenant_slug, t.state as tenant_state, t.settings as tenant_settings,
            r.name as role_name, n.name as node_name, ${momentOfStatement} as now,
            n.id is not null and not exists (
              select from org_node_paths p
                join org_nodes a on a.tenant_id = p.tenant_id and a.id = p.ancestor_id
               where p.descendant_id = n.id and (not a.active or a.deleted_at is not null)
            ) as node_active
       from tenants t
       left join roles     r on r.tenant_id = t.id and r.id = :roleId    and r.deleted_at is null
       left join org_nodes n on n.tenant_id = t.id and n.id = :orgNodeId and n.deleted_at is null
      where t.id = :tenantId
        ${lock ? 'for share of t' : ''}`,
    place,
  );
}

/**
 * Whether the one who acts may act, kept so to the end of the transaction; undefined for an operator who is not of the
 * tenant.
 */
export async function lockInviter(
  trx: Database,
  { tenantId, actorId }: { tenantId: string; actorId: string | null },
): Promise<{ active: boolean; fullName: string | null; zoneinfo: string | null } | undefined> {
  return firstRow(
    trx,
    `select state = 'active' and deleted_at is null as active, full_name,
            (select s.zoneinfo from user_settings s where s.user_id = users.id) as zoneinfo
       from users
      where tenant_id = :tenantId and id = :actorId
        for share`,
    { tenantId, actorId },
  );
}

/** Has those who invite one address of a tenant take turns until the transaction ends. */
export async function lockInvitedAddress(trx: Database, tenantId: string, address: string): Promise<void> {
  await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`invitations:${tenantId}:${address}`]);
}

export interface NewInvitation {
  id: string;
  tenantId: string;
  email: string | null;
  phone: string | null;
  channel: InvitationRow['channel'];
  roleId: string;
  orgNodeId: string;
  tokenHash: Buffer;
  expiresAt: Date;
  inviterType: Caller['type'];
  inviterId: string | null;
  inviterTenantId: string | null;
}

export async function insertInvitation(
  trx: Database,
  invitation: NewInvitation & { actorId: string | null },
): Promise<InvitationRow> {
  const row = await firstRow<InvitationRow>(
    trx,
    `insert into invitations (id, tenant_id, email, phone, channel, role_id, org_node_id, token_hash, invited_by, expires_at,
                              inviter_type, inviter_id, inviter_tenant_id)
     values (:id, :tenantId, :email, :phone, :channel, :roleId, :orgNodeId, :tokenHash, ${actorInTenant}, :expiresAt,
             :inviterType, :inviterId, :inviterTenantId)
  returning ${columns}`,
    { ...invitation },
  );
  if (!row) throw new Error('no row for the new invitation');
  return row;
}

/** Revokes what waits for the same address and place, expired or not. Answers the ids. */
export async function revokeSuperseded(
  trx: Database,
  {
    tenantId,
    email,
    phone,
    roleId,
    orgNodeId,
  }: Pick<NewInvitation, 'tenantId' | 'email' | 'phone' | 'roleId' | 'orgNodeId'>,
): Promise<string[]> {
  const revoked = await rows<{ id: string }>(
    trx,
    `with held as (
       select i.id
         from invitations i
        where i.tenant_id = :tenantId and i.role_id = :roleId and i.org_node_id = :orgNodeId and ${unended}
          and ${email === null ? 'i.phone = :phone' : 'lower(i.email) = lower(:email)'}
        order by i.id
          for no key update
     )
     update invitations i set revoked_at = now() from held where i.id = held.id returning i.id`,
    { tenantId, roleId, orgNodeId, ...(email === null ? { phone } : { email }) },
  );
  return revoked.map(({ id }) => id);
}

/** @param lock keeps others from ending it to the end of the transaction */
export async function selectInvitation(
  db: Database,
  { tenantId, id, lock = false }: { tenantId: string; id: string; lock?: boolean },
): Promise<InvitationRow | undefined> {
  return firstRow<InvitationRow>(
    db,
    `select ${columns} from invitations where tenant_id = :tenantId and id = :id ${lock ? 'for no key update' : ''}`,
    { tenantId, id },
  );
}

/** A new token in the place of the one before. Undefined where somebody has ended it meanwhile. */
export async function updateInvitationToken(
  trx: Database,
  change: { tenantId: string; id: string; tokenHash: Buffer; expiresAt: Date },
): Promise<InvitationRow | undefined> {
  return firstRow<InvitationRow>(
    trx,
    `update invitations i
        set token_hash = :tokenHash, expires_at = :expiresAt, sent_count = sent_count + 1, sent_at = now()
      where i.tenant_id = :tenantId and i.id = :id and ${unended}
  returning ${columns}`,
    change,
  );
}

/** False where it was ended before. */
export async function updateInvitationRevoked(trx: Database, tenantId: string, id: string): Promise<boolean> {
  const revoked = await rows(
    trx,
    `update invitations i set revoked_at = now() where i.tenant_id = :tenantId and i.id = :id and ${unended} returning i.id`,
    { tenantId, id },
  );
  return revoked.length > 0;
}

/**
 * Revokes what waits in a tenant: all of it, or what a person made and what waits for an address of theirs. In the order of
 * ids, as everybody who locks several. Answers how many.
 */
export async function revokeWaiting(
  trx: Database,
  { tenantId, person }: { tenantId: string; person?: { userId: string; email: string | null; phone: string | null } },
): Promise<number> {
  const revoked = await rows(
    trx,
    `with held as (
       select i.id
         from invitations i
        where i.tenant_id = :tenantId and ${unended}
          ${person ? 'and (i.invited_by = :userId or lower(i.email) = lower(:email::text) or i.phone = :phone)' : ''}
        order by i.id
          for no key update
     )
     update invitations i set revoked_at = now() from held where i.id = held.id returning i.id`,
    { tenantId, ...person },
  );
  return revoked.length;
}

export interface ListedInvitationRow extends InvitationRow {
  roleName: string;
  nodeName: string;
}

const isBelow = (nodes: string) => `exists (select from org_node_paths p
                       where p.tenant_id = i.tenant_id and p.descendant_id = i.org_node_id
                         and p.ancestor_id = ${nodes})`;

/** In the order of ids, which is that of creation. */
export async function selectInvitations(
  db: Database,
  {
    within,
    ...query
  }: { tenantId: string; state: InvitationRow['state'] | null; under: string | null; within?: readonly string[] },
  request: PageRequest,
): Promise<Page<ListedInvitationRow>> {
  return selectPage<ListedInvitationRow>(
    db,
    byId('i.id'),
    request,
    ({ key, where, order }) =>
      `select i.*, r.name as role_name, n.name as node_name, ${key}
         from (select ${columns} from invitations where tenant_id = :tenantId) i
         join roles     r on r.tenant_id = i.tenant_id and r.id = i.role_id
         join org_nodes n on n.tenant_id = i.tenant_id and n.id = i.org_node_id
        where ${query.state ? 'i.state = :state and' : ''} ${query.under ? `${isBelow(':under')} and` : ''}
              ${within ? `${isBelow('any(:within::uuid[])')} and` : ''} ${where}
        ${order}`,
    { ...query, ...(within && { within: [...within] }) },
  );
}

/** The invitation of a token, with the name of the person who made it. */
export async function selectInvitationByToken(
  db: Database,
  tokenHash: Buffer,
): Promise<(InvitationRow & { inviterName: string | null }) | undefined> {
  return firstRow(
    db,
    `select i.*, u.full_name as inviter_name
       from (select ${columns} from invitations where token_hash = :tokenHash) i
       left join users u on u.tenant_id = i.tenant_id and u.id = i.invited_by and u.deleted_at is null`,
    { tokenHash },
  );
}

/** Locks the invitation for its acceptance; undefined where the token is its no more. */
export async function lockInvitationOfToken(
  trx: Database,
  { id, tokenHash }: { id: string; tokenHash: Buffer },
): Promise<InvitationRow | undefined> {
  return firstRow<InvitationRow>(
    trx,
    `select ${columns} from invitations where id = :id and token_hash = :tokenHash for no key update`,
    { id, tokenHash },
  );
}

export interface InvitedUserRow {
  id: string;
  state: 'active' | 'inactive';
  fullName: string | null;
  emailVerified: boolean;
  phoneVerified: boolean;
}

/** The user who lives at the address in the tenant. @param lock to the end of the transaction */
export async function selectInvitedUser(
  db: Database,
  { lock, ...invitation }: { tenantId: string; email: string | null; phone: string | null; lock: boolean },
): Promise<InvitedUserRow | undefined> {
  const { tenantId, email, phone } = invitation;
  return firstRow<InvitedUserRow>(
    db,
    `select id, state, full_name, email_verified_at is not null as email_verified,
            phone_verified_at is not null as phone_verified
       from users
      where tenant_id = :tenantId and deleted_at is null
        and ${email === null ? 'phone = :address' : 'lower(email) = lower(:address)'}
        ${lock ? 'for no key update' : ''}`,
    { tenantId, address: email ?? phone },
  );
}

/**
 * Uses an invitation up: of many at once, one is answered true. Expiry is the database's word, at this moment.
 */
export async function consumeInvitation(
  trx: Database,
  { id, tokenHash, userId }: { id: string; tokenHash: Buffer; userId: string },
): Promise<boolean> {
  const consumed = await rows(
    trx,
    `update invitations i
        set accepted_at = now(), accepted_by = :userId
      where i.id = :id and i.token_hash = :tokenHash and ${unended} and i.expires_at > statement_timestamp()
  returning i.id`,
    { id, tokenHash, userId },
  );
  return consumed.length > 0;
}

/** The times from now on for which the person does not hold the role at the node already, in their order. */
export async function selectPeriodsNotHeld(
  trx: Database,
  wanted: { tenantId: string; userId: string; roleId: string; orgNodeId: string },
): Promise<{ startsAt: Date; endsAt: Date | null }[]> {
  return rows(
    trx,
    `select lower(missing) as starts_at, upper(missing) as ends_at
       from unnest(tstzmultirange(tstzrange(${momentOfStatement}, null))
                   - coalesce((select range_agg(tstzrange(a.starts_at, a.ends_at))
                                 from org_assignments a
                                where a.tenant_id = :tenantId and a.user_id = :userId
                                  and a.role_id = :roleId and a.org_node_id = :orgNodeId), '{}')) as missing
      order by 1`,
    wanted,
  );
}
