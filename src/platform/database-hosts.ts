/**
 * What a `postgres://` URL leads to: one server or several, in libpq's form (PostgreSQL's manual, "Connection URIs", "Specifying
 * Multiple Hosts"): `postgres://user:password@a:5432,b:5433/db?target_session_attrs=read-write`, or `?host=a,b&port=5432,5433`.
 * Neither Node.js nor the driver reads that form, so it is split into a URL for each server. Contacts nobody.
 */

const form = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#]*)([^?#]*)(?:\?([^#]*))?$/;

/** What a URL may wish of its servers (`target_session_attrs`): who is to write, and who is only read, is known without it. */
const wishes = {
  writable: ['read-write', 'primary', 'any'],
  any: ['any', 'read-only', 'standby', 'prefer-standby'],
};

/**
 * A URL for each server, in the order in which they are named; one that names a single server comes back as it is.
 * @throws Error in words for the operator, without what stands in the URL
 */
export function hostUrls(url: string, purpose: keyof typeof wishes = 'writable'): string[] {
  const [, before = '', authority = '', path = '', query = ''] = form.exec(url) ?? [];
  const parameters = new URLSearchParams(query);
  const named = parameters.get('host');
  const wanted = parameters.get('target_session_attrs');
  if (wanted !== null && !wishes[purpose].includes(wanted))
    throw new Error(`target_session_attrs must be ${wishes[purpose][0]}`);
  const hosts = (named || authority).split(',');
  const ports = parameters.get('port')?.split(',') ?? [];
  if (hosts.length === 1 && ports.length <= 1 && wanted === null) return [url];
  if (new Set(parameters.keys()).size < parameters.size) throw new Error('must not have a parameter twice');
  if (hosts.length > 1 && hosts.some((host) => host === '' || host.startsWith(':')))
    throw new Error('a host in the list is empty');
  if (ports.length > 1 && ports.length !== hosts.length)
    throw new Error(`names ${hosts.length} hosts and ${ports.length} ports`);
  parameters.delete('target_session_attrs');
  return hosts.map((host, index) => {
    const own = new URLSearchParams(parameters);
    if (named) own.set('host', host);
    const port = ports.length > 1 ? ports[index] : ports[0];
    if (port) own.set('port', port);
    // The driver wants a host there even if a parameter has another.
    const address = `${before}${named ? 'localhost' : host}${path}`;
    return own.size === 0 ? address : `${address}?${own}`;
  });
}

/** Host and port of one server's URL, as the driver takes them: the parameters win. A socket's folder begins with a slash. */
export function hostOf(url: string): { host: string; port: number } {
  const { hostname, port, searchParams } = new URL(url);
  const host = searchParams.get('host') || decodeURIComponent(hostname) || 'localhost';
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(searchParams.get('port') || port || 5432) };
}

/** How the certificate of a server is verified: by a CA bundle, by the system's authorities, or not at all. */
export function tlsBy(ca: string | undefined, url: string): boolean | { ca: string } | undefined {
  if (ca !== undefined) return { ca };
  return url.includes('sslmode=verify-full') ? true : undefined;
}

/** `10.0.0.5:5432`, or the folder of a socket. */
export function placeOf(url: string): string {
  const { host, port } = hostOf(url);
  if (host.startsWith('/')) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What a URL leads to, without who asks and their password: `database gatehouse at 10.0.0.5:5432, 10.0.0.6:5432`. */
export function describeAddress(url: string): string {
  const urls = hostUrls(url);
  const database = decodeURIComponent(new URL(urls[0] as string).pathname.slice(1));
  return `database ${database || '(default)'} at ${urls.map(placeOf).join(', ')}`;
}

/**
 * What the driver is told of a connection to one server: where TLS is decided by `ssl`, what the URL says of it is left out. The
 * driver would let the URL win: a CA bundle would be forgotten for `sslmode=verify-full`, and everything for `sslmode=disable`.
 */
export function connectionTo(
  url: string,
  ssl: boolean | { ca: string } | undefined,
): { connectionString: string; ssl?: { rejectUnauthorized: true; ca?: string } } {
  if (!ssl) return { connectionString: url };
  const address = new URL(url);
  for (const name of ['ssl', 'sslmode', 'sslrootcert']) address.searchParams.delete(name);
  return {
    connectionString: address.href,
    ssl: { rejectUnauthorized: true, ...(ssl === true ? {} : ssl) },
  };
}
