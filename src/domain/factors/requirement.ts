/**
 * Of whom a second factor is asked. Of everybody who has enrolled one; of those whom the person's own row, the tenant or a role
 * binds (with a grace period to enrol, counted from when they were first asked); and of whoever an application asks for it.
 * Owns the one answer that signing in, single sign-on, refreshing and every access token follow.
 */
import type { Database } from '../../platform/database.ts';
import { findEffectiveAccess } from '../access/effective-access.ts';
import type { AccountProfile } from '../users/users.ts';
import { beginGrace } from './factor-store.ts';

/** Authentication context class references (NIST SP 800-63B-4): one factor, and two. */
export const acr = { aal1: 'urn:gatehouse:acr:aal1', aal2: 'urn:gatehouse:acr:aal2' } as const;

/**
 * One factor, at a browser where the person proved a second one lately and asked not to be asked again. Does where the person, a role
 * or the tenant asks for two; nobody can ask for it, and it is never given for two (docs/decisions/0040).
 */
export const rememberedAcr = 'urn:gatehouse:acr:remembered';

/** A second factor that a person has to prove. */
export interface FactorNeed {
  /** Whether there is one to be proved; else one has to be enrolled. */
  isEnrolled: boolean;
  /** Until when enrolling may be put off; null: not at all. */
  postponableUntil: Date | null;
}

const administrators: ReadonlySet<string> = new Set(['owner', 'admin']);
const dayMs = 86_400_000;

type Bound = Pick<AccountProfile, 'tenantId' | 'userId' | 'mfaRequired' | 'hasSecondFactor' | 'tenant'>;

/** Whether the person has to have a second factor, whatever applications ask for. */
export async function isBound(db: Database, { mfaRequired, tenant, tenantId, userId }: Bound): Promise<boolean> {
  const { secondFactorFor } = tenant.settings;
  if (mfaRequired || secondFactorFor === 'everyone') return true;
  if (secondFactorFor === 'nobody') return false;
  const { roles } = await findEffectiveAccess(db, { tenantId, userId });
  return roles.some((role) => administrators.has(role));
}

/**
 * Undefined where one factor is enough.
 * @param isAsked whether the application asks for two
 */
export async function findFactorNeed(
  db: Database,
  account: Bound,
  { isAsked }: { isAsked: boolean },
): Promise<FactorNeed | undefined> {
  if (account.hasSecondFactor) return { isEnrolled: true, postponableUntil: null };
  if (isAsked) return { isEnrolled: false, postponableUntil: null };
  if (!(await isBound(db, account))) return undefined;
  const { secondFactorGraceDays: days } = account.tenant.settings;
  if (days === 0) return { isEnrolled: false, postponableUntil: null };
  const until = new Date((await beginGrace(db, account)).getTime() + days * dayMs);
  return { isEnrolled: false, postponableUntil: until.getTime() > Date.now() ? until : null };
}

/** Whether what was proved, by its context class, is too little for this person now. */
export async function isTooLittle(
  db: Database,
  account: Bound,
  { proved, isAsked = false }: { proved: unknown; isAsked?: boolean },
): Promise<boolean> {
  if (proved === acr.aal2) return false;
  if (proved === rememberedAcr && !isAsked && account.tenant.settings.rememberedDeviceDays > 0) return false;
  const need = await findFactorNeed(db, account, { isAsked });
  return need !== undefined && need.postponableUntil === null;
}
