/**
 * JWT access tokens at the introspection and revocation endpoints: each is replaced by the id of its row, once its signature
 * was checked. See docs/decisions/0002-jwt-access-tokens-have-rows.md.
 */
import type { Middleware } from 'koa';
import { changeForm, mayHave } from '../request-form.ts';
import { memoryOf } from '../request-memory.ts';
import { recordId } from '../storage/jwt-record-ids.ts';
import { createAccessTokenVerifier } from '../tokens/access-token-records.ts';
import type { Override } from './override.ts';

/**
 * Middleware before both endpoints: a JWT access token in `token` is replaced by the id of its row. What is not ours is
 * replaced by an id that no row has, so the answer is the standard one (`active: false`, RFC 7662 section 2.2; 200, RFC
 * 7009 section 2.2). Everything else is left as it came.
 */
function resolveStructuredTokens(
  paths: ReadonlySet<string>,
  ownJti: (token: string) => string | undefined,
): Middleware {
  return function resolveStructuredToken(ctx, next) {
    // Opaque tokens have no dot.
    if (!paths.has(ctx.path) || !mayHave(ctx, '.')) return next();
    return changeForm(ctx, next, (form) => {
      const tokens = form.getAll('token');
      const token = tokens[0] ?? '';
      if (tokens.length !== 1 || !token.includes('.')) return;
      const id = recordId(ownJti(token) ?? '');
      memoryOf(ctx).admittedRecordId = id;
      form.set('token', id);
    });
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
