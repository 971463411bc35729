/** All that is held on a person, as a file for them. Asks for a sign-in that is not older than five minutes. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { tellPerson } from '../../management/user-data.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { drawPage, freshForm, personOfPage } from './account-page.ts';
import type { AccountNav } from './sections.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/data': {
      nav: AccountNav;
      /** Takes a POST and answers with the file. */
      downloadAction: string;
      /** Where the account is deleted; absent where the tenant does not let people. */
      deleteHref?: string;
    };
  }
}

const page = '/account/data';
const download = '/account/data/download';
const deletePage = '/account/data/delete';

async function show(ctx: Context, web: WebDependencies): Promise<void> {
  const person = await personOfPage(ctx, web);
  if (!person) return;
  const deleteHref = person.profile.tenant.settings.selfDeletionDays === null ? undefined : deletePage;
  drawPage(ctx, web, person, { section: 'data', view: 'account/data' }, { downloadAction: download, deleteHref });
}

async function send(ctx: Context, web: WebDependencies): Promise<void> {
  const posted = await freshForm(ctx, web, page);
  if (!posted) return;
  const { tenantId, userId } = posted.person.profile;
  const held = await tellPerson(web.db, { tenantId, userId }, { secrets: web.secrets, caller: callerOf(ctx, userId) });
  ctx.set('content-disposition', 'attachment; filename="my-data.json"');
  ctx.type = 'application/json; charset=utf-8';
  ctx.body = `${JSON.stringify(held, null, 2)}\n`;
}

/** Mounts `/data` on the router of the account pages. */
export function mountData(router: Router, web: WebDependencies): void {
  router.get('/data', (ctx) => show(ctx, web));
  router.post('/data/download', (ctx) => send(ctx, web));
}
