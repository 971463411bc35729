/**
 * The signed-in person's own page: who they are here, what they hold and where, which devices are signed in. Reached
 * like any application, by signing in. Refuses to end a session of anybody else.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import { findEffectiveAccess } from '../../domain/access/effective-access.ts';
import { findPlacePaths } from '../../domain/organisation/place-paths.ts';
import { listLiveSessions, type UserSessionRow } from '../../domain/sessions/session-store.ts';
import { revokeSession } from '../../domain/sessions/sessions.ts';
import { type AccountProfile, findAccount } from '../../domain/users/users.ts';
import { accountClientId } from '../../oidc/account-client.ts';
import { DomainError } from '../../platform/errors.ts';
import { randomToken, sha256 } from '../../platform/secrets.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { readForm } from '../middleware/body.ts';
import { describeBrowser } from '../provider-pages.ts';

export interface SignedIn {
  profile: AccountProfile;
  sessionUidHash: Buffer;
}

/** Who is signed in to this browser, if anybody who may act. */
export async function signedIn(ctx: Context, { db, provider }: WebDependencies): Promise<SignedIn | undefined> {
  const session = await provider().Session.get(ctx as never);
  if (!session.accountId) return undefined;
  const profile = await findAccount(db, session.accountId);
  return profile && { profile, sessionUidHash: sha256(session.uid) };
}

function signInAddress(issuer: string): string {
  const query = new URLSearchParams({
    client_id: accountClientId,
    response_type: 'none',
    scope: 'openid',
    redirect_uri: `${issuer}/account/signed-in`,
    state: randomToken(16),
  });
  return `/authorize?${query}`;
}

export function accountRoutes(web: WebDependencies): Router {
  const router = new Router({ prefix: '/account' });
  const signOutHref = `/logout?${new URLSearchParams({ client_id: accountClientId, post_logout_redirect_uri: `${web.issuer}/` })}`;

  router.get('/', async (ctx) => {
    const person = await signedIn(ctx, web);
    if (!person) {
      ctx.status = 303;
      return ctx.redirect(signInAddress(web.issuer));
    }
    const { profile, sessionUidHash } = person;
    const access = await findEffectiveAccess(web.db, { tenantId: profile.tenantId, userId: profile.userId });
    const isCurrent = (session: UserSessionRow) => session.oidcSessionUidHash.equals(sessionUidHash);
    const sessions = await listLiveSessions(web.db, profile.tenantId, profile.userId);
    sessions.sort((a, b) => Number(isCurrent(b)) - Number(isCurrent(a)));
    const paths = await findPlacePaths(
      web.db,
      profile.tenantId,
      access.assignments.map((held) => held.orgNodeId),
    );
    web.pages.render(
      ctx,
      'account/home',
      {
        account: {
          name: profile.fullName ?? profile.email ?? '',
          email: profile.email ?? '',
          emailVerified: profile.emailVerified,
          phone: profile.phone ?? undefined,
          pictureUrl: profile.pictureUrl ?? undefined,
        },
        roles: access.assignments.map((held) => ({
          role: held.role,
          place: held.orgNode,
          path: paths.get(held.orgNodeId) ?? [],
          startsAt: held.startsAt,
          endsAt: held.endsAt ?? undefined,
        })),
        visibility: access.visibilityGrants.map((grant) => ({
          place: grant.orgNode,
          scope: grant.accessScope,
          endsAt: grant.endsAt ?? undefined,
        })),
        sessions: sessions.map((session) => ({
          id: session.id,
          ...describeBrowser(session.userAgent),
          ip: session.ip ?? undefined,
          amr: session.amr,
          signedInAt: session.loginAt,
          lastSeenAt: session.lastSeenAt,
          current: isCurrent(session),
        })),
        revokeAction: '/account/sessions/revoke',
        signOutHref,
      },
      {
        tenant: profile.tenant,
        theme: profile.theme,
        timeZone: profile.zoneinfo ?? undefined,
      },
    );
  });

  // Where the sign-in of this page comes back to, with nothing but the session.
  router.get('/signed-in', (ctx) => {
    ctx.status = 303;
    ctx.redirect(ctx.query.error === undefined ? '/account' : '/');
  });

  router.post('/sessions/revoke', async (ctx) => {
    const form = await readForm(ctx);
    const person = await signedIn(ctx, web);
    if (!person) throw new DomainError('unauthenticated', 'SIGN_IN_REQUIRED');
    const { tenantId, userId } = person.profile;
    await revokeSession(web.db, { tenantId, userId, sessionId: form.session ?? '' }, callerOf(ctx, userId));
    ctx.status = 303;
    ctx.redirect('/account');
  });

  return router;
}
