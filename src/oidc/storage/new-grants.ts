/**
 * The grant of a session that begins with this request. Nobody else can know of it, so it is stored with the code that is made
 * under it, in one statement, or where there is no code with the session.
 */
import Provider from 'oidc-provider';
import { type Upsert, upsertPayload } from '../../domain/sessions/payload-store.ts';
import type { Database } from '../../platform/database.ts';
import { requestMemory } from '../request-memory.ts';

/** Whether the grant waits for the code. False: it is to be stored now. */
export function storeBesideCode(grant: Upsert): boolean {
  const memory = requestMemory();
  const { route, session } = Provider.ctx?.oidc ?? {};
  const isSignIn = route === 'authorization' || route === 'resume';
  if (!memory || memory.sessionAsRead || !isSignIn || !session?.accountId) return false;
  memory.waitingGrant = grant;
  return true;
}

/** Stores the grant that waits, if there is one: with what else is stored at this moment. */
export async function storeWaitingGrant(db: Database): Promise<void> {
  const memory = requestMemory();
  if (!memory?.waitingGrant) return;
  const { row, auditRow } = memory.waitingGrant;
  memory.waitingGrant = undefined;
  await upsertPayload(db, row, auditRow);
}
