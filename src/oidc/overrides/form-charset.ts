/**
 * Forms of the protocol are ASCII whose percent signs are UTF-8 (RFC 6749 appendix B). A request that names a character set
 * in which the same bytes are another text is refused: what stands in front of us would read another form than we do.
 */
import type { Middleware } from 'koa';
import type { Override } from './override.ts';

/** In these, ASCII is ASCII. Some HTTP libraries name the older ones by default. */
const asciiCharsets = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii', 'iso-8859-1']);

function charsetsOf(contentType: string): string[] {
  return [...contentType.matchAll(/;\s*charset\s*=\s*"?([^\s;"]*)/gi)].map(([, name = '']) => name.toLowerCase());
}

const refuseOtherCharsets: Middleware = (ctx, next) => {
  const type = ctx.get('content-type');
  if (!type.includes(';') || charsetsOf(type).every((name) => asciiCharsets.has(name))) return next();
  ctx.status = 400;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = { error: 'invalid_request', error_description: 'the charset of the request body is not supported' };
};

export const formCharset: Override = {
  name: 'form-charset',
  why: 'The library takes a form whichever character set the request names, and reads it as UTF-8.',
  apply({ provider }) {
    provider.use(refuseOtherCharsets);
  },
};
