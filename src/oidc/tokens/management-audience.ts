/** The audience of tokens for the program's own API, which tells whose database one is too. Knows nothing of the library. */

/** Where the management API is, and the audience of its tokens. */
export function managementAudience(issuer: string): string {
  return `${issuer}/api/v1`;
}

/** The issuer whose management API has this audience. */
export function issuerOfAudience(audience: string): string {
  return audience.slice(0, -managementAudience('').length);
}
