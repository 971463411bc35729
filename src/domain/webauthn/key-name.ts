/** What people call their passkeys and security keys. */
import { DomainError } from '../../platform/errors.ts';

const longestName = 64;

/** A name, without what cannot be read. @throws DomainError invalid INVALID_INPUT, FIELD_REQUIRED */
export function checkKeyName(typed: string): string {
  const name = typed.normalize('NFC').replace(/\s+/g, ' ').trim();
  if (name === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'name' });
  if ([...name].length > longestName || /\p{C}/u.test(name))
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'name' });
  return name;
}
