/**
 * The signed-in person's own page: who they are here, what they hold and where, which devices are signed in. Reached
 * like any application, by signing in. Refuses to end a session of anybody else.
 */
import type { ParsedUrlQuery } from 'node:querystring';
import Router from '@koa/router';
import type { Context } from 'koa';
import { findEffectiveAccess } from '../../domain/access/effective-access.ts';
import { findPlacePaths } from '../../domain/organisation/place-paths.ts';
import { listLiveSessions, type UserSessionRow } from '../../domain/sessions/session-store.ts';
import { revokeSession } from '../../domain/sessions/sessions.ts';
import { accountClientId } from '../../oidc/account-client.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { readForm } from '../middleware/body.ts';
import type { FormError } from '../pages/form-model.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { describeBrowser } from '../provider/provider-pages.ts';
import { identitiesModel, mountIdentities } from './identities.ts';
import { type SignedIn, signedIn, signInAddress } from './signed-in.ts';
import { mountVerify, verificationLinks } from './verify.ts';

/** What has just been done, as an address of ours says it; anybody can write the address, and it says no more than this. */
function noticeOf(query: ParsedUrlQuery): ViewModels['account/home']['notice'] {
  const { notice } = query;
  return notice === 'address_verified' || notice === 'identity_linked' || notice === 'identity_unlinked'
    ? notice
    : undefined;
}

export function accountRoutes(web: WebDependencies): Router {
  const router = new Router({ prefix: '/account' });
  const askToSignIn = (ctx: Context) => {
    ctx.status = 303;
    ctx.redirect(signInAddress(web.issuer, ctx.query));
  };
  const signOutHref = `/logout?${new URLSearchParams({ client_id: accountClientId, post_logout_redirect_uri: `${web.issuer}/` })}`;

  async function showHome(
    ctx: Context,
    { profile, sessionUidHash }: SignedIn,
    { status, ...more }: { error?: FormError; status?: number } = {},
  ): Promise<void> {
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
          name: profile.fullName ?? profile.email ?? profile.phone ?? '',
          email: profile.email ?? '',
          emailVerified: profile.emailVerified,
          phone: profile.phone ?? undefined,
          phoneVerified: profile.phoneVerified,
          pictureUrl: profile.pictureUrl ?? undefined,
        },
        verify: verificationLinks(web, profile),
        notice: noticeOf(ctx.query),
        ...more,
        ...(await identitiesModel(web, profile)),
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
        status,
      },
    );
  }

  router.get('/', async (ctx) => {
    const person = await signedIn(ctx, web);
    if (!person) return askToSignIn(ctx);
    await showHome(ctx, person);
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

  mountIdentities(router, web, { showHome });
  mountVerify(router, web, { person: (ctx) => signedIn(ctx, web), askToSignIn });
  return router;
}
