/**
 * Owns the choice of the reader's language: `?lang=`, then the cookie of an earlier choice, then the
 * browser's Accept-Language, then the default. Whatever is malformed counts as absent; nothing here throws.
 */

import type { Context, Middleware } from 'koa';
import type { I18n } from '../../platform/i18n.ts';
import type { PageContext } from './view-models.ts';

export const localeCookie = 'gh_locale';

const yearMs = 365 * 24 * 60 * 60 * 1000;

/** Sets `ctx.state.locale`. A choice made with `?lang=` is remembered for a year. */
export function locale(i18n: I18n): Middleware {
  return async (ctx, next) => {
    const chosen = supported(i18n, first(ctx.query.lang));
    if (chosen) {
      ctx.cookies.set(localeCookie, chosen, {
        httpOnly: true,
        sameSite: 'lax',
        maxAge: yearMs,
        signed: false,
        overwrite: true,
      });
    }
    ctx.state.locale =
      chosen ??
      supported(i18n, ctx.cookies.get(localeCookie, { signed: false })) ??
      i18n.negotiate(acceptedLanguages(ctx.get('accept-language')));
    await next();
  };
}

/**
 * The page at hand in each language, for the links at its foot. The links consist of a query alone:
 * the browser keeps the path, so that no path that a stranger made up (`//example.org`) gets into a link.
 */
export function localeLinks(i18n: I18n, ctx: Context): PageContext['localeLinks'] {
  return i18n.locales.map(({ code, name }) => {
    const query = new URLSearchParams(ctx.querystring);
    query.set('lang', code);
    return { code, name, href: `?${query}`, current: code === ctx.state.locale };
  });
}

/**
 * The languages of an Accept-Language header in order of preference (RFC 9110, 12.5.4), those refused
 * by `q=0` and the wildcard left out. At most 20 are read.
 */
export function acceptedLanguages(header: string): string[] {
  return header
    .slice(0, 1000)
    .split(',', 20)
    .map((part) => {
      const [range = '', ...params] = part.split(';').map((piece) => piece.trim());
      const weight = params.find((param) => /^q=/i.test(param))?.slice(2);
      return { range, weight: weight === undefined ? 1 : /^(0|1)(\.\d{0,3})?$/.test(weight) ? Number(weight) : 0 };
    })
    .filter(({ range, weight }) => /^[a-z]{1,8}(-[a-z0-9]{1,8})*$/i.test(range) && weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ range }) => range);
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** The supported locale that this exact value names, in our spelling; undefined for anything else. */
function supported(i18n: I18n, value: string | undefined): string | undefined {
  return i18n.locales.find(({ code }) => code.toLowerCase() === value?.toLowerCase())?.code;
}
