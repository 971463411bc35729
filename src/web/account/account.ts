/**
 * The signed-in person's own pages, in sections (sections.ts). Reached like any application, by signing in: every page leads
 * there and back. Each section has a file of its own.
 */
import Router from '@koa/router';
import type { ManagementDependencies } from '../../management/operation.ts';
import type { WebDependencies } from '../interaction/context.ts';
import { mountAccess } from './access.ts';
import { leadTo } from './account-page.ts';
import { mountApplications } from './applications.ts';
import { mountApprovals } from './approvals.ts';
import { mountChangeAddress } from './change-address.ts';
import { mountData } from './data.ts';
import { mountDeleteAccount } from './delete-account.ts';
import { mountDevices } from './devices.ts';
import { mountKeys } from './keys.ts';
import { mountPreferences } from './preferences.ts';
import { mountProfile } from './profile.ts';
import { mountReferrals } from './referrals.ts';
import { mountSecurity } from './security.ts';
import { pageOfState } from './signed-in.ts';
import { mountVerify } from './verify.ts';

export function accountRoutes(web: WebDependencies, management: ManagementDependencies): Router {
  const router = new Router({ prefix: '/account' });
  // Where the sign-in of these pages comes back to, with nothing but the session.
  router.get('/signed-in', (ctx) => {
    leadTo(ctx, ctx.query.error === undefined ? pageOfState(ctx.query.state) : '/');
  });
  mountProfile(router, web);
  mountPreferences(router, web);
  mountChangeAddress(router, web);
  mountVerify(router, web);
  mountSecurity(router, web);
  mountDevices(router, web);
  mountApplications(router, web);
  mountApprovals(router, web);
  mountAccess(router, web);
  mountKeys(router, web, management);
  mountReferrals(router, web);
  mountData(router, web);
  mountDeleteAccount(router, web);
  return router;
}
