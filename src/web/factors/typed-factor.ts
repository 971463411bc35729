/** The page that asks for a second factor which is typed: a code of an app, a recovery code. */
import type { Context } from 'koa';
import type { SecondFactor } from '../../domain/factors/second-factor.ts';
import type { DomainError } from '../../platform/errors.ts';
import { refusal } from '../interaction/form-refusal.ts';
import type { StepHandlers } from '../interaction/visit.ts';
import type { FormModel } from '../pages/form-model.ts';
import {
  answerFactor,
  beginFactor,
  type FactorSurroundings,
  type FactorVisit,
  factorSurroundings,
} from './answer-factor.ts';
import type { PendingFactor } from './pending-factor.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Posts `code`. `kind` chooses the words. */
    'interaction/factor': FormModel & FactorSurroundings & { kind: 'totp' | 'recovery_code'; action: string };
  }
}

interface TypedFactor {
  kind: 'totp' | 'recovery_code';
  factor: SecondFactor;
}

async function draw(
  ctx: Context,
  visit: FactorVisit,
  { kind }: TypedFactor,
  pending: PendingFactor,
  refused?: DomainError,
): Promise<void> {
  const { web, href, surroundings } = visit;
  const { error, status } = refusal(ctx, refused, 'code');
  const model = { kind, action: href, error, ...(await factorSurroundings(visit, pending, kind)) };
  web.pages.render(ctx, 'interaction/factor', model, { ...surroundings, status });
}

/** The steps of a factor that is typed. */
export function typedFactor(typed: TypedFactor): StepHandlers<'restart'> {
  return {
    async show(ctx, visit) {
      const pending = await beginFactor(ctx, visit);
      if (pending) await draw(ctx, visit, typed, pending);
    },
    async submit(ctx, visit) {
      const pending = await beginFactor(ctx, visit);
      if (!pending) return;
      await answerFactor(ctx, visit, { factor: typed.factor, pending, field: 'code' }, (refused) =>
        draw(ctx, visit, typed, pending, refused),
      );
    },
  };
}
