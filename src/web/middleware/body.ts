/**
 * The bodies of our own forms, and the size of all bodies. Refuses anything but one plain form in UTF-8: other types,
 * too much, too slow, a field given twice (two readers would choose differently), NUL (PostgreSQL has none) and bytes
 * that are no text.
 */
import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import getRawBody from 'raw-body';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';

export const bodyCodes = defineCodes({
  BODY_TOO_LARGE: { kind: 'invalid', means: 'the request is longer than anything that belongs here' },
  UNSUPPORTED_MEDIA_TYPE: { kind: 'invalid', means: 'the body has another form than the address takes' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof bodyCodes> {}
}

/** Of any body, where nothing else is said. */
export const defaultLimitBytes = 64 * 1024;
const maxFields = 200;

export interface ReadFormOptions {
  /** Default 64 KiB. */
  limitBytes?: number;
  /** For the whole body; default 10 s. */
  timeoutMs?: number;
}

interface ReadJsonOptions extends ReadFormOptions {
  /** Media types besides `application/json`. */
  types?: readonly string[];
}

/**
 * The fields of an application/x-www-form-urlencoded body (WHATWG URL standard, section 5).
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE or INVALID_INPUT
 */
export async function readForm(ctx: Context, options: ReadFormOptions = {}): Promise<Record<string, string>> {
  return parseForm(await readFormBody(ctx, options));
}

/**
 * The bytes of a form's body as they came, for a caller that reads the fields by other rules.
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE or INVALID_INPUT
 */
export async function readFormBody(ctx: Context, options: ReadFormOptions = {}): Promise<Buffer> {
  const { limitBytes = defaultLimitBytes, timeoutMs = 10_000 } = options;
  if (!isForm(ctx.req)) throw new DomainError('invalid', 'UNSUPPORTED_MEDIA_TYPE');
  try {
    return await readBody(ctx.req, limitBytes, timeoutMs);
  } catch (error) {
    // Nobody waits for a body that drips. What is too large is read on: see `discardRest`.
    const isTooLarge = error instanceof DomainError && error.code === 'BODY_TOO_LARGE';
    if (!ctx.req.complete && !isTooLarge) ctx.set('Connection', 'close');
    throw error;
  }
}

/**
 * The JSON document of a body (RFC 8259), for machines.
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE or INVALID_INPUT
 */
export async function readJson(ctx: Context, options: ReadJsonOptions = {}): Promise<unknown> {
  const { limitBytes = defaultLimitBytes, timeoutMs = 10_000, types = [] } = options;
  const [, type = ''] = /^([^ ;]+) *(?:; *charset="?utf-?8"? *)?$/i.exec(ctx.req.headers['content-type'] ?? '') ?? [];
  if (!['application/json', ...types].includes(type.toLowerCase()))
    throw new DomainError('invalid', 'UNSUPPORTED_MEDIA_TYPE');
  const text = decodeUtf8(await readBody(ctx.req, limitBytes, timeoutMs));
  try {
    // PostgreSQL has no NUL in text.
    if (text.includes('\\u0000')) throw new SyntaxError('NUL');
    return JSON.parse(text);
  } catch (cause) {
    throw new DomainError('invalid', 'INVALID_INPUT', {}, { cause });
  }
}

/**
 * The bytes of a body of a type.
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE or INVALID_INPUT
 */
export async function readBytes(ctx: Context, type: RegExp, options: ReadFormOptions = {}): Promise<Buffer> {
  const { limitBytes = defaultLimitBytes, timeoutMs = 10_000 } = options;
  if (!type.test(ctx.req.headers['content-type'] ?? '')) throw new DomainError('invalid', 'UNSUPPORTED_MEDIA_TYPE');
  return readBody(ctx.req, limitBytes, timeoutMs);
}

function isForm({ headers }: IncomingMessage): boolean {
  const type = /^application\/x-www-form-urlencoded *(?:; *charset="?utf-?8"? *)?$/i.test(
    headers['content-type'] ?? '',
  );
  return type && (headers['content-encoding'] ?? 'identity') === 'identity';
}

/** @throws DomainError BODY_TOO_LARGE or INVALID_INPUT: cut off, too slow, or not as long as announced */
async function readBody(req: IncomingMessage, limit: number, timeoutMs: number): Promise<Buffer> {
  if (req.readableDidRead) throw new Error('the body has been read already');
  const tooSlow = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooSlow.reject(new Error('too slow')), timeoutMs);
  try {
    const length = req.headers['content-length'] ?? null;
    return await Promise.race([getRawBody(req, { limit, length }), tooSlow.promise]);
  } catch (cause) {
    req.pause();
    const code = (cause as { type?: string }).type === 'entity.too.large' ? 'BODY_TOO_LARGE' : 'INVALID_INPUT';
    throw new DomainError('invalid', code, {}, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function parseForm(body: Buffer): Record<string, string> {
  const form: Record<string, string> = Object.create(null);
  let fields = 0;
  for (const pair of decodeUtf8(body).split('&')) {
    if (pair === '') continue;
    const end = pair.indexOf('=');
    const name = decodeComponent(end < 0 ? pair : pair.slice(0, end));
    const value = end < 0 ? '' : decodeComponent(pair.slice(end + 1));
    fields += 1;
    if (fields > maxFields || name in form || name.includes('\0') || value.includes('\0'))
      throw new DomainError('invalid', 'INVALID_INPUT');
    form[name] = value;
  }
  return form;
}

/** Replacement characters would make two inputs one: what is no UTF-8 is refused. */
function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new DomainError('invalid', 'INVALID_INPUT', {}, { cause });
  }
}

function decodeComponent(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new DomainError('invalid', 'INVALID_INPUT', {}, { cause });
  }
}

/**
 * Reads on, and keeps nothing, where an answer was given before the body had come. A connection that is closed on what was
 * not read yet is reset, the answer with it, and a proxy makes 502 of that. Bounded by the time that a request may take.
 */
export function discardRest(): Middleware {
  return (ctx, next) => {
    const { headers } = ctx.req;
    // Without either there is no body (RFC 9112 section 6.3).
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined)
      ctx.res.once('finish', () => ctx.req.resume());
    return next();
  };
}

/**
 * Refuses, before reading, a request that announces more than its address takes. A body of unannounced length (chunked) is
 * counted by its reader: `readForm` here, and oidc-provider (56 KiB) for its own endpoints.
 */
export function limitBody(limitOf: (path: string) => number = () => defaultLimitBytes): Middleware {
  return (ctx, next) => {
    if (Number(ctx.req.headers['content-length'] ?? 0) <= limitOf(ctx.path)) return next();
    // Stands in front of the error pages, and what sends such a request is no browser.
    ctx.status = 413;
    ctx.body = {
      statusCode: 413,
      error: 'Payload Too Large',
      message: 'The request is too large',
      code: 'BODY_TOO_LARGE',
    };
  };
}
