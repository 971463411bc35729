/**
 * A person's own second factors: taking one away, and new recovery codes. Owns that who has to have a second factor keeps one, and
 * that the person is told, with a link that takes it back (safety-links.ts). That they proved themselves lately is for the
 * caller.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import {
  describeFactors,
  type FactorDependencies,
  removeFactor,
  renewRecoveryCodes,
  tellOfFactors,
} from '../factors/factors.ts';
import { isBound } from '../factors/requirement.ts';
import { holdsFactor } from '../methods/second-factors.ts';
import { holdUser } from '../users/user-state.ts';
import { type AccountProfile, findAccount, type UserOfTenant } from '../users/users.ts';
import { makeSafetyLink } from './safety-links.ts';

/** The person, held to the end of the transaction. @throws DomainError not_found for one who may not act */
async function holdAccount(trx: Database, user: UserOfTenant): Promise<AccountProfile> {
  await holdUser(trx, user);
  const account = await findAccount(trx, user.userId);
  if (account?.tenantId !== user.tenantId) throw new DomainError('not_found', 'NOT_FOUND');
  return account;
}

/** The link is made before what it takes back, which it finds by the moment. */
async function linkBack(
  trx: Database,
  { tenantId, userId, email, emailVerified }: AccountProfile,
  { secrets }: FactorDependencies,
): Promise<string | undefined> {
  // One that was never proved may be a stranger's.
  if (email === null || !emailVerified) return undefined;
  const link = { tenantId, userId, kind: 'undo_factor', channel: 'email', address: email } as const;
  return makeSafetyLink(trx, link, secrets);
}

/**
 * Takes a second factor away. Once more does no harm.
 * @throws DomainError conflict FACTOR_NEEDED, not_found NOT_FOUND for a person who may not act
 */
export async function removeOwnFactor(
  db: Database,
  { tenantId, userId, id }: UserOfTenant & { id: string },
  deps: FactorDependencies,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const account = await holdAccount(trx, { tenantId, userId });
    if (!(await describeFactors(trx, account)).factors.some((factor) => factor.id === id)) return;
    const path = await linkBack(trx, account, deps);
    await removeFactor(trx, { tenantId, userId, id }, deps.caller);
    if (!(await holdsFactor(trx, account)) && (await isBound(trx, account)))
      throw new DomainError('conflict', 'FACTOR_NEEDED');
    await tellOfFactors(trx, { tenantId, userId, email: account.email, change: 'removed', path }, deps);
  });
}

/**
 * New recovery codes; all before are worth nothing from now on.
 * @returns them, to be shown once
 * @throws DomainError not_found NOT_FOUND where no second factor is enrolled
 */
export async function renewOwnRecoveryCodes(
  db: Database,
  user: UserOfTenant,
  deps: FactorDependencies,
): Promise<string[]> {
  return inTransaction(db, async (trx) => {
    const account = await holdAccount(trx, user);
    if ((await describeFactors(trx, user)).factors.length === 0) throw new DomainError('not_found', 'NOT_FOUND');
    const path = await linkBack(trx, account, deps);
    const codes = await renewRecoveryCodes(trx, user, deps);
    await tellOfFactors(trx, { ...user, email: account.email, change: 'codes_renewed', path }, deps);
    return codes;
  });
}

export interface OwnFactor {
  /** Of its row. */
  id: string;
  kind: string;
  /** What they call a key. */
  name?: string;
  addedAt: Date;
  usedAt?: Date;
  /** When a reset that waits takes it away. */
  endsAt?: Date;
}

export interface OwnFactors {
  factors: OwnFactor[];
  codesLeft: number;
  /** False where the person has to keep the one that there is. */
  canRemove: boolean;
}

/** What a person sees of their second factors. */
export async function findOwnFactors(db: Database, account: AccountProfile): Promise<OwnFactors> {
  const { factors, codesLeft } = await describeFactors(db, account);
  const canRemove = factors.length > 1 || !(await isBound(db, account));
  const own = factors.map(({ id, kind, name, createdAt, lastUsedAt, endsAt }) => ({
    id,
    kind,
    name: name ?? undefined,
    addedAt: createdAt,
    usedAt: lastUsedAt ?? undefined,
    endsAt: endsAt ?? undefined,
  }));
  return { factors: own, codesLeft, canRemove };
}
