/** The pages that oidc-provider asks for: refused requests, signing out, the device flow. */

import type { KoaContextWithOIDC } from 'oidc-provider';
import { findClient } from '../../domain/clients/client-store.ts';
import { findTenantById } from '../../domain/tenants/tenants.ts';
import { type AccountProfile, findAccount } from '../../domain/users/users.ts';
import { formAction, hiddenFields, interactionFault, type UserCodeFault } from '../../oidc/library-texts.ts';
import type { ProviderPages } from '../../oidc/provider.ts';
import { memoryOf } from '../../oidc/request-memory.ts';
import { TooManyRequests } from '../../oidc/storage/stored-requests.ts';
import { type Database, isConnectionError } from '../../platform/database.ts';
import { describeBrowser } from '../../platform/describe-browser.ts';
import type { ErrorCode } from '../../platform/errors.ts';
import { type Codes, defineCodes } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { renderAnswer } from '../middleware/errors.ts';
import { applyUiLocales, clientSurroundings, type Pages, type Surroundings } from '../pages/pages.ts';
import type { ErrorModel } from '../pages/view-models.ts';

export const providerPageCodes = defineCodes({
  PAGE_EXPIRED: { kind: 'page', means: 'the form was open too long, or was sent before' },
  USER_CODE_EXPIRED: { kind: 'page', means: 'the code that the device shows is too old' },
  USER_CODE_UNKNOWN: { kind: 'page', means: 'the device shows another code' },
  USER_CODE_USED: { kind: 'page', means: 'the code that the device shows was used already' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof providerPageCodes> {}
}

const userCodeErrors: Record<Exclude<UserCodeFault, 'AbortedError'>, ErrorCode> = {
  SessionNotFound: 'INTERACTION_EXPIRED',
  NoCodeError: 'FIELD_REQUIRED',
  NotFoundError: 'USER_CODE_UNKNOWN',
  ExpiredError: 'USER_CODE_EXPIRED',
  AlreadyUsedError: 'USER_CODE_USED',
};

interface Drawing {
  db: Database;
  pages: Pages;
  logger: Logger;
}

/** The client's, with the tenant that it belongs to. */
async function surroundings(db: Database, { oidc }: KoaContextWithOIDC): Promise<Surroundings> {
  const { postLogoutRedirectUri } = (oidc.session?.state ?? {}) as { postLogoutRedirectUri?: string };
  const tenantId = oidc.client?.tenant_id;
  const tenant = typeof tenantId === 'string' ? await findTenantById(db, tenantId) : undefined;
  return { tenant, ...clientSurroundings(oidc.client, postLogoutRedirectUri) };
}

/** Whose browser this is. */
async function personOf(db: Database, ctx: KoaContextWithOIDC): Promise<AccountProfile | undefined> {
  const { accountId } = ctx.oidc.session ?? (await ctx.oidc.provider.Session.get(ctx));
  return accountId ? findAccount(db, accountId) : undefined;
}

/** Where the tenant is whose application asks here, as it did before; undefined: it has not moved. */
async function movedTo(db: Database, ctx: KoaContextWithOIDC): Promise<string | undefined> {
  const clientId = ctx.oidc?.params?.client_id ?? ctx.query.client_id;
  // Anything may stand there; what is no identifier is not asked for.
  if (typeof clientId !== 'string' || !/^[!-~]{1,250}$/.test(clientId)) return undefined;
  const client = await findClient(db, clientId);
  const tenant = client?.tenantId ? await findTenantById(db, client.tenantId) : undefined;
  return tenant?.movedTo ?? undefined;
}

function errorPage({ db, pages, logger }: Drawing): ProviderPages['renderError'] {
  return async (ctx, out, error) => {
    ctx.remove('Location');
    // Of a session that is not there; the browser keeps the one that it has.
    if (memoryOf(ctx).sessionIsLost) ctx.remove('Set-Cookie');
    if (isConnectionError(error))
      return renderAnswer(ctx, pages, {
        status: 503,
        kind: 'unavailable',
        code: 'SERVICE_UNAVAILABLE',
        params: { seconds: 5 },
      });
    if (out.error === 'server_error') {
      logger.error({ err: error, requestId: ctx.state.requestId }, 'request failed');
      return renderAnswer(ctx, pages, { status: 500, kind: 'internal', code: 'INTERNAL', params: {} });
    }
    if (error instanceof TooManyRequests)
      return renderAnswer(ctx, pages, {
        status: 429,
        kind: 'rate_limited',
        code: 'TOO_MANY_ATTEMPTS',
        params: { seconds: error.seconds },
      });
    const status = Math.max(ctx.status, 400);
    // The way back led to what is over, or two tabs were in each other's way: no fault of an application.
    const fault = interactionFault(error);
    if (fault) {
      const code =
        fault === 'ended'
          ? ({ kind: 'conflict', code: 'INTERACTION_NOT_FOUND' } as const)
          : ({ kind: 'expired', code: 'INTERACTION_EXPIRED' } as const);
      return renderAnswer(ctx, pages, { ...code, status, params: {} });
    }
    const issuer = out.error === 'invalid_client' ? await movedTo(db, ctx).catch(() => undefined) : undefined;
    if (issuer !== undefined)
      return renderAnswer(ctx, pages, { status: 409, kind: 'conflict', code: 'TENANT_MOVED', params: { issuer } });
    const model: ErrorModel =
      ctx.oidc?.route === 'end_session_confirm'
        ? { kind: 'expired', code: 'PAGE_EXPIRED', wayOn: { href: '/logout', label: 'try_again' } }
        : { kind: 'oauth', code: out.error, message: out.error_description, wayOn: { href: '/', label: 'home' } };
    // The page of a fault must not fail: without the database it has the server's own look.
    const around = ctx.oidc ? await surroundings(db, ctx).catch(() => ({})) : {};
    pages.render(ctx, 'errors/error', model, { ...around, status });
  };
}

/**
 * Whether the application has shown, by an id_token that the library has verified, that it means the person and the session of
 * this browser (OpenID Connect RP-Initiated Logout 1.0 section 2). Without that anybody's link could sign a person out.
 */
function isNamedByHint({ oidc }: KoaContextWithOIDC): boolean {
  const { client, session } = oidc;
  const hint = (oidc.entities.IdTokenHint as { payload?: { sub?: unknown; sid?: unknown } } | undefined)?.payload;
  if (!hint || !client || !session?.accountId || hint.sub !== session.accountId) return false;
  // Looked up here: the session's own functions would write down an application that they do not know.
  const signedInTo = session.authorizations?.[client.clientId];
  return signedInTo !== undefined && (hint.sid === undefined || hint.sid === signedInTo.sid);
}

function signOutPage({ db, pages }: Drawing): ProviderPages['logoutSource'] {
  return async (ctx, form) => {
    applyUiLocales(ctx, pages.i18n, ctx.oidc.params?.ui_locales);
    const person = await personOf(db, ctx);
    const around = { ...(await surroundings(db, ctx)), ...(person && { tenant: person.tenant }) };
    const fields = hiddenFields(form);
    if (isNamedByHint(ctx)) {
      const confirmed = [...fields, { name: 'logout', value: 'yes' }];
      const model = { formAction: formAction(form), fields: confirmed, signsOut: true };
      return pages.render(ctx, 'interaction/switching', model, around);
    }
    const account = person && {
      name: person.fullName ?? person.email ?? '',
      email: person.email ?? person.phone ?? '',
    };
    pages.render(ctx, 'interaction/sign-out', { formAction: formAction(form), fields, account }, around);
  };
}

function signedOutPage({ db, pages }: Drawing): ProviderPages['postLogoutSuccessSource'] {
  return async (ctx) => {
    const stayed = (await personOf(db, ctx)) !== undefined;
    const continueHref = ctx.oidc.client?.clientUri ?? (stayed ? '/account' : undefined);
    pages.render(ctx, 'interaction/signed-out', { continueHref, stayed }, await surroundings(db, ctx));
  };
}

function deviceCodePage(drawing: Drawing): ProviderPages['userCodeInputSource'] {
  const { pages } = drawing;
  const showError = errorPage(drawing);
  return (ctx, form, out, error) => {
    // No fault of a code that was typed, and another code would meet it as well.
    if (out && error && (out.error === 'server_error' || error instanceof TooManyRequests))
      return showError(ctx, out, error);
    const fault = error?.name as UserCodeFault | undefined;
    if (fault === 'AbortedError') return pages.render(ctx, 'interaction/device-done', { cancelled: true });
    const code = fault && (userCodeErrors[fault] ?? 'INVALID_INPUT');
    const userCode = (error as { userCode?: string } | undefined)?.userCode ?? '';
    pages.render(
      ctx,
      'interaction/device-code',
      { action: formAction(form), fields: hiddenFields(form), userCode, error: code && { code, field: 'user_code' } },
      { status: error && ctx.status >= 400 ? ctx.status : 200 },
    );
  };
}

function deviceConfirmPage({ db, pages }: Drawing): ProviderPages['userCodeConfirmSource'] {
  return async (ctx, form, _client, deviceInfo, userCode) => {
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
      await surroundings(db, ctx),
    );
  };
}

export function createProviderPages(db: Database, pages: Pages, logger: Logger): ProviderPages {
  const drawing = { db, pages, logger };
  return {
    renderError: errorPage(drawing),
    logoutSource: signOutPage(drawing),
    postLogoutSuccessSource: signedOutPage(drawing),
    userCodeInputSource: deviceCodePage(drawing),
    userCodeConfirmSource: deviceConfirmPage(drawing),
    async successSource(ctx) {
      pages.render(ctx, 'interaction/device-done', {}, await surroundings(db, ctx));
    },
  };
}
