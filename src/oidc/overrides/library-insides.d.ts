/** Modules of the library that are typed nowhere, as far as the overrides use them. */

declare module 'oidc-provider/lib/helpers/als.js' {
  import type { AsyncLocalStorage } from 'node:async_hooks';

  const als: AsyncLocalStorage<object>;
  export default als;
}

declare module 'oidc-provider/lib/helpers/router.js' {
  type Add = (this: object, name: string, path: string, ...steps: never[]) => unknown;
  class Router {
    get: Add;
    post: Add;
    put: Add;
    delete: Add;
    options: Add;
  }
  export default Router;
}

declare module 'oidc-provider/lib/helpers/weak_cache.js' {
  /** What a provider keeps to itself. */
  export default function insidesOf(provider: object): unknown;
}
