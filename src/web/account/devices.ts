/** Where a person is signed in, and ending it. Refuses to end a session of anybody else. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { listLiveSessions, type UserSessionRow } from '../../domain/sessions/session-store.ts';
import { revokeSession } from '../../domain/sessions/sessions.ts';
import type { Database } from '../../platform/database.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { describeBrowser } from '../provider/provider-pages.ts';
import { drawPage, leadTo, personOfPage, postedForm } from './account-page.ts';
import type { AccountNav } from './sections.ts';
import type { SignedIn } from './signed-in.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/devices': {
      nav: AccountNav;
      sessions: {
        id: string;
        browser: string;
        os: string;
        ip?: string;
        /** RFC 8176 method names. */
        amr: string[];
        signedInAt: Date;
        lastSeenAt: Date;
        current: boolean;
      }[];
      /** Takes a POST with `session=<id>`. */
      revokeAction: string;
    };
  }
}

const page = '/account/devices';

type Sessions = import('../pages/view-models.ts').ViewModels['account/devices']['sessions'];

/** The devices that are signed in, this one first. */
async function sessionsModel(
  db: Database,
  { profile: { tenantId, userId }, sessionUidHash }: SignedIn,
): Promise<Sessions> {
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

async function show(ctx: Context, web: WebDependencies): Promise<void> {
  const person = await personOfPage(ctx, web);
  if (!person) return;
  const sessions = await sessionsModel(web.db, person);
  drawPage(
    ctx,
    web,
    person,
    { section: 'devices', view: 'account/devices' },
    { sessions, revokeAction: '/account/sessions/revoke' },
  );
}

async function revoke(ctx: Context, web: WebDependencies): Promise<void> {
  const { person, form } = await postedForm(ctx, web);
  const { tenantId, userId } = person.profile;
  await revokeSession(web.db, { tenantId, userId, sessionId: form.session ?? '' }, callerOf(ctx, userId));
  leadTo(ctx, page);
}

/** Mounts `/devices` and `/sessions/revoke` on the router of the account pages. */
export function mountDevices(router: Router, web: WebDependencies): void {
  router.get('/devices', (ctx) => show(ctx, web));
  router.post('/sessions/revoke', (ctx) => revoke(ctx, web));
}
