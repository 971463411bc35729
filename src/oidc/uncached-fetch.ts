/**
 * The library keeps a client's keys (`jwks_uri`) for a minute, or for as long as the client's server says. A key that a
 * client takes back must not be good for a year because of a header.
 */
export function withoutCaching(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (address, options) => {
    const response = await fetch(address, options);
    for (const name of ['cache-control', 'expires']) response.headers.delete(name);
    return response;
  };
}
