/**
 * How a service proves itself where it has no secret: it signs assertions (private_key_jwt), shows a certificate (RFC 8705), one
 * that an authority issued for its name or one that it made itself, or hands on a token of the platform that it runs on
 * (workload-identities.ts). Owns how that becomes metadata. Refuses two ways at
 * once, and private keys.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { DomainError } from '../../platform/errors.ts';
import { checkPublicKeys, type KeySet } from './client-metadata.ts';

/** Members of the metadata that name the subject of a certificate (RFC 8705 section 2.1.2), without `tls_client_auth_`. */
export const certificateNames = ['subject_dn', 'san_dns', 'san_uri', 'san_ip', 'san_email'] as const;
export type CertificateName = (typeof certificateNames)[number];

export interface ServiceAuthentication {
  /** Public keys (RFC 7517): the service then signs assertions (private_key_jwt) and gets no secret. */
  jwks?: KeySet;
  /** Where it publishes them instead (RFC 7591 section 2): asked for when a key is not known, and from time to time. */
  jwksUri?: string;
  /** One name of a certificate that an authority issued, which the proxy verifies (tls_client_auth). */
  certificateName?: Partial<Record<CertificateName, string>>;
  /** Certificates of its own, PEM; several while one takes another's place (self_signed_tls_client_auth). */
  certificates?: readonly string[];
  /** Tokens of its platform; which, its workload identities say. */
  workload?: boolean;
  /** Its tokens are good together with its certificate alone (RFC 8705 section 3). */
  certificateBound?: boolean;
}

type Metadata = Record<string, unknown>;

function refusal(field: string, reason: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field, reason });
}

/** A certificate as a public key that carries it (RFC 7517 section 4.7). */
function keyOf(pem: string, index: number): Metadata {
  const refuse = (reason: string) => refusal('certificates', `certificate ${index + 1} ${reason}`);
  if (/PRIVATE KEY/.test(pem)) throw refuse('holds a private key; give the certificate alone');
  if (pem.match(/-----BEGIN CERTIFICATE-----/g)?.length !== 1) throw refuse('is not one certificate in PEM');
  try {
    const { raw, publicKey } = new X509Certificate(pem);
    const kid = createHash('sha256').update(raw).digest('base64url');
    return { ...publicKey.export({ format: 'jwk' }), kid, x5c: [raw.toString('base64')] };
  } catch {
    throw refuse('cannot be read');
  }
}

function subjectMember(name: NonNullable<ServiceAuthentication['certificateName']>): Metadata {
  const given = certificateNames.filter((one) => name[one] !== undefined);
  const [only] = given;
  if (only === undefined || given.length > 1) throw refusal('certificate_name', 'it is one name, of one kind');
  return { [`tls_client_auth_${only}`]: name[only] };
}

/** Whether http will do is for who calls it to say: the rules of outgoing calls (platform/network/outbound.ts). */
export function checkKeyAddress(value: string): void {
  const url = URL.parse(value);
  const isPlain = url && /^https?:$/.test(url.protocol) && !/[#\s\0]/.test(value) && !url.username && !url.password;
  if (!isPlain || value.length > 500) throw refusal('jwks_uri', 'it is no https URL without fragment');
}

/**
 * What the registration says of it; empty where nothing is given.
 * @throws DomainError invalid INVALID_INPUT (jwks, jwks_uri, certificate_name, certificates)
 */
export function authenticationMembers(wanted: ServiceAuthentication): Metadata {
  const { jwks, jwksUri, certificateName, certificates, certificateBound, workload } = wanted;
  if (
    [jwks, jwksUri, certificateName, certificates, workload || undefined].filter((one) => one !== undefined).length > 1
  )
    throw refusal('certificates', 'a service proves itself in one way');
  if (jwks) checkPublicKeys(jwks);
  if (jwksUri !== undefined) checkKeyAddress(jwksUri);
  return {
    ...(jwks && { token_endpoint_auth_method: 'private_key_jwt', jwks }),
    ...(jwksUri !== undefined && { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: jwksUri }),
    // Without keys: none of its own signs for it.
    ...(workload && { token_endpoint_auth_method: 'private_key_jwt' }),
    ...(certificateName && { token_endpoint_auth_method: 'tls_client_auth', ...subjectMember(certificateName) }),
    ...(certificates && {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: certificates.map(keyOf) },
    }),
    ...(certificateBound !== undefined && { tls_client_certificate_bound_access_tokens: certificateBound }),
  };
}

/** Whether the service proves itself by tokens of its platform alone. */
export function isWorkload({ token_endpoint_auth_method: method, jwks, jwks_uri: jwksUri }: Metadata): boolean {
  return method === 'private_key_jwt' && jwks === undefined && jwksUri === undefined;
}

/**
 * The metadata with another key, name or certificate of the same kind; keys and the address of keys are one kind. A service that proves itself in another way is made anew,
 * so that nobody believes the old way to work still.
 * @throws DomainError as `authenticationMembers`
 */
export function withAuthentication(before: Metadata, wanted: ServiceAuthentication): Metadata {
  const members = authenticationMembers(wanted);
  const { token_endpoint_auth_method: method } = members;
  if (method !== undefined && (method !== before.token_endpoint_auth_method || isWorkload(before)))
    throw refusal(
      wanted.jwks
        ? 'jwks'
        : wanted.jwksUri !== undefined
          ? 'jwks_uri'
          : wanted.certificates
            ? 'certificates'
            : 'certificate_name',
      isWorkload(before)
        ? 'it authenticates by its platform'
        : `it authenticates by ${before.token_endpoint_auth_method}`,
    );
  const isReplaced = (name: string) =>
    (wanted.certificateName && name.startsWith('tls_client_auth_')) ||
    ((wanted.jwks || wanted.jwksUri !== undefined) && (name === 'jwks' || name === 'jwks_uri'));
  const kept = Object.entries(before).filter(([name]) => !isReplaced(name));
  return { ...Object.fromEntries(kept), ...members };
}
