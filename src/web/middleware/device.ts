/**
 * Recognises a browser across sign-ins by a long-lived random cookie; only its hash is stored, in `user_sessions`. It
 * proves nothing and opens nothing.
 */
import type { Context, Middleware } from 'koa';
import { randomToken, sha256 } from '../../platform/secrets.ts';

const cookieName = 'gh_device';
const yearMs = 365 * 24 * 3600 * 1000;

/** Sets `ctx.state.deviceFingerprint` where the cookie is there. */
export function device(): Middleware {
  return async (ctx, next) => {
    const value = ctx.cookies.get(cookieName, { signed: false });
    if (value && /^[A-Za-z0-9_-]{43}$/.test(value)) ctx.state.deviceFingerprint = sha256(value);
    await next();
  };
}

/** Gives a browser that just signed in its cookie, or renews it. */
export function rememberDevice(ctx: Context, issuer: string): void {
  const known = ctx.state.deviceFingerprint ? ctx.cookies.get(cookieName, { signed: false }) : undefined;
  ctx.cookies.set(cookieName, known ?? randomToken(32), {
    httpOnly: true,
    sameSite: 'lax',
    secure: issuer.startsWith('https:'),
    maxAge: yearMs,
    signed: false,
    overwrite: true,
  });
}
