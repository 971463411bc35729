/**
 * The form of a request, for middleware that has to see it before the library does. Read once, and handed on as text, which
 * the library takes in the place of the stream. Refuses one that is larger than the library takes.
 */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import getRawBody from 'raw-body';

const bodyLimit = 56 * 1024;

interface ReadRequest extends IncomingMessage {
  /** The text of the form, once it was read. */
  body?: string;
}

/** Undefined where it is too large. */
async function readBody(req: ReadRequest): Promise<string | undefined> {
  if (req.body !== undefined) return req.body;
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
 * Has `change` see the fields of a form, and the library read what it made of them. A request without a form goes on as it
 * came; one that is too large is answered here.
 */
export async function changeForm(
  ctx: Context,
  next: () => Promise<unknown>,
  change: (form: URLSearchParams) => void | Promise<void>,
): Promise<unknown> {
  if (ctx.method !== 'POST' || !ctx.is('application/x-www-form-urlencoded')) return next();
  const req: ReadRequest = ctx.req;
  const body = await readBody(req);
  if (body === undefined) {
    ctx.status = 413;
    ctx.body = { error: 'invalid_request', error_description: 'request entity too large' };
    return;
  }
  const form = new URLSearchParams(body);
  await change(form);
  // The stream is spent; the library takes a body that was read before it from here.
  req.body = form.toString();
  return next();
}
