/**
 * A person's second factors: listed, taken away, and new recovery codes. Each asks for a sign-in that is not older than five
 * minutes. A kind is a row with its words, `account.second_factor.kinds.<kind>`; nothing here knows one.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import {
  findOwnFactors,
  type OwnFactor,
  removeOwnFactor,
  renewOwnRecoveryCodes,
} from '../../domain/safety/change-factors.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { statusOf } from '../middleware/errors.ts';
import { drawPage, freshForm, freshPersonOfPage, leadTo } from './account-page.ts';
import type { AccountNav } from './sections.ts';
import type { ShowSecurity } from './security.ts';
import type { SignedIn } from './signed-in.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/recovery-codes': {
      nav: AccountNav;
      /** How many are left that were made before. */
      left: number;
      /** New ones, which nobody sees again. */
      codes?: string[];
      /** Takes a POST, and makes new ones. */
      action: string;
      backHref: string;
    };
  }
}

const page = '/account/security';
const codesPage = '/account/recovery-codes';

/** What `views/partials/second-factor.ejs` is drawn from. */
export interface SecondFactorModel {
  factors: OwnFactor[];
  /** Absent where nothing is enrolled. */
  codes?: { left: number; href: string };
  /** False where the person has to keep the one that there is. Removing posts `factor`. */
  canRemove: boolean;
  removeAction: string;
  enrolHref: string;
  /** What may be added beside. */
  more: { kind: 'app' | 'key'; href: string }[];
}

/** What the page of the ways to sign in shows of them. */
export async function secondFactorModel(web: WebDependencies, account: AccountProfile): Promise<SecondFactorModel> {
  const { factors, codesLeft, canRemove } = await findOwnFactors(web.db, account);
  return {
    factors,
    codes: factors.length > 0 ? { left: codesLeft, href: codesPage } : undefined,
    canRemove,
    removeAction: '/account/second-factor/remove',
    enrolHref: `${page}/second-factor`,
    more: (['app', 'key'] as const)
      .filter((kind) => kind === 'key' || !factors.some((factor) => factor.kind === 'totp'))
      .map((kind) => ({ kind, href: `${page}/second-factor/${kind}` })),
  };
}

/** The page of the recovery codes: how many are left, or new ones, which nobody sees again. */
export function drawRecoveryCodes(
  ctx: Context,
  web: WebDependencies,
  person: SignedIn,
  codes: { left: number; codes?: string[] },
) {
  const model = { ...codes, action: codesPage, backHref: page };
  drawPage(ctx, web, person, { section: 'security', view: 'account/recovery-codes' }, model);
}

async function showCodes(ctx: Context, web: WebDependencies): Promise<void> {
  const person = await freshPersonOfPage(ctx, web);
  if (!person) return;
  const { factors, codesLeft } = await findOwnFactors(web.db, person.profile);
  if (factors.length === 0) return leadTo(ctx, page);
  drawRecoveryCodes(ctx, web, person, { left: codesLeft });
}

async function renewCodes(ctx: Context, web: WebDependencies): Promise<void> {
  const posted = await freshForm(ctx, web, codesPage);
  if (!posted) return;
  const { tenantId, userId } = posted.person.profile;
  const deps = { secrets: web.secrets, issuer: web.issuer, caller: callerOf(ctx, userId) };
  const codes = await renewOwnRecoveryCodes(web.db, { tenantId, userId }, deps);
  drawRecoveryCodes(ctx, web, posted.person, { left: codes.length, codes });
}

async function remove(ctx: Context, web: WebDependencies, showSecurity: ShowSecurity): Promise<void> {
  const posted = await freshForm(ctx, web, page);
  if (!posted) return;
  const { tenantId, userId } = posted.person.profile;
  const deps = { secrets: web.secrets, issuer: web.issuer, caller: callerOf(ctx, userId) };
  try {
    await removeOwnFactor(web.db, { tenantId, userId, id: posted.form.factor ?? '' }, deps);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'FACTOR_NEEDED') throw error;
    return showSecurity(ctx, posted.person, { error: { code: error.code, params: {} }, status: statusOf(error) });
  }
  leadTo(ctx, `${page}?notice=factor_removed`);
}

/** Mounts `/second-factor/remove` and `/recovery-codes` on the router of the account pages. */
export function mountFactors(router: Router, web: WebDependencies, showSecurity: ShowSecurity): void {
  router.post('/second-factor/remove', (ctx) => remove(ctx, web, showSecurity));
  router.get('/recovery-codes', (ctx) => showCodes(ctx, web));
  router.post('/recovery-codes', (ctx) => renewCodes(ctx, web));
}
