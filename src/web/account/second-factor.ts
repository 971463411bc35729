/**
 * The way from the account to setting up a second factor: a sign-in that asks for two (web/factors/enrol.ts). So the person
 * has just proved who they are, and comes back with both.
 */
import type Router from '@koa/router';
import { acr } from '../../domain/factors/requirement.ts';
import type { WebDependencies } from '../interaction/context.ts';
import { leadTo, personOfPage } from './account-page.ts';
import { signInAgainAddress } from './signed-in.ts';

const page = '/account/security';

/** Mounts `/security/second-factor` on the router of the account pages. */
export function mountSecondFactor(router: Router, web: WebDependencies): void {
  router.get('/security/second-factor', async (ctx) => {
    const person = await personOfPage(ctx, web);
    if (!person) return;
    const address = signInAgainAddress(web.issuer, person, page);
    leadTo(ctx, person.profile.hasSecondFactor ? page : `${address}&${new URLSearchParams({ acr_values: acr.aal2 })}`);
  });
}
