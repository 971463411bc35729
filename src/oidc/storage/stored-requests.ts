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
import { defineLimits, giveBackHit, type Hits, hitsOf, type Limit } from '../../platform/rate-limits.ts';

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

function hitsAt(limits: AddressLimits, limit: Limit, ctx: KoaContextWithOIDC): Hits | undefined {
  const { knownBrowser } = ctx.state as { knownBrowser?: Buffer };
  const isSignIn = limit === storedRequestLimits.openSignInsPerIp;
  if (isSignIn && knownBrowser) return hitsOf(storedRequestLimits.openSignInsPerBrowser, knownBrowser.toString('hex'));
  return limits.hitsAt(limit, ctx.ip);
}

/** @throws InvalidRequest where a request holds too much */
export function checkStoredSize(payload: AdapterPayload): void {
  if (Buffer.byteLength(JSON.stringify(payload)) > mostBytes)
    throw new errors.InvalidRequest(`the parameters of the request are more than ${mostBytes / 1024} KiB`);
}

/**
 * What a row is to be counted as that is about to be stored for the first time; undefined where it is none of a stranger.
 * @throws InvalidRequest where it holds too much
 */
export function hitsOfStored(limits: AddressLimits, model: string, payload: AdapterPayload): Hits | undefined {
  const limit = limited[model];
  if (!limit) return undefined;
  checkStoredSize(payload);
  const ctx = Provider.ctx;
  // Outside of the protocol's endpoints, and on the way back to them, something is stored again.
  if (!ctx?.oidc || /resume$/.test(ctx.oidc.route) || isProved(ctx, payload)) return undefined;
  return hitsAt(limits, limit, ctx);
}

/** Does what counts a row. @throws TooManyRequests (429, with Retry-After) in the place of the limit's own refusal */
export async function toldByLibrary<T>(counting: Promise<T>): Promise<T> {
  try {
    return await counting;
  } catch (error) {
    throw Provider.ctx ? toldTooMany(Provider.ctx, error) : error;
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
