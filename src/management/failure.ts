/** How a refusal is told to programs: by a status of HTTP and by what kept the fields from being taken. */
import { DomainError, type ErrorCode, type ErrorKind, type ErrorParams } from '../platform/errors.ts';
import { type FieldFault, ValidationError } from './validate.ts';

/** A refusal in a form that can be kept and told later, in whatever language. */
export interface Failure {
  kind: ErrorKind;
  code: ErrorCode;
  params: ErrorParams;
  fields?: readonly FieldFault[];
}

const statusOfKind: Record<ErrorKind, number> = {
  invalid: 422,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  expired: 410,
  rate_limited: 429,
  unavailable: 503,
};

const statusOfCode: Partial<Record<ErrorCode, number>> = {
  INVALID_INPUT: 400,
  IDEMPOTENCY_KEY_INVALID: 400,
  PRECONDITION_FAILED: 412,
  PRECONDITION_REQUIRED: 428,
};

/** The status of HTTP by which it is told. */
export function statusOfFailure({ kind, code }: Pick<Failure, 'kind' | 'code'>): number {
  return statusOfCode[code] ?? statusOfKind[kind];
}

/** Undefined for what is no refusal: a bug, or a database that does not answer. */
export function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof DomainError) || error.kind === 'unavailable') return undefined;
  const { kind, code, params } = error;
  return { kind, code, params, ...(error instanceof ValidationError && { fields: error.fields }) };
}
