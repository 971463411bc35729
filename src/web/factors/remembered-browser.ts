/**
 * "Do not ask on this browser for 30 days": the cookie that a remembered browser is known by. It is sent to sign-ins alone, and renewed
 * whenever somebody asks to be remembered, so that one which a stranger has planted opens nothing. Owns which sign-ins rest on
 * it: none that asks for two factors, and none that asks for a fresh proof (`prompt=login`, `max_age`).
 */
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import { isRemembered, rememberBrowser } from '../../domain/sessions/remembered-devices.ts';
import { findSessionLogin } from '../../domain/sessions/sessions.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import type { Database } from '../../platform/database.ts';
import { randomToken, sha256 } from '../../platform/secrets.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';

const cookieName = 'gh_remembered';
const path = '/interaction';
const dayMs = 86_400_000;

function tokenOf(ctx: Context): Buffer | undefined {
  const value = ctx.cookies.get(cookieName, { signed: false });
  return value && /^[A-Za-z0-9_-]{43}$/.test(value) ? sha256(value) : undefined;
}

/** How many days the tenant lets a browser be remembered; undefined: not at all. */
export function rememberDays({ tenant }: Pick<AccountProfile, 'tenant'>): number | undefined {
  return tenant.settings.rememberedDeviceDays || undefined;
}

/** Whether a request asks the person to prove themselves now (OpenID Connect Core section 3.1.2.1). */
function asksAfresh({ params }: Interaction): boolean {
  const { prompt, max_age: maxAge } = params;
  return maxAge !== undefined || (typeof prompt === 'string' && prompt.split(' ').includes('login'));
}

/** Whether the person's second factor need not be asked for at this browser. @param isAsked whether the application asks for two */
export async function isRememberedHere(
  ctx: Context,
  db: Database,
  { interaction, account, isAsked }: { interaction: Interaction; account: AccountProfile; isAsked: boolean },
): Promise<boolean> {
  const tokenHash = tokenOf(ctx);
  if (isAsked || !tokenHash || asksAfresh(interaction)) return false;
  const { tenantId, userId } = account;
  return isRemembered(db, { tenantId, userId }, { tokenHash, days: account.tenant.settings.rememberedDeviceDays });
}

/** Remembers the browser, unless the sign-in has been ended meanwhile. @param stillWaits whether a proof waits yet in the interaction */
export async function rememberHere(
  ctx: Context,
  web: WebDependencies,
  account: AccountProfile,
  isStillSignedIn: (trx: Database) => Promise<boolean>,
): Promise<void> {
  const days = rememberDays(account);
  if (days === undefined) return;
  const { tenantId, userId } = account;
  const token = randomToken(32);
  const browser = { tokenHash: sha256(token), formerHash: tokenOf(ctx), days };
  const caller = callerOf(ctx, userId);
  if (!(await rememberBrowser(web.db, { tenantId, userId }, browser, { caller, isStillSignedIn }))) return;
  ctx.cookies.set(cookieName, token, {
    path,
    httpOnly: true,
    sameSite: 'lax',
    secure: web.issuer.startsWith('https:'),
    // Others at this browser may be remembered for longer: each row says until when.
    maxAge: 90 * dayMs,
    signed: false,
    overwrite: true,
  });
}

/** Whether a browser's session has not been ended. */
export async function isSessionLive(db: Database, sessionUid: string): Promise<boolean> {
  return (await findSessionLogin(db, sha256(sessionUid))) !== undefined;
}
