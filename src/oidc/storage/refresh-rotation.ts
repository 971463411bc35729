/**
 * What follows a refresh token. The successor of a token is derived from it under a server key, so that a client which
 * lost the response and asks again gets the same successor: one line, nobody signed out, nothing stored in the clear.
 * Neither the database nor the key alone yields a token. See docs/decisions/0003-refresh-token-rotation.md.
 */
import { createHmac } from 'node:crypto';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { unconsumeRefreshToken } from '../../domain/sessions/payload-store.ts';
import type { Database } from '../../platform/database.ts';
import { defineSecretPurpose, type Secrets, sha256 } from '../../platform/secrets.ts';
import { memoryOf } from '../request-memory.ts';

const refreshSuccessors = defineSecretPurpose('refresh-successors');

/** 256 bits, base64url: as strong as the random value that began the line. */
export function refreshSuccessor(secrets: Secrets, refreshToken: string): string {
  const [key] = secrets.keys(refreshSuccessors);
  return createHmac('sha256', key as Buffer)
    .update(refreshToken)
    .digest('base64url');
}

/**
 * The library rotates first and looks at `resource` and the rest afterwards: what it refuses then has cost the client its
 * token. Here it gets that back, so that a request which gave nothing uses nothing up.
 */
export async function giveBackRefused(db: Database, secrets: Secrets, ctx: KoaContextWithOIDC): Promise<void> {
  const memory = memoryOf(ctx);
  const refreshToken = memory.firstUsedRefreshToken;
  if (refreshToken === undefined) return;
  memory.firstUsedRefreshToken = undefined;
  await unconsumeRefreshToken(db, sha256(refreshToken), sha256(refreshSuccessor(secrets, refreshToken)));
}
