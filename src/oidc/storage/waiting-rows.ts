/**
 * What a request that begins a session has to store before it, and the interaction that it ends: nobody else can know of the new rows,
 * and the library stores the session last, whatever becomes of the request. So they wait for the session's statement. Refuses to let
 * anything wait where no session begins.
 */
import Provider, { errors } from 'oidc-provider';
import type { NewSession } from '../../domain/sessions/new-session.ts';
import { destroyPayload, type Upsert } from '../../domain/sessions/payload-store.ts';
import type { Database } from '../../platform/database.ts';
import { type RequestMemory, requestMemory } from '../request-memory.ts';

/** An interaction that another request has ended meanwhile: as the library says it of one that it does not find, and on a page. */
export class InteractionEnded extends errors.SessionNotFound {
  override allow_redirect = false;

  constructor() {
    super('interaction session not found');
  }
}

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

/**
 * Ends an interaction, or has it end with the session that its result is about to begin.
 * @throws InteractionEnded where it comes back in several requests at the same moment: one of them goes on
 */
export async function endInteraction(db: Database, idHash: Buffer): Promise<void> {
  const memory = memoryOfNewcomer(['resume']);
  const { result } = Provider.ctx?.oidc?.entities?.Interaction ?? {};
  if (memory && result?.login && !('error' in result)) {
    memory.endedInteraction = idHash;
    return;
  }
  const wasThere = await destroyPayload(db, 'Interaction', idHash, null, null);
  if (!wasThere && /resume$/.test(Provider.ctx?.oidc?.route ?? '')) throw new InteractionEnded();
}

/** What waits in this request; it waits no longer. */
export function takeWaiting(): Waiting {
  const memory = requestMemory();
  const { beside = [], endedInteraction = null } = memory ?? {};
  if (memory) Object.assign(memory, { beside: undefined, endedInteraction: undefined });
  return { beside, interactionHash: endedInteraction };
}
