/** What a person lets applications have, and taking it back. Refuses what is anybody else's. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { withdrawGrant } from '../../domain/sessions/grants.ts';
import { listGrants } from '../../oidc/storage/grants.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { drawPage, leadTo, personOfPage, postedForm } from './account-page.ts';
import type { AccountNav } from './sections.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/applications': {
      nav: AccountNav;
      applications: {
        grant: string;
        name: string;
        /** Of the person's own organisation: granted without asking. */
        firstParty: boolean;
        /** It acts for the person while they are away. */
        agent: boolean;
        /** When it ends by itself, where that was chosen. */
        endsAt?: Date;
        /** Those of our pages get their words from the locale, others their own names. */
        scopes: { name: string }[];
        /** By the identifiers of the APIs. */
        resources: { identifier: string; scopes: string[] }[];
        grantedAt: Date;
        lastUsedAt?: Date;
      }[];
      /** There are more than these. */
      more: boolean;
      /** Takes a POST with `grant=<id>`. */
      withdrawAction: string;
      notice?: 'withdrawn';
    };
  }
}

const page = '/account/applications';
const most = 100;

type Applications = ViewModels['account/applications']['applications'];

async function show(ctx: Context, web: WebDependencies): Promise<void> {
  const person = await personOfPage(ctx, web);
  if (!person) return;
  const { tenantId, userId } = person.profile;
  const { items, next } = await listGrants(web.db, { tenantId, userId, limit: most }, web.secrets);
  const applications: Applications = items.flatMap(({ clientName, ...grant }) =>
    // Our own pages are no application of anybody's.
    clientName === null
      ? []
      : [
          {
            grant: grant.id,
            name: clientName,
            firstParty: grant.firstParty,
            agent: grant.agent,
            endsAt: grant.agent ? (grant.expiresAt ?? undefined) : undefined,
            scopes: grant.scopes.map((name) => ({ name })),
            resources: grant.resources.map(({ resource: identifier, scopes }) => ({ identifier, scopes })),
            grantedAt: grant.createdAt,
            lastUsedAt: grant.lastUsedAt ?? undefined,
          },
        ],
  );
  const notice = ctx.query.notice === 'withdrawn' ? ctx.query.notice : undefined;
  const model = { applications, more: next !== null, withdrawAction: page, notice } as const;
  drawPage(ctx, web, person, { section: 'applications', view: 'account/applications' }, model);
}

async function withdraw(ctx: Context, web: WebDependencies): Promise<void> {
  const { person, form } = await postedForm(ctx, web);
  const { tenantId, userId } = person.profile;
  await withdrawGrant(web.db, { tenantId, userId, grantId: form.grant ?? '' }, callerOf(ctx, userId));
  leadTo(ctx, `${page}?notice=withdrawn`);
}

/** Mounts `/applications` on the router of the account pages. */
export function mountApplications(router: Router, web: WebDependencies): void {
  router.get('/applications', (ctx) => show(ctx, web));
  router.post('/applications', (ctx) => withdraw(ctx, web));
}
