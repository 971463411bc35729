/** What a person holds, where, and until when. Changes nothing: others give roles. */
import type Router from '@koa/router';
import { findEffectiveAccess } from '../../domain/access/effective-access.ts';
import { findPlacePaths } from '../../domain/organisation/place-paths.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import type { Database } from '../../platform/database.ts';
import type { WebDependencies } from '../interaction/context.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { drawPage, personOfPage } from './account-page.ts';
import type { AccountNav } from './sections.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/access': {
      nav: AccountNav;
      /** `path` runs from the tenant's root to the place's parent, by name. */
      roles: { role: string; place: string; path: string[]; startsAt?: Date; endsAt?: Date }[];
      visibility: { place: string; scope: 'read' | 'analyze'; endsAt?: Date }[];
    };
  }
}

async function accessModel(
  db: Database,
  { tenantId, userId }: AccountProfile,
): Promise<Omit<ViewModels['account/access'], 'nav'>> {
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

/** Mounts `/access` on the router of the account pages. */
export function mountAccess(router: Router, web: WebDependencies): void {
  router.get('/access', async (ctx) => {
    const person = await personOfPage(ctx, web);
    if (!person) return;
    const model = await accessModel(web.db, person.profile);
    drawPage(ctx, web, person, { section: 'access', view: 'account/access' }, model);
  });
}
