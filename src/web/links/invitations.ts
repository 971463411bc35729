/**
 * The page of an invitation: who invites to what, and the form that accepts. Opening it changes nothing, so a mail scanner
 * may. What is accepted comes from the invitation's row; the form gives a new person's name and password and no more.
 * Signs nobody in.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import {
  acceptInvitation,
  findInvitation,
  findInvitationElsewhere,
  invitationLinkLimits,
} from '../../domain/invitations/invitations.ts';
import { findTenantById } from '../../domain/tenants/tenants.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { countFailures } from '../interaction/count-failures.ts';
import { refusal } from '../interaction/form-refusal.ts';
import { readForm } from '../middleware/body.ts';
import { keepSurroundings } from '../pages/pages.ts';

/** What the form answers itself; an invitation that cannot be accepted has a page of its own. */
const shownKinds = new Set(['invalid', 'unavailable', 'rate_limited']);

function fieldOf({ code, params }: DomainError): string {
  return code.startsWith('PASSWORD_') || params.field === 'password' ? 'password' : 'full_name';
}

export function invitationRoutes(web: WebDependencies): Router {
  const router = new Router({ prefix: '/invitations/:token' });

  async function show(ctx: Context, fullName: string, refused?: DomainError): Promise<void> {
    const found = await findInvitation(web.db, ctx.params.token as string, web);
    const { error, status } = refusal(ctx, refused, fieldOf);
    const { tenantId, settings, inviterName, ...shown } = found;
    const tenant = { name: found.tenantName, settings };
    keepSurroundings(ctx, { tenant });
    web.pages.render(
      ctx,
      'interaction/invitation',
      { ...shown, action: ctx.path, inviterName: inviterName ?? undefined, fullName, error },
      { tenant, status },
    );
  }

  async function accept(ctx: Context, form: Record<string, string>): Promise<void> {
    const { full_name: fullName = '', password } = form;
    let accepted: Awaited<ReturnType<typeof acceptInvitation>>;
    try {
      accepted = await acceptInvitation(
        web.db,
        { token: ctx.params.token as string, fullName, password, locale: ctx.state.locale ?? 'en' },
        { ...web, caller: callerOf(ctx) },
      );
    } catch (error) {
      if (!(error instanceof DomainError) || !shownKinds.has(error.kind)) throw error;
      return show(ctx, fullName.slice(0, 200), error);
    }
    const { tenantId, tenantName, role, place, created } = accepted;
    web.pages.render(
      ctx,
      'interaction/invitation-accepted',
      { tenantName, role, place, created, continueHref: '/account' },
      { tenant: await findTenantById(web.db, tenantId) },
    );
  }

  router.get('/', async (ctx) => {
    const token = ctx.params.token as string;
    const issuer = await findInvitationElsewhere(web.db, token);
    if (issuer !== undefined) {
      ctx.status = 303;
      ctx.redirect(`${issuer}/invitations/${encodeURIComponent(token)}`);
      return;
    }
    await countFailures(ctx, web, invitationLinkLimits.invitationLinkPerIp, () => show(ctx, ''));
  });

  router.post('/', async (ctx) => {
    const form = await readForm(ctx);
    await countFailures(ctx, web, invitationLinkLimits.invitationLinkPerIp, () => accept(ctx, form));
  });

  return router;
}
