/**
 * Addresses of applications with what we tell them. Owns that an application's own query stays as it was registered, byte
 * for byte (RFC 6749 section 3.1.2), also a parameter in it that is called as one of ours.
 */

/** Without control characters, spaces and anything beyond ASCII: what may stand in a header as it is. */
const headerSafe = /^[\x21-\x7e]+$/;

/** Whether an address has a query whose bytes a parser of addresses could change. */
export function hasOwnQuery(address: string): boolean {
  return address.includes('?') && headerSafe.test(address);
}

/** The address with parameters behind its own ones. */
export function withParameters(address: string, parameters: Record<string, string>): string {
  const added = new URLSearchParams(parameters).toString();
  if (added === '') return address;
  const join = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&';
  return `${address}${join}${added}`;
}
