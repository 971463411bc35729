/**
 * Draws the hosted pages: gathers what surrounds a page (language, tenant, application, request id) and sets status,
 * type and policy. Handlers give the view's own model and nothing else.
 */
import type { Context } from 'koa';
import type { Tenant } from '../domain/tenants/tenants.ts';
import type { I18n } from '../platform/i18n.ts';
import type { PageContext, ViewModels, ViewName, Views } from '../platform/views.ts';
import { localeLinks } from './middleware/locale.ts';
import { allowFormAction } from './middleware/security-headers.ts';

/** What a handler knows of the page's surroundings. */
export interface Surroundings {
  tenant?: Tenant | null;
  client?: PageContext['client'];
  theme?: PageContext['theme'];
  timeZone?: string;
  /** Addresses that the answer to this page's form may redirect to, beside our own. */
  formRedirects?: string[];
  status?: number;
}

export interface Pages {
  i18n: I18n;
  render<V extends ViewName>(ctx: Context, view: V, model: ViewModels[V], surroundings?: Surroundings): void;
}

export function createPages({ views, i18n }: { views: Views; i18n: I18n }): Pages {
  return {
    i18n,
    render(ctx, view, model, surroundings = {}) {
      const { tenant, client, theme, timeZone, formRedirects, status } = surroundings;
      const branding = tenant?.settings.branding;
      const page: PageContext = {
        locale: ctx.state.locale ?? 'en',
        localeLinks: localeLinks(i18n, ctx),
        theme: theme ?? 'system',
        tenant: tenant
          ? {
              name: tenant.name,
              logoUrl: branding?.logoUrl ?? undefined,
              accentColor: branding?.accentColor ?? undefined,
            }
          : null,
        client: client ?? null,
        requestId: ctx.state.requestId,
        timeZone,
      };
      const html = views.render(view, page, model);
      if (formRedirects?.length) allowFormAction(ctx, formRedirects);
      ctx.status = status ?? 200;
      ctx.type = 'html';
      ctx.body = html;
    },
  };
}

/** Sets the language that a relying party asked for, unless the reader has chosen one (OpenID Connect `ui_locales`). */
export function applyUiLocales(ctx: Context, i18n: I18n, uiLocales: unknown): void {
  if (typeof uiLocales !== 'string' || ctx.query.lang !== undefined || ctx.cookies.get('gh_locale', { signed: false }))
    return;
  ctx.state.locale = i18n.negotiate(uiLocales.split(' ').slice(0, 20));
}
