/**
 * One answer to the question for a second factor, whatever its kind: typed, signed or sent. Refuses who has not proved a first
 * factor. Says no more than that there is one more step: no address, no name, and not how many codes are left.
 */
import type { Context } from 'koa';
import { proveFactor } from '../../domain/factors/prove-factor.ts';
import { factorLimits, type SecondFactor } from '../../domain/factors/second-factor.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume } from '../../platform/rate-limits.ts';
import { callerOf, toDispatcher } from '../interaction/context.ts';
import { isShownOnForm } from '../interaction/form-refusal.ts';
import { followFinished } from '../interaction/proof.ts';
import type { Visit } from '../interaction/visit.ts';
import { acceptSecondFactor, type PendingFactor, pendingFactor } from './pending-factor.ts';
import { rememberDays } from './remembered-browser.ts';
import type { FactorLink } from './web-second-factor.ts';

export type FactorVisit = Visit<'restart'>;
/** A kind that may turn out not to be there, and leads back to those that are. */
export type OptionalFactorVisit = Visit<'ask' | 'restart'>;

/** Who is asked; undefined where there is nothing to prove. */
export async function beginFactor(ctx: Context, visit: FactorVisit): Promise<PendingFactor | undefined> {
  const pending = await pendingFactor(ctx, visit.web, visit);
  if (pending?.need?.isEnrolled) return pending;
  toDispatcher(ctx, visit.interaction.uid);
  return undefined;
}

/** What every page that asks for a factor offers beside it. */
export interface FactorSurroundings {
  /** What else could be proved. */
  others: FactorLink[];
  /** To the first factor, as somebody else. */
  restartHref: string;
  /** For how many days the browser may be remembered; the form posts `remember`. Absent: not at all. */
  rememberDays?: number;
}

export async function factorSurroundings(
  visit: FactorVisit,
  pending: PendingFactor,
  kind: string,
): Promise<FactorSurroundings> {
  const others = (await visit.factors(pending)).filter((other) => other.kind !== kind);
  // A recovery code is for one who has lost something: nothing rests on it but this sign-in.
  const days = kind === 'recovery_code' ? undefined : rememberDays(pending.account);
  return { others, restartHref: visit.links.restart, rememberDays: days };
}

/** Proves the factor by the answer of the form, and ends the interaction. @param draw the page again, with why not */
export async function answerFactor(
  ctx: Context,
  visit: FactorVisit,
  { factor, pending, field }: { factor: Pick<SecondFactor, 'kind' | 'prove'>; pending: PendingFactor; field: string },
  draw: (refused: DomainError) => void | Promise<void>,
): Promise<void> {
  const { web, interaction, form } = visit;
  const { tenantId, userId } = pending.account;
  let amr: string[];
  try {
    const answer = form[field] ?? '';
    if (!answer.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field });
    await consume(web.db, factorLimits.factorEntriesPerIp, ctx.ip);
    const deps = { secrets: web.secrets, issuer: web.issuer, interactionUid: interaction.uid };
    const caller = callerOf(ctx, userId);
    amr = await proveFactor(web.db, { user: { tenantId, userId }, factor, answer }, { ...deps, caller });
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    const isUsed = error.code === 'FACTOR_INVALID' || error.code === 'CODE_EXPIRED';
    if (isUsed && (await followFinished(ctx, web, interaction))) return;
    web.metrics.countSignIn(factor.kind, 'refused');
    return draw(error);
  }
  web.metrics.countSignIn(factor.kind, 'succeeded');
  const remember = form.remember === 'on' && factor.kind !== 'recovery_code';
  await acceptSecondFactor(ctx, web, pending, { amr, remember });
}
