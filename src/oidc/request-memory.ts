/**
 * What one request remembers between the calls that oidc-provider makes in it. It hangs at the request's context and is gone with
 * it; nothing here outlives a request or is seen by another.
 */
import Provider from 'oidc-provider';
import type { FoundPayload } from '../domain/sessions/find-payload.ts';
import type { Upsert } from '../domain/sessions/payload-store.ts';
import type { AccountProfile } from '../domain/users/users.ts';
import type { RequestedTenant } from './authorization/requested-tenant.ts';
import type { OpenExchange } from './storage/exchange.ts';
import type { SessionPayload } from './storage/session-merge.ts';
import type { ExchangedSubject } from './tokens/exchanged-tokens.ts';
import type { Judgement } from './workload-tokens.ts';

export interface RequestMemory {
  /** The tenant that the authorization request is for, asked of the database once. */
  requestedTenant?: Promise<RequestedTenant | undefined>;
  /** The session as this request found it, to tell what it changed. */
  sessionAsRead?: SessionPayload;
  /** The grant and the code of a session that begins with this request, until it is stored. */
  beside?: readonly Upsert[];
  /** The interaction that ends when that session is stored. */
  endedInteraction?: Buffer;
  /** Storing the session has failed: what the answer would have told of it is not to be told. */
  sessionIsLost?: boolean;
  /** What waits until this request has stored its session, which the library does last. */
  onceSessionIsStored?: () => Promise<void>;
  /** What the token endpoint is about to use and to store, in one statement at the end of the grant. */
  exchange?: OpenExchange;
  /** The refresh token that this request was the first to use: a refusal afterwards gives it back. */
  firstUsedRefreshToken?: string;
  /** The token that follows the refresh token which this request has used: the one to hand out. */
  newestRefreshToken?: string;
  /** Whether a code of a device that was typed is one. */
  foundUserCode?: boolean;
  /** The row of a JWT access token that this request may look for, because the token's signature was checked. */
  admittedRecordId?: string;
  /** What the access token of this request rests on, found in the statement that found the token. */
  foundAlong?: Pick<FoundPayload, 'grant' | 'session'>;
  /** The account that came along with a token, a session or an interaction, of the same moment. */
  accountAlong?: AccountProfile;
  /** What the answer of introspection is made of where it is asked about an API key. */
  introspectedKey?: object;
  /** What became of the platform's token that a service brought. */
  workload?: { clientId: string; judgement: Judgement };
  /** What the token that this request makes says of what it is exchanged for. */
  exchangedSubject?: ExchangedSubject;
}

const memoryKey = Symbol('request memory');

/**
 * What the request of this context remembers. It hangs at the context itself: what a WeakMap holds outlives each quick
 * collection, whether its key does or not, and the rows of every request would wait for a slow one (docs/performance.md).
 */
export function memoryOf(ctx: object): RequestMemory {
  const holder = ctx as { [memoryKey]?: RequestMemory };
  holder[memoryKey] ??= {};
  return holder[memoryKey];
}

/** What the request that the library is handling remembers; undefined outside of one (jobs, the command line). */
export function requestMemory(): RequestMemory | undefined {
  return Provider.ctx && memoryOf(Provider.ctx);
}
