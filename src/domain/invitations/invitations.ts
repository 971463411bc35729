/**
 * Invitations: an address, a role at a node, and a time within which the holder of the address may take it up. Owns that
 * an invitation is used once, that its inviter may still give what it gives, that tenant, role and node come from its row alone, and what its end looks like to the person who
 * holds the token. Refuses tokens that are unknown, used, withdrawn, expired or replaced by a newer one, and places and
 * people that may not act. Signs nobody in. Making and sending one is in send-invitation.ts.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { defineLimits } from '../../platform/rate-limits.ts';
import { sha256 } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { assignRole } from '../organisation/org-assignments.ts';
import { findPlacePaths } from '../organisation/place-paths.ts';
import type { SignInServer } from '../sign-in/method.ts';
import { type ProofDependencies, proveAddress } from '../sign-in/prove-address.ts';
import { parseTenantSettings, type TenantSettings } from '../tenants/tenant-settings.ts';
import { findTenantById } from '../tenants/tenants.ts';
import { maskedAddress } from '../users/canonical-address.ts';
import { createUser, type NewPasswords } from '../users/users.ts';
import { type AddressKind, opensAccount } from '../users/verified-address.ts';
import {
  consumeInvitation,
  type InvitationRow,
  type InvitedUserRow,
  lockInvitationOfToken,
  type PlaceRow,
  revokeWaiting,
  selectInvitation,
  selectInvitationByToken,
  selectInvitedUser,
  selectPeriodsNotHeld,
  selectPlace,
  updateInvitationRevoked,
} from './invitation-store.ts';
import { mayInviterGive } from './inviter.ts';
import { checkWayBack, type InvitedAddress, newcomersPassword } from './way-back.ts';

export const invitationCodes = defineCodes({
  INVITATION_ACCEPTED: { kind: ['conflict', 'expired'], means: 'the invitation was accepted already' },
  INVITATION_EXPIRED: { kind: 'expired', means: 'the invitation is too old' },
  INVITATION_INVALID: {
    kind: 'not_found',
    means: 'the link is incomplete, replaced by a newer one, or leads to a place or a person that is no more',
  },
  INVITATION_REVOKED: { kind: ['conflict', 'expired'], means: 'the invitation was withdrawn' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof invitationCodes> {}
}

export type Invitation = InvitationRow;

export const invitationLinkLimits = defineLimits({
  /** Invitations opened or accepted from one address; a class of pupils may share one. */
  invitationLinkPerIp: { hits: 200, windowSeconds: 600 },
});

/** What the page of an invitation shows. */
export interface FoundInvitation {
  tenantId: string;
  tenantName: string;
  settings: TenantSettings;
  /** null where nobody of the tenant invited. */
  inviterName: string | null;
  role: string;
  /** The names from the tenant's root down to the node. */
  place: string[];
  /** Masked: `a•••@example.org`. */
  address: string;
  /** Whether the role goes to an account that is there already; else one is made. */
  existingAccount: boolean;
  /** For a new account: whether it may have a password, and whether it must. */
  passwordOffered: boolean;
  passwordRequired: boolean;
  expiresAt: Date;
}

/**
 * The invitation of a token, if it can be accepted now. Changes nothing.
 * @throws DomainError not_found INVITATION_INVALID; expired INVITATION_EXPIRED, INVITATION_REVOKED, INVITATION_ACCEPTED,
 *   which are told to nobody but the holder of the token
 */
export async function findInvitation(db: Database, token: string, server: SignInServer): Promise<FoundInvitation> {
  const usable = await usableInvitation(db, sha256(token), { lock: false });
  const { invitation, place, user } = usable;
  const { tenantId, orgNodeId } = invitation;
  const above = await findPlacePaths(db, tenantId, [orgNodeId]);
  const password = user ? 'none' : await newcomersPassword(db, invitedAddress(usable), server);
  if (user) await checkWayBack(db, invitedAddress(usable), user, server);
  return {
    tenantId,
    tenantName: place.tenantName,
    settings: place.settings,
    inviterName: invitation.inviterName,
    role: place.roleName,
    place: [...(above.get(orgNodeId) ?? []), place.nodeName],
    address: maskedAddress((invitation.email ?? invitation.phone) as string),
    existingAccount: user !== undefined,
    passwordOffered: password !== 'none',
    passwordRequired: password === 'required',
    expiresAt: invitation.expiresAt,
  };
}

/** The issuer to which the tenant of an invitation has moved, where the link works as it did here; undefined for any other token. */
export async function findInvitationElsewhere(db: Database, token: string): Promise<string | undefined> {
  const invitation = await selectInvitationByToken(db, sha256(token));
  const tenant = invitation && (await findTenantById(db, invitation.tenantId));
  return tenant?.movedTo ?? undefined;
}

export interface AcceptanceDependencies extends ProofDependencies, SignInServer {
  passwords: NewPasswords;
}

export interface Acceptance {
  userId: string;
  tenantId: string;
  tenantName: string;
  role: string;
  /** The name of the node. */
  place: string;
  /** False where the role was added to an account that was there. */
  created: boolean;
}

/**
 * Accepts an invitation for the holder of its token, which proves the address: gives the role to the account under it, or
 * makes one. Of many at once, one succeeds. Signs nobody in. Give the pool as `db`: the password is hashed before a
 * transaction opens. For an account that is there, name and password are left as they are.
 * @param wanted.fullName required for a new account
 * @param wanted.password as `FoundInvitation` says
 * @param wanted.locale of the new account, and of a notice
 * @throws DomainError as findInvitation; for a new account invalid FIELD_REQUIRED or INVALID_INPUT (fullName, password)
 *   and PASSWORD_*, unavailable SERVICE_BUSY
 */
export async function acceptInvitation(
  db: Database,
  wanted: { token: string; fullName?: string; password?: string; locale: string },
  dependencies: AcceptanceDependencies,
): Promise<Acceptance> {
  try {
    return await acceptOnce(db, wanted, dependencies);
  } catch (error) {
    // Somebody made an account under the address a moment ago: now there is one to give the role to.
    if (error instanceof DomainError && (error.code === 'DUPLICATE_EMAIL' || error.code === 'DUPLICATE_PHONE'))
      return acceptOnce(db, wanted, dependencies);
    throw error;
  }
}

async function acceptOnce(
  db: Database,
  wanted: Parameters<typeof acceptInvitation>[1],
  dependencies: AcceptanceDependencies,
): Promise<Acceptance> {
  const { caller } = dependencies;
  const tokenHash = sha256(wanted.token);
  const before = await usableInvitation(db, tokenHash, { lock: false });
  const newcomer = before.user ? undefined : await checkedNewcomer(db, before, wanted, dependencies);

  return inTransaction(db, async (trx) => {
    const { invitation, place, user } = await usableInvitation(trx, tokenHash, { lock: true });
    const { id, tenantId, roleId, orgNodeId } = invitation;
    const userId = user
      ? await proveInvited(trx, { invitation, place, user }, wanted, dependencies)
      : await createInvited(trx, invitation, { newcomer, locale: wanted.locale }, dependencies);
    if (!(await consumeInvitation(trx, { id, tokenHash, userId }))) throw invalid();

    const accepter: Caller = { ...caller, type: 'user', id: userId };
    for (const period of await selectPeriodsNotHeld(trx, { tenantId, userId, roleId, orgNodeId })) {
      const assignment = { tenantId, userId, roleId, orgNodeId, ...period, assignedBy: invitation.invitedBy };
      await assignRole(trx, assignment, accepter);
    }
    await recordEvent(
      trx,
      { ...about(invitation), action: 'invitation.accepted', payload: { userId, roleId, orgNodeId, created: !user } },
      accepter,
    );
    const { tenantName, roleName: role, nodeName } = place;
    return { userId, tenantId, tenantName, role, place: nodeName, created: !user };
  });
}

/**
 * Withdraws an invitation; its link works no more. One that was withdrawn before stays so.
 * @throws DomainError conflict INVITATION_ACCEPTED, not_found NOT_FOUND
 */
export async function revokeInvitation(
  db: Database,
  { tenantId, invitationId: id }: { tenantId: string; invitationId: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const invitation = isId(tenantId) && isId(id) && (await selectInvitation(trx, { tenantId, id, lock: true }));
    if (!invitation) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'invitation' });
    if (invitation.state === 'accepted') throw new DomainError('conflict', 'INVITATION_ACCEPTED');
    if (!(await updateInvitationRevoked(trx, tenantId, id))) return;
    await recordEvent(trx, { ...about(invitation), action: 'invitation.revoked' }, caller);
  });
}

/** Ends the invitations that wait and that a person made, or that wait for an address of theirs. Answers how many. */
export async function endInvitationsOfPerson(
  trx: Database,
  { tenantId, ...person }: { tenantId: string; userId: string; email: string | null; phone: string | null },
): Promise<number> {
  const { userId, email, phone } = person;
  return revokeWaiting(trx, { tenantId, person: { userId, email, phone } });
}

/** Ends the invitations that wait in a tenant. Answers how many. */
export async function endInvitationsOfTenant(trx: Database, tenantId: string): Promise<number> {
  return revokeWaiting(trx, { tenantId });
}

/** Undefined where the tenant has no such invitation. */
export async function findInvitationById(
  db: Database,
  { tenantId, invitationId: id }: { tenantId: string; invitationId: string },
): Promise<Invitation | undefined> {
  return isId(tenantId) && isId(id) ? selectInvitation(db, { tenantId, id }) : undefined;
}

interface Usable {
  invitation: InvitationRow & { inviterName: string | null };
  place: PlaceRow & { roleName: string; nodeName: string; settings: TenantSettings };
  /** The user who lives at the address. */
  user: InvitedUserRow | undefined;
}

/**
 * @param options.lock the tenant, the user and the invitation, in the order in which a rule that stops a tenant or a user takes
 *   them, so that what is found stays so to the end of the transaction
 */
async function usableInvitation(db: Database, tokenHash: Buffer, { lock }: { lock: boolean }): Promise<Usable> {
  const invitation = await selectInvitationByToken(db, tokenHash);
  if (!invitation) throw invalid();
  const place = await selectPlace(db, { ...placeOf(invitation), lock });
  const user = await selectInvitedUser(db, { ...addressOf(invitation), lock });
  const now = lock ? await lockInvitationOfToken(db, { id: invitation.id, tokenHash }) : invitation;
  if (!now) throw invalid();
  if (now.state === 'accepted') throw new DomainError('expired', 'INVITATION_ACCEPTED');
  if (now.state === 'revoked') throw new DomainError('expired', 'INVITATION_REVOKED');
  if (now.state === 'expired') throw new DomainError('expired', 'INVITATION_EXPIRED');

  if (place?.tenantState !== 'active' || !place.nodeActive) throw invalid();
  const { roleName, nodeName } = place;
  if (roleName === null || nodeName === null) throw invalid();
  if (!(await mayInviterGive(db, invitation))) throw invalid();
  // Nobody's role goes to an account that somebody else put this address on and never proved.
  if (user && (user.state !== 'active' || !opensAccount(user, kindOf(invitation)))) throw invalid();
  const settings = parseTenantSettings(place.tenantSettings);
  return { invitation, place: { ...place, roleName, nodeName, settings }, user };
}

/** The address is theirs: what others may have set up before goes, and they are told. */
async function proveInvited(
  trx: Database,
  { user, ...usable }: Usable & { user: InvitedUserRow },
  { locale }: { locale: string },
  deps: AcceptanceDependencies,
): Promise<string> {
  const invited = invitedAddress(usable);
  await checkWayBack(trx, invited, user, deps);
  const { tenantId, address } = invited;
  const { channel } = usable.invitation;
  const caller: Caller = { ...deps.caller, type: 'user', id: user.id };
  await proveAddress(trx, { tenantId, userId: user.id, channel, address, locale }, { ...deps, caller });
  return user.id;
}

interface Newcomer {
  fullName: string;
  passwordHash: string | null;
}

async function checkedNewcomer(
  db: Database,
  usable: Usable,
  { fullName = '', password = '' }: { fullName?: string; password?: string },
  { passwords, ...server }: AcceptanceDependencies,
): Promise<Newcomer> {
  const { invitation, place } = usable;
  const asked = await newcomersPassword(db, invitedAddress(usable), server);
  if (fullName.trim() === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'fullName' });
  if (password === '') {
    if (asked === 'required') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'password' });
    return { fullName, passwordHash: null };
  }
  if (asked === 'none') throw new DomainError('invalid', 'INVALID_INPUT', { field: 'password' });
  const { email, phone } = invitation;
  const { tenantName, tenantSlug } = place;
  const passwordHash = await passwords.hashNew(password, { email, phone, fullName, tenantName, tenantSlug });
  return { fullName, passwordHash };
}

async function createInvited(
  trx: Database,
  { tenantId, email, phone }: Invitation,
  { newcomer, locale }: { newcomer: Newcomer | undefined; locale: string },
  { passwords, caller }: { passwords: NewPasswords; caller: Caller },
): Promise<string> {
  // The account that was there when we looked has been deleted since, so nobody was asked for a name.
  if (!newcomer) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'fullName' });
  const address = { email, phone, emailVerified: email !== null, phoneVerified: phone !== null };
  const user = await createUser(trx, { tenantId, ...address, ...newcomer, locale }, { passwords, caller });
  return user.id;
}

function invitedAddress({ invitation, place }: Pick<Usable, 'invitation' | 'place'>): InvitedAddress {
  const { tenantId, email, phone } = invitation;
  return { tenantId, settings: place.settings, kind: kindOf(invitation), address: (email ?? phone) as string };
}

function kindOf({ email }: Invitation): AddressKind {
  return email === null ? 'phone' : 'email';
}

function addressOf({ tenantId, email, phone }: Invitation) {
  return { tenantId, email, phone };
}

function placeOf({ tenantId, roleId, orgNodeId }: Invitation) {
  return { tenantId, roleId, orgNodeId };
}

function about({ tenantId, id }: Invitation) {
  return { tenantId, entityType: 'invitation', entityId: id };
}

function invalid(): DomainError {
  return new DomainError('not_found', 'INVITATION_INVALID');
}
