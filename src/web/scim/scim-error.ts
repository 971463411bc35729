/** Refusals as SCIM tells them (RFC 7644 section 3.12): a status, a kind of its own list, and a sentence. */
import { DomainError, type ErrorCode } from '../../platform/errors.ts';

/** RFC 7644 table 9. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers';

export const errorSchema = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** What this door refuses itself. `detail` is for whoever sets up the other side. */
export class ScimError extends Error {
  readonly status: number;
  readonly scimType?: ScimType;

  constructor(status: number, detail: string, scimType?: ScimType) {
    super(detail.slice(0, 500));
    this.status = status;
    this.scimType = scimType;
  }
}

export const invalidValue = (detail: string) => new ScimError(400, detail, 'invalidValue');
export const invalidSyntax = (detail: string) => new ScimError(400, detail, 'invalidSyntax');

const typeOfCode: Partial<Record<ErrorCode, ScimType>> = {
  DUPLICATE: 'uniqueness',
  DUPLICATE_EMAIL: 'uniqueness',
  DUPLICATE_PHONE: 'uniqueness',
  FILTER_INVALID: 'invalidFilter',
  METHOD_NOT_ALLOWED: undefined,
  BODY_TOO_LARGE: undefined,
  UNSUPPORTED_MEDIA_TYPE: undefined,
};

/** The kind by which a refusal of the domain is told; of what is wrong in a request, `invalidValue`. */
export function scimTypeOf(error: DomainError): ScimType | undefined {
  if (error.code in typeOfCode) return typeOfCode[error.code];
  return error.kind === 'invalid' ? 'invalidValue' : undefined;
}

/** What is wrong in a request is 400 here, whatever the management API says. */
export function scimStatusOf({ code, kind }: DomainError, status: number): number {
  if (code === 'PRECONDITION_FAILED' || kind !== 'invalid') return status;
  return status === 422 ? 400 : status;
}

/** Whether a refusal means that what was named is not there, or not for the one who asks. */
export function isNotFound(error: unknown): boolean {
  return error instanceof DomainError && error.kind === 'not_found';
}

/** The body of an answer. */
export function errorBody(status: number, detail: string, scimType?: ScimType): Record<string, unknown> {
  return { schemas: [errorSchema], status: String(status), ...(scimType && { scimType }), detail };
}
