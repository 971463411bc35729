/**
 * The form of a request, for middleware that has to see it before the library does. Read once, and handed on as text, which
 * the library takes in the place of the stream. Refuses one that is larger than the library takes.
 */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';

const bodyLimit = 56 * 1024;

/** The library's endpoints that take a form of a client, by their names. */
export const formEndpoints = [
  ...(['token', 'introspection', 'revocation', 'pushed_authorization_request', 'device_authorization'] as const),
  'backchannel_authentication',
] as const;

interface ReadRequest extends IncomingMessage {
  /** The text of the form, once it was read. */
  body?: string;
}

/** The client went away in the middle of it: nobody is there to be answered. */
class RequestAborted extends Error {
  readonly status = 400;
}

/** The bytes of a body; undefined where it is too large. */
function collect(req: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    let hasEnded = false;
    const take = (chunk: Buffer) => {
      if (received > bodyLimit) return;
      received += chunk.length;
      chunks.push(chunk);
      if (received <= bodyLimit) return;
      hasEnded = true;
      req.pause();
      resolve(undefined);
    };
    const end = () => {
      hasEnded = true;
      resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    };
    // Also comes after the end, of every request.
    const fail = () => {
      if (!hasEnded) reject(new RequestAborted('request aborted'));
    };
    if (!req.readable) return fail();
    // They go with the request: to take them off costs as much as all of this.
    req.on('data', take).on('end', end).on('close', fail);
  });
}

/** Undefined where it is too large. */
async function readBody(req: ReadRequest): Promise<string | undefined> {
  if (req.body !== undefined) return req.body;
  if (Number(req.headers['content-length'] ?? 0) > bodyLimit) return undefined;
  return (await collect(req))?.toString('utf8');
}

/**
 * Reads an ordinary form, for the library: of an announced length that it takes, in UTF-8. Its own way by an iterator costs
 * three times as much; everything else goes by that.
 * @returns undefined where there is nothing to wait for
 */
export function readOrdinaryForm(ctx: Context): Promise<void> | undefined {
  const req: ReadRequest = ctx.req;
  const { headers, method } = req;
  const length = Number(headers['content-length'] ?? 0);
  if (method !== 'POST' || length === 0 || length > bodyLimit || headers['content-encoding'] !== undefined) return;
  if (headers['content-type'] !== 'application/x-www-form-urlencoded' || req.body !== undefined) return;
  return collect(req).then((bytes) => {
    req.body = bytes?.toString('utf8');
  });
}

/** An unreserved character that is written as if it were not one. */
const needlessEscape = /%(?:2[de]|3\d|4[1-9a-f]|5[\daf]|6[1-9a-f]|7[\dae])/i;

/**
 * False where the form of a request was read and has `text` nowhere, however it is written: nobody need look at its fields.
 * @param text of unreserved characters (RFC 3986 section 2.3)
 */
export function mayHave(ctx: Context, text: string): boolean {
  const { body } = ctx.req as ReadRequest;
  return body === undefined || body.includes(text) || needlessEscape.test(body);
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
