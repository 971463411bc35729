/**
 * The one error class of the domain. `kind` becomes an HTTP status at the edge, `code` is stable and also the locale
 * key (`errors.<code>`), `params` fill the sentence. Never carries a secret.
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'expired'
  | 'rate_limited'
  | 'unavailable';

export type ErrorCode =
  | 'ACCESS_DENIED'
  | 'ACCOUNT_LOCKED'
  | 'BODY_TOO_LARGE'
  | 'CHANNEL_UNAVAILABLE'
  | 'CODE_EXPIRED'
  | 'CODE_INVALID'
  | 'CROSS_SITE_REQUEST'
  | 'CURSOR_INVALID'
  | 'DUPLICATE'
  | 'DUPLICATE_EMAIL'
  | 'DUPLICATE_PHONE'
  | 'EMAIL_DOMAIN_NOT_ALLOWED'
  | 'EMAIL_INVALID'
  | 'FIELD_REQUIRED'
  | 'IDENTITY_IN_USE'
  | 'IDENTITY_LAST_WAY'
  | 'INTERACTION_EXPIRED'
  | 'INTERACTION_NOT_FOUND'
  | 'INTERNAL'
  | 'INVALID_CREDENTIALS'
  | 'INVALID_INPUT'
  | 'INVITATION_ACCEPTED'
  | 'INVITATION_EXPIRED'
  | 'INVITATION_INVALID'
  | 'INVITATION_REVOKED'
  | 'LAST_OWNER'
  | 'MESSAGES_EXHAUSTED'
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_FOUND'
  | 'ORG_CYCLE'
  | 'ORG_HAS_CHILDREN'
  | 'ORG_PARENT_INVALID'
  | 'ORG_ROOT_FIXED'
  | 'PAGE_EXPIRED'
  | 'PASSWORD_COMMON'
  | 'PASSWORD_CONTAINS_PERSONAL'
  | 'PASSWORD_TOO_LONG'
  | 'PASSWORD_TOO_SHORT'
  | 'PERIOD_INVALID'
  | 'PERIOD_OVERLAP'
  | 'PHONE_INVALID'
  | 'PHONE_NOT_SUPPORTED'
  | 'PROVIDER_ACCOUNT_REFUSED'
  | 'PROVIDER_CANCELLED'
  | 'PROVIDER_REFUSED'
  | 'PROVIDER_UNAVAILABLE'
  | 'RECOVERY_LINK_EXPIRED'
  | 'RECOVERY_LINK_INVALID'
  | 'SERVICE_BUSY'
  | 'SERVICE_UNAVAILABLE'
  | 'SETUP_LINK_EXPIRED'
  | 'SETUP_LINK_INVALID'
  | 'SIGN_IN_REQUIRED'
  | 'SIGN_UP_CLOSED'
  | 'SYSTEM_ROLE_FIXED'
  | 'TENANT_SUSPENDED'
  | 'TOO_MANY_ATTEMPTS'
  | 'TOO_MANY_CODES'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'USER_CODE_EXPIRED'
  | 'USER_CODE_UNKNOWN'
  | 'USER_CODE_USED'
  | 'WRONG_BROWSER';

export type ErrorParams = Record<string, string | number>;

export class DomainError extends Error {
  readonly kind: ErrorKind;
  readonly code: ErrorCode;
  readonly params: ErrorParams;

  constructor(kind: ErrorKind, code: ErrorCode, params: ErrorParams = {}, options?: ErrorOptions) {
    super(code, options);
    this.name = 'DomainError';
    this.kind = kind;
    this.code = code;
    this.params = params;
  }
}
