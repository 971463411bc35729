/**
 * Who really asks, and at which address, when proxies stand in front: X-Forwarded-For, -Proto and -Host are believed only
 * as far as each hop that wrote them is on the operator's list. Nobody is on it by default. Refuses malformed values: what
 * was known before them stands.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type Koa from 'koa';
import { isInNetworks, normalizeAddress, parseNetworks } from './networks.ts';
import { type CertificateHeaders, takeCertificate } from './peer-certificate.ts';

export interface Peer {
  /** Of the socket. */
  address: string | undefined;
  /** The socket itself speaks TLS. */
  encrypted: boolean;
  headers: IncomingHttpHeaders;
}

export interface ClientAddress {
  /** The nearest address that no trusted proxy has; IPv4 also where it came inside IPv6. Empty where the socket has gone. */
  ip: string;
  /** The client's own connection is https. */
  secure: boolean;
  /** Host and port as the client asked for them; empty where it named none. */
  host: string;
  /** The other end of the socket is a trusted proxy. */
  proxied: boolean;
}

export type ClientAddressOf = (peer: Peer) => ClientAddress;

/** `trustedProxies`: networks or single addresses. @throws where one is neither */
export function createClientAddress({ trustedProxies }: { trustedProxies: readonly string[] }): ClientAddressOf {
  const trusted = parseNetworks(trustedProxies);

  return ({ address, encrypted, headers }) => {
    const peer = normalizeAddress(address ?? '') ?? '';
    const host = headers.host ?? '';
    if (!isInNetworks(peer, trusted)) return { ip: peer, secure: encrypted, host, proxied: false };

    // Each proxy appends the address it was asked from, so the list is true from the right, as far as trusted hops go.
    let ip = peer;
    let hops = 0;
    for (const entry of listOf(headers['x-forwarded-for']).reverse()) {
      const next = forwardedAddress(entry);
      if (next === undefined) break;
      ip = next;
      hops += 1;
      if (!isInNetworks(next, trusted)) break;
    }

    const proto = outermost(listOf(headers['x-forwarded-proto']), hops)?.toLowerCase();
    const forwardedHost = outermost(listOf(headers['x-forwarded-host']), hops);
    return {
      ip,
      secure: encrypted || proto === 'https',
      host: forwardedHost !== undefined && isHost(forwardedHost) ? forwardedHost.toLowerCase() : host,
      proxied: true,
    };
  };
}

function listOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  return text === '' ? [] : text.split(',').map((entry) => entry.trim());
}

/** What the outermost trusted proxy wrote. Proxies append to these lists or replace them: one value may stand for all. */
function outermost(list: string[], hops: number): string | undefined {
  return list[Math.max(0, list.length - Math.max(1, hops))];
}

/** An address, with or without a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function forwardedAddress(entry: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(entry)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(entry)?.[1] ?? entry;
  return isIP(bare) ? normalizeAddress(bare) : undefined;
}

function isHost(value: string): boolean {
  return value.length <= 261 && /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(value);
}

const proxiedRequests = new WeakSet<IncomingMessage>();

/** True where the request came through a trusted proxy of `trustProxies`. */
export function isProxied(req: IncomingMessage): boolean {
  return proxiedRequests.has(req);
}

/**
 * Makes `ctx.ip`, `ctx.protocol`, `ctx.secure`, `ctx.host` and `ctx.href` of an application true. It runs before all other
 * middleware, takes every forwarding header from the request and puts back the resolved values alone; only then may Koa's
 * `proxy` be on. An application that gets the same `req` later, such as oidc-provider, is told so with `proxy = true`.
 */
export function trustProxies(
  app: Koa,
  trustedProxies: readonly string[],
  certificates: CertificateHeaders = { certificate: undefined, verified: undefined },
): void {
  const clientAddress = createClientAddress({ trustedProxies });
  app.proxy = true;
  app.proxyIpHeader = 'X-Forwarded-For';
  app.maxIpsCount = 0;
  app.middleware.unshift((ctx, next) => {
    rewriteForwarded(ctx.req, clientAddress, certificates);
    return next();
  });
}

function rewriteForwarded(
  req: IncomingMessage,
  clientAddress: ClientAddressOf,
  certificates: CertificateHeaders,
): void {
  const { headers, socket } = req;
  const { ip, secure, host, proxied } = clientAddress({
    address: socket.remoteAddress,
    encrypted: (socket as TLSSocket).encrypted === true,
    headers,
  });
  // Before the forwarding headers go, of which it may be one.
  takeCertificate(req, certificates, proxied);
  for (const name of Object.keys(headers))
    if (name === 'forwarded' || name.startsWith('x-forwarded-')) delete headers[name];
  if (ip !== '') headers['x-forwarded-for'] = ip;
  headers['x-forwarded-proto'] = secure ? 'https' : 'http';
  if (proxied) {
    proxiedRequests.add(req);
    if (host !== '') headers['x-forwarded-host'] = host;
  }
}
