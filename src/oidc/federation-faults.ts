/**
 * What can go wrong with an identity provider, as one of three: the person went back, the provider is away, its answer is
 * not to be trusted. The reason is for the log alone.
 */
import * as openid from 'openid-client';
import { DomainError, type KindOf } from '../platform/errors.ts';
import { OutboundError } from '../platform/network/outbound.ts';

/** A rule of ours that an answer broke; the reason is for the log. */
export class ProviderFault extends Error {}

export interface Fault {
  kind: KindOf<Fault['code']>;
  code: 'PROVIDER_CANCELLED' | 'PROVIDER_REFUSED' | 'PROVIDER_UNAVAILABLE';
  reason: string;
}

const refused = (reason: string): Fault => ({ kind: 'invalid', code: 'PROVIDER_REFUSED', reason });
const unavailable = (reason: string): Fault => ({ kind: 'unavailable', code: 'PROVIDER_UNAVAILABLE', reason });

/** Answers that are no answers: an error page, a body cut short. */
const nonsense = new Set(['OAUTH_RESPONSE_IS_NOT_JSON', 'OAUTH_PARSE_ERROR', 'OAUTH_TIMEOUT', 'OAUTH_ABORT']);

/**
 * Errors by which a provider says that the person did not go through with it there: of OAuth 2.0 (RFC 6749 section 4.1.2.1),
 * of OpenID Connect (Core section 3.1.2.6), and those that Apple and LinkedIn made up for it.
 */
const cancelled = new Set([
  'access_denied',
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'login_required',
  'user_cancelled_authorize',
  'user_cancelled_login',
]);

/** Which of the three it is, whatever was thrown. */
export function faultOf(error: unknown): Fault {
  if (error instanceof DomainError || error instanceof ProviderFault) return refused(error.message);
  if (error instanceof openid.AuthorizationResponseError) {
    const reason = `authorization: ${error.error.slice(0, 100)}`;
    if (cancelled.has(error.error)) return { kind: 'unauthenticated', code: 'PROVIDER_CANCELLED', reason };
    return ['server_error', 'temporarily_unavailable'].includes(error.error) ? unavailable(reason) : refused(reason);
  }
  if (error instanceof openid.ResponseBodyError) return refused(`${error.status} ${error.error.slice(0, 100)}`);
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if (cause instanceof OutboundError) return unavailable(cause.code);
    if (cause.name === 'TimeoutError' || cause.name === 'AbortError') return unavailable(cause.name);
  }
  const { code, message, cause } = error as { code?: unknown; message?: string; cause?: unknown };
  if (cause instanceof Response && (cause.status >= 500 || cause.status === 429)) return unavailable(`${cause.status}`);
  // Of an answer, not of the token in it.
  const isAnswer = !(cause instanceof Error && cause.message.includes('JWT'));
  const reason = [code, message].filter((part) => typeof part === 'string').join(': ');
  return isAnswer && typeof code === 'string' && nonsense.has(code) ? unavailable(reason) : refused(reason);
}
