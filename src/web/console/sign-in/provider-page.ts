/** What the pages of one identity provider have in common. */
import { ask } from '../ask.ts';
import type { Visit } from '../visit.ts';

export interface CrossAppTerms {
  client_ids: string[];
  scopes: string[];
  /** null: the assertions name none. */
  their_tenant: string | null;
}

/** As `identity_providers.get` answers. */
export interface Provider {
  key: string;
  /** null: of all tenants. */
  tenant_id: string | null;
  name: string;
  state: 'active' | 'disabled';
  issuer: string;
  client_id: string;
  scopes: string[];
  response_mode: 'query' | 'form_post';
  claim_mapping: Record<string, unknown>;
  /** Which of its assertions about people count; null: none. */
  cross_app: CrossAppTerms | null;
  created_at: string;
}

export const providerParams = ({ params }: Visit) => ({ key: params.key ?? '' });
export const providerPath = ({ params }: Visit) => `/sign-in/providers/${params.key}`;

export async function readProvider(visit: Visit): Promise<{ body: Provider; etag?: string }> {
  return ask<Provider>(visit, 'identity_providers.get', { params: providerParams(visit) });
}
