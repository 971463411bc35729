/**
 * What follows a refresh token. The successor of a token is derived from it under a server key, so that a client which
 * lost the response and asks again gets the same successor: one line, nobody signed out, nothing stored in the clear.
 * Neither the database nor the key alone yields a token. See docs/decisions/0003-refresh-token-rotation.md.
 */
import { createHmac } from 'node:crypto';
import Provider, { type KoaContextWithOIDC, type Provider as ProviderInstance } from 'oidc-provider';
import type { Database } from '../../platform/database.ts';
import { type Secrets, sha256 } from '../../platform/secrets.ts';
import { unconsumeRefreshToken } from './payload-store.ts';

/** 256 bits, base64url: as strong as the random value that began the line. */
export function refreshSuccessor(secrets: Secrets, refreshToken: string): string {
  const [key] = secrets.keys('refresh-successors');
  return createHmac('sha256', key as Buffer)
    .update(refreshToken)
    .digest('base64url');
}

// The token that each request was the first to use.
const firstUses = new WeakMap<object, string>();

/** Notes that the request at hand is the first to use a token. */
export function rememberFirstUse(refreshToken: string): void {
  if (Provider.ctx) firstUses.set(Provider.ctx, refreshToken);
}

/**
 * The library rotates first and looks at `resource` and the rest afterwards: what it refuses then has cost the client its
 * token. Here it gets that back, so that a request which gave nothing uses nothing up.
 */
export async function giveBackRefused(db: Database, secrets: Secrets, ctx: KoaContextWithOIDC): Promise<void> {
  const refreshToken = firstUses.get(ctx);
  if (refreshToken === undefined) return;
  firstUses.delete(ctx);
  await unconsumeRefreshToken(db, sha256(refreshToken), sha256(refreshSuccessor(secrets, refreshToken)));
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
