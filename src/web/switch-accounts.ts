/**
 * When another person signs in over a live session, the library ends that session first, by a form that submits itself.
 * This draws the form as a page of ours: in the reader's language, without inline script, with a button.
 */
import type { Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Pages } from './pages.ts';

export function switchAccounts(pages: Pages): Middleware {
  return async (ctx, next) => {
    await next();
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
    const route = oidc?.route;
    const state = oidc?.session?.state as { secret?: string } | undefined;
    const asksToEnd =
      (route === 'resume' || route === 'device_resume' || route === 'end_session') &&
      ctx.status === 200 &&
      typeof ctx.body === 'string' &&
      ctx.body.includes('Submitting Callback') &&
      ctx.body.includes('name="xsrf"');
    if (!asksToEnd || !state?.secret) return;
    pages.render(ctx, 'interaction/switching', {
      formAction: '/logout/confirm',
      fields: [
        { name: 'xsrf', value: state.secret },
        { name: 'logout', value: 'yes' },
      ],
    });
  };
}
