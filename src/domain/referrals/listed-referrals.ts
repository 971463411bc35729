/**
 * Referral codes and referrals as people read them: whose code it is, whether it counts now, and what came of it. Changes
 * nothing; the rules of both are in referrals.ts.
 */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import type { UserOfTenant } from '../users/users.ts';
import {
  type CameByRow,
  type NamedReferralCodeRow,
  type NamedReferralRow,
  type ReferralCodeState,
  selectCameBy,
  selectNamedReferral,
  selectNamedReferralCode,
  selectReferralCodes,
  selectReferrals,
} from './listed-referral-store.ts';

/** A code, and how many people came by it. */
export type ListedReferralCode = NamedReferralCodeRow & Omit<CameByRow, 'referralCodeId'>;
export type ListedReferral = NamedReferralRow;

const nobody = { pending: 0, completedSignup: 0, subscriptionActivated: 0 };

async function withWhoCame(
  db: Database,
  tenantId: string,
  codes: readonly NamedReferralCodeRow[],
): Promise<ListedReferralCode[]> {
  const came = await selectCameBy(db, { tenantId, ids: codes.map(({ id }) => id) });
  const ofCode = new Map(came.map(({ referralCodeId, ...counts }) => [referralCodeId, counts]));
  return codes.map((code) => ({ ...code, ...(ofCode.get(code.id) ?? nobody) }));
}

/** The codes of a tenant's people, in the order of their ids. @throws DomainError invalid CURSOR_INVALID */
export async function listReferralCodes(
  db: Database,
  { tenantId, state = null, ...page }: PageRequest & { tenantId: string; state?: ReferralCodeState | null },
): Promise<Page<ListedReferralCode>> {
  if (!isId(tenantId)) return emptyPage();
  const { items, next } = await selectReferralCodes(db, { tenantId, state }, page);
  return { items: await withWhoCame(db, tenantId, items), next };
}

/**
 * The code of a person, deleted or not; makes none.
 * @throws DomainError not_found NOT_FOUND where the person has no code
 */
export async function findReferralCode(db: Database, { tenantId, userId }: UserOfTenant): Promise<ListedReferralCode> {
  const found = isId(tenantId) && isId(userId) ? await selectNamedReferralCode(db, { tenantId, userId }) : undefined;
  const [code] = found ? await withWhoCame(db, tenantId, [found]) : [];
  if (!code) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'referral_code' });
  return code;
}

/**
 * Referrals of a tenant, or of one person's code, in the order of their ids.
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listReferrals(
  db: Database,
  {
    tenantId,
    referrerUserId = null,
    status = null,
    ...page
  }: PageRequest & { tenantId: string; referrerUserId?: string | null; status?: ListedReferral['status'] | null },
): Promise<Page<ListedReferral>> {
  if (!isId(tenantId) || (referrerUserId !== null && !isId(referrerUserId))) return emptyPage();
  return selectReferrals(db, { tenantId, referrerUserId, status }, page);
}

/** @throws DomainError not_found NOT_FOUND */
export async function findReferral(
  db: Database,
  { tenantId, referralId: id }: { tenantId: string; referralId: string },
): Promise<ListedReferral> {
  const found = isId(tenantId) && isId(id) ? await selectNamedReferral(db, { tenantId, id }) : undefined;
  if (!found) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'referral' });
  return found;
}
