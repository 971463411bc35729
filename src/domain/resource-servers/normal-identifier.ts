/**
 * The one form of an API's identifier in which two spellings of it are the same (RFC 3986 section 6.2): scheme and host in
 * lower case, no default port, `/` for an empty path, no dot segments. What stands in tokens is the registered spelling.
 */

/** Undefined for what is no absolute URI. */
export function normalIdentifier(identifier: string): string | undefined {
  return URL.parse(identifier)?.href;
}

/** The member of a list that means the same. */
export function registeredAmong(list: readonly string[], identifier: string): string | undefined {
  if (list.includes(identifier)) return identifier;
  const normal = normalIdentifier(identifier);
  return normal === undefined ? undefined : list.find((member) => normalIdentifier(member) === normal);
}

/** Hosts as registered identifiers may spell them, in lower case: with and without the default port. */
export function hostSpellings(identifier: string): string[] {
  const { host, hostname, protocol } = URL.parse(identifier) ?? { host: '', hostname: '', protocol: '' };
  if (host === '') return [];
  const port = { 'https:': 443, 'http:': 80 }[protocol];
  return host === hostname && port !== undefined ? [host, `${hostname}:${port}`] : [host];
}
