/**
 * The library's context of a request is an ordinary property of Koa's. The library gives each request a getter of its own for it.
 * V8 keeps getters outside of the young generation, so all that one leads to, the whole request, outlives each quick
 * collection and waits for a slow one (docs/performance.md). What it leads to is the same here: made as the request meets its
 * route, and the context of everything that goes on in it.
 */
import type { Context, Next } from 'koa';
import type { Provider } from 'oidc-provider';
import als from 'oidc-provider/lib/helpers/als.js';
import Router from 'oidc-provider/lib/helpers/router.js';
import insidesOf from 'oidc-provider/lib/helpers/weak_cache.js';
import { type Override, replaceMethod } from './override.ts';

type Step = (ctx: Context, next: Next) => unknown;
type AddRoute = (this: object, name: string, path: string, givesContext: Step, ...steps: Step[]) => unknown;

interface ContextMaker {
  OIDCContext: new (ctx: Context) => Context['oidc'];
}

/** Routers whose routes were made with our step, and the provider of each as soon as the override is applied to it. */
const providers = new WeakMap<object, ContextMaker | undefined>();

/** The library's own step where the override is not applied, as in a test of the library. */
function givePlainContext(router: object, givesContext: Step): Step {
  return (ctx, next) => {
    const provider = providers.get(router);
    if (!provider) return givesContext(ctx, next);
    ctx.oidc = new provider.OIDCContext(ctx);
    return als.run(ctx, next);
  };
}

// A provider makes its routes as it is made, so the step has its place before there is one.
for (const verb of ['get', 'post', 'put', 'delete', 'options'] as const)
  replaceMethod(Router.prototype as Record<typeof verb, AddRoute>, verb, (add) => {
    return function addRoute(name, path, givesContext, ...steps) {
      providers.set(this, undefined);
      return add.call(this, name, path, givePlainContext(this, givesContext), ...steps);
    };
  });

export const plainContext: Override = {
  name: 'plain-context',
  why: 'The library gives each request a getter of its own, by which V8 keeps all of the request until a slow collection.',
  apply({ provider }) {
    const { router } = insidesOf(provider) as { router?: object };
    if (!router || !providers.has(router)) throw new Error('oidc-provider makes its routes elsewhere');
    providers.set(router, provider as Provider & ContextMaker);
  },
};
