/**
 * Deleting one's own account: what it ends, and asking for it. Asks for a sign-in that is not older than five minutes. Afterwards
 * nobody is signed in; the person comes back by signing in, and keeps the account there (web/interaction/keep-account.ts).
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { countHeldBy, type HeldByPerson, requestOwnDeletion } from '../../domain/lifecycle/own-deletion.ts';
import { listGrants } from '../../oidc/storage/grants.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { statusOf } from '../middleware/errors.ts';
import type { FormModel } from '../pages/form-model.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { drawPage, freshForm, freshPersonOfPage } from './account-page.ts';
import type { AccountNav } from './sections.ts';
import type { SignedIn } from './signed-in.ts';

export const deleteAccountCodes = defineCodes({
  LAST_OWNER_LEAVES: {
    kind: 'conflict',
    means: 'the person is the last owner of the tenant, and somebody else has to become one before they leave',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof deleteAccountCodes> {}
}

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/delete': FormModel & {
      nav: AccountNav;
      tenantName: string;
      /** How long the account can be kept. */
      days: number;
      /** What ends at once. */
      ends: HeldByPerson & { applications: number };
      action: string;
      /** Takes a POST and answers with a file of the person's data. */
      downloadAction: string;
      backHref: string;
    };
    'interaction/deletion-requested': { tenantName: string; dueAt: Date; signInHref: string };
  }
}

const page = '/account/data/delete';
/** Applications that are counted; nobody has more. */
const most = 100;

/** @throws DomainError forbidden DELETION_NOT_OFFERED */
async function show(ctx: Context, web: WebDependencies, person: SignedIn, refused?: DomainError): Promise<void> {
  const { tenantId, userId, tenant } = person.profile;
  const { selfDeletionDays: days } = tenant.settings;
  if (days === null) throw new DomainError('forbidden', 'DELETION_NOT_OFFERED');
  const { items } = await listGrants(web.db, { tenantId, userId, limit: most }, web.secrets);
  const applications = items.filter(({ clientName }) => clientName !== null).length;
  const model: Omit<ViewModels['account/delete'], 'nav'> = {
    tenantName: tenant.name,
    days,
    ends: { ...(await countHeldBy(web.db, { tenantId, userId })), applications },
    action: page,
    downloadAction: '/account/data/download',
    backHref: '/account/data',
    error: refused && { code: refused.code, params: refused.params },
  };
  const status = refused && statusOf(refused);
  drawPage(ctx, web, person, { section: 'data', view: 'account/delete', status }, model);
}

async function request(ctx: Context, web: WebDependencies): Promise<void> {
  const posted = await freshForm(ctx, web, page);
  if (!posted) return;
  const { person } = posted;
  const { tenantId, userId, tenant, theme, zoneinfo } = person.profile;
  const deps = { secrets: web.secrets, issuer: web.issuer, caller: callerOf(ctx, userId) };
  let dueAt: Date;
  try {
    dueAt = await requestOwnDeletion(web.db, { tenantId, userId, locale: ctx.state.locale ?? 'en' }, deps);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'LAST_OWNER') throw error;
    return show(ctx, web, person, new DomainError('conflict', 'LAST_OWNER_LEAVES'));
  }
  const signInHref = `/account?${new URLSearchParams({ tenant: tenant.slug })}`;
  const surroundings = { tenant, theme, timeZone: zoneinfo ?? undefined };
  web.pages.render(ctx, 'interaction/deletion-requested', { tenantName: tenant.name, dueAt, signInHref }, surroundings);
}

/** Mounts `/data/delete` on the router of the account pages. */
export function mountDeleteAccount(router: Router, web: WebDependencies): void {
  router.get('/data/delete', async (ctx) => {
    const person = await freshPersonOfPage(ctx, web);
    if (person) await show(ctx, web, person);
  });
  router.post('/data/delete', (ctx) => request(ctx, web));
}
