/**
 * The application's HTTP: reads a request into what handlers need, writes what they answer. Owns the cookie and the
 * security headers. Refuses form posts from other sites and bodies over 64 KiB.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Session } from './sessions.ts';

export interface Visit {
  url: URL;
  session: Session | undefined;
  form: URLSearchParams;
}

export interface Reply {
  status: number;
  html?: string;
  css?: string;
  json?: unknown;
  location?: string;
  /** The session whose cookie is set; `none` takes the cookie away. */
  session?: Session | 'none';
}

export type Handler = (visit: Visit) => Promise<Reply>;

/** 303: a form that was posted is not posted again to where it leads. */
export function redirectTo(location: string, session?: Session | 'none'): Reply {
  return { status: 303, location, session };
}

export interface RequestOptions {
  /** By `METHOD /path`. */
  routes: Readonly<Record<string, Handler>>;
  baseUrl: string;
  /** Other origins that the application's forms may end at. */
  formTargets: readonly string[];
  /** Routes that servers call: they carry no cookie and come from elsewhere. */
  fromMachines: ReadonlySet<string>;
  findSession(id: string | undefined): Session | undefined;
}

const bodyLimit = 64 * 1024;

export function handleRequest(options: RequestOptions): RequestListener {
  const { routes, baseUrl, formTargets, fromMachines, findSession } = options;
  // Cookies know no ports: applications on one host need names of their own.
  const cookieName = `session_${new URL(baseUrl).port || 'app'}`;
  const secure = baseUrl.startsWith('https:') ? '; Secure' : '';
  const contentSecurityPolicy = [
    "default-src 'none'",
    "style-src 'self'",
    'img-src data:',
    `form-action 'self' ${formTargets.join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

  async function answer(req: IncomingMessage): Promise<Reply> {
    const url = new URL(req.url ?? '/', baseUrl);
    const route = `${req.method} ${url.pathname}`;
    const handler = Object.hasOwn(routes, route) ? routes[route] : undefined;
    if (!handler) return { status: 404, html: 'There is nothing here.' };
    // SameSite=Lax keeps the cookie out of such requests; this says so once more, where browsers tell.
    const site = req.headers['sec-fetch-site'];
    if (req.method === 'POST' && !fromMachines.has(route) && site !== undefined && site !== 'same-origin')
      return { status: 403, html: 'This form was sent by another site.' };
    const form = await readForm(req);
    if (!form) return { status: 413, html: 'That is too much.' };
    return handler({ url, form, session: findSession(cookieOf(req, cookieName)) });
  }

  function write(res: ServerResponse, reply: Reply): void {
    const { session, location } = reply;
    res.statusCode = reply.status;
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('Content-Security-Policy', contentSecurityPolicy);
    res.setHeader('Referrer-Policy', 'no-referrer');
    res.setHeader('X-Content-Type-Options', 'nosniff');
    if (location !== undefined) res.setHeader('Location', location);
    if (session === 'none') {
      res.setHeader('Set-Cookie', `${cookieName}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0${secure}`);
    } else if (session) {
      res.setHeader('Set-Cookie', `${cookieName}=${session.id}; Path=/; HttpOnly; SameSite=Lax${secure}`);
    }
    const [type, body] =
      reply.html !== undefined
        ? ['text/html; charset=utf-8', reply.html]
        : reply.css !== undefined
          ? ['text/css; charset=utf-8', reply.css]
          : ['application/json', reply.json === undefined ? undefined : JSON.stringify(reply.json)];
    if (body !== undefined) res.setHeader('Content-Type', type as string);
    res.end(body);
  }

  return (req, res) => {
    answer(req)
      .catch((error: unknown): Reply => {
        // What went wrong is for the log; it may hold a token.
        console.error(`${req.method} request failed: ${(error as Error).message}`);
        return { status: 502, html: 'Something went wrong. Please try again.' };
      })
      .then((reply) => write(res, reply));
  };
}

function cookieOf(req: IncomingMessage, cookieName: string): string | undefined {
  const pairs = (req.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
}

async function readForm(req: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimit) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
