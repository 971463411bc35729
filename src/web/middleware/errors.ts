/**
 * The edge where errors become answers: a page for a browser, JSON for everything else. A `DomainError` keeps its code,
 * a dead database is 503 with Retry-After, anything else is a bug: 500, a request id for the reader, the detail in the
 * log alone.
 */
import { STATUS_CODES } from 'node:http';
import type { Context, Middleware } from 'koa';
import { statusOfFailure } from '../../management/failure.ts';
import { ValidationError } from '../../management/validate.ts';
import { TooManyRequests } from '../../oidc/storage/stored-requests.ts';
import { isConnectionError } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes, type ErrorParams } from '../../platform/errors.ts';
import type { I18n } from '../../platform/i18n.ts';
import type { Logger } from '../../platform/logger.ts';
import { acceptedLanguages } from '../pages/locale.ts';
import { keptSurroundings, type Pages } from '../pages/pages.ts';
import type { ErrorModel, PageErrorKind } from '../pages/view-models.ts';

export const requestCodes = defineCodes({
  INTERNAL: { kind: 'internal', means: 'a bug of the server; its log has more under the request id' },
  METHOD_NOT_ALLOWED: { kind: 'invalid', means: 'the address takes another HTTP method' },
  SERVICE_UNAVAILABLE: { kind: 'unavailable', params: ['seconds'], means: 'the database does not answer' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof requestCodes> {}
}

const statusOfCode: Partial<Record<DomainError['code'], number>> = {
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  METHOD_NOT_ALLOWED: 405,
};

/** The HTTP status of a domain error. */
export function statusOf(error: Pick<DomainError, 'kind' | 'code'>): number {
  return statusOfCode[error.code] ?? statusOfFailure(error);
}

/** Where the heading of the kind does not say what happened. */
const headingOfCode: Record<string, string> = {
  WRONG_BROWSER: 'errors.error.wrong_browser.heading',
};

interface Answer {
  status: number;
  kind: PageErrorKind;
  code: string;
  params: ErrorParams;
  /** Faults by field, of what programs send. */
  fields?: readonly { field: string; message: string }[];
}

/** Koa and the body parser throw errors with a client's status; those are no bugs of ours. */
function clientStatus(error: unknown): number | undefined {
  const { status, expose } = (error ?? {}) as { status?: unknown; expose?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500 && expose !== false ? status : undefined;
}

function answerTo(error: unknown): Answer {
  if (error instanceof ValidationError)
    return { status: 422, kind: 'invalid', code: error.code, params: error.params, fields: error.fields };
  if (error instanceof DomainError) {
    return { status: statusOf(error), kind: error.kind, code: error.code, params: error.params };
  }
  // Where the library has no page of errors around what it stores: the sessions of nobody.
  if (error instanceof TooManyRequests) {
    const { status, seconds } = error;
    return { status, kind: 'rate_limited', code: 'TOO_MANY_ATTEMPTS', params: { seconds } };
  }
  if (isConnectionError(error)) {
    return { status: 503, kind: 'unavailable', code: 'SERVICE_UNAVAILABLE', params: { seconds: 5 } };
  }
  const status = clientStatus(error);
  if (status === 404) return { status, kind: 'not_found', code: 'NOT_FOUND', params: {} };
  if (status !== undefined) return { status, kind: 'invalid', code: 'INVALID_INPUT', params: {} };
  return { status: 500, kind: 'internal', code: 'INTERNAL', params: {} };
}

/** Writes the answer; used for what is thrown and by the library's own error page. */
export function renderAnswer(ctx: Context, pages: Pages, answer: Answer): void {
  const { status, kind, code, params, fields } = answer;
  // Where it was made before it failed.
  ctx.remove('Location');
  // On the way of machines nobody has asked yet which language is read.
  ctx.state.locale ??= pages.i18n.negotiate(acceptedLanguages(ctx.get('accept-language')));
  ctx.status = status;
  if (status === 429 || status === 503) ctx.set('retry-after', String(params.seconds ?? 5));
  if (!ctx.state.isForMachines && ctx.accepts('json', 'html') === 'html') {
    const seconds = typeof params.seconds === 'number' ? params.seconds : undefined;
    pages.render(
      ctx,
      'errors/error',
      { kind, code, params, heading: headingOfCode[code], retryAfterSeconds: seconds, wayOn: wayOnFrom(ctx, answer) },
      { ...keptSurroundings(ctx), status },
    );
    return;
  }
  const t = messageIn(pages.i18n, ctx);
  ctx.body = {
    statusCode: status,
    error: STATUS_CODES[status],
    message: t(`errors.${code}`, params),
    code,
    ...(fields && { fields }),
    requestId: ctx.state.requestId,
  };
}

/** Links of messages that were used, or that a new one can be asked for in place of. */
const leadsToSignIn = new Set<string>([
  'INVITATION_ACCEPTED',
  'RECOVERY_LINK_EXPIRED',
  'RECOVERY_LINK_INVALID',
  'SAFETY_LINK_EXPIRED',
  'SAFETY_LINK_INVALID',
]);

/** What the reader can do about it. */
function wayOnFrom(ctx: Context, { kind, code }: Answer): ErrorModel['wayOn'] {
  if (kind === 'unauthenticated' || leadsToSignIn.has(code)) return { href: '/account', label: 'sign_in' };
  // The same address with its query, and no path that a stranger made up (`//example.org`) in a link.
  if (kind === 'unavailable' && ctx.method === 'GET') return { href: `?${ctx.querystring}`, label: 'try_again' };
  return { href: '/', label: 'home' };
}

function messageIn(i18n: I18n, ctx: Context): (key: string, params: ErrorParams) => string {
  const t = i18n.translator(ctx.state.locale ?? 'en');
  return (key, params) => t(key, { seconds: 5, ...params });
}

export function handleErrors(pages: Pages, logger: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && ctx.body == null) throw new DomainError('not_found', 'NOT_FOUND');
      // 501 is the router's answer to methods that HTTP does not know.
      if ((ctx.status === 405 || ctx.status === 501) && ctx.body == null)
        throw new DomainError('invalid', 'METHOD_NOT_ALLOWED');
    } catch (error) {
      const answer = answerTo(error);
      if (answer.status >= 500) logger.error({ err: error, requestId: ctx.state.requestId }, 'request failed');
      renderAnswer(ctx, pages, answer);
    }
  };
}
