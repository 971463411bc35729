/** What the pages of one service have in common: what is registered of it, and the tabs over what there is of it. */
import type { SecurityProfile } from '../../../domain/clients/security-profile.ts';
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

interface ServiceMetadata {
  token_endpoint_auth_method: 'client_secret_basic' | 'private_key_jwt';
  jwks?: { keys: { kid?: string; kty?: string; alg?: string }[] };
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

/** Whether it proves itself by a key of its own, and has no secret. */
export function signsAssertions({ metadata }: Service): boolean {
  return metadata.token_endpoint_auth_method === 'private_key_jwt';
}

/** A service without secrets has no tab of them. */
export function headOf(visit: Visit, service: Service, current: Tab): ServiceHead {
  const isShown = (tab: Tab) => tab !== 'secrets' || !signsAssertions(service);
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
