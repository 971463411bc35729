/**
 * What a request that begins a session has to store before it, and the interaction that it ends: nobody else can know of the new rows,
 * and the library stores the session last, whatever becomes of the request. So they wait for the session's statement. Refuses to let
 * anything wait where no session begins.
 */
import Provider from 'oidc-provider';
import type { NewSession } from '../../domain/sessions/new-session.ts';
import type { Upsert } from '../../domain/sessions/payload-store.ts';
import { type RequestMemory, requestMemory } from '../request-memory.ts';

type Waiting = Pick<NewSession, 'beside' | 'interactionHash'>;

/** The memory of a request of the protocol in which nobody was signed in. */
function memoryOfNewcomer(routes: readonly string[]): RequestMemory | undefined {
  const memory = requestMemory();
  return memory && !memory.sessionAsRead && routes.includes(Provider.ctx?.oidc?.route ?? '') ? memory : undefined;
}

/** Whether a code or a grant waits for the session. False: it is to be stored now. */
export function storeBesideSession(upsert: Upsert): boolean {
  const memory = memoryOfNewcomer(['authorization', 'resume']);
  if (!memory || !Provider.ctx?.oidc?.session?.accountId) return false;
  // A grant that is stored twice is stored as it was last.
  const others = memory.beside?.filter(({ row }) => !row.idHash.equals(upsert.row.idHash)) ?? [];
  memory.beside = [...others, upsert];
  return true;
}

/** Whether an interaction ends with the session that its result is about to begin. False: it is to be ended now. */
export function endWithSession(interactionHash: Buffer): boolean {
  const memory = memoryOfNewcomer(['resume']);
  const { result } = Provider.ctx?.oidc?.entities?.Interaction ?? {};
  if (!memory || !result?.login || 'error' in result) return false;
  memory.endedInteraction = interactionHash;
  return true;
}

/** What waits in this request; it waits no longer. */
export function takeWaiting(): Waiting {
  const memory = requestMemory();
  const { beside = [], endedInteraction = null } = memory ?? {};
  if (memory) Object.assign(memory, { beside: undefined, endedInteraction: undefined });
  return { beside, interactionHash: endedInteraction };
}
