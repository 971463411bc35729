/**
 * Discovery and the key set are the same for everybody until the provider is built anew: the bytes of the first answer are
 * given again, before any middleware. Refuses to keep an answer to a script of another origin, which says whom it is for, and
 * leaves to the middleware what a proxy has numbered.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Context, Middleware, Next } from 'koa';
import type { LiveProvider } from '../../oidc/live-provider.ts';
import type { ToldRequest } from '../middleware/request-log.ts';

interface KeptAnswer {
  headers: Record<string, string | string[]>;
  body: Buffer;
}

export interface PublicDocuments {
  /** Remembers the library's answers. */
  keep: Middleware;
  /** Answers what is kept, and hands everything else on. */
  before(handle: RequestListener): RequestListener;
}

export interface PublicDocumentsOptions {
  live: Pick<LiveProvider, 'provider'>;
  paths: readonly string[];
  /** Each answer is logged and measured as any other. */
  tell(request: ToldRequest): void;
}

/** What each answer says of itself alone. */
const ofOneAnswer = new Set(['x-request-id', 'date', 'connection', 'content-length', 'keep-alive']);

function isForEverybody({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.origin === undefined && headers['x-request-id'] === undefined;
}

export function createPublicDocuments(options: PublicDocumentsOptions): PublicDocuments {
  const { live, paths, tell } = options;
  const kept = new WeakMap<object, Map<string, KeptAnswer>>();
  const isDocument = new Set(paths);

  async function keepAnswer(ctx: Context, next: Next): Promise<void> {
    const provider = live.provider();
    await next();
    if (ctx.status !== 200 || typeof ctx.body !== 'object') return;
    const headers = Object.entries(ctx.response.headers).filter(([name]) => !ofOneAnswer.has(name.toLowerCase()));
    const body = Buffer.from(JSON.stringify(ctx.body));
    const answers = kept.get(provider) ?? new Map<string, KeptAnswer>();
    answers.set(ctx.path, {
      headers: { ...Object.fromEntries(headers), 'content-length': String(body.length) },
      body,
    } as KeptAnswer);
    kept.set(provider, answers);
  }

  return {
    keep(ctx, next) {
      return isDocument.has(ctx.path) && isForEverybody(ctx.req) ? keepAnswer(ctx, next) : next();
    },

    before: (handle) => (req, res) => {
      const known = isDocument.has(req.url ?? '') && isForEverybody(req);
      const answer = known ? kept.get(live.provider())?.get(req.url as string) : undefined;
      if (!answer) return handle(req, res);
      const began = performance.now();
      const requestId = randomUUID();
      res.once('close', () =>
        tell({ req, res, requestId, began, route: req.url as string, ip: req.socket.remoteAddress }),
      );
      res.writeHead(200, { ...answer.headers, 'x-request-id': requestId }).end(answer.body);
      req.resume();
    },
  };
}
