/** What the pages of one service have in common: what is registered of it, and the tabs over what there is of it. */

import type { SecurityProfile } from '../../../domain/clients/security-profile.ts';
import { type CertificateName, certificateNames, isWorkload } from '../../../domain/clients/service-authentication.ts';
import { ask } from '../ask.ts';
import { hrefTo, type Visit } from '../visit.ts';

/** As `services.get` answers. */
export interface Service {
  client_id: string;
  /** null: of all tenants. */
  tenant_id: string | null;
  name: string;
  state: 'active' | 'disabled';
  security_profile: SecurityProfile;
  metadata: ServiceMetadata;
  capabilities: string[];
  resource_server_id: string | null;
  created_at: string;
  updated_at: string;
}

export interface ServiceMetadata {
  token_endpoint_auth_method:
    | 'client_secret_basic'
    | 'private_key_jwt'
    | 'tls_client_auth'
    | 'self_signed_tls_client_auth';
  /** Of a certificate of its own: with the certificate (`x5c`). */
  jwks?: { keys: { kid?: string; kty?: string; alg?: string; x5c?: string[] }[] };
  jwks_uri?: string;
  tls_client_auth_subject_dn?: string;
  tls_client_auth_san_dns?: string;
  tls_client_auth_san_uri?: string;
  tls_client_auth_san_ip?: string;
  tls_client_auth_san_email?: string;
  tls_client_certificate_bound_access_tokens?: boolean;
  default_resource?: string;
  introspection_signed_response_alg?: string;
}

const tabs = ['details', 'secrets', 'connect', 'tokens', 'refusals'] as const;
type Tab = (typeof tabs)[number];

/** The head of every page of a service. */
export interface ServiceHead {
  name: string;
  clientId: string;
  isShared: boolean;
  state: Service['state'];
  tabs: { tab: Tab; href: string; current: boolean }[];
  listHref: string;
}

export const serviceParams = ({ params }: Visit) => ({ client_id: params.clientId ?? '' });
export const servicePath = ({ params }: Visit) => `/services/${encodeURIComponent(params.clientId ?? '')}`;

export async function readService(visit: Visit): Promise<{ service: Service; etag?: string }> {
  const { body: service, etag } = await ask<Service>(visit, 'services.get', { params: serviceParams(visit) });
  return { service, etag };
}

/** How it proves itself; `workload`: by tokens of its platform. */
export type ServiceProof = ServiceMetadata['token_endpoint_auth_method'] | 'workload';

export function proofOf({ metadata }: Pick<Service, 'metadata'>): ServiceProof {
  return isWorkload({ ...metadata }) ? 'workload' : metadata.token_endpoint_auth_method;
}

/** The name by which a certificate of an authority counts. */
export function nameOfCertificate(metadata: ServiceMetadata): { kind: CertificateName; name: string } | undefined {
  for (const kind of certificateNames) {
    const name = metadata[`tls_client_auth_${kind}`];
    if (name !== undefined) return { kind, name };
  }
  return undefined;
}

/** A service without secrets has no tab of them. */
export function headOf(visit: Visit, service: Service, current: Tab): ServiceHead {
  const isShown = (tab: Tab) => tab !== 'secrets' || proofOf(service) === 'client_secret_basic';
  return {
    name: service.name,
    clientId: service.client_id,
    isShared: service.tenant_id === null,
    state: service.state,
    tabs: tabs.filter(isShown).map((tab) => ({
      tab,
      href: hrefTo(visit, tab === 'details' ? servicePath(visit) : `${servicePath(visit)}/${tab}`),
      current: tab === current,
    })),
    listHref: hrefTo(visit, '/services'),
  };
}
