/**
 * What people and programs have stored before they prove anything: authorization requests, pushed ones, device codes, the
 * sessions of nobody. Owns that an address, or a browser that somebody has signed in with, can have so many of them and no
 * more, that each holds so much and no more, and that what comes to its end is given back. A client that has proved itself
 * and a person who is signed in are counted nowhere here.
 */
import Provider, { type AdapterPayload, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { AddressLimits } from '../../platform/address-limits.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { type Counted, consume, defineLimits, giveBackHit, type Limit } from '../../platform/rate-limits.ts';

export const storedRequestLimits = defineLimits({
  /** Sign-ins from one address that were begun and not ended: they live for an hour. */
  openSignInsPerIp: { hits: 500, windowSeconds: 3_600 },
  /** The same from one browser that somebody has signed in with: no stranger counts there. */
  openSignInsPerBrowser: { hits: 100, windowSeconds: 3_600 },
  /** Requests that public clients push from one address (RFC 9126); they live for a minute. */
  pushedRequestsPerIp: { hits: 200, windowSeconds: 60 },
  /** Device codes that public clients ask for from one address (RFC 8628); they live for ten minutes. */
  deviceCodesPerIp: { hits: 200, windowSeconds: 600 },
});

/** An authorization request with all its parameters, as JSON. Applications send one or two KiB. */
const mostBytes = 16 * 1024;

const limited: Readonly<Record<string, Limit>> = {
  Interaction: storedRequestLimits.openSignInsPerIp,
  Session: storedRequestLimits.openSignInsPerIp,
  PushedAuthorizationRequest: storedRequestLimits.pushedRequestsPerIp,
  DeviceCode: storedRequestLimits.deviceCodesPerIp,
};

/** RFC 9126 section 2.3 and RFC 6585 section 4. Shown here, for an application would only send the browser back at once. */
export class TooManyRequests extends errors.OIDCProviderError {
  override allow_redirect = false;
  readonly seconds: number;

  constructor(seconds: number, description: string) {
    super(429, 'temporarily_unavailable');
    this.error_description = description;
    this.seconds = seconds;
  }
}

/** Whether the client has proved itself, or the person. */
function isProved({ oidc }: KoaContextWithOIDC, payload: AdapterPayload): boolean {
  if (oidc.session?.accountId || payload.accountId) return true;
  const pushed = oidc.route === 'pushed_authorization_request' || oidc.route === 'device_authorization';
  return pushed && oidc.client?.clientAuthMethod !== 'none';
}

async function count(db: Database, limits: AddressLimits, limit: Limit, ctx: KoaContextWithOIDC): Promise<Counted> {
  const { knownBrowser } = ctx.state as { knownBrowser?: Buffer };
  const isSignIn = limit === storedRequestLimits.openSignInsPerIp;
  if (isSignIn && knownBrowser)
    return consume(db, storedRequestLimits.openSignInsPerBrowser, knownBrowser.toString('hex'));
  return limits.consume(db, limit, ctx.ip);
}

/** @throws InvalidRequest where a request holds too much */
export function checkStoredSize(payload: AdapterPayload): void {
  if (Buffer.byteLength(JSON.stringify(payload)) > mostBytes)
    throw new errors.InvalidRequest(`the parameters of the request are more than ${mostBytes / 1024} KiB`);
}

/**
 * Counts a row that is about to be stored for the first time, if it is one of a stranger.
 * @throws InvalidRequest where it holds too much, TooManyRequests (429, with Retry-After)
 */
export async function countStoredRequest(
  { db, limits }: { db: Database; limits: AddressLimits },
  model: string,
  payload: AdapterPayload,
): Promise<Counted> {
  const limit = limited[model];
  if (!limit) return [];
  checkStoredSize(payload);
  const ctx = Provider.ctx;
  // Outside of the protocol's endpoints, and on the way back to them, something is stored again.
  if (!ctx?.oidc || /resume$/.test(ctx.oidc.route) || isProved(ctx, payload)) return [];
  try {
    return await count(db, limits, limit, ctx);
  } catch (error) {
    throw toldTooMany(ctx, error);
  }
}

/** A refusal by a limit, in the library's words; anything else as it is. */
export function toldTooMany(
  ctx: Pick<KoaContextWithOIDC, 'set'>,
  error: unknown,
  description = 'too many requests from this address',
): unknown {
  if (!(error instanceof DomainError) || error.code !== 'TOO_MANY_ATTEMPTS') return error;
  const seconds = Number(error.params.seconds);
  ctx.set('retry-after', String(seconds));
  return new TooManyRequests(seconds, description);
}

/** Gives back what a row was counted as, once it has ended. */
export async function giveBackStored(db: Database, ended: { countedAs: string[] | null } | undefined): Promise<void> {
  if (ended?.countedAs) await giveBackHit(db, ended.countedAs);
}
