/** What is asked of the values of environment variables beyond their form. Names faults; never repeats a value. */
import ipaddr from 'ipaddr.js';

/** A generated key has no pattern; a typed one does. */
export function looksLikeASample(key: string): boolean {
  return (
    /change|example|sample|secret|default|password|insecure|placeholder|your[-_]?key|x{5}|abcdef|123456/i.test(key) ||
    new Set(key).size < 10
  );
}

/** A list of halves of the Internet trusts as many as the whole. fc00::/7 and 10.0.0.0/8 are the widest private blocks. */
export function isTooWide(network: string): boolean {
  if (!ipaddr.isValidCIDR(network)) return false;
  const [address, bits] = ipaddr.parseCIDR(network);
  if (address instanceof ipaddr.IPv4) return bits < 8;
  return address.isIPv4MappedAddress() ? bits < 96 + 8 : bits < 7;
}

/** The origin of the issuer; adds to `faults` what it may not be. */
export function checkIssuer(value: string, production: boolean, faults: string[]): string {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    faults.push('ISSUER: must be an absolute URL such as https://id.example.org');
    return value;
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') faults.push('ISSUER: must be an https URL');
  if (production && url.protocol !== 'https:') faults.push('ISSUER: must use https in production');
  if (url.search || url.hash || url.username || url.password)
    faults.push('ISSUER: must have no query, fragment or credentials');
  if (url.pathname !== '/') faults.push('ISSUER: must have no path; give Gatehouse a host name of its own');
  return url.origin;
}

export function isUrlOf(value: string, protocols: string[]): boolean {
  return protocols.includes(URL.parse(value)?.protocol ?? '');
}

/** `name@example.org` or `Name <name@example.org>`, one address and no line break: it stands in every mail's head. */
export function isMailbox(value: string): boolean {
  const address = '[^\\s<>()"@,;:]+@[^\\s<>()"@,;:]+';
  return !/\p{Cc}/u.test(value) && new RegExp(`^(?:${address}|[^<>"]*<${address}>)$`).test(value);
}

/** E.164 with its plus sign. */
export function isPhoneNumber(value: string): boolean {
  return /^\+[1-9]\d{6,14}$/.test(value);
}

/** An id of Twilio's: two letters for its kind, and 32 hexadecimal digits. */
export function isTwilioId(kind: string, value: string): boolean {
  return value.startsWith(kind) && /^[A-Z]{2}[0-9a-f]{32}$/i.test(value);
}

/** What Twilio sends an SMS from: a number, a short code, a messaging service, or a name of at most 11 characters. */
export function isSmsSender(value: string): boolean {
  return (
    isPhoneNumber(value) ||
    isTwilioId('MG', value) ||
    /^\d{3,8}$/.test(value) ||
    /^(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}$/.test(value)
  );
}

/** How certificates come, and from whom: a header that anybody could write proves nothing. */
export function checkCertificateHeaders(
  { certificate, verified, origin }: { certificate?: string; verified?: string; origin?: string },
  trustedProxies: readonly string[],
  faults: string[],
): void {
  if (certificate !== undefined && trustedProxies.length === 0)
    faults.push('CLIENT_CERTIFICATE_HEADER: nobody may set it; name your proxies in TRUSTED_PROXIES');
  if (verified !== undefined && certificate === undefined)
    faults.push('CLIENT_CERTIFICATE_VERIFIED_HEADER: says nothing without CLIENT_CERTIFICATE_HEADER');
  if (verified !== undefined && verified === certificate)
    faults.push('CLIENT_CERTIFICATE_VERIFIED_HEADER: must be another header than CLIENT_CERTIFICATE_HEADER');
  if (origin === undefined) return;
  if (certificate === undefined) faults.push('MTLS_ORIGIN: says nothing without CLIENT_CERTIFICATE_HEADER');
  const url = URL.parse(origin);
  if (url?.protocol !== 'https:' || url.origin !== origin)
    faults.push('MTLS_ORIGIN: must be an https origin, such as https://mtls.id.example.org');
}
