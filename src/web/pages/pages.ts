/**
 * Draws the hosted pages: gathers what surrounds a page (language, tenant, application, request id) and sets status,
 * type and policy. Handlers give the view's own model and nothing else.
 */
import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { brandOf } from '../../domain/tenants/tenant-settings.ts';
import type { Tenant } from '../../domain/tenants/tenants.ts';
import { accountClientId } from '../../oidc/account-client.ts';
import type { Brand } from '../../platform/brand.ts';
import type { I18n } from '../../platform/i18n.ts';
import { localeLinks } from './locale.ts';
import { allowFormAction } from './security-headers.ts';
import type { PageContext, ViewModels, ViewName } from './view-models.ts';
import type { Views } from './views.ts';

/** What a handler knows of the page's surroundings. */
export interface Surroundings {
  tenant?: Pick<Tenant, 'name' | 'settings'> | null;
  client?: PageContext['client'];
  theme?: PageContext['theme'];
  timeZone?: string;
  /** The page is a picture of itself (PageContext). */
  still?: boolean;
  /** Addresses that the answer to this page's form may redirect to, beside our own. */
  formRedirects?: string[];
  status?: number;
}

export interface Pages {
  i18n: I18n;
  render<V extends ViewName>(ctx: Context, view: V, model: ViewModels[V], surroundings?: Surroundings): void;
}

/** @param options.brand the server's own look */
export function createPages({ views, i18n, brand }: { views: Views; i18n: I18n; brand: Brand }): Pages {
  return {
    i18n,
    render(ctx, view, model, surroundings = {}) {
      const { tenant, client, theme, timeZone, still, formRedirects, status } = surroundings;
      const page: PageContext = {
        locale: ctx.state.locale ?? 'en',
        localeLinks: localeLinks(i18n, ctx),
        theme: theme ?? 'system',
        server: brand,
        tenant: tenant ? brandOf(tenant) : null,
        client: client ?? null,
        requestId: ctx.state.requestId,
        timeZone,
        still,
      };
      const html = views.render(view, page, model);
      if (formRedirects?.length) allowFormAction(ctx, formRedirects);
      ctx.status = status ?? 200;
      ctx.type = 'html';
      ctx.body = html;
    },
  };
}

/** Remembers what surrounds the pages of this request, so that an error which ends it is told in the same look. */
export function keepSurroundings(ctx: Context, { tenant, client, theme, timeZone }: Surroundings): void {
  ctx.state.surroundings = { tenant, client, theme, timeZone } satisfies Surroundings;
}

/** What the request's pages had around them before it failed; empty where it was refused earlier. */
export function keptSurroundings(ctx: Context): Surroundings {
  return (ctx.state.surroundings as Surroundings | undefined) ?? {};
}

/**
 * The application that a page belongs to, and where the page's forms may lead: to every address that it registered,
 * `redirectUri` first. Browsers hold the whole chain of redirects against form-action, and a callback often redirects
 * on within the application.
 */
export function clientSurroundings(
  client: KoaContextWithOIDC['oidc']['client'],
  redirectUri?: unknown,
): Pick<Surroundings, 'client' | 'formRedirects'> {
  if (!client) return {};
  const { clientId, clientName, clientUri, logoUri, policyUri, tosUri } = client;
  const registered = [redirectUri, clientUri, ...(client.redirectUris ?? []), ...(client.postLogoutRedirectUris ?? [])];
  return {
    client: clientId === accountClientId ? null : { name: clientName ?? clientId, logoUri, policyUri, tosUri },
    formRedirects: registered.filter((uri) => typeof uri === 'string').slice(0, 20),
  };
}

/** Sets the language that a relying party asked for, unless the reader has chosen one (OpenID Connect `ui_locales`). */
export function applyUiLocales(ctx: Context, i18n: I18n, uiLocales: unknown): void {
  if (typeof uiLocales !== 'string' || ctx.query.lang !== undefined || ctx.cookies.get('gh_locale', { signed: false }))
    return;
  ctx.state.locale = i18n.negotiate(uiLocales.split(' ').slice(0, 20));
}
