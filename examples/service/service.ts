/**
 * A program that acts for itself: gets an access token by client credentials (RFC 6749 section 4.4), keeps it while it is
 * good, and calls an API with it.
 */
import * as openid from 'openid-client';

export interface ServiceOptions {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** The audience URI of the API. */
  resource: string;
  scope: string;
}

/**
 * A function that returns an access token, from memory until half a minute before its end. Calls that come at once
 * share one request.
 * @throws where the issuer cannot be reached
 */
export async function createTokenSource(options: ServiceOptions): Promise<() => Promise<string>> {
  const { issuer, clientId, clientSecret, resource, scope } = options;
  const { protocol, hostname } = new URL(issuer);
  const isLocal = protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  const config = await openid.discovery(
    new URL(issuer),
    clientId,
    undefined,
    openid.ClientSecretBasic(clientSecret),
    // Plain http is for a server on the same machine.
    { execute: isLocal ? [openid.allowInsecureRequests] : [] },
  );
  let kept: { token: string; goodUntil: number } | undefined;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    const askedAt = Date.now();
    const tokens = await openid.clientCredentialsGrant(config, { resource, scope });
    kept = { token: tokens.access_token, goodUntil: askedAt + ((tokens.expires_in ?? 60) - 30) * 1000 };
    return kept.token;
  }

  return async function accessToken() {
    if (kept && kept.goodUntil > Date.now()) return kept.token;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}
