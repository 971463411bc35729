/**
 * Making an invitation and sending it. Owns where it may lead, how long it works, who may be written to and how often.
 * Refuses a role, node or inviter of another tenant, a place that is switched off, a suspended tenant, and more than the
 * named limits. The token goes to the invited address and nowhere else: no function here answers it, so that holding it
 * proves the address (decision 11).
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { consume, defineLimits } from '../../platform/rate-limits.ts';
import { randomToken, type Secrets, sha256 } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { codeLimits } from '../codes/code-limits.ts';
import { availableChannels } from '../messages/available-channels.ts';
import { checkMailAddress, type MailReach } from '../messages/mail-policy.ts';
import { type Channel, enqueueMessage, kindOf } from '../messages/outgoing-message.ts';
import { checkPhone, isBudgetUsedUp, type MessageBudgets } from '../messages/phone-policy.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { parseTenantSettings, type TenantSettings } from '../tenants/tenant-settings.ts';
import { canonicalEmail, parsePhone } from '../users/canonical-address.ts';
import {
  type InvitationRow,
  insertInvitation,
  lockInvitedAddress,
  lockInviter,
  type PlaceRow,
  revokeSuperseded,
  selectInvitation,
  selectPlace,
  updateInvitationToken,
} from './invitation-store.ts';
import { inviterOf } from './inviter.ts';

export type Invitation = InvitationRow;

export interface InvitationDependencies extends MailReach {
  secrets: Secrets;
  caller: Caller;
  /** The configured one: what the link begins with. */
  issuer: string;
  /** The channels that have a provider on this server (`configuredChannels`). */
  channels: readonly Channel[];
  /** Countries that messages may go to from this server; empty: the tenants' own lists decide. */
  phoneCountries: readonly string[];
  budgets: MessageBudgets;
}

export const invitationLimits = defineLimits({
  /** Invitations sent in one tenant, for the first time or again. */
  invitationsPerTenant: { hits: 100, windowSeconds: 60 },
  /** Invitations sent from one tenant to one address. */
  invitationsPerAddress: { hits: 5, windowSeconds: 3_600 },
  invitationsPerAddressDaily: { hits: 10, windowSeconds: 86_400 },
});

const daySeconds = 86_400;
const defaultSeconds = 7 * daySeconds;
/** With an hour for clocks that differ: a caller that asks for the longest counts by its own. */
export const longestInvitationSeconds = 30 * daySeconds + 3_600;

interface Place extends PlaceRow {
  roleName: string;
  nodeName: string;
  settings: TenantSettings;
}

/**
 * Invites the holder of an address to hold a role at a node, and sends them the link. What waits for the same address and
 * place is replaced. Give the pool as `db`: limits are counted outside of the transaction.
 * @param wanted.channel default: email for an email address, for a phone SMS before WhatsApp
 * @param wanted.expiresAt 30 days ahead at the most; default 7
 * @param wanted.locale of the message
 * @throws DomainError invalid EMAIL_INVALID, EMAIL_NOT_SUPPORTED, PHONE_INVALID, PHONE_NOT_SUPPORTED, CHANNEL_UNAVAILABLE, PERIOD_INVALID,
 *   FIELD_REQUIRED (email), INVALID_INPUT (email: both addresses; channel; org_node_id: switched off), not_found NOT_FOUND
 *   (tenant, role, org_node), forbidden TENANT_SUSPENDED or ACCESS_DENIED (an inviter who may not act), rate_limited
 *   TOO_MANY_ATTEMPTS, unavailable MESSAGES_EXHAUSTED
 */
export async function createInvitation(
  db: Database,
  wanted: {
    tenantId: string;
    email?: string;
    phone?: string;
    channel?: Channel;
    roleId: string;
    orgNodeId: string;
    expiresAt?: Date;
    locale: string;
  },
  dependencies: InvitationDependencies,
): Promise<Invitation> {
  const { tenantId, roleId, orgNodeId } = wanted;
  const { caller } = dependencies;
  const before = await findPlace(db, { ...wanted, lock: false });
  const address = await checkedAddress(wanted, before.settings, dependencies);
  checkExpiry(wanted.expiresAt, before.now);
  await countSending(db, tenantId, address, before.settings, dependencies);

  return inTransaction(db, async (trx) => {
    await lockInvitedAddress(trx, tenantId, address.to);
    const place = await findPlace(trx, { ...wanted, lock: true });
    const actorId = actingUserId(caller);
    const inviter = await lockInviter(trx, { tenantId, actorId });
    if (inviter && !inviter.active) throw new DomainError('forbidden', 'ACCESS_DENIED');

    const id = newId();
    const token = randomToken();
    const { email, phone, channel } = address;
    const expiresAt = wanted.expiresAt ?? secondsAfter(place.now, defaultSeconds);
    const values = { tenantId, email, phone, channel, roleId, orgNodeId };
    for (const superseded of await revokeSuperseded(trx, values))
      await recordEvent(
        trx,
        { ...about({ tenantId, id: superseded }), action: 'invitation.revoked', payload: { replacedBy: id } },
        caller,
      );
    const made = { ...values, ...inviterOf(caller), id, tokenHash: sha256(token), expiresAt };
    const invitation = await insertInvitation(trx, { ...made, actorId });
    // No address: the trail outlives a person's erasure.
    const payload = { roleId, orgNodeId, channel, expiresAt };
    await recordEvent(trx, { ...about(invitation), action: 'invitation.created', payload }, caller);
    await send(trx, invitation, { token, place, inviter, locale: wanted.locale }, dependencies);
    return invitation;
  });
}

/**
 * Sends an invitation again, with a new link; the one before works no more. One that has expired works again.
 * @param wanted.expiresAt as in `createInvitation`; default 7 days ahead, or later where it works longer already
 * @throws DomainError conflict INVITATION_ACCEPTED or INVITATION_REVOKED, not_found NOT_FOUND, rate_limited
 *   TOO_MANY_ATTEMPTS `{ seconds }`, and what `createInvitation` throws about the place, the address and the time
 */
export async function resendInvitation(
  db: Database,
  wanted: { tenantId: string; invitationId: string; expiresAt?: Date; locale: string },
  dependencies: InvitationDependencies,
): Promise<Invitation> {
  const { tenantId, invitationId: id } = wanted;
  const known = isId(tenantId) && isId(id) ? await selectInvitation(db, { tenantId, id }) : undefined;
  if (!known) throw noSuchInvitation();
  const before = await findPlace(db, { ...known, lock: false });
  checkResend(known, before.now);
  const { email, phone, channel } = known;
  const address = { email: email ?? undefined, phone: phone ?? undefined, channel };
  checkExpiry(wanted.expiresAt, before.now);
  const { to } = await checkedAddress(address, before.settings, dependencies);
  await countSending(db, tenantId, { to, channel }, before.settings, dependencies);

  return inTransaction(db, async (trx) => {
    const place = await findPlace(trx, { ...known, lock: true });
    const inviter = await lockInviter(trx, { tenantId, actorId: known.invitedBy });
    const locked = await selectInvitation(trx, { tenantId, id, lock: true });
    if (!locked) throw noSuchInvitation();
    checkResend(locked, place.now);

    const token = randomToken();
    const usual = secondsAfter(place.now, defaultSeconds);
    const expiresAt = wanted.expiresAt ?? (locked.expiresAt > usual ? locked.expiresAt : usual);
    const invitation = await updateInvitationToken(trx, { tenantId, id, tokenHash: sha256(token), expiresAt });
    if (!invitation) throw noSuchInvitation();
    const payload = { channel, expiresAt, sentCount: invitation.sentCount };
    await recordEvent(trx, { ...about(invitation), action: 'invitation.resent', payload }, dependencies.caller);
    await send(trx, invitation, { token, place, inviter, locale: wanted.locale }, dependencies);
    return invitation;
  });
}

async function findPlace(
  db: Database,
  { tenantId, roleId, orgNodeId, lock }: { tenantId: string; roleId: string; orgNodeId: string; lock: boolean },
): Promise<Place> {
  if (!isId(tenantId)) throw notFound('tenant');
  if (!isId(roleId)) throw notFound('role');
  if (!isId(orgNodeId)) throw notFound('org_node');
  const place = await selectPlace(db, { tenantId, roleId, orgNodeId, lock });
  if (!place) throw notFound('tenant');
  if (place.tenantState !== 'active') throw new DomainError('forbidden', 'TENANT_SUSPENDED');
  const { roleName, nodeName } = place;
  if (roleName === null) throw notFound('role');
  if (nodeName === null) throw notFound('org_node');
  if (!place.nodeActive) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'org_node_id' });
  return { ...place, roleName, nodeName, settings: parseTenantSettings(place.tenantSettings) };
}

interface Address {
  /** Whichever of the two is there. */
  to: string;
  email: string | null;
  phone: string | null;
  channel: Channel;
}

async function checkedAddress(
  wanted: { email?: string; phone?: string; channel?: Channel },
  tenant: TenantSettings,
  { channels, phoneCountries, takesUnicodeMail }: InvitationDependencies,
): Promise<Address> {
  if (wanted.email !== undefined && wanted.phone !== undefined)
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'email' });
  if (wanted.email !== undefined) {
    const email = canonicalEmail(wanted.email);
    if (wanted.channel !== undefined && wanted.channel !== 'email')
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'channel' });
    // The tenant's channels are those of one-time codes; mail to an address that somebody was given is none of them.
    if (!channels.includes('email')) throw unavailable('email');
    await checkMailAddress(email, { takesUnicodeMail });
    return { to: email, email, phone: null, channel: 'email' };
  }
  if (wanted.phone === undefined) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'email' });
  const phone = parsePhone(wanted.phone, tenant.countryList);
  if (phone === undefined) throw new DomainError('invalid', 'PHONE_INVALID', { field: 'phone' });
  if (wanted.channel === 'email') throw new DomainError('invalid', 'INVALID_INPUT', { field: 'channel' });
  const offered = availableChannels(channels, tenant, phoneCountries);
  const channel = wanted.channel ?? (offered.includes('sms') ? 'sms' : 'whatsapp');
  if (!offered.includes(channel)) throw unavailable(channel);
  checkPhone(phone, { serverCountries: phoneCountries, tenant });
  return { to: phone, email: null, phone, channel };
}

function checkExpiry(expiresAt: Date | undefined, now: Date): void {
  if (expiresAt === undefined) return;
  const seconds = (expiresAt.getTime() - now.getTime()) / 1000;
  if (!(seconds > 0 && seconds <= longestInvitationSeconds)) throw new DomainError('invalid', 'PERIOD_INVALID');
}

function checkResend({ state, sentAt, sentCount }: Invitation, now: Date): void {
  if (state === 'accepted') throw new DomainError('conflict', 'INVITATION_ACCEPTED');
  if (state === 'revoked') throw new DomainError('conflict', 'INVITATION_REVOKED');
  const waits = codeLimits.resendWaitSeconds;
  const wait = waits[Math.min(sentCount, waits.length) - 1] ?? 0;
  const seconds = Math.ceil((sentAt.getTime() - now.getTime()) / 1000 + wait);
  if (seconds > 0) throw new DomainError('rate_limited', 'TOO_MANY_ATTEMPTS', { seconds });
}

/** Within one tenant: how often others write to an address is none of its business. */
async function countSending(
  db: Database,
  tenantId: string,
  { to, channel }: Pick<Address, 'to' | 'channel'>,
  settings: TenantSettings,
  { budgets }: InvitationDependencies,
): Promise<void> {
  if (await isBudgetUsedUp(db, kindOf(channel), { id: tenantId, settings }, budgets))
    throw new DomainError('unavailable', 'MESSAGES_EXHAUSTED');
  await consume(db, invitationLimits.invitationsPerTenant, tenantId);
  await consume(db, invitationLimits.invitationsPerAddress, `${tenantId} ${to}`);
  await consume(db, invitationLimits.invitationsPerAddressDaily, `${tenantId} ${to}`);
}

async function send(
  trx: Database,
  invitation: Invitation,
  content: { token: string; place: Place; inviter: Awaited<ReturnType<typeof lockInviter>>; locale: string },
  { secrets, issuer }: InvitationDependencies,
): Promise<void> {
  const { tenantId, channel, email, phone, expiresAt } = invitation;
  const { token, place, inviter, locale } = content;
  await enqueueMessage(
    trx,
    {
      channel,
      to: (email ?? phone) as string,
      template: 'invitation',
      model: {
        tenantName: place.tenantName,
        inviterName: inviter?.fullName ?? undefined,
        role: place.roleName,
        place: place.nodeName,
        href: `${issuer}/invitations/${token}`,
        expiresAt,
      },
      locale,
      // Of the invited nothing is known yet; they are most often of the same place.
      timeZone: inviter?.zoneinfo ?? undefined,
      tenantId,
      expiresAt,
    },
    { secrets },
  );
}

function secondsAfter(moment: Date, seconds: number): Date {
  return new Date(moment.getTime() + seconds * 1000);
}

function about({ tenantId, id }: { tenantId: string; id: string }) {
  return { tenantId, entityType: 'invitation', entityId: id };
}

function notFound(entity: string): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', { entity });
}

function noSuchInvitation(): DomainError {
  return notFound('invitation');
}

function unavailable(channel: Channel): DomainError {
  return new DomainError('invalid', 'CHANNEL_UNAVAILABLE', { channel });
}
