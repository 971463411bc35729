/**
 * Calls to addresses that others chose (`jwks_uri`, back-channel logout, webhooks). Refuses what is not publicly routable
 * (security.md, RFC 9700 section 4.9), plain http, redirects, credentials in an address, and whatever lasts too long or
 * is too large. A name is resolved once and the connection goes to the very address that was checked, so that a second
 * answer of the name server cannot lead elsewhere. Networks an operator lists are exempt, and may be reached over http.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import getRawBody from 'raw-body';
import type { Dispatcher } from 'undici';
import { traced } from '../tracing.ts';
import { isInNetworks, isPublicAddress, type Networks, parseNetworks } from './networks.ts';
import { type Connections, keptConnections, singleConnections, type Target } from './outbound-connections.ts';

export interface OutboundOptions {
  /** Networks or addresses that may be called although they are not public. */
  allowedNetworks: readonly string[];
  /** For the whole exchange: name, connection, TLS, request and the last byte of the answer. */
  timeoutMs: number;
  /** Of the answer's body. */
  maxBytes: number;
  /** A certificate authority (PEM) trusted besides the built-in ones. */
  ca?: string;
  /** For so long a connection waits for another call that is led to the same checked addresses; default: each has its own. */
  keepConnectionsMs?: number;
  /** All addresses of a host's name; default: as the machine resolves names. */
  lookup?: (host: string) => Promise<{ address: string; family: number }[]>;
}

/** The shape of `fetch`. Knows `method`, `headers`, `body` (text, form or bytes), `signal` and `redirect`; no streams. */
export type OutboundFetch = (url: string | URL | Request, options?: RequestInit) => Promise<Response>;

/** REFUSED: by the rules above, before anything was sent. The message names no address and no query. */
export class OutboundError extends Error {
  readonly code: 'OUTBOUND_REFUSED' | 'OUTBOUND_TIMEOUT' | 'OUTBOUND_TOO_LARGE' | 'OUTBOUND_FAILED';

  constructor(code: OutboundError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OutboundError';
    this.code = code;
  }
}

/** Of the request these belong to the connection, or to a browser. */
const ownHeaders = [
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
];
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** Makes a `fetch` that keeps the rules. It holds nothing open between calls, unless told to for a moment. */
export function createOutboundFetch(rules: OutboundOptions): OutboundFetch {
  const { allowedNetworks, timeoutMs, maxBytes, ca, lookup: find = byMachine } = rules;
  const allowed = parseNetworks(allowedNetworks);
  const authorities = ca === undefined ? undefined : [...rootCertificates, ca];
  const connections = rules.keepConnectionsMs
    ? keptConnections(authorities, rules.keepConnectionsMs)
    : singleConnections(authorities);

  return async function outboundFetch(input, options = {}) {
    if (input instanceof Request) throw new TypeError('pass an address and options');
    const url = checkedUrl(input);
    const prepared = prepare(options);
    options.signal?.throwIfAborted();
    // One signal ends everything: the name server's delay, the handshake, a body that drips.
    const controller = new AbortController();
    const abort = () => controller.abort(options.signal?.reason);
    options.signal?.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(() => {
      controller.abort(new OutboundError('OUTBOUND_TIMEOUT', `no complete answer within ${timeoutMs} ms`));
    }, timeoutMs);
    const { signal } = controller;
    // The host alone: a path may be a secret. `traceparent` goes to nobody outside.
    const span = { kind: 'client', attributes: { 'server.address': url.hostname } } as const;
    try {
      return await traced(`HTTP ${prepared.method}`, span, async () => {
        const targets = await abortable(resolve(url, allowed, find), signal);
        return exchange(url, targets, prepared, { signal, maxBytes, connections, redirect: options.redirect });
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof OutboundError) throw error;
      throw new OutboundError('OUTBOUND_FAILED', 'the call failed', { cause: error });
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
    }
  };
}

function checkedUrl(input: string | URL): URL {
  // The parser turns every spelling of an IPv4 address (`127.1`, `0x7f000001`) into the one that is checked.
  const url = URL.parse(String(input));
  if (!url) throw new OutboundError('OUTBOUND_REFUSED', 'not an absolute address');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new OutboundError('OUTBOUND_REFUSED', 'only https addresses are called');
  if (url.username || url.password) throw new OutboundError('OUTBOUND_REFUSED', 'the address carries credentials');
  return url;
}

const byMachine: NonNullable<OutboundOptions['lookup']> = (host) => lookup(host, { all: true, verbatim: true });

/** The addresses of the host that may be called: never empty. */
async function resolve(url: URL, allowed: Networks, find: typeof byMachine): Promise<Target[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host)
    ? [{ address: host, family: isIP(host) }]
    : await find(host).catch((cause) => {
        throw new OutboundError('OUTBOUND_FAILED', 'the host name cannot be resolved', { cause });
      });
  const targets = found.filter(({ address }) => isInNetworks(address, allowed) || isPublicAddress(address));
  if (targets.length === 0) throw new OutboundError('OUTBOUND_REFUSED', 'the address is not publicly routable');
  const plain = url.protocol === 'http:' ? targets.filter(({ address }) => isInNetworks(address, allowed)) : targets;
  if (plain.length === 0) throw new OutboundError('OUTBOUND_REFUSED', 'only https addresses are called');
  return plain as Target[];
}

interface Prepared {
  method: string;
  headers: Headers;
  body: Buffer | undefined;
}

function prepare(options: RequestInit): Prepared {
  const method = (options.method ?? 'GET').toUpperCase();
  if (!methods.has(method)) throw new TypeError(`method ${method} is not supported`);
  const body = bytesOf(options.body);
  if (body && (method === 'GET' || method === 'HEAD')) throw new TypeError(`a ${method} request carries no body`);

  const headers = new Headers(options.headers);
  for (const name of ownHeaders) headers.delete(name);
  if (!headers.get('user-agent')) headers.set('user-agent', 'Gatehouse');
  if (!headers.has('accept')) headers.set('accept', '*/*');
  // A few compressed kilobytes can unfold into gigabytes: none are asked for, and none are taken.
  headers.set('accept-encoding', 'identity');
  if (body) {
    headers.set('content-length', String(body.length));
    if (!headers.has('content-type')) {
      if (options.body instanceof URLSearchParams) {
        headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
      } else if (typeof options.body === 'string') headers.set('content-type', 'text/plain;charset=UTF-8');
    }
  }
  return { method, headers, body };
}

function bytesOf(body: RequestInit['body']): Buffer | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string' || body instanceof URLSearchParams) return Buffer.from(body.toString());
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  throw new TypeError('a body is text, a form or bytes');
}

interface ExchangeOptions {
  signal: AbortSignal;
  maxBytes: number;
  connections: Connections;
  redirect: RequestInit['redirect'];
}

async function exchange(url: URL, targets: Target[], prepared: Prepared, options: ExchangeOptions): Promise<Response> {
  // Loaded with the first call: what calls nobody, as most commands, does without.
  const undici = await import('undici');
  const { dispatcher, release } = options.connections(undici, url, targets);
  try {
    const { method, headers, body } = prepared;
    const answer = await undici.request(url, { method, headers, body, dispatcher, signal: options.signal });
    return await responseOf(answer, method, options);
  } finally {
    release();
  }
}

async function responseOf(
  { statusCode: status, statusText, headers, body }: Dispatcher.ResponseData,
  method: string,
  { redirect, maxBytes }: ExchangeOptions,
): Promise<Response> {
  if (status < 200 || status > 599) throw new OutboundError('OUTBOUND_FAILED', 'the answer has no usable status');
  if (redirect === 'error' && status >= 300 && status < 400)
    throw new OutboundError('OUTBOUND_REFUSED', 'redirects are not followed');
  const encoding = headers['content-encoding'];
  if (encoding && encoding !== 'identity') throw new OutboundError('OUTBOUND_FAILED', 'the answer is compressed');
  const content = await contentOf(body, maxBytes, method === 'HEAD' ? undefined : headers['content-length']);
  const isBodiless = method === 'HEAD' || status === 204 || status === 205 || status === 304;
  return new Response(isBodiless ? null : content, { status, statusText, headers: responseHeaders(headers) });
}

async function contentOf(
  body: Dispatcher.ResponseData['body'],
  limit: number,
  announced: string | string[] | undefined,
): Promise<Buffer<ArrayBuffer>> {
  const length = typeof announced === 'string' ? announced : null;
  try {
    return (await getRawBody(body, { limit, length })) as Buffer<ArrayBuffer>;
  } catch (cause) {
    if ((cause as { type?: string }).type === 'entity.too.large')
      throw new OutboundError('OUTBOUND_TOO_LARGE', `the answer is larger than ${limit} bytes`, { cause });
    throw cause;
  }
}

function responseHeaders(answer: Dispatcher.ResponseData['headers']): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer))
    if (name !== 'set-cookie') for (const value of [values ?? []].flat()) headers.append(name, value);
  return headers;
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
