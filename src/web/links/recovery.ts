/**
 * The page behind a recovery link: a new password for an account of the address. Opening it changes nothing, so a mail
 * scanner may; the form uses the link up. Signs nobody in.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import { findRecovery, recoveryLimits, resetPassword } from '../../domain/recovery/recovery.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume } from '../../platform/rate-limits.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { refusal } from '../interaction/form-refusal.ts';
import { readForm } from '../middleware/body.ts';

/** What the form answers itself; a link that does not work has a page of its own. */
const shownKinds = new Set(['invalid', 'unavailable', 'rate_limited']);

export function recoveryRoutes(web: WebDependencies): Router {
  const router = new Router({ prefix: '/recovery/:token' });

  async function show(ctx: Context, chosen?: string, refused?: DomainError): Promise<void> {
    const { destination, accounts } = await findRecovery(web.db, ctx.params.token as string);
    const { error, status } = refusal(ctx, refused, ({ params }) => String(params.field ?? 'password'));
    web.pages.render(
      ctx,
      'interaction/new-password',
      {
        action: ctx.path,
        accounts: accounts.map(({ userId, tenantName, name }) => ({
          value: userId,
          tenantName,
          accountName: name ?? destination,
        })),
        destination,
        account: accounts.find(({ userId }) => userId === chosen)?.userId,
        error,
      },
      { status },
    );
  }

  router.get('/', async (ctx) => {
    await consume(web.db, recoveryLimits.recoveryLinkPerIp, ctx.ip);
    await show(ctx);
  });

  router.post('/', async (ctx) => {
    const form = await readForm(ctx);
    await consume(web.db, recoveryLimits.recoveryLinkPerIp, ctx.ip);
    const token = ctx.params.token as string;
    try {
      for (const field of ['account', 'password'])
        if (!form[field]?.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field });
      await resetPassword(
        web.db,
        { token, userId: form.account ?? '', password: form.password ?? '', locale: ctx.state.locale ?? 'en' },
        { ...web, caller: callerOf(ctx) },
      );
    } catch (error) {
      if (!(error instanceof DomainError) || !shownKinds.has(error.kind)) throw error;
      return show(ctx, form.account, error);
    }
    web.pages.render(ctx, 'interaction/password-changed', { continueHref: '/account' });
  });

  return router;
}
