/**
 * Calls to addresses that others chose (`jwks_uri`, back-channel logout, webhooks). Refuses what is not publicly routable
 * (security.md, RFC 9700 section 4.9), plain http, redirects, credentials in an address, and whatever lasts too long or
 * is too large. A name is resolved once and the connection goes to the very address that was checked, so that a second
 * answer of the name server cannot lead elsewhere. Networks an operator lists are exempt, and may be reached over http.
 */
import { lookup } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import { isInNetworks, isPublicAddress, type Networks, normalizeAddress, parseNetworks } from './networks.ts';

export interface OutboundOptions {
  /** Networks or addresses that may be called although they are not public. */
  allowedNetworks: readonly string[];
  /** For the whole exchange: name, connection, TLS, request and the last byte of the answer. */
  timeoutMs: number;
  /** Of the answer's body. */
  maxBytes: number;
  /** A certificate authority (PEM) trusted besides the built-in ones. */
  ca?: string;
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

interface Target {
  address: string;
  family: 4 | 6;
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

/** Makes a `fetch` that keeps the rules. It holds nothing open between calls. */
export function createOutboundFetch({ allowedNetworks, timeoutMs, maxBytes, ca }: OutboundOptions): OutboundFetch {
  const allowed = parseNetworks(allowedNetworks);
  const authorities = ca === undefined ? undefined : [...rootCertificates, ca];

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
    try {
      const targets = await abortable(resolve(url, allowed), signal);
      return await exchange(url, targets, prepared, { signal, maxBytes, authorities, redirect: options.redirect });
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

/** The addresses of the host that may be called: never empty. */
async function resolve(url: URL, allowed: Networks): Promise<Target[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host)
    ? [{ address: host, family: isIP(host) }]
    : await lookup(host, { all: true, verbatim: true }).catch((cause) => {
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
  authorities: string[] | undefined;
  redirect: RequestInit['redirect'];
}

async function exchange(url: URL, targets: Target[], prepared: Prepared, options: ExchangeOptions): Promise<Response> {
  const answer = await send(url, targets, prepared, options);
  try {
    const status = answer.statusCode ?? 0;
    if (status < 200 || status > 599) throw new OutboundError('OUTBOUND_FAILED', 'the answer has no usable status');
    if (options.redirect === 'error' && status >= 300 && status < 400)
      throw new OutboundError('OUTBOUND_REFUSED', 'redirects are not followed');
    const encoding = answer.headers['content-encoding'];
    if (encoding && encoding !== 'identity') throw new OutboundError('OUTBOUND_FAILED', 'the answer is compressed');
    const body = await readBody(answer, options.maxBytes);
    const bodiless = prepared.method === 'HEAD' || status === 204 || status === 205 || status === 304;
    return new Response(bodiless ? null : body, {
      status,
      statusText: answer.statusMessage ?? '',
      headers: responseHeaders(answer),
    });
  } finally {
    answer.destroy();
  }
}

function send(url: URL, targets: Target[], prepared: Prepared, options: ExchangeOptions): Promise<IncomingMessage> {
  const { method, headers, body } = prepared;
  const requestOptions: RequestOptions & { ca?: string[] } = {
    method,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || undefined,
    path: url.pathname + url.search,
    headers: Object.fromEntries(headers),
    // A connection of its own: one kept from an earlier call would not have been checked by this one.
    agent: false,
    lookup: checkedAddresses(targets),
    signal: options.signal,
    ca: options.authorities,
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(requestOptions);
    request.once('socket', (socket) => {
      socket.once('connect', () => {
        // Says the same as the checks above, from the connection itself.
        const peer = normalizeAddress(socket.remoteAddress ?? '');
        if (!targets.some(({ address }) => normalizeAddress(address) === peer))
          request.destroy(new OutboundError('OUTBOUND_REFUSED', 'the connection went to another address'));
      });
    });
    request.once('response', resolve);
    request.on('error', reject);
    // Also settles where a server answers with something that is neither (101, a bare end).
    request.once('close', () => reject(new Error('the connection ended without an answer')));
    request.end(body);
  });
}

/** In place of the name server: what was resolved and checked before. */
function checkedAddresses(targets: Target[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = targets;
    if (all) callback(null, targets);
    else callback(null, first?.address ?? '', first?.family);
  };
}

async function readBody(answer: IncomingMessage, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  if (Number(answer.headers['content-length'] ?? 0) > maxBytes)
    throw new OutboundError('OUTBOUND_TOO_LARGE', `the answer is larger than ${maxBytes} bytes`);
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received > maxBytes)
      throw new OutboundError('OUTBOUND_TOO_LARGE', `the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function responseHeaders(answer: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct))
    if (name !== 'set-cookie') for (const value of values ?? []) headers.append(name, value);
  return headers;
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
