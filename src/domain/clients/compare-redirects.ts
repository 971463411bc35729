/** In what a redirect URI that was sent differs from one that is registered. Knows nothing of who sent it. */

/** What is compared exactly (OAuth 2.1 section 2.3.1), and where it differs. */
export type RedirectDifference =
  | 'scheme'
  | 'host'
  | 'host_case'
  /** `localhost` for `127.0.0.1`, or the other way round. */
  | 'loopback_name'
  | 'port'
  | 'trailing_slash'
  | 'path_case'
  | 'path'
  | 'query'
  | 'not_an_address';

interface Parts {
  scheme: string;
  host: string;
  port: string;
  path: string;
  hasQuery: boolean;
}

/** As it is written: a parser would make lower case of a host and drop a port. */
function partsOf(address: string): Parts | undefined {
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/(\[[^\]]*\]|[^/:?#]*)(?::(\d*))?)?([^?#]*)(\?)?/i.exec(address);
  if (!match) return undefined;
  const [, scheme = '', host = '', port = '', path = '', query] = match;
  return { scheme, host, port, path, hasQuery: query !== undefined };
}

const loopbacks = new Set(['localhost', '127.0.0.1', '[::1]']);

function hostDifference(sent: string, registered: string): RedirectDifference[] {
  if (sent === registered) return [];
  if (sent.toLowerCase() === registered.toLowerCase()) return ['host_case'];
  return [loopbacks.has(sent) && loopbacks.has(registered) ? 'loopback_name' : 'host'];
}

function pathDifference(sent: string, registered: string): RedirectDifference[] {
  if (sent === registered) return [];
  const bare = (path: string) => path.replace(/\/+$/, '');
  if (bare(sent) === bare(registered)) return ['trailing_slash'];
  return [bare(sent).toLowerCase() === bare(registered).toLowerCase() ? 'path_case' : 'path'];
}

function differencesOf(sent: Parts, registered: Parts): RedirectDifference[] {
  return [
    ...(sent.scheme.toLowerCase() === registered.scheme.toLowerCase() ? [] : (['scheme'] as const)),
    ...hostDifference(sent.host, registered.host),
    ...(sent.port === registered.port ? [] : (['port'] as const)),
    ...pathDifference(sent.path, registered.path),
    ...(sent.hasQuery === registered.hasQuery ? [] : (['query'] as const)),
  ];
}

/** How far off each is: somebody mistypes a slash sooner than a host. */
const weights: Record<RedirectDifference, number> = {
  host_case: 1,
  trailing_slash: 1,
  path_case: 1,
  loopback_name: 2,
  query: 2,
  scheme: 2,
  port: 2,
  path: 4,
  host: 8,
  not_an_address: 9,
};

/**
 * The registered address that was most likely meant, and in what the one that was sent differs from it; null where none is registered.
 * @param sent without its query: `?` at its end says that there was one
 */
export function compareRedirect(
  sent: string,
  registered: readonly string[],
): { registered: string | null; differences: RedirectDifference[] } {
  const parts = partsOf(sent);
  if (!parts) return { registered: registered[0] ?? null, differences: ['not_an_address'] };
  const [closest] = registered
    .flatMap((address) => {
      const theirs = partsOf(address);
      if (!theirs) return [];
      // What stands in both queries is not known: nothing else differs, so it must be that.
      const found = differencesOf(parts, theirs);
      const differences: RedirectDifference[] = found.length > 0 ? found : ['query'];
      return [{ registered: address, differences, weight: differences.reduce((sum, one) => sum + weights[one], 0) }];
    })
    .toSorted((left, right) => left.weight - right.weight);
  return closest
    ? { registered: closest.registered, differences: closest.differences }
    : { registered: null, differences: [] };
}
