/**
 * The page behind a one-time setup link: the first administrator gives names and a password. The page after it says what next.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import { completeSetup, findSetupLink, setupLimits } from '../../domain/setup/setup-links.ts';
import { findTenantById } from '../../domain/tenants/tenants.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { countFailures } from '../interaction/count-failures.ts';
import { readForm } from '../middleware/body.ts';
import { statusOf } from '../middleware/errors.ts';
import { keepSurroundings } from '../pages/pages.ts';

/** The form's own name for a domain field. */
const fieldNames: Record<string, string> = {
  fullName: 'full_name',
  tenantName: 'tenant_name',
  name: 'tenant_name',
  slug: 'tenant_name',
};

function fieldOf(error: DomainError): string {
  if (error.code.startsWith('PASSWORD_')) return 'password';
  if (error.code.endsWith('_EMAIL') || error.code === 'EMAIL_INVALID') return 'email';
  const field = String(error.params.field ?? 'email');
  return fieldNames[field] ?? field;
}

const nextSteps = '/set-up-done';

/** What comes back into the form. */
function shortened({ email, fullName, tenantName }: { email: string; fullName: string; tenantName: string }) {
  return { email: email.slice(0, 254), fullName: fullName.slice(0, 200), tenantName: tenantName.slice(0, 200) };
}

/** A slug, or what stands for one. */
function slugOf(value: unknown): string {
  return typeof value === 'string' && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value) ? value : 'TENANT';
}

/** Nothing of it is secret: it tells anybody how an administrator goes on. */
function showNextSteps(web: WebDependencies, ctx: Context): void {
  const client = ['--name "My application"', '--kind web', '--first-party'];
  const redirectUri = '--redirect-uri https://app.example.org/callback';
  const invited = [`--tenant ${slugOf(ctx.query.tenant)}`, '--email ada@example.org', '--role member'];
  web.pages.render(ctx, 'interaction/set-up-done', {
    signInHref: '/account',
    commands: {
      application: ['npx gatehouse clients create', ...client, redirectUri],
      people: ['npx gatehouse invitations create', ...invited],
      messages: ['npx gatehouse doctor', '--send-test-mail you@example.org'],
    },
    apiHref: '/api/v1/openapi.json',
    discoveryHref: '/.well-known/openid-configuration',
  });
}

export function setUpRoutes(web: WebDependencies): Router {
  const router = new Router();

  async function show(
    ctx: Context,
    typed: { email: string; fullName: string; tenantName: string },
    refused?: DomainError,
  ): Promise<void> {
    const link = await findSetupLink(web.db, ctx.params.token as string);
    const tenant = link.tenantId ? await findTenantById(web.db, link.tenantId) : undefined;
    keepSurroundings(ctx, { tenant });
    web.pages.render(
      ctx,
      'interaction/set-up',
      {
        action: ctx.path,
        ...typed,
        email: link.email ?? typed.email,
        emailFixed: link.email !== null,
        joins: tenant?.name,
        error: refused && { code: refused.code, params: refused.params, field: fieldOf(refused) },
      },
      { tenant, status: refused ? statusOf(refused) : 200 },
    );
  }

  async function complete(ctx: Context, form: Record<string, string>): Promise<void> {
    const wanted = {
      token: ctx.params.token as string,
      tenantName: form.tenant_name ?? '',
      fullName: form.full_name ?? '',
      email: form.email ?? '',
      password: form.password ?? '',
      locale: ctx.state.locale,
    };
    let made: { tenantSlug: string | undefined };
    try {
      made = await completeSetup(web.db, wanted, { passwords: web.passwords, caller: callerOf(ctx) });
    } catch (error) {
      if (!(error instanceof DomainError) || !['invalid', 'conflict'].includes(error.kind)) throw error;
      return show(ctx, shortened(wanted), error);
    }
    ctx.status = 303;
    ctx.redirect(made.tenantSlug === undefined ? '/account' : `${nextSteps}?tenant=${made.tenantSlug}`);
  }

  router.get('/set-up/:token', async (ctx) => {
    await countFailures(ctx, web, setupLimits.setupLinkPerIp, () =>
      show(ctx, { email: '', fullName: '', tenantName: '' }),
    );
  });

  router.post('/set-up/:token', async (ctx) => {
    const form = await readForm(ctx);
    await countFailures(ctx, web, setupLimits.setupLinkPerIp, () => complete(ctx, form));
  });

  router.get(nextSteps, (ctx) => showNextSteps(web, ctx));
  return router;
}
