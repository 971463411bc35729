/** What is needed of a person beside the first factor, and what could prove it here. */
import type { Interaction } from 'oidc-provider';
import { type FactorNeed, findFactorNeed } from '../../domain/factors/requirement.ts';
import { holdsFactor } from '../../domain/methods/second-factors.ts';
import { passwordRecoveredBy } from '../../domain/users/identities.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import type { AddressKind } from '../../domain/users/verified-address.ts';
import { asksForTwoFactors } from '../../oidc/authorization/authentication-context.ts';
import type { Database } from '../../platform/database.ts';
import type { WebDependencies } from '../interaction/context.ts';
import { sentCodeChannels } from './sent-code-channels.ts';

/**
 * The kinds of addresses that the first factor was proved by, or could have been: a password that was recovered through one counts
 * as it. Where it is not known, as of another's proof: both.
 */
export async function spentAddresses(
  db: Database,
  { tenantId, userId }: AccountProfile,
  { amr, spent }: { amr: readonly string[]; spent?: readonly AddressKind[] },
): Promise<readonly AddressKind[]> {
  const isPassword = amr.length === 1 && amr[0] === 'pwd';
  const known = spent ?? (isPassword ? [] : (['email', 'phone'] as const));
  const recoveredBy = isPassword ? await passwordRecoveredBy(db, { tenantId, userId }) : null;
  return recoveredBy === null ? known : [...known, recoveredBy];
}

/**
 * What is needed of this person beside what they have proved, for this application; undefined where nothing is.
 * @param spent the kinds of addresses that prove nothing more, asked where that matters
 */
export async function factorNeedOf(
  web: WebDependencies,
  { params }: Interaction,
  account: AccountProfile,
  spent: () => Promise<readonly AddressKind[]>,
): Promise<(FactorNeed & { isAsked: boolean }) | undefined> {
  const client = await web.provider().Client.find(params.client_id as string);
  const isAsked = await asksForTwoFactors(web.db, params, client);
  const need = await findFactorNeed(web.db, account, { isAsked });
  if (!need) return undefined;
  const canProve =
    need.isEnrolled ||
    (await holdsFactor(web.db, account)) ||
    (await sentCodeChannels(web, account, await spent())).length > 0;
  if (need.isEnrolled || !canProve) return { ...need, isAsked };
  return { isEnrolled: true, postponableUntil: null, isAsked };
}
