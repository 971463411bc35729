/** What may stand in a profile: text for people, and what other systems call a person. Refuses the rest by its field. */
import { DomainError } from '../../platform/errors.ts';

const nameCharacters = 200;

/** One line of text for people to read: no control characters, which PostgreSQL (NUL) and mail headers refuse too. */
export function checkedText(field: string, value: string | null | undefined, most = nameCharacters): string | null {
  const text = value?.normalize('NFC').trim() ?? '';
  if (text === '') return null;
  if (/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(text) || [...text].length > most)
    throw new DomainError('invalid', 'INVALID_INPUT', { field });
  return text;
}

export function checkedUrl(field: string, value: string | null | undefined): string | null {
  const text = checkedText(field, value, 2000);
  if (text === null) return null;
  if (URL.parse(text)?.protocol !== 'https:') throw new DomainError('invalid', 'INVALID_INPUT', { field });
  return text;
}

export function checkedBy(
  field: string,
  value: string | null | undefined,
  canonical: (text: string) => string,
): string | null {
  const text = checkedText(field, value, 100);
  if (text === null) return null;
  try {
    return canonical(text);
  } catch {
    throw new DomainError('invalid', 'INVALID_INPUT', { field });
  }
}

export const canonicalLocale = (text: string) => new Intl.Locale(text).toString();
// As it was written: Intl answers with older names for some zones (Asia/Calcutta).
export function knownZone(text: string): string {
  new Intl.DateTimeFormat('en', { timeZone: text });
  return text;
}

const metadataBytes = 16_384;

/**
 * What applications keep with a person: at most 16 KB of JSON, which PostgreSQL can store.
 * @throws DomainError invalid INVALID_INPUT
 */
export function checkedMetadata(value: Record<string, unknown>): Record<string, unknown> {
  const isStored = (text: string) => !text.includes('\0') && text.isWellFormed();
  let sound = true;
  const json = JSON.stringify(value, (key, member: unknown) => {
    sound &&= isStored(key) && (typeof member !== 'string' || isStored(member));
    return member;
  });
  if (!sound || Buffer.byteLength(json) > metadataBytes)
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'metadata' });
  return value;
}
