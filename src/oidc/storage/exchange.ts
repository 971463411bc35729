/**
 * The exchange of a code or a refresh token for tokens, stored in one statement when all of it is known: what is refused on
 * the way uses nothing up, and a process that dies leaves nothing behind. Owns that what is not used for the first time (a
 * second try, another tab, a replay) goes the way of the adapters, one step after the other.
 */
import type { CanBePromise, KoaContextWithOIDC } from 'oidc-provider';
import { type Exchange, findSource, type Source, storeExchange } from '../../domain/sessions/exchange-store.ts';
import type { StoredPayload, Upsert } from '../../domain/sessions/payload-store.ts';
import type { Database } from '../../platform/database.ts';
import { sha256 } from '../../platform/secrets.ts';
import { memoryOf, requestMemory } from '../request-memory.ts';
import { keepAccountAlong } from './found-along.ts';

/** What a request has gathered so far. */
export interface OpenExchange {
  /** What it has brought, as it was found. */
  source?: Source;
  /** What it uses up, once the library does. */
  used?: Pick<Exchange, 'model' | 'idHash' | 'successorHash'>;
  tokens: Upsert[];
}

/** The grant types whose source is a row that is used once, and of which the library asks nothing again. */
export const exchangedGrantTypes: ReadonlySet<string> = new Set(['authorization_code', 'refresh_token']);

/** Runs the library's handler of a grant type, and stores what came of it. */
export async function exchangeAtOnce(
  db: Database,
  ctx: KoaContextWithOIDC,
  handler: () => CanBePromise<void>,
): Promise<void> {
  // A proof of possession counts once (RFC 9449 section 11.1), so that such a request cannot be begun anew.
  if (ctx.get('dpop') !== '') return handler();
  const memory = memoryOf(ctx);
  const exchange: OpenExchange = { tokens: [] };
  memory.exchange = exchange;
  try {
    await handler();
  } finally {
    memory.exchange = undefined;
  }
  const { source, used, tokens } = exchange;
  if (!used) return;
  if (await storeExchange(db, { ...used, grantIdHash: source?.grant?.idHash ?? null, tokens })) return;
  memory.newestRefreshToken = undefined;
  await handler();
}

/** A code or a refresh token, with what is asked for next; undefined outside of an exchange. */
export async function findExchanged(
  db: Database,
  model: string,
  id: string,
): Promise<{ stored: StoredPayload | undefined } | undefined> {
  const exchange = requestMemory()?.exchange;
  if (!exchange) return undefined;
  exchange.source = await findSource(db, { model, idHash: sha256(id) });
  keepAccountAlong(exchange.source?.account);
  return { stored: exchange.source?.source };
}

/** The grant of what is exchanged; undefined where it was not asked for with it. */
export function grantOfExchange(id: string): { stored: StoredPayload | undefined } | undefined {
  const grant = requestMemory()?.exchange?.source?.grant;
  return grant?.idHash.equals(sha256(id)) ? grant : undefined;
}

/** The browser session of what is exchanged, as `grantOfExchange`. */
export function sessionOfExchange(uid: string): { stored: StoredPayload | undefined } | undefined {
  const session = requestMemory()?.exchange?.source?.session;
  return session?.uidHash.equals(sha256(uid)) ? session : undefined;
}

/** Has it used up at the end. False outside of an exchange: then it is to be used up now. */
export function useInExchange(used: NonNullable<OpenExchange['used']>): boolean {
  const exchange = requestMemory()?.exchange;
  if (!exchange) return false;
  exchange.used = used;
  return true;
}

/** Has a token stored at the end, where something was used up for it. False: it is to be stored now. */
export function storeInExchange(token: Upsert): boolean {
  const exchange = requestMemory()?.exchange;
  if (!exchange?.used) return false;
  exchange.tokens.push(token);
  return true;
}
