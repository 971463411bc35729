/** What a request holds against an operation's schemas. Every fault is named by its field, all at once. */
import type { z } from 'zod';
import { type Codes, DomainError, defineCodes } from '../platform/errors.ts';
import type { AnyOperation, Input } from './operation.ts';

export const validationCodes = defineCodes({
  VALIDATION_FAILED: { kind: 'invalid', params: ['field'], means: 'fields are wrong; `fields` names each' },
});
declare module '../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof validationCodes> {}
}

/** A fault of one field: where it is, as `body.name` or `query.limit`, and what is wrong with it. */
export interface FieldFault {
  field: string;
  message: string;
}

/** `VALIDATION_FAILED`, with the fields. */
export class ValidationError extends DomainError<'VALIDATION_FAILED'> {
  readonly fields: readonly FieldFault[];

  constructor(fields: readonly FieldFault[]) {
    super('invalid', 'VALIDATION_FAILED', { field: fields[0]?.field ?? 'body' });
    this.fields = fields;
  }
}

const mostFaults = 20;

/** How deep anything may be nested: what reads it after us may call itself at each level. */
const mostDepth = 100;

/** What a request holds, as it came. */
export interface RawInput {
  params: Record<string, unknown>;
  query: Record<string, unknown>;
  body: unknown;
}

/** @throws ValidationError */
export function validate(operation: AnyOperation, raw: RawInput): Input {
  const faults: FieldFault[] = [];
  const part = (name: keyof RawInput, schema: z.ZodType | undefined): unknown => {
    if (!schema) {
      if (isEmpty(raw[name])) return {};
      faults.push({ field: name, message: 'nothing is taken here' });
      return undefined;
    }
    const tooDeep = tooDeepIn(name, raw[name]);
    if (tooDeep) {
      faults.push(tooDeep);
      return undefined;
    }
    const parsed = schema.safeParse(raw[name] ?? {});
    if (parsed.success) return parsed.data;
    faults.push(...parsed.error.issues.flatMap((issue) => faultsOf(name, issue)));
    return undefined;
  };
  const input = {
    params: part('params', operation.params),
    query: part('query', operation.query),
    body: part('body', operation.body),
  };
  if (faults.length > 0) throw new ValidationError(faults.slice(0, mostFaults));
  return input as Input;
}

/** The first member that is nested too deeply. */
function tooDeepIn(part: string, value: unknown): FieldFault | undefined {
  if (!isDeeper(value, mostDepth)) return undefined;
  const members = Array.isArray(value) ? [] : Object.entries(value as object);
  const [name] = members.find(([, member]) => isDeeper(member, mostDepth - 1)) ?? [];
  return { field: (name === undefined ? part : `${part}.${name}`).slice(0, 200), message: 'is nested too deeply' };
}

/** Whether something is nested deeper than anything may be. */
export const isTooDeep = (value: unknown): boolean => isDeeper(value, mostDepth);

function isDeeper(value: unknown, most: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

function faultsOf(part: string, issue: z.core.$ZodIssue): FieldFault[] {
  const at = [part, ...issue.path.map(String)].join('.');
  if (issue.code !== 'unrecognized_keys') return [{ field: at.slice(0, 200), message: issue.message }];
  return issue.keys.map((key) => ({ field: `${at}.${key}`.slice(0, 200), message: 'is not known here' }));
}
