/** The section Sign-in: how people sign in, and the identity providers that they may come by. */
import type Router from '@koa/router';
import type { ConsoleDependencies } from '../visit.ts';
import { mountAddProvider } from './add-provider.ts';
import { mountTrust } from './cross-app.ts';
import { mountProvider } from './provider.ts';
import { mountProviders } from './providers.ts';
import { mountTerms } from './terms.ts';
import { mountWays } from './ways.ts';

/** Mounts `/sign-in` and everything below it. */
export function mountSignIn(router: Router, deps: ConsoleDependencies): void {
  mountWays(router, deps);
  mountProviders(router, deps);
  mountAddProvider(router, deps);
  mountProvider(router, deps);
  mountTrust(router, deps);
  mountTerms(router, deps);
}
