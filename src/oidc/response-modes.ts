/**
 * How an answer to an authorization request reaches the application, where that is by a redirect. The library writes the
 * query of the redirect_uri anew (`?close` becomes `?close=`), and its own parameters over those of the same name.
 */
import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { hasOwnQuery, withParameters } from './redirect-address.ts';

type Handler = Parameters<Provider['registerResponseMode']>[1];

/** The modes that end in a redirect; the others put the redirect_uri into a form as it is. */
const redirecting = new Set(['query', 'fragment', 'jwt', 'query.jwt', 'fragment.jwt']);

/** Has the library answer to the address without its query, and puts that back in front of what was added. */
function keepQuery(answer: Handler): Handler {
  return async function answerWithQuery(this: Provider, ctx, redirectUri, payload) {
    if (!hasOwnQuery(redirectUri)) return answer.call(this, ctx, redirectUri, payload);
    await answer.call(this, ctx, redirectUri.slice(0, redirectUri.indexOf('?')), payload);
    redirect(ctx, redirectUri);
  };
}

function redirect(ctx: KoaContextWithOIDC, redirectUri: string): void {
  const added = new URL(ctx.response.get('Location'));
  const address = withParameters(redirectUri, Object.fromEntries(added.searchParams));
  // Not by redirect(), which would write the address anew.
  ctx.set('Location', address + added.hash);
}

/** The library's provider, but for the redirects. */
export class QueryKeepingProvider extends Provider {
  // No initial value: the library's constructor has filled it by the time that ours would.
  declare private kept: Set<string> | undefined;

  /** @throws where the library has response modes that did not come by here: the start stops */
  constructor(issuer: string, configuration: Configuration) {
    super(issuer, configuration);
    for (const mode of ['query', 'fragment'])
      if (!this.kept?.has(mode)) throw new Error(`oidc-provider registers its response mode ${mode} elsewhere`);
  }

  override registerResponseMode(name: string, handler: Handler): void {
    this.kept ??= new Set();
    this.kept.add(name);
    super.registerResponseMode(name, redirecting.has(name) ? keepQuery(handler) : handler);
  }
}
