/** How a refused form is shown again: which refusals the page answers itself, at which field, with which status. */
import type { Context } from 'koa';
import { DomainError } from '../../platform/errors.ts';
import { statusOf } from '../middleware/errors.ts';
import type { FormError } from '../pages/form-model.ts';

const shownKinds = new Set(['unauthenticated', 'rate_limited', 'unavailable', 'invalid', 'expired']);
/** The interaction, not the form. */
const ofTheInteraction = new Set(['INTERACTION_EXPIRED', 'PAGE_EXPIRED']);

/** What a page with a form can answer itself; everything else is the error page's. */
export function isShownOnForm(error: unknown): error is DomainError {
  return error instanceof DomainError && shownKinds.has(error.kind) && !ofTheInteraction.has(error.code);
}

/**
 * The page's share of a refusal. Says in a header when to come again.
 * @param fieldOf the input at fault: a name for all refusals, or by the refusal
 */
export function refusal(
  ctx: Context,
  error: DomainError | undefined,
  fieldOf: string | ((error: DomainError) => string),
): { error?: FormError; status: number } {
  if (!error) return { status: 200 };
  if (error.kind === 'rate_limited' || error.kind === 'unavailable')
    ctx.set('retry-after', String(error.params.seconds ?? 5));
  const field = typeof fieldOf === 'string' ? fieldOf : fieldOf(error);
  return { error: { code: error.code, params: error.params, field }, status: statusOf(error) };
}
