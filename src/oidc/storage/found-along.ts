/**
 * What an access token rests on, kept for the rest of its request: the library finds the token, then asks for its session and
 * its grant by themselves. All three are of the same moment then. Refuses to keep anything outside of a request.
 */
import type { FoundPayload } from '../../domain/sessions/find-payload.ts';
import type { StoredPayload } from '../../domain/sessions/payload-store.ts';
import { sha256 } from '../../platform/secrets.ts';
import { requestMemory } from '../request-memory.ts';

/** Keeps what came along, and answers what was found. */
export function keepAlong(found: FoundPayload | undefined): StoredPayload | undefined {
  if (!found?.grant && !found?.session) return found;
  const memory = requestMemory();
  if (memory) memory.foundAlong = found;
  return found;
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
