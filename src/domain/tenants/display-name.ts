/** The names that people give to tenants, nodes and roles: one line of text, never blank, at most 200 characters. */
import { DomainError } from '../../platform/errors.ts';

/** Control characters (PostgreSQL refuses U+0000), lone surrogates, line separators and what turns the direction of text. */
const notText = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/**
 * The name as it is stored: trimmed, in normal form C.
 * @throws DomainError invalid FIELD_REQUIRED or INVALID_INPUT, with the field
 */
export function checkDisplayName(value: string, field = 'name'): string {
  const name = value.normalize('NFC').trim();
  if (name === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field });
  if ([...name].length > 200 || notText.test(name)) throw new DomainError('invalid', 'INVALID_INPUT', { field });
  return name;
}
