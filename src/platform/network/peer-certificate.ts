/**
 * The certificate that the other end of a connection showed to the proxy in front (mutual TLS), as the proxy hands it on in a
 * header. Owns that the header is believed from a trusted proxy alone and taken from every request, whoever wrote it, and that
 * what is no certificate is none. Reads what nginx (`$ssl_client_escaped_cert`) and HAProxy write: PEM, percent-encoded or not, plain
 * base64 of DER, and RFC 9440 section 2.1.
 */
import { X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Names of headers, in lower case. */
export interface CertificateHeaders {
  /** Absent: nobody hands certificates on. */
  certificate: string | undefined;
  /** Says whether the proxy has verified it by the authorities that it knows. */
  verified: string | undefined;
}

export interface PeerCertificate {
  certificate: X509Certificate;
  /** The proxy says that an authority which it trusts has issued it. */
  verified: boolean;
}

const longest = 16_384;
/** `SUCCESS` of nginx and Apache, `0` of HAProxy. */
const verifiedValues = ['SUCCESS', '0'];

const shown = new WeakMap<IncomingMessage, PeerCertificate>();

/** What the peer of this request showed to the proxy; undefined where it showed nothing, or no trusted proxy says so. */
export function peerCertificateOf(req: IncomingMessage): PeerCertificate | undefined {
  return shown.get(req);
}

/** Takes the headers from the request, and keeps what they say where they count. */
export function takeCertificate(req: IncomingMessage, names: CertificateHeaders, isTrusted: boolean): void {
  const { headers } = req;
  const certificate = names.certificate && isTrusted ? parseCertificate(textOf(headers, names.certificate)) : undefined;
  const verified = names.verified !== undefined && verifiedValues.includes(textOf(headers, names.verified));
  for (const name of [names.certificate, names.verified]) if (name !== undefined) delete headers[name];
  if (certificate) shown.set(req, { certificate, verified });
}

function textOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** Undefined for what is no certificate, and for several. */
export function parseCertificate(value: string): X509Certificate | undefined {
  if (value === '' || value.length > longest) return undefined;
  try {
    const text = value.includes('%') ? decodeURIComponent(value) : value;
    const [, pem] = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(text) ?? [];
    const base64 = (pem ?? /^:([^:]+):$/.exec(text)?.[1] ?? text).replaceAll(/\s/g, '');
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
    const der = Buffer.from(base64, 'base64');
    const certificate = new X509Certificate(der);
    // Nothing behind it: one certificate has one text.
    return certificate.raw.equals(der) ? certificate : undefined;
  } catch {
    return undefined;
  }
}
