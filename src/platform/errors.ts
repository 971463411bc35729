/**
 * The one error class of the domain. `kind` becomes an HTTP status at the edge, `code` is stable and also the locale
 * key (`errors.<code>`), `params` fill the sentence. Never carries a secret.
 *
 * Each feature declares its own codes; only those that any feature may need are here. docs/errors.md lists all of them.
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

export interface CodeDeclaration {
  /**
   * Several where the same is told of different requests. Two kinds are of no DomainError: `internal` is a bug, `page` a text
   * that a page shows where nothing was thrown.
   */
  readonly kind: ErrorKind | readonly ErrorKind[] | 'internal' | 'page';
  /** The names of the params that may come along. */
  readonly params?: readonly string[];
  /** What happened, in one clause, for docs/errors.md. */
  readonly means: string;
}

/**
 * Declares the codes of a feature. They take part in `ErrorCodes` by a second declaration beside the first:
 *
 *     export const parcelCodes = defineCodes({ PARCEL_LOST: { kind: 'not_found', means: 'nobody knows where it is' } });
 *     declare module '../../platform/errors.ts' {
 *       interface ErrorCodes extends Codes<typeof parcelCodes> {}
 *     }
 */
export function defineCodes<const Declared extends Record<string, CodeDeclaration>>(codes: Declared): Declared {
  return codes;
}

/** The type of declared codes, in a form that an interface can extend. */
export type Codes<Declared> = { readonly [Code in keyof Declared]: Declared[Code] };

export const generalCodes = defineCodes({
  ACCESS_DENIED: { kind: 'forbidden', means: 'the one who asks may not do this' },
  DUPLICATE: { kind: 'conflict', params: ['field', 'value'], means: 'the field has a value that is taken' },
  FIELD_REQUIRED: { kind: 'invalid', params: ['field'], means: 'the field is empty' },
  INVALID_INPUT: {
    kind: 'invalid',
    params: ['field', 'value', 'reason'],
    means: 'the field, or the request as a whole, cannot be used',
  },
  NOT_FOUND: {
    kind: 'not_found',
    params: ['entity', 'value'],
    means: 'it does not exist, or not for the one who asks',
  },
});

/** Every code there is: those of this file, and what each feature adds. */
export interface ErrorCodes extends Codes<typeof generalCodes> {}

export type ErrorCode = keyof ErrorCodes;

/** The kinds that a code was declared with. */
export type KindOf<Code extends ErrorCode> = ErrorKind &
  (ErrorCodes[Code]['kind'] extends readonly (infer Kind)[] ? Kind : ErrorCodes[Code]['kind']);

export type ErrorParams = Record<string, string | number>;

/** The params that a code was declared with; none is bound to come along. */
export type ParamsOf<Code extends ErrorCode> = ErrorCodes[Code] extends {
  readonly params: readonly (infer Name extends string)[];
}
  ? { readonly [Param in Name]?: string | number }
  : Record<string, never>;

export class DomainError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly kind: ErrorKind;
  // Not `Code`: what is caught is a DomainError<any>, and its code would be compared with anything.
  readonly code: ErrorCode;
  readonly params: ErrorParams;

  constructor(kind: KindOf<Code>, code: Code, params?: ParamsOf<Code>, options?: ErrorOptions) {
    super(code, options);
    this.name = 'DomainError';
    this.kind = kind;
    this.code = code;
    this.params = (params ?? {}) as ErrorParams;
  }
}
