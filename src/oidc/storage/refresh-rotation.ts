/**
 * What follows a refresh token. The successor of a token is derived from it under a server key, so that a client which
 * lost the response and asks again gets the same successor: one line, nobody signed out, nothing stored in the clear.
 * Neither the database nor the key alone yields a token. By which key the line goes on is decided by the first use and
 * stored as the successor's hash. See docs/decisions/0003-refresh-token-rotation.md.
 */
import { createHmac } from 'node:crypto';
import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { selectRefreshLine, unconsumeRefreshToken } from '../../domain/sessions/refresh-store.ts';
import type { Database } from '../../platform/database.ts';
import { defineSecretPurpose, type Secrets, sha256 } from '../../platform/secrets.ts';
import { memoryOf } from '../request-memory.ts';

const refreshSuccessors = defineSecretPurpose('refresh-successors');

function successors(secrets: Secrets, refreshToken: string): string[] {
  return secrets
    .keys(refreshSuccessors)
    .map((key) => createHmac('sha256', key).update(refreshToken).digest('base64url'));
}

/** What a first use names as following. 256 bits, base64url: as strong as the random value that began the line. */
export function refreshSuccessor(secrets: Secrets, refreshToken: string): string {
  return successors(secrets, refreshToken)[0] as string;
}

/**
 * The newest token of a used token's line: the first after it that was not used yet.
 * @throws TemporarilyUnavailable (503) where the line went on under a key that this node does not have: another node can
 *   answer, and this one must not begin a second line
 */
export async function newestOfLine(db: Database, secrets: Secrets, refreshToken: string): Promise<string> {
  let newest = refreshToken;
  for (const hash of await selectRefreshLine(db, sha256(refreshToken))) {
    const next = successors(secrets, newest).find((candidate) => sha256(candidate).equals(hash));
    if (next === undefined) throw unknownKey();
    newest = next;
  }
  return newest;
}

function unknownKey(): Error {
  Provider.ctx?.set('retry-after', '1');
  const error = new errors.TemporarilyUnavailable('the token was used at a node with another key');
  return Object.assign(error, { status: 503, statusCode: 503 });
}

/**
 * The library rotates first and looks at `resource` and the rest afterwards: what it refuses then has cost the client its
 * token. Here it gets that back, so that a request which gave nothing uses nothing up.
 */
export async function giveBackRefused(db: Database, ctx: KoaContextWithOIDC): Promise<void> {
  const memory = memoryOf(ctx);
  const refreshToken = memory.firstUsedRefreshToken;
  if (refreshToken === undefined) return;
  memory.firstUsedRefreshToken = undefined;
  await unconsumeRefreshToken(db, sha256(refreshToken));
}
