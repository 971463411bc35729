/**
 * What a person has enrolled: enrolling it, taking it away, and an administrator's reset. Owns that each change leaves its event
 * and is told to the person, that who knows the first factor alone enrols nothing beside what is there, and that a reset
 * waits as long as the tenant says. Who may reset is for the caller.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import type { FactorChange } from '../messages/message-views.ts';
import { enqueueMessage } from '../messages/outgoing-message.ts';
import { endRememberedDevices } from '../sessions/remembered-devices.ts';
import { revokeAllSessions } from '../sessions/sessions.ts';
import { findTenantById } from '../tenants/tenants.ts';
import { findSettings } from '../users/profiles.ts';
import { holdUser } from '../users/user-state.ts';
import type { UserOfTenant } from '../users/users.ts';
import {
  countRecoveryCodes,
  deleteFactors,
  deleteFactorsSince,
  deleteRemovedFactors,
  endFactorsAfter,
  endRemovedFactor,
  type FactorRow,
  restoreFactorsSince,
  selectFactorPage,
  selectFactors,
} from './factor-store.ts';
import { makeRecoveryCodes } from './recovery-codes.ts';
import { stepOfCode, storeTotp } from './totp.ts';

export interface FactorDependencies {
  secrets: Secrets;
  issuer: string;
  caller: Caller;
}

const about = ({ tenantId, userId }: UserOfTenant) => ({ tenantId, entityType: 'user', entityId: userId });

/** What a person has enrolled, in the order of the ids. @throws DomainError invalid CURSOR_INVALID */
export async function listFactors(
  db: Database,
  { tenantId, userId, ...page }: PageRequest & UserOfTenant,
): Promise<Page<FactorRow>> {
  if (!isId(tenantId) || !isId(userId)) return emptyPage();
  return selectFactorPage(db, { tenantId, userId }, page);
}

/** What a person sees of their own, and how many recovery codes are left. */
export async function describeFactors(
  db: Database,
  user: UserOfTenant,
): Promise<{ factors: FactorRow[]; codesLeft: number }> {
  return { factors: await selectFactors(db, user), codesLeft: await countRecoveryCodes(db, user) };
}

interface ToldChange extends UserOfTenant {
  email: string | null;
  change: FactorChange;
  at?: Date;
  /** Below the issuer: what takes it back, where something does. */
  path?: string;
}

/** Tells the person by mail, if there is an address. */
export async function tellOfFactors(
  trx: Database,
  { tenantId, userId, email, change, at, path }: ToldChange,
  { secrets, issuer }: Pick<FactorDependencies, 'secrets' | 'issuer'>,
): Promise<void> {
  if (email === null) return;
  const tenant = await findTenantById(trx, tenantId);
  const { locale, zoneinfo } = await findSettings(trx, { tenantId, userId });
  const model = {
    tenantName: tenant?.name ?? '',
    change,
    at: at ?? new Date(),
    takesBack: path !== undefined,
    href: `${issuer}${path ?? '/account'}`,
  };
  const to = { channel: 'email', to: email, locale: locale ?? 'en', timeZone: zoneinfo ?? undefined } as const;
  await enqueueMessage(trx, { ...to, tenantId, template: 'factors-changed', model }, { secrets });
}

/** Who enrols something. */
export interface Enrolling extends UserOfTenant {
  /** Whether they have proved two factors: else nothing is added to what is there. */
  hasProvedTwo: boolean;
}

/**
 * Enrols something of a kind that has been proved to be theirs.
 * @param store writes it, beside what is enrolled already
 * @returns the recovery codes of a first factor, to be shown once; none where something stands there, with its codes
 * @throws DomainError conflict FACTOR_ENROLLED, not_found
 */
export async function enrolFactor(
  db: Database,
  { tenantId, userId, hasProvedTwo }: Enrolling,
  change: 'enrolled' | 'key_enrolled',
  store: (trx: Database, enrolled: readonly FactorRow[]) => Promise<{ kind: string; name?: string }>,
  deps: FactorDependencies,
): Promise<string[]> {
  const user = { tenantId, userId };
  return inTransaction(db, async (trx) => {
    const { email, state } = await holdUser(trx, user);
    if (state !== 'active') throw new DomainError('not_found', 'NOT_FOUND');
    const enrolled = await selectFactors(trx, user);
    if (enrolled.length > 0 && !hasProvedTwo) throw new DomainError('conflict', 'FACTOR_ENROLLED');
    const payload = await store(trx, enrolled);
    // What a browser was remembered for was another factor.
    if (enrolled.length === 0) await endRememberedDevices(trx, user);
    const codes = enrolled.length === 0 ? await makeRecoveryCodes(trx, user, deps.secrets) : [];
    await recordEvent(trx, { ...about(user), action: 'factor.enrolled', payload }, deps.caller);
    await tellOfFactors(trx, { ...user, email, change }, deps);
    return codes;
  });
}

/**
 * Enrols an authenticator app as a second factor, once a code has shown that the app has the seed.
 * @returns as `enrolFactor`
 * @throws DomainError unauthenticated FACTOR_INVALID, conflict FACTOR_ENROLLED (also where there is an app), not_found
 */
export async function enrolTotp(
  db: Database,
  { seed, code, ...who }: Enrolling & { seed: string; code: string },
  deps: FactorDependencies,
): Promise<string[]> {
  const step = stepOfCode(seed, code, new Date());
  if (step === undefined) throw new DomainError('unauthenticated', 'FACTOR_INVALID');
  const { tenantId, userId } = who;
  const store = async (trx: Database, enrolled: readonly FactorRow[]) => {
    if (enrolled.some(({ kind }) => kind === 'totp')) throw new DomainError('conflict', 'FACTOR_ENROLLED');
    await storeTotp(trx, { tenantId, userId, seed, step }, deps.secrets);
    return { kind: 'totp' };
  };
  return enrolFactor(db, who, 'enrolled', store, deps);
}

/**
 * Takes one away that the person has, in the transaction of the caller, who holds the user, has seen that it may go, and tells
 * them. The recovery codes stay as long as it can be taken back; alone they are no factor. Once more does no harm.
 */
export async function removeFactor(
  trx: Database,
  { tenantId, userId, id }: UserOfTenant & { id: string },
  caller: Caller,
): Promise<void> {
  const user = { tenantId, userId };
  const kind = isId(id) ? await endRemovedFactor(trx, { ...user, id }) : undefined;
  if (kind === undefined) return;
  await endRememberedDevices(trx, user);
  await recordEvent(trx, { ...about(user), action: 'factor.removed', payload: { kind } }, caller);
}

/** New recovery codes in the place of all before; as `removeFactor`. @returns them, to be shown once */
export async function renewRecoveryCodes(
  trx: Database,
  user: UserOfTenant,
  { secrets, caller }: Pick<FactorDependencies, 'secrets' | 'caller'>,
): Promise<string[]> {
  const codes = await makeRecoveryCodes(trx, user, secrets);
  await recordEvent(trx, { ...about(user), action: 'recovery_codes.renewed' }, caller);
  return codes;
}

/**
 * Takes back what was done by a person who was somebody else: what was enrolled or made since a moment goes, and what was taken away
 * since another is theirs again.
 * @returns whether there was anything
 */
export async function takeFactorsBack(
  trx: Database,
  { addedSince, removedSince, ...user }: UserOfTenant & { addedSince: Date; removedSince: Date },
): Promise<boolean> {
  const added = await deleteFactorsSince(trx, { ...user, since: addedSince });
  const removed = await restoreFactorsSince(trx, { ...user, since: removedSince });
  return added + removed > 0;
}

/** Deletes what nobody can take back any longer. */
export async function sweepRemovedFactors(db: Database): Promise<void> {
  await deleteRemovedFactors(db);
}

/**
 * Takes away what a person has enrolled, everything or one kind of it, for one who has lost it: at once, or when the tenant's
 * delay is over, unless they prove it meanwhile. At once it ends what they are signed in to. Once more does no harm.
 * @returns when it takes effect; null where there is nothing
 * @throws DomainError not_found, also for a person of another tenant
 */
export async function resetFactors(
  db: Database,
  { tenantId, userId, kind }: UserOfTenant & { kind?: string },
  deps: FactorDependencies,
): Promise<Date | null> {
  const user = { tenantId, userId };
  return inTransaction(db, async (trx) => {
    const { email } = await holdUser(trx, user);
    const enrolled = (await selectFactors(trx, user)).filter((factor) => kind === undefined || factor.kind === kind);
    const [first] = enrolled;
    if (!first) return null;
    const tenant = await findTenantById(trx, tenantId);
    const hours = tenant?.settings.factorResetHours ?? 0;
    await endRememberedDevices(trx, user);
    const kinds = [...new Set(enrolled.map((factor) => factor.kind))];
    if (hours === 0) {
      await deleteFactors(trx, { ...user, kind });
      await recordEvent(trx, { ...about(user), action: 'factors.reset', payload: { kinds } }, deps.caller);
      await tellOfFactors(trx, { ...user, email, change: 'reset' }, deps);
      await revokeAllSessions(trx, user, deps.caller);
      return new Date();
    }
    if (enrolled.every(({ endsAt }) => endsAt !== null)) return first.endsAt;
    const endsAt = await endFactorsAfter(trx, { ...user, hours, kind });
    if (!endsAt) return null;
    const payload = { kinds, endsAt };
    await recordEvent(trx, { ...about(user), action: 'factors.reset_requested', payload }, deps.caller);
    await tellOfFactors(trx, { ...user, email, change: 'reset_requested', at: endsAt }, deps);
    return endsAt;
  });
}

/** Everything of a person who is deleted; the caller writes the event. */
export async function endFactorsOf(trx: Database, user: UserOfTenant): Promise<void> {
  await deleteFactors(trx, user);
}
