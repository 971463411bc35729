/** How what is registered of a client stands in an entry: by the names by which operations take it. */
import { X509Certificate } from 'node:crypto';
import { certificateNames } from '../../domain/clients/service-authentication.ts';
import type { Entry, Value } from './section.ts';

type Metadata = Record<string, unknown>;

/** An application's: members that have a place of their own, and the rest as `metadata`. */
export function metadataOf(metadata: Metadata, own: readonly string[]): Entry {
  const entries = Object.entries(metadata) as [string, Value][];
  const rest = entries.filter(([name]) => !own.includes(name));
  return {
    ...Object.fromEntries(entries.filter(([name]) => own.includes(name) && name !== 'metadata')),
    metadata: Object.fromEntries(rest),
  };
}

/** A service's: how it proves itself, and what is its own to choose; the rest follows from what it is. */
export function serviceMembersOf(metadata: Metadata): Entry {
  const { jwks, jwks_uri: jwksUri, default_resource, introspection_signed_response_alg } = metadata;
  const certificates = certificatesOf(metadata);
  const subject = certificateNames.flatMap((name): [string, Value][] => {
    const value = metadata[`tls_client_auth_${name}`];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  const found = {
    jwks: certificates ? undefined : jwks,
    jwks_uri: jwksUri,
    certificates,
    certificate_name: subject.length > 0 ? Object.fromEntries(subject) : undefined,
    certificate_bound_tokens: metadata.tls_client_certificate_bound_access_tokens,
    default_resource,
    introspection_signed_response_alg,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as Entry;
}

/** Those that it made itself, in PEM; they are registered as keys that carry them. */
function certificatesOf({ token_endpoint_auth_method: method, jwks }: Metadata): string[] | undefined {
  if (method !== 'self_signed_tls_client_auth') return undefined;
  const { keys } = jwks as { keys: { x5c?: string[] }[] };
  return keys.flatMap(({ x5c }) => (x5c?.[0] === undefined ? [] : [certificateText(x5c[0])]));
}

/** A certificate in one spelling, PEM; what is none stays as it is, and is refused by who takes it. */
export function certificateText(certificate: string): string {
  try {
    const isPem = certificate.includes('BEGIN');
    return new X509Certificate(isPem ? certificate : Buffer.from(certificate, 'base64')).toString();
  } catch {
    return certificate;
  }
}
