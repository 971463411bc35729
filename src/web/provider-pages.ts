/** The pages that oidc-provider asks for: refused requests, signing out, the device flow. */

import Bowser from 'bowser';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { AccountWithProfile } from '../oidc/account.ts';
import type { ProviderPages } from '../oidc/provider.ts';
import { isConnectionError } from '../platform/database.ts';
import type { ErrorCode } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { HiddenField } from '../platform/views.ts';
import { renderAnswer } from './middleware/errors.ts';
import { clientSurroundings, type Pages, type Surroundings } from './pages.ts';

/** "Firefox on Linux", or undefined for what says nothing. */
export function describeBrowser(userAgent: string | null | undefined): { browser: string; os: string } {
  if (!userAgent) return { browser: '', os: '' };
  const parsed = Bowser.parse(userAgent);
  return { browser: parsed.browser.name ?? '', os: parsed.os.name ?? '' };
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

/** The hidden fields of a form as the library writes it. */
export function hiddenFields(form: string): HiddenField[] {
  return [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']) => ({
      name,
      value: unescapeHtml(value),
    }),
  );
}

/** Where a form as the library writes it goes. */
export function formAction(form: string): string {
  return unescapeHtml(/action="([^"]*)"/.exec(form)?.[1] ?? '');
}

const userCodeErrors: Record<string, ErrorCode> = {
  NoCodeError: 'FIELD_REQUIRED',
  NotFoundError: 'USER_CODE_UNKNOWN',
  ExpiredError: 'USER_CODE_EXPIRED',
  AlreadyUsedError: 'USER_CODE_USED',
  AbortedError: 'ACCESS_DENIED',
};

export function createProviderPages(pages: Pages, logger: Logger): ProviderPages {
  function surroundings({ oidc }: KoaContextWithOIDC): Surroundings {
    const { postLogoutRedirectUri } = (oidc.session?.state ?? {}) as { postLogoutRedirectUri?: string };
    return clientSurroundings(oidc.client, postLogoutRedirectUri);
  }

  function accountOf(ctx: KoaContextWithOIDC): { name: string; email: string } | undefined {
    const profile = (ctx.oidc.account as AccountWithProfile | undefined)?.profile;
    return profile && { name: profile.fullName ?? profile.email ?? '', email: profile.email ?? profile.phone ?? '' };
  }

  return {
    renderError(ctx, out, error) {
      if (isConnectionError(error)) {
        renderAnswer(ctx, pages, {
          status: 503,
          kind: 'unavailable',
          code: 'SERVICE_UNAVAILABLE',
          params: { seconds: 5 },
        });
        return;
      }
      if (out.error === 'server_error') {
        logger.error({ err: error, requestId: ctx.state.requestId }, 'request failed');
        renderAnswer(ctx, pages, { status: 500, kind: 'internal', code: 'INTERNAL', params: {} });
        return;
      }
      const status = Math.max(ctx.status, 400);
      pages.render(
        ctx,
        'errors/error',
        { kind: 'oauth', code: out.error, message: out.error_description, wayOn: { href: '/', label: 'home' } },
        { status },
      );
    },

    logoutSource(ctx, form) {
      pages.render(
        ctx,
        'interaction/sign-out',
        { formAction: formAction(form), fields: hiddenFields(form), account: accountOf(ctx) },
        surroundings(ctx),
      );
    },

    postLogoutSuccessSource(ctx) {
      pages.render(ctx, 'interaction/signed-out', { continueHref: ctx.oidc.client?.clientUri }, surroundings(ctx));
    },

    userCodeInputSource(ctx, form, _out, error) {
      const code = error && (userCodeErrors[error.name] ?? 'INVALID_INPUT');
      const userCode = (error as { userCode?: string } | undefined)?.userCode ?? '';
      pages.render(
        ctx,
        'interaction/device-code',
        {
          action: formAction(form),
          fields: hiddenFields(form),
          userCode,
          error: code && { code, field: 'user_code' },
        },
        { status: error && ctx.status >= 400 ? ctx.status : 200 },
      );
    },

    userCodeConfirmSource(ctx, form, _client, deviceInfo, userCode) {
      const { ip, ua } = deviceInfo as { ip?: string; ua?: string };
      const { browser, os } = describeBrowser(ua);
      pages.render(
        ctx,
        'interaction/device-confirm',
        {
          action: formAction(form),
          fields: hiddenFields(form),
          userCode,
          deviceInfo: { ip, browser: [browser, os].filter(Boolean).join(', ') || undefined },
          abort: true,
        },
        surroundings(ctx),
      );
    },

    successSource(ctx) {
      pages.render(ctx, 'interaction/device-done', {}, surroundings(ctx));
    },
  };
}
