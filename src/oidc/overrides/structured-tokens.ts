/**
 * JWT access tokens at the introspection and revocation endpoints: each is replaced by the id of its row, once its signature
 * was checked. See docs/decisions/0002-jwt-access-tokens-have-rows.md.
 */
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import getRawBody from 'raw-body';
import { memoryOf } from '../request-memory.ts';
import { recordId } from '../storage/jwt-record-ids.ts';
import { createAccessTokenVerifier } from '../tokens/access-token-records.ts';
import type { Override } from './override.ts';

const bodyLimit = 56 * 1024;

/** Undefined where it is too large. */
async function readBody(req: IncomingMessage): Promise<string | undefined> {
  try {
    return await getRawBody(req, {
      limit: bodyLimit,
      length: req.headers['content-length'] ?? null,
      encoding: 'utf-8',
    });
  } catch (error) {
    if ((error as { type?: string }).type === 'entity.too.large') return undefined;
    throw error;
  }
}

/**
 * Middleware before both endpoints: a JWT access token in `token` is replaced by the id of its row. What is not ours is
 * replaced by an id that no row has, so the answer is the standard one (`active: false`, RFC 7662 section 2.2; 200, RFC
 * 7009 section 2.2). Everything else is left as it came.
 */
function resolveStructuredTokens(
  paths: ReadonlySet<string>,
  ownJti: (token: string) => string | undefined,
): Middleware {
  return async function resolveStructuredToken(ctx, next) {
    if (ctx.method !== 'POST' || !paths.has(ctx.path) || !ctx.is('application/x-www-form-urlencoded')) return next();
    const body = await readBody(ctx.req);
    if (body === undefined) {
      ctx.status = 413;
      ctx.body = { error: 'invalid_request', error_description: 'request entity too large' };
      return;
    }
    const form = new URLSearchParams(body);
    const tokens = form.getAll('token');
    const token = tokens[0] ?? '';
    // Opaque tokens have no dot.
    if (tokens.length === 1 && token.includes('.')) {
      const id = recordId(ownJti(token) ?? '');
      memoryOf(ctx).admittedRecordId = id;
      form.set('token', id);
    }
    // The stream is spent; the library takes a body that was read before it from here.
    Object.assign(ctx.req, { body: form.toString() });
    return next();
  };
}

export const structuredTokens: Override = {
  name: 'structured-tokens',
  why: 'The library neither stores JWT access tokens nor lets anybody introspect or revoke one.',
  apply({ provider }, { keys }) {
    const paths = new Set(['introspection', 'revocation'].map((name) => provider.pathFor(name, { mountPath: '' })));
    provider.use(resolveStructuredTokens(paths, createAccessTokenVerifier(provider.issuer, keys.publicJwks)));
  },
};
