/** Public keys in a form: they are typed as the text of a JWK Set (RFC 7517). */

/** The body with the key set that its text is; a text that is none goes on as it is, so that the schema refuses it by its field. */
export function parsedKeySet(body: Record<string, unknown>): Record<string, unknown> {
  if (typeof body.jwks !== 'string') return body;
  try {
    return { ...body, jwks: JSON.parse(body.jwks) };
  } catch {
    return body;
  }
}

/** The text of a key set, as a form shows it. */
export function keySetText(jwks: unknown): string {
  return jwks === undefined ? '' : JSON.stringify(jwks, null, 2);
}
