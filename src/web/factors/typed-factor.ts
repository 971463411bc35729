/**
 * The page that asks for a second factor which is typed: a code of an app, a recovery code. Says no more than that there is one
 * more step: no address, no name, and not how many codes are left. Refuses who has not proved a first factor.
 */
import type { Context } from 'koa';
import { proveFactor } from '../../domain/factors/prove-factor.ts';
import { factorLimits, type SecondFactor } from '../../domain/factors/second-factor.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume } from '../../platform/rate-limits.ts';
import { callerOf, toDispatcher } from '../interaction/context.ts';
import { isShownOnForm, refusal } from '../interaction/form-refusal.ts';
import { followFinished } from '../interaction/proof.ts';
import type { StepHandlers, Visit } from '../interaction/visit.ts';
import type { FormModel } from '../pages/form-model.ts';
import { acceptSecondFactor, type PendingFactor, pendingFactor } from './pending-factor.ts';
import type { FactorLink } from './web-second-factor.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Posts `code`. `kind` chooses the words. */
    'interaction/factor': FormModel & {
      kind: 'totp' | 'recovery_code';
      action: string;
      /** What else could be proved. */
      others: FactorLink[];
      /** To the first factor, as somebody else. */
      restartHref: string;
    };
  }
}

type FactorVisit = Visit<'restart'>;

interface TypedFactor {
  kind: 'totp' | 'recovery_code';
  factor: SecondFactor;
}

async function draw(
  ctx: Context,
  visit: FactorVisit,
  { kind }: TypedFactor,
  { account }: PendingFactor,
  refused?: DomainError,
): Promise<void> {
  const { web, href, links, surroundings } = visit;
  const { error, status } = refusal(ctx, refused, 'code');
  const others = (await visit.factors(account)).filter((other) => other.kind !== kind);
  const model = { kind, action: href, others, restartHref: links.restart, error };
  web.pages.render(ctx, 'interaction/factor', model, { ...surroundings, status });
}

/** Undefined where there is nothing to prove. */
async function begin(ctx: Context, visit: FactorVisit): Promise<PendingFactor | undefined> {
  const pending = await pendingFactor(ctx, visit.web, visit);
  if (pending?.need?.isEnrolled) return pending;
  toDispatcher(ctx, visit.interaction.uid);
  return undefined;
}

async function prove(
  ctx: Context,
  { web, form }: FactorVisit,
  { factor }: TypedFactor,
  { account }: PendingFactor,
): Promise<string[]> {
  if (!form.code?.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'code' });
  await consume(web.db, factorLimits.factorEntriesPerIp, ctx.ip);
  const { tenantId, userId } = account;
  const proof = { user: { tenantId, userId }, factor, answer: form.code };
  return proveFactor(web.db, proof, { secrets: web.secrets, caller: callerOf(ctx, userId) });
}

/** The steps of a factor that is typed. */
export function typedFactor(typed: TypedFactor): StepHandlers<'restart'> {
  return {
    async show(ctx, visit) {
      const pending = await begin(ctx, visit);
      if (pending) await draw(ctx, visit, typed, pending);
    },
    async submit(ctx, visit) {
      const { web, interaction } = visit;
      const pending = await begin(ctx, visit);
      if (!pending) return;
      let amr: string[];
      try {
        amr = await prove(ctx, visit, typed, pending);
      } catch (error) {
        if (!isShownOnForm(error)) throw error;
        if (error.code === 'FACTOR_INVALID' && (await followFinished(ctx, web, interaction))) return;
        web.metrics.countSignIn(typed.factor.kind, 'refused');
        return draw(ctx, visit, typed, pending, error);
      }
      web.metrics.countSignIn(typed.factor.kind, 'succeeded');
      await acceptSecondFactor(ctx, web, pending, amr);
    },
  };
}
