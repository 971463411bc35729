/** The page that says why an identity provider led nowhere, with a way on: back to the sign-in that still waits. */
import type { Context } from 'koa';
import { DomainError } from '../../platform/errors.ts';
import { statusOf } from '../middleware/errors.ts';
import type { Pages, Surroundings } from '../pages/pages.ts';
import type { ErrorModel } from '../pages/view-models.ts';

const codes = new Set<string>([
  'IDENTITY_IN_USE',
  'PROVIDER_ACCOUNT_REFUSED',
  'PROVIDER_CANCELLED',
  'PROVIDER_REFUSED',
  'PROVIDER_UNAVAILABLE',
]);

/** What this page is for; everything else is the error page's. */
export function isProviderFailure(error: unknown): error is DomainError {
  return error instanceof DomainError && codes.has(error.code);
}

export function showProviderFailure(
  ctx: Context,
  pages: Pages,
  { code, kind, params }: DomainError,
  {
    providerName,
    wayOn,
    surroundings,
  }: {
    providerName: string;
    wayOn: ErrorModel['wayOn'];
    surroundings?: Surroundings;
  },
): void {
  if (kind === 'unavailable') ctx.set('retry-after', '5');
  pages.render(
    ctx,
    'errors/error',
    { kind, code, params: { ...params, provider: providerName }, wayOn },
    { ...surroundings, status: statusOf({ kind, code }) },
  );
}
