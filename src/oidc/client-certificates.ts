/**
 * Clients that prove themselves by mutual TLS (RFC 8705), and tokens that are bound to their certificates. The proxy in front
 * speaks TLS and hands the certificate on (platform/network/peer-certificate.ts). Owns whether a certificate is the registered
 * one: by its subject, which counts where the proxy has verified it, or by itself. Refuses certificates out of their time.
 */
import type { X509Certificate } from 'node:crypto';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Config } from '../config.ts';
import { peerCertificateOf } from '../platform/network/peer-certificate.ts';

type Context = Pick<KoaContextWithOIDC, 'req'>;

/** How clients may prove themselves by a certificate (RFC 8705 section 2). */
export const certificateMethods = ['tls_client_auth', 'self_signed_tls_client_auth'] as const;

/** @throws errors.InvalidClientAuth where it is not valid yet, or no longer */
function getCertificate({ req }: Context): X509Certificate | undefined {
  const certificate = peerCertificateOf(req)?.certificate;
  if (!certificate) return undefined;
  const now = Date.now();
  if (now < Date.parse(certificate.validFrom)) throw new errors.InvalidClientAuth('the certificate is not valid yet');
  if (now > Date.parse(certificate.validTo)) throw new errors.InvalidClientAuth('the certificate has expired');
  return certificate;
}

/** Names of one kind in `subjectAltName`, as Node.js writes it; what needs quotes there is no name that anybody registers. */
function alternativeNames(certificate: X509Certificate, kind: string): string[] {
  const listed = certificate.subjectAltName ?? '';
  if (listed.includes('"')) return [];
  return listed.split(', ').flatMap((entry) => (entry.startsWith(`${kind}:`) ? [entry.slice(kind.length + 1)] : []));
}

/** The parts of an RDN, or of a name, up to a character that no backslash stands before. */
function split(text: string, separator: string): string[] {
  const parts = [''];
  for (const [token] of text.matchAll(/\\[0-9A-Fa-f]{2}|\\[\s\S]|[\s\S]/g))
    if (token === separator) parts.push('');
    else parts[parts.length - 1] += token;
  return parts;
}

/** Without the escapes of RFC 4514 section 2.4. */
function unescaped(value: string): string {
  const bytes: number[] = [];
  for (const [token] of value.matchAll(/\\[0-9A-Fa-f]{2}|\\[\s\S]|[\s\S]/gu)) {
    if (/^\\[0-9A-Fa-f]{2}$/.test(token)) bytes.push(Number.parseInt(token.slice(1), 16));
    else bytes.push(...Buffer.from(token.startsWith('\\') ? token.slice(1) : token));
  }
  return Buffer.from(bytes).toString('utf8');
}

/** One form for all spellings of an RDN: types in capitals, values without escapes, several in one order. */
function normalRdn(rdn: string): string {
  const pairs = split(rdn, '+').map((pair) => {
    const [type = '', ...value] = pair.trim().split('=');
    return JSON.stringify([type.trim().toUpperCase(), unescaped(value.join('=').trim())]);
  });
  return pairs.sort().join('+');
}

/** Whether a subject, as Node.js writes it (an RDN a line, the first one first), is this name (RFC 4514, the last one first). */
export function isSubject(subject: string, name: string): boolean {
  const given = split(name, ',').map(normalRdn).reverse();
  const found = subject.split('\n').map(normalRdn);
  return given.length === found.length && given.every((rdn, index) => rdn === found[index]);
}

function certificateSubjectMatches({ req }: Context, property: string, expected: string): boolean {
  const certificate = peerCertificateOf(req)?.certificate;
  if (!certificate) return false;
  const isAmong = (kind: string, normal = (name: string) => name) =>
    alternativeNames(certificate, kind).map(normal).includes(normal(expected));
  switch (property) {
    case 'tls_client_auth_subject_dn':
      return isSubject(certificate.subject, expected);
    case 'tls_client_auth_san_dns':
      return isAmong('DNS', (name) => name.toLowerCase());
    case 'tls_client_auth_san_uri':
      return isAmong('URI');
    case 'tls_client_auth_san_ip':
      return isAmong('IP Address', (name) => name.toUpperCase());
    case 'tls_client_auth_san_email':
      return isAmong('email');
    default:
      return false;
  }
}

/** `features.mTLS`: on where a header is named that certificates come in. */
export function createMutualTls({ clientCertificates }: Pick<Config, 'clientCertificates'>) {
  const enabled = clientCertificates.certificate !== undefined;
  return {
    enabled,
    certificateBoundAccessTokens: enabled,
    selfSignedTlsClientAuth: enabled,
    tlsClientAuth: enabled,
    getCertificate: getCertificate as never,
    certificateAuthorized: ({ req }: Context) => peerCertificateOf(req)?.verified === true,
    certificateSubjectMatches: certificateSubjectMatches as never,
  };
}

/** The endpoints that a client may ask with a certificate, at the host where the proxy asks for one (RFC 8705 section 5). */
export function mutualTlsAliases(
  { clientCertificates: { origin } }: Pick<Config, 'clientCertificates'>,
  routes: Record<string, string>,
): Record<string, unknown> {
  if (origin === undefined) return {};
  const named = {
    token_endpoint: routes.token,
    introspection_endpoint: routes.introspection,
    revocation_endpoint: routes.revocation,
    pushed_authorization_request_endpoint: routes.pushed_authorization_request,
    device_authorization_endpoint: routes.device_authorization,
    backchannel_authentication_endpoint: routes.backchannel_authentication,
    userinfo_endpoint: routes.userinfo,
  };
  const aliases = Object.entries(named).map(([name, path]) => [name, `${origin}${path}`]);
  return { mtls_endpoint_aliases: Object.fromEntries(aliases) };
}
