/**
 * Recognises a browser across sign-ins by a long-lived random cookie; only its hash is stored, in `user_sessions`. It
 * proves nothing and opens nothing. Its signature says that it is one of ours.
 */
import type { Context, Middleware } from 'koa';
import { randomToken, sha256 } from '../../platform/secrets.ts';

const cookieName = 'gh_device';
const yearMs = 365 * 24 * 3600 * 1000;

/**
 * Sets `ctx.state.deviceFingerprint` where the cookie is there, and `ctx.state.knownBrowser` to the same where it is signed:
 * we gave it to somebody who had signed in.
 */
export function device(): Middleware {
  return async (ctx, next) => {
    const value = ctx.cookies.get(cookieName, { signed: false });
    if (value && /^[A-Za-z0-9_-]{43}$/.test(value)) {
      ctx.state.deviceFingerprint = sha256(value);
      if (ctx.cookies.get(cookieName, { signed: true })) ctx.state.knownBrowser = ctx.state.deviceFingerprint;
    }
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
    signed: true,
    overwrite: true,
  });
}
