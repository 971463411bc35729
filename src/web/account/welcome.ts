/** The page at `/`: what this server is, and the way to sign in. */
import Router from '@koa/router';
import type { WebDependencies } from '../interaction/context.ts';
import { signedIn } from './signed-in.ts';

export function welcomeRoutes(web: WebDependencies): Router {
  const router = new Router();
  router.get('/', async (ctx) => {
    const person = await signedIn(ctx, web);
    web.pages.render(ctx, 'welcome', {
      signInHref: '/account',
      accountHref: '/account',
      signedInAs: person && (person.profile.fullName ?? person.profile.email ?? undefined),
      issuer: web.issuer,
      discoveryHref: '/.well-known/openid-configuration',
      developmentNotes: web.isDevelopment,
    });
  });
  return router;
}
