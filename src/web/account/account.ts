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
import type { AccountProfile } from '../../domain/users/users.ts';
import { accountClientId } from '../../oidc/account-client.ts';
import type { Database } from '../../platform/database.ts';
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

type HomeModel = ViewModels['account/home'];

function accountModel({ fullName, email, phone, ...profile }: AccountProfile): HomeModel['account'] {
  return {
    name: fullName ?? email ?? phone ?? '',
    email: email ?? '',
    emailVerified: profile.emailVerified,
    phone: phone ?? undefined,
    phoneVerified: profile.phoneVerified,
    pictureUrl: profile.pictureUrl ?? undefined,
  };
}

/** What the person holds, and where. */
async function accessModel(
  db: Database,
  { tenantId, userId }: AccountProfile,
): Promise<Pick<HomeModel, 'roles' | 'visibility'>> {
  const { assignments, visibilityGrants } = await findEffectiveAccess(db, { tenantId, userId });
  const nodes = assignments.map((held) => held.orgNodeId);
  const paths = await findPlacePaths(db, tenantId, nodes);
  return {
    roles: assignments.map(({ role, orgNode, orgNodeId, startsAt, endsAt }) => ({
      role,
      place: orgNode,
      path: paths.get(orgNodeId) ?? [],
      startsAt,
      endsAt: endsAt ?? undefined,
    })),
    visibility: visibilityGrants.map(({ orgNode, accessScope, endsAt }) => ({
      place: orgNode,
      scope: accessScope,
      endsAt: endsAt ?? undefined,
    })),
  };
}

/** The devices that are signed in, this one first. */
async function sessionsModel(
  db: Database,
  { profile: { tenantId, userId }, sessionUidHash }: SignedIn,
): Promise<HomeModel['sessions']> {
  const isCurrent = (session: UserSessionRow) => session.oidcSessionUidHash.equals(sessionUidHash);
  const sessions = await listLiveSessions(db, tenantId, userId);
  sessions.sort((a, b) => Number(isCurrent(b)) - Number(isCurrent(a)));
  return sessions.map((session) => ({
    id: session.id,
    ...describeBrowser(session.userAgent),
    ip: session.ip ?? undefined,
    amr: session.amr,
    signedInAt: session.loginAt,
    lastSeenAt: session.lastSeenAt,
    current: isCurrent(session),
  }));
}

async function showHome(
  ctx: Context,
  web: WebDependencies,
  person: SignedIn,
  { error, status }: { error?: FormError; status?: number } = {},
): Promise<void> {
  const { profile } = person;
  const { tenant, theme, zoneinfo } = profile;
  const afterSignOut = { client_id: accountClientId, post_logout_redirect_uri: `${web.issuer}/` };
  web.pages.render(
    ctx,
    'account/home',
    {
      account: accountModel(profile),
      verify: verificationLinks(web, profile),
      notice: noticeOf(ctx.query),
      error,
      ...(await identitiesModel(web, profile)),
      ...(await accessModel(web.db, profile)),
      sessions: await sessionsModel(web.db, person),
      revokeAction: '/account/sessions/revoke',
      signOutHref: `/logout?${new URLSearchParams(afterSignOut)}`,
    },
    { tenant, theme, timeZone: zoneinfo ?? undefined, status },
  );
}

export function accountRoutes(web: WebDependencies): Router {
  const router = new Router({ prefix: '/account' });
  const askToSignIn = (ctx: Context) => {
    ctx.status = 303;
    ctx.redirect(signInAddress(web.issuer, ctx.query));
  };

  router.get('/', async (ctx) => {
    const person = await signedIn(ctx, web);
    if (!person) return askToSignIn(ctx);
    await showHome(ctx, web, person);
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

  mountIdentities(router, web, { showHome: (ctx, person, more) => showHome(ctx, web, person, more) });
  mountVerify(router, web, { person: (ctx) => signedIn(ctx, web), askToSignIn });
  return router;
}
