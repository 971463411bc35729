/**
 * Discovery and the key set are the same for everybody until the provider is built anew: the bytes of the first answer are
 * given again. Refuses to keep an answer to a script of another origin, which says whom it is for.
 */
import type { Middleware } from 'koa';
import type { LiveProvider } from '../../oidc/live-provider.ts';

interface KeptAnswer {
  headers: Record<string, string | string[]>;
  body: Buffer;
}

/** What each answer says of itself alone. */
const ofOneAnswer = ['x-request-id', 'date', 'connection', 'content-length'];

/** Answers `GET` at these paths, once the library has answered there. */
export function publicDocuments(live: Pick<LiveProvider, 'provider'>, paths: readonly string[]): Middleware {
  const kept = new WeakMap<object, Map<string, KeptAnswer>>();
  const isDocument = new Set(paths);

  return async (ctx, next) => {
    if (ctx.method !== 'GET' || !isDocument.has(ctx.path) || ctx.req.headers.origin !== undefined) return next();
    const provider = live.provider();
    let ofProvider = kept.get(provider);
    if (!ofProvider) {
      ofProvider = new Map();
      kept.set(provider, ofProvider);
    }
    const known = ofProvider.get(ctx.path);
    if (known) {
      ctx.set(known.headers as Record<string, string>);
      ctx.body = known.body;
      return;
    }
    await next();
    if (ctx.status !== 200 || typeof ctx.body !== 'object') return;
    const headers = Object.fromEntries(
      Object.entries(ctx.response.headers).filter(([name]) => !ofOneAnswer.includes(name)),
    ) as KeptAnswer['headers'];
    ofProvider.set(ctx.path, { headers, body: Buffer.from(JSON.stringify(ctx.body)) });
  };
}
