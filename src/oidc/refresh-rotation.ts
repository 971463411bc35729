/**
 * What follows a refresh token. The successor of a token is derived from it under a server key, so that a client which
 * lost the response and asks again gets the same successor: one line, nobody signed out, nothing stored in the clear.
 * Neither the database nor the key alone yields a token. See docs/decisions/0003-refresh-token-rotation.md.
 */
import { createHmac } from 'node:crypto';
import Provider, { type Provider as ProviderInstance } from 'oidc-provider';
import type { Secrets } from '../platform/secrets.ts';

/** 256 bits, base64url: as strong as the random value that began the line. */
export function refreshSuccessor(secrets: Secrets, refreshToken: string): string {
  const [key] = secrets.keys('refresh-successors');
  return createHmac('sha256', key as Buffer)
    .update(refreshToken)
    .digest('base64url');
}

/** Makes rotation use the derived successor; the first token of a line stays random. */
export function deriveRotatedRefreshTokens(provider: ProviderInstance, secrets: Secrets): void {
  const prototype = provider.RefreshToken.prototype as unknown as { generateTokenId(): string };
  const randomTokenId = prototype.generateTokenId;
  prototype.generateTokenId = function generateTokenId() {
    const rotated = Provider.ctx?.oidc?.entities.RotatedRefreshToken;
    return rotated ? refreshSuccessor(secrets, rotated.jti) : randomTokenId.call(this);
  };
}
