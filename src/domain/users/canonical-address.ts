/**
 * Email addresses and phone numbers in the one form in which they are stored and compared, so that one address never
 * becomes two identities. Refuses what could break out of a mail header, a log line or a page.
 */
import { domainToASCII, domainToUnicode } from 'node:url';
import { DomainError } from '../../platform/errors.ts';

// RFC 5321 section 4.5.3.1: 64 octets before the @, 254 in all (256 with the angle brackets).
const localPartOctets = 64;
const addressOctets = 254;

// What RFC 5322 section 3.2.3 calls a dot-atom, and any letter beyond ASCII (RFC 6531). No quoted form.
const localPart = /^[^\s\p{C}\p{Z}"(),:;<>@[\\\].]+(?:\.[^\s\p{C}\p{Z}"(),:;<>@[\\\].]+)*$/u;
// Checked before the conversion, which would read %61 as a letter and 0x7f.1 as an IP address.
const domainCharacters = /^[\p{L}\p{M}\p{N}.\u3002-]+$/u;
const asciiDomain = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The canonical form, or undefined for what is no email address. NFKC, lower case, the domain in ASCII (RFC 5891). */
export function parseEmail(text: string): string | undefined {
  // Before trimming, which would hide a line break at the end.
  if (text.length > 4 * addressOctets || /\p{Cc}/u.test(text)) return undefined;
  const normal = text.trim().normalize('NFKC').toLowerCase().normalize('NFKC');
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

/** E.164 with its plus sign, or undefined. Spaces, dots, hyphens and brackets between the digits are dropped. */
export function parsePhone(text: string): string | undefined {
  if (text.length > 64 || /\p{Cc}/u.test(text)) return undefined;
  const phone = text.normalize('NFKC').replace(/[\s().\p{Pd}]/gu, '');
  return /^\+[1-9][0-9]{6,14}$/.test(phone) ? phone : undefined;
}

/** @throws DomainError invalid PHONE_INVALID */
export function canonicalPhone(text: string): string {
  const phone = parsePhone(text);
  if (phone === undefined) throw new DomainError('invalid', 'PHONE_INVALID', { field: 'phone' });
  return phone;
}

/** What a person types as their address: an email address, or a phone number with its country code. */
export function parseAddress(text: string): { email: string } | { phone: string } | undefined {
  const email = parseEmail(text);
  if (email !== undefined) return { email };
  const phone = parsePhone(text);
  return phone === undefined ? undefined : { phone };
}
