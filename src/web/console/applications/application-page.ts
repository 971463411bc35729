/** What the pages of one application have in common: which it is, and the tabs over everything that there is of it. */
import { needsSecret } from '../../../domain/clients/clients.ts';
import type { SecurityProfile } from '../../../domain/clients/security-profile.ts';
import { ask, mayAsk } from '../ask.ts';
import { hrefTo, type Visit } from '../visit.ts';

export type ApplicationKind = 'web' | 'spa' | 'native';
/** Who registered it: somebody, it itself, or nobody: it is known by the document at its address. */
export type ApplicationOrigin = 'managed' | 'dynamic' | 'document';

/** What of the registered metadata pages read; more of it is shown as it stands. */
export interface ApplicationMetadata extends Record<string, unknown> {
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  grant_types: string[];
  token_endpoint_auth_method: string;
}

/** As `clients.get` answers. */
export interface Application {
  client_id: string;
  /** Null: of all tenants. */
  tenant_id: string | null;
  name: string;
  kind: ApplicationKind;
  state: 'active' | 'disabled';
  first_party: boolean;
  origin: ApplicationOrigin;
  security_profile: SecurityProfile;
  metadata: ApplicationMetadata;
  created_at: string;
  updated_at: string;
}

const tabs = [
  { tab: 'details', path: '' },
  { tab: 'connect', path: '/connect' },
  { tab: 'secrets', path: '/secrets' },
  { tab: 'refusals', path: '/refusals' },
] as const;
type Tab = (typeof tabs)[number]['tab'];

/** The head of every page of an application. */
export interface ApplicationHead {
  name: string;
  clientId: string;
  kind: ApplicationKind;
  state: Application['state'];
  origin: ApplicationOrigin;
  isAgent: boolean;
  tabs: { tab: Tab; href: string; current: boolean }[];
  listHref: string;
}

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

export const clientParams = ({ params }: Visit) => ({ client_id: params.clientId ?? '' });
/** A client_id may be an address. */
export const pathOfApplication = (clientId: string) => `/applications/${encodeURIComponent(clientId)}`;
export const clientPath = ({ params }: Visit) => pathOfApplication(params.clientId ?? '');

export async function readApplication(visit: Visit): Promise<{ application: Application; etag?: string }> {
  const { body: application, etag } = await ask<Application>(visit, 'clients.get', { params: clientParams(visit) });
  return { application, etag };
}

export const nameOfApplication = async (visit: Visit) => (await readApplication(visit)).application.name;

export function hasSecret({ metadata }: Pick<Application, 'metadata'>): boolean {
  return needsSecret(metadata);
}

/** Those of all tenants are seen in the platform's tenant, and changed by who runs the server alone. */
export async function mayChange(visit: Visit): Promise<boolean> {
  return mayAsk(visit, 'clients.update', { params: clientParams(visit) });
}

export function headOfApplication(visit: Visit, application: Application, current: Tab): ApplicationHead {
  return {
    name: application.name,
    clientId: application.client_id,
    kind: application.kind,
    state: application.state,
    origin: application.origin,
    isAgent: application.metadata.agent === true,
    tabs: tabs
      .filter(({ tab }) => tab !== 'secrets' || hasSecret(application))
      // Whoever wrote the document has connected it.
      .filter(({ tab }) => tab !== 'connect' || application.origin !== 'document')
      .map(({ tab, path }) => ({
        tab,
        href: hrefTo(visit, `${clientPath(visit)}${path}`),
        current: tab === current,
      })),
    listHref: hrefTo(visit, '/applications'),
  };
}
