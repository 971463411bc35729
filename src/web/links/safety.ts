/**
 * The page behind a link by which a person takes back what was done to their account. Opening it changes nothing, so a mail
 * scanner may; the form uses the link up. Signs nobody in.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import {
  canChooseNewPassword,
  findSafetyLink,
  type SafetyLink,
  safetyLimits,
  useSafetyLink,
} from '../../domain/safety/safety-links.ts';
import type { WebDependencies } from '../interaction/context.ts';
import { countFailures } from '../interaction/count-failures.ts';
import { requestDependencies } from '../interaction/send-once.ts';
import { readForm } from '../middleware/body.ts';
import { keepSurroundings } from '../pages/pages.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'interaction/safety': {
      action: string;
      kind: SafetyLink['kind'];
      address: string;
      tenantName: string;
      renewsPassword: boolean;
    };
    'interaction/safety-done': { address: string; recovery: boolean; signInHref: string };
  }
}

async function show(ctx: Context, web: WebDependencies): Promise<void> {
  const token = ctx.params.token as string;
  const link = await countFailures(ctx, web, safetyLimits.safetyLinkPerIp, () =>
    findSafetyLink(web.db, token, web.secrets),
  );
  const { kind, address, tenant } = link;
  const renewsPassword = canChooseNewPassword(link, web);
  const model = { action: ctx.path, kind, address, tenantName: tenant.name, renewsPassword };
  web.pages.render(ctx, 'interaction/safety', model, { tenant });
}

async function use(ctx: Context, web: WebDependencies): Promise<void> {
  await readForm(ctx);
  const token = ctx.params.token as string;
  const wanted = { token, locale: ctx.state.locale ?? 'en' };
  const { link, recovery } = await countFailures(ctx, web, safetyLimits.safetyLinkPerIp, () =>
    useSafetyLink(web.db, wanted, requestDependencies(ctx, web)),
  );
  const { tenant, address } = link;
  keepSurroundings(ctx, { tenant });
  const model = { address, recovery, signInHref: `/account?${new URLSearchParams({ tenant: tenant.slug })}` };
  web.pages.render(ctx, 'interaction/safety-done', model, { tenant });
}

export function safetyRoutes(web: WebDependencies): Router {
  const router = new Router({ prefix: '/safety/:token' });
  router.get('/', (ctx) => show(ctx, web));
  router.post('/', (ctx) => use(ctx, web));
  return router;
}
