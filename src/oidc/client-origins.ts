/** From where in browsers an application calls: scripts may read answers at the origins of its own addresses. */

/** Whether one of the redirect URIs is of this origin (Fetch standard, `Origin`). */
export function isOriginOf(
  { redirectUris = [] }: { redirectUris?: readonly string[] | undefined },
  origin: string,
): boolean {
  return redirectUris.some((uri) => /^https?:/.test(uri) && new URL(uri).origin === origin);
}
