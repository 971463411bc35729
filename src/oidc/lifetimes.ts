/** How long everything lives that the library stores or issues, in seconds. */
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Config } from '../config.ts';
import type { AccountWithProfile } from './account.ts';
import { approvalRequestSeconds } from './authorization/backchannel.ts';
import { isHeldToProfile } from './security-profile.ts';

type Lifetimes = NonNullable<Configuration['ttl']>;
type SessionLifetime = Extract<NonNullable<Lifetimes['Session']>, (...args: never[]) => unknown>;
type Session = Parameters<SessionLifetime>[1];

/** How long a session without a person lives. */
export const anonymousSessionSeconds = 3600;

/** Counted from the sign-in: a session that is only used does not live for ever. */
function sessionSeconds(ctx: KoaContextWithOIDC | undefined, session: Session, longest: number): number {
  if (!session.loginTs) return anonymousSessionSeconds;
  const account = ctx?.oidc?.account as AccountWithProfile | undefined;
  const tenantHours = account?.profile.tenant.settings.sessionHours;
  const life = Math.min(longest, (tenantHours ?? Number.POSITIVE_INFINITY) * 3600);
  const now = Math.floor(Date.now() / 1000);
  if (!session.amr?.includes('fed')) return Math.max(1, session.loginTs + life - now);
  // Who came from another provider may have proved themselves there (`loginTs`) long before they came here.
  const isSignIn = ctx?.oidc?.result?.login !== undefined || session.exp === undefined;
  return isSignIn ? life : Math.max(1, Math.min(life, session.exp - now));
}

/** No token outlives the consent that it rests on. */
function withinGrant(ctx: KoaContextWithOIDC | undefined, seconds: number): number {
  const end = ctx?.oidc?.entities.Grant?.exp;
  return end === undefined ? seconds : Math.max(1, Math.min(seconds, end - Math.floor(Date.now() / 1000)));
}

/** `ttl` of the configuration. */
export function createLifetimes(lifetimes: Config['lifetimes']): Lifetimes {
  const accessTokenSeconds = (ctx: KoaContextWithOIDC | undefined, token: { resourceServer?: unknown }): number =>
    withinGrant(
      ctx,
      (token.resourceServer as { accessTokenTTL?: number } | undefined)?.accessTokenTTL ?? lifetimes.accessTokenSeconds,
    );

  return {
    AccessToken: accessTokenSeconds,
    ClientCredentials: accessTokenSeconds,
    AuthorizationCode: 60,
    BackchannelAuthenticationRequest: approvalRequestSeconds,
    DeviceCode: 600,
    // A line of refresh tokens can begin under it as long as the session lasts.
    Grant: lifetimes.sessionSeconds + lifetimes.refreshTokenAbsoluteSeconds,
    IdToken: 3600,
    Interaction: 3600,
    // Idle from its own issue, absolute from the issue of the first of its line.
    RefreshToken: (ctx, token, client) => {
      const absoluteEnd = (token as unknown as { iiat: number }).iiat + lifetimes.refreshTokenAbsoluteSeconds;
      const remaining = absoluteEnd - Math.floor(Date.now() / 1000);
      // One that is not rotated has no successor that would live on.
      const idle = isHeldToProfile(client) ? remaining : lifetimes.refreshTokenIdleSeconds;
      return withinGrant(ctx, Math.max(1, Math.min(idle, remaining)));
    },
    Session: (ctx, session) => sessionSeconds(ctx, session, lifetimes.sessionSeconds),
  };
}
