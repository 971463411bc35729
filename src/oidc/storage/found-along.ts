/**
 * What a token or a session rests on, kept for the rest of its request: the library finds the token, then asks for its session,
 * its grant and the account by themselves. All are of the same moment then. Refuses to keep anything outside of a request.
 */
import type { FoundPayload } from '../../domain/sessions/find-payload.ts';
import type { StoredPayload } from '../../domain/sessions/payload-store.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import { sha256 } from '../../platform/secrets.ts';
import { requestMemory } from '../request-memory.ts';

/** Keeps what came along, and answers what was found. */
export function keepAlong(found: FoundPayload | undefined): StoredPayload | undefined {
  const memory = found && requestMemory();
  if (!memory) return found;
  if (found.grant || found.session) memory.foundAlong = found;
  keepAccountAlong(found.account);
  return found;
}

/** Keeps the account that came along, if one did. */
export function keepAccountAlong(account: AccountProfile | undefined): void {
  const memory = account && requestMemory();
  if (memory) memory.accountAlong = account;
}

/** The account of that id, if it came along with what this request has found. */
export function accountFoundAlong(userId: string): AccountProfile | undefined {
  const account = requestMemory()?.accountAlong;
  return account?.userId === userId ? account : undefined;
}

/** The grant of that id, if it came with a token. */
export function grantFoundAlong(id: string): { stored: StoredPayload } | undefined {
  const stored = requestMemory()?.foundAlong?.grant;
  return stored?.idHash.equals(sha256(id)) ? { stored } : undefined;
}

/** The session of that uid, if it came with a token. */
export function sessionFoundAlong(uid: string): { stored: StoredPayload } | undefined {
  const stored = requestMemory()?.foundAlong?.session;
  return stored?.uidHash.equals(sha256(uid)) ? { stored } : undefined;
}
