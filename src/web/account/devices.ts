/** Where a person is signed in, and ending it. Refuses to end a session of anybody else. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { forgetRememberedDevices, listRememberedDevices } from '../../domain/sessions/remembered-devices.ts';
import { type LiveSession, listLiveSessions } from '../../domain/sessions/session-store.ts';
import { revokeOtherSessions, revokeSession } from '../../domain/sessions/sessions.ts';
import type { Database } from '../../platform/database.ts';
import { describeBrowser } from '../../platform/describe-browser.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import type { ViewModels } from '../pages/view-models.ts';
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
        /** Where it led to, by name. */
        applications: string[];
      }[];
      /** Takes a POST with `session=<id>`. */
      revokeAction: string;
      /** Takes a POST that ends all but this one. */
      othersAction: string;
      /** Browsers at which the second factor is not asked for. */
      remembered: { id: string; browser: string; os: string; since: Date; until: Date }[];
      /** Takes a POST with `device=<id>`, or nothing for all of them. */
      forgetAction: string;
      notice?: 'session_ended' | 'others_ended' | 'device_forgotten';
    };
  }
}

const page = '/account/devices';

type DevicesModel = ViewModels['account/devices'];

/** The devices that are signed in, this one first. */
async function sessionsModel(
  db: Database,
  { profile: { tenantId, userId }, sessionUidHash }: SignedIn,
): Promise<DevicesModel['sessions']> {
  const isCurrent = (session: LiveSession) => session.oidcSessionUidHash.equals(sessionUidHash);
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
    applications: session.applications,
  }));
}

async function rememberedModel(
  db: Database,
  { profile: { tenantId, userId, tenant } }: SignedIn,
): Promise<DevicesModel['remembered']> {
  if (tenant.settings.rememberedDeviceDays === 0) return [];
  const { items } = await listRememberedDevices(db, { tenantId, userId, limit: 100 });
  return items.map(({ id, userAgent, createdAt, expiresAt }) => ({
    id,
    ...describeBrowser(userAgent),
    since: createdAt,
    until: expiresAt,
  }));
}

/** What has just been done, as an address of ours says it; anybody can write the address, and it says no more than this. */
function noticeOf({ notice }: Context['query']): DevicesModel['notice'] {
  return (['session_ended', 'others_ended', 'device_forgotten'] as const).find((name) => name === notice);
}

async function show(ctx: Context, web: WebDependencies): Promise<void> {
  const person = await personOfPage(ctx, web);
  if (!person) return;
  const notice = noticeOf(ctx.query);
  const sessions = await sessionsModel(web.db, person);
  const model = {
    sessions,
    remembered: await rememberedModel(web.db, person),
    notice,
    revokeAction: '/account/sessions/revoke',
    othersAction: '/account/sessions/revoke-others',
    forgetAction: '/account/devices/forget',
  };
  drawPage(ctx, web, person, { section: 'devices', view: 'account/devices' }, model);
}

async function revoke(ctx: Context, web: WebDependencies): Promise<void> {
  const { person, form } = await postedForm(ctx, web);
  const { tenantId, userId } = person.profile;
  await revokeSession(web.db, { tenantId, userId, sessionId: form.session ?? '' }, callerOf(ctx, userId));
  leadTo(ctx, `${page}?notice=session_ended`);
}

async function revokeOthers(ctx: Context, web: WebDependencies): Promise<void> {
  const { person } = await postedForm(ctx, web);
  const { tenantId, userId } = person.profile;
  await revokeOtherSessions(web.db, { tenantId, userId, keptUidHash: person.sessionUidHash }, callerOf(ctx, userId));
  leadTo(ctx, `${page}?notice=others_ended`);
}

async function forget(ctx: Context, web: WebDependencies): Promise<void> {
  const { person, form } = await postedForm(ctx, web);
  const { tenantId, userId } = person.profile;
  await forgetRememberedDevices(web.db, { tenantId, userId, id: form.device }, callerOf(ctx, userId));
  leadTo(ctx, `${page}?notice=device_forgotten`);
}

/** Mounts `/devices` and what ends sessions on the router of the account pages. */
export function mountDevices(router: Router, web: WebDependencies): void {
  router.get('/devices', (ctx) => show(ctx, web));
  router.post('/devices/forget', (ctx) => forget(ctx, web));
  router.post('/sessions/revoke', (ctx) => revoke(ctx, web));
  router.post('/sessions/revoke-others', (ctx) => revokeOthers(ctx, web));
}
