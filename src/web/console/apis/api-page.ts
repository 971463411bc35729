/** What the pages of one API have in common: what is registered of it, and the tabs over what there is of it. */
import { ask } from '../ask.ts';
import { hrefTo, type Visit } from '../visit.ts';

/** As `resource_servers.get` answers. */
export interface Api {
  id: string;
  /** null: of all tenants. */
  tenant_id: string | null;
  /** The `aud` of its tokens. */
  identifier: string;
  name: string;
  token_format: 'jwt' | 'opaque';
  signing_alg: 'ES256' | 'RS256';
  /** Seconds. */
  access_token_ttl: number;
  /** It takes tokens that services and API keys were exchanged for. */
  token_exchange: boolean;
  /** How a person has to have signed in; null: as anybody. */
  required_acr: string | null;
  /** First-party applications get its scopes without asking the person. */
  skip_consent: boolean;
  capabilities: string[];
  /** The server's own: fixed. */
  is_system: boolean;
  created_at: string;
  updated_at: string;
}

const tabs = ['details', 'scopes', 'callers'] as const;
type Tab = (typeof tabs)[number];

/** The head of every page of an API. */
export interface ApiHead {
  name: string;
  identifier: string;
  isShared: boolean;
  isSystem: boolean;
  tabs: { tab: Tab; href: string; current: boolean }[];
  listHref: string;
}

export const apiParams = ({ params }: Visit) => ({ resource_server_id: params.apiId ?? '' });
export const apiPath = ({ params }: Visit) => `/apis/${params.apiId}`;

export async function readApi(visit: Visit): Promise<{ api: Api; etag?: string }> {
  const { body: api, etag } = await ask<Api>(visit, 'resource_servers.get', { params: apiParams(visit) });
  return { api, etag };
}

export function headOf(visit: Visit, api: Api, current: Tab): ApiHead {
  return {
    name: api.name,
    identifier: api.identifier,
    isShared: api.tenant_id === null,
    isSystem: api.is_system,
    tabs: tabs
      .filter((tab) => tab !== 'callers' || visit.holdings.everywhere('services.manage'))
      .map((tab) => ({
        tab,
        href: hrefTo(visit, tab === 'details' ? apiPath(visit) : `${apiPath(visit)}/${tab}`),
        current: tab === current,
      })),
    listHref: hrefTo(visit, '/apis'),
  };
}
