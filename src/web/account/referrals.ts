/** A person's own referral code, the link that carries it, and who came by it. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { ensureReferralCode, findOwnReferrals } from '../../domain/referrals/referrals.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { drawPage, leadTo, personOfPage, postedForm } from './account-page.ts';
import type { AccountNav } from './sections.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/referrals': {
      nav: AccountNav;
      /** Absent: the person has none yet. */
      code?: { text: string; isActive: boolean; expiresAt?: Date };
      /** Absent where nobody makes an account here by themselves, or the code counts for nothing. */
      link?: string;
      /** Takes a POST that makes the code. */
      action: string;
      /** The newest first; without `name`, somebody who is gone. */
      referred: { name?: string; status: 'pending' | 'completed_signup' | 'subscription_activated'; at: Date }[];
      /** There are more than these. */
      more: boolean;
    };
  }
}

const page = '/account/referrals';

async function show(ctx: Context, web: WebDependencies): Promise<void> {
  const person = await personOfPage(ctx, web);
  if (!person) return;
  const { tenantId, userId, tenant } = person.profile;
  const { code, referred, more } = await findOwnReferrals(web.db, { tenantId, userId });
  const counts = code?.isActive === true && (code.expiresAt === null || code.expiresAt > new Date());
  const query = new URLSearchParams({ tenant: tenant.slug, prompt: 'create', referral_code: code?.code ?? '' });
  const model = {
    code: code && { text: code.code, isActive: counts, expiresAt: code.expiresAt ?? undefined },
    link: counts && tenant.settings.selfSignUp ? `${web.issuer}/account?${query}` : undefined,
    action: page,
    referred: referred.map(({ fullName, status, createdAt }) => ({
      name: fullName ?? undefined,
      status,
      at: createdAt,
    })),
    more,
  };
  drawPage(ctx, web, person, { section: 'referrals', view: 'account/referrals' }, model);
}

async function makeCode(ctx: Context, web: WebDependencies): Promise<void> {
  const { person } = await postedForm(ctx, web);
  const { tenantId, userId } = person.profile;
  await ensureReferralCode(web.db, { tenantId, userId }, callerOf(ctx, userId));
  leadTo(ctx, page);
}

/** Mounts `/referrals` on the router of the account pages. */
export function mountReferrals(router: Router, web: WebDependencies): void {
  router.get('/referrals', (ctx) => show(ctx, web));
  router.post('/referrals', (ctx) => makeCode(ctx, web));
}
