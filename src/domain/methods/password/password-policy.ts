/**
 * Which passwords may be chosen (NIST SP 800-63B-4 section 3.1.1.2, OWASP ASVS 5.0 V6.2). Owns their canonical form and
 * length, and refuses what is common, breached or made of the person's own details. No rules of composition: they make
 * passwords worse. Only a choice is judged here; at sign-in a password is right or wrong.
 */
import { dictionary } from '@zxcvbn-ts/language-common';
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import type { PersonalWords } from '../../users/users.ts';

export const passwordPolicyCodes = defineCodes({
  PASSWORD_COMMON: { kind: 'invalid', params: ['field'], means: 'the password is on a list of common or leaked ones' },
  PASSWORD_CONTAINS_PERSONAL: {
    kind: 'invalid',
    params: ['field'],
    means: 'the password is made of the name, the address or the tenant',
  },
  PASSWORD_TOO_LONG: {
    kind: 'invalid',
    params: ['field', 'characters'],
    means: 'the password has more characters than that',
  },
  PASSWORD_TOO_SHORT: {
    kind: 'invalid',
    params: ['field', 'characters'],
    means: 'the password has fewer characters than that',
  },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof passwordPolicyCodes> {}
}

export const minPasswordCharacters = 8;
export const maxPasswordCharacters = 128;

// NFKC makes one code point of four at the most (Greek with three marks), each of two UTF-16 units at the most: whatever
// is longer than this cannot become short enough, and megabytes are not normalised to find out.
const maxRawUnits = maxPasswordCharacters * 8;

/**
 * The form in which passwords are hashed and compared: NFKC, so that one text typed on two keyboards is one password.
 * NIST allows NFKC or NFKD; NFKC is what most keyboards send already. Never trimmed, never cut. Undefined for what is
 * too long to be any account's password (more than 128 code points).
 */
export function normalizePassword(password: string): string | undefined {
  if (password.length > maxRawUnits) return undefined;
  const normal = password.normalize('NFKC');
  return characters(normal) <= maxPasswordCharacters ? normal : undefined;
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

// Some 57,000 entries, in lower case: passwords from breaches, and the words that dice pick.
const commonPasswords = new Set([...dictionary['passwords-common'], ...dictionary['diceware-common']]);

/** The shortest piece of which the text is a repetition; the text itself where there is none. */
function repeatedPiece(text: string): string {
  const period = `${text}${text}`.indexOf(text, 1);
  return text.slice(0, period);
}

/** True where each character is the next (or each the one before) of the same run: `abcdefgh`, `98765432`. */
function isSequence(text: string): boolean {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  const step = (codes[1] ?? 0) - (codes[0] ?? 0);
  return Math.abs(step) === 1 && codes.every((code, index) => index === 0 || code - (codes[index - 1] ?? 0) === step);
}

function isCommon(normal: string): boolean {
  const text = normal.toLowerCase();
  if (commonPasswords.has(text)) return true;
  const piece = repeatedPiece(text);
  if (characters(piece) <= 3 || (piece !== text && commonPasswords.has(piece)) || isSequence(text)) return true;
  // `Password123!`: a common one with the usual few characters put around it.
  const bare = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  return text.length - bare.length <= 4 && bare.length >= 4 && commonPasswords.has(bare);
}

/** Letters and digits alone, in lower case and without accents: `Zoë O’Brien` and `zoe-obrien` are the same. */
function folded(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

function isMadeOf(normal: string, personal: PersonalWords): boolean {
  const [local = '', domain = ''] = (personal.email ?? '').split('@');
  const digits = (personal.phone ?? '').replace(/\D/g, '');
  const whole = [
    personal.email,
    local,
    digits,
    digits.slice(-8),
    personal.fullName,
    personal.givenName,
    personal.familyName,
    personal.tenantName,
    personal.tenantSlug,
  ].map((word) => folded(word ?? ''));
  const text = folded(normal);
  if (whole.some((word) => characters(word) >= 5 && text.includes(word))) return true;

  // Short words sit in longer ones by chance (`mark` in `supermarket`): what counts is how much is left without them.
  const pieces = [local, domain, personal.fullName, personal.tenantName, personal.tenantSlug]
    .flatMap((words) => (words ?? '').split(/[^\p{L}\p{M}]+/u))
    .map(folded);
  const parts = [...new Set([...whole, ...pieces])]
    .filter((part) => characters(part) >= 3)
    .sort((left, right) => right.length - left.length);
  let rest = text;
  for (const part of parts) rest = rest.replaceAll(part, '');
  if (rest === text) return false;
  const left = characters(normal) - (characters(text) - characters(rest));
  return left < minPasswordCharacters || commonPasswords.has(rest);
}

/**
 * Holds a password that somebody chose against the policy.
 * @returns its canonical form
 * @throws DomainError invalid PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG, PASSWORD_COMMON, PASSWORD_CONTAINS_PERSONAL
 */
export function checkNewPassword(password: string, personal: PersonalWords): string {
  const field = 'password';
  const normal = normalizePassword(password);
  if (normal === undefined)
    throw new DomainError('invalid', 'PASSWORD_TOO_LONG', { field, characters: maxPasswordCharacters });
  if (characters(normal) < minPasswordCharacters)
    throw new DomainError('invalid', 'PASSWORD_TOO_SHORT', { field, characters: minPasswordCharacters });
  if (isCommon(normal)) throw new DomainError('invalid', 'PASSWORD_COMMON', { field });
  if (isMadeOf(normal, personal)) throw new DomainError('invalid', 'PASSWORD_CONTAINS_PERSONAL', { field });
  return normal;
}
