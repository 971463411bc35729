/**
 * Email addresses and phone numbers in the one form in which they are stored and compared, so that one address never
 * becomes two identities. Refuses what could break out of a mail header, a log line or a page.
 */
import { domainToASCII, domainToUnicode } from 'node:url';
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';

export const addressCodes = defineCodes({
  DUPLICATE_EMAIL: {
    kind: 'conflict',
    params: ['field'],
    means: 'somebody in the tenant has the email address already',
  },
  DUPLICATE_PHONE: {
    kind: 'conflict',
    params: ['field'],
    means: 'somebody in the tenant has the phone number already',
  },
  EMAIL_INVALID: { kind: 'invalid', params: ['field'], means: 'this is no email address' },
  PHONE_INVALID: { kind: 'invalid', params: ['field'], means: 'this is no phone number, or it lacks its country code' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof addressCodes> {}
}

// RFC 5321 section 4.5.3.1: 64 octets before the @, 254 in all (256 with the angle brackets).
const localPartOctets = 64;
const addressOctets = 254;

// What RFC 5322 section 3.2.3 calls a dot-atom, and any letter beyond ASCII (RFC 6531). No quoted form.
const localPart = /^[^\s\p{C}\p{Z}"(),:;<>@[\\\].]+(?:\.[^\s\p{C}\p{Z}"(),:;<>@[\\\].]+)*$/u;
// Checked before the conversion, which would read %61 as a letter and 0x7f.1 as an IP address.
const domainCharacters = /^[\p{L}\p{M}\p{N}.\u3002-]+$/u;
const asciiDomain = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Without the space and the invisible marks that a pasted text has around it: zero-width ones, direction marks, a byte
 * order mark. Inside a text they stay, where they would make a second one that looks alike.
 */
export function trimPasted(text: string): string {
  return text.replace(/^[\s\p{Cf}]+/u, '').replace(/(?<![\s\p{Cf}])[\s\p{Cf}]+$/u, '');
}

/** The canonical form, or undefined for what is no email address. NFKC, lower case, the domain in ASCII (RFC 5891). */
export function parseEmail(text: string): string | undefined {
  // Before trimming, which would hide a line break at the end.
  if (text.length > 4 * addressOctets || /\p{Cc}/u.test(text)) return undefined;
  const normal = trimPasted(text).normalize('NFKC').toLowerCase().normalize('NFKC');
  const at = normal.lastIndexOf('@');
  const local = normal.slice(0, Math.max(at, 0));
  const domain = normal.slice(at + 1);
  if (!localPart.test(local) || !domainCharacters.test(domain)) return undefined;
  const ascii = domainToASCII(domain);
  // A label that only looks like Punycode decodes to itself; Node.js 24 lets it pass.
  if (!asciiDomain.test(ascii) || /(?:^|\.)xn--/.test(domainToUnicode(ascii))) return undefined;
  const email = `${local}@${ascii}`;
  if (Buffer.byteLength(local) > localPartOctets || Buffer.byteLength(email) > addressOctets) return undefined;
  return email;
}

/** @throws DomainError invalid EMAIL_INVALID */
export function canonicalEmail(text: string): string {
  const email = parseEmail(text);
  if (email === undefined) throw new DomainError('invalid', 'EMAIL_INVALID', { field: 'email' });
  return email;
}

// Digits that keyboards make beside ASCII's; NFKC has turned the full-width ones already.
const arabicDigits = /[\u0660-\u0669\u06f0-\u06f9]/g;

/** Digits with perhaps a plus sign before them, or undefined for what holds anything else, such as an extension. */
function phoneDigits(text: string): string | undefined {
  if (text.length > 64 || /\p{Cc}/u.test(text)) return undefined;
  const digits = text
    .normalize('NFKC')
    .replace(arabicDigits, (digit) => String(digit.charCodeAt(0) % 16))
    // Invisible marks come with numbers that were copied from a contact list, also between the digits.
    .replace(/[\s()./\p{Pd}\p{Cf}]/gu, '');
  return /^\+?[0-9]{3,20}$/.test(digits) ? digits : undefined;
}

/** Whether a text is made as numbers are, in whichever country: digits, and what people put between them. */
export function looksLikePhone(text: string): boolean {
  return phoneDigits(text) !== undefined;
}

/** E.164, if the number is as long as numbers of its country are. */
function possiblePhone(digits: string, country?: CountryCode): string | undefined {
  const number = parsePhoneNumberFromString(digits, { defaultCountry: country, extract: false });
  if (!number || number.ext !== undefined) return undefined;
  return (country === undefined ? number.isPossible() : number.isValid()) ? number.number : undefined;
}

/**
 * E.164 with its plus sign, or undefined. Spaces, dots, hyphens, slashes and brackets between the digits are dropped, and
 * a trunk zero behind the country code, so that one number is one identity.
 * @param countries ISO 3166-1 alpha-2. A number without its country code is taken where it is valid in these and they all
 *   mean the same one by it; without countries it is not taken
 */
export function parsePhone(text: string, countries: readonly string[] = []): string | undefined {
  const digits = phoneDigits(text);
  if (digits === undefined) return undefined;
  if (digits.startsWith('+')) return possiblePhone(digits);
  const meant = new Set<string>();
  for (const country of countries) {
    const phone = isSupportedCountry(country) ? possiblePhone(digits, country) : undefined;
    if (phone !== undefined) meant.add(phone);
  }
  const [phone] = meant;
  return meant.size === 1 ? phone : undefined;
}

/** @throws DomainError invalid PHONE_INVALID */
export function canonicalPhone(text: string, countries: readonly string[] = []): string {
  const phone = parsePhone(text, countries);
  if (phone === undefined) throw new DomainError('invalid', 'PHONE_INVALID', { field: 'phone' });
  return phone;
}

/** What a person types as their address: an email address, or a phone number as `parsePhone` takes it. */
export function parseAddress(
  text: string,
  countries: readonly string[] = [],
): { email: string } | { phone: string } | undefined {
  const email = parseEmail(text);
  if (email !== undefined) return { email };
  const phone = parsePhone(text, countries);
  return phone === undefined ? undefined : { phone };
}

/** Enough for the owner of a canonical address to know it again, and for nobody else to learn it: `a•••@example.org`. */
export function maskedAddress(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 0 ? `•••${address.slice(-2)}` : `${[...address][0]}•••${address.slice(at)}`;
}
