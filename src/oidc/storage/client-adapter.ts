/**
 * Clients for oidc-provider: rows of `clients` in the registered metadata names. Read-only: registration happens in the
 * domain. The library insists on a `client_secret`; it gets a value that nobody knows, and the real comparison is of
 * hashes (`overrides/client-secrets.ts`).
 */
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { cibaGrant } from '../../domain/clients/backchannel.ts';
import { type ClientRow, findLiveClient } from '../../domain/clients/client-store.ts';
import { isWorkload } from '../../domain/clients/service-authentication.ts';
import { remembered } from '../../platform/remembered.ts';
import { defineSecretPurpose, type Secrets } from '../../platform/secrets.ts';
import { accountClientId, accountClientMetadata } from '../account-client.ts';
import { jwtBearerGrant, tokenExchangeGrant } from '../grant-types.ts';
import { keyClientId, keyClientMetadata } from '../key-client.ts';
import { profileMembers } from '../security-profile.ts';
import { workloadJwks } from '../workload-key.ts';
import type { AdapterDependencies } from './sealing.ts';

/** What stands in the place of a secret; nobody can know it. */
export const clientPlaceholders = defineSecretPurpose('client-placeholders');

/** Our own members of a client's metadata, beside the registered ones. */
export const extraClientMetadata = [
  ...(['tenant_id', 'kind', 'first_party', 'require_pkce', 'resource_server_id'] as const),
  'workload',
  ...(['id_token_claims', 'claim_mapping', 'default_resource', 'allowed_scopes', 'agent', 'consent_days'] as const),
  'ciba',
  'security_profile',
  'vouches',
] as const;

/** With those that are asked at each request: whose assertions it may bring, and for whom it gets some. */
function applicationGrants({ kind, metadata, vouches }: ClientRow & { vouches?: boolean }): string[] {
  const registered = (metadata.grant_types ?? ['authorization_code']) as string[];
  const provesItself = kind === 'web' && metadata.token_endpoint_auth_method !== 'none';
  return [
    ...registered,
    ...(metadata.ciba === true ? [cibaGrant] : []),
    ...(provesItself ? [jwtBearerGrant] : []),
    ...(provesItself && vouches ? [tokenExchangeGrant] : []),
  ];
}

/** A row as the library wants it. */
export function clientMetadata(client: ClientRow & { vouches?: boolean }, secrets: Secrets): AdapterPayload {
  return {
    ...client.metadata,
    // What a service may exchange is asked at each request, and is nothing until somebody says so.
    ...(client.kind === 'service' && { grant_types: ['client_credentials', tokenExchangeGrant] }),
    ...(client.kind !== 'service' && { grant_types: applicationGrants(client) }),
    // Polled for alone: nothing of ours is ever sent to an address of a client's.
    ...(client.metadata.ciba === true && { backchannel_token_delivery_mode: 'poll' }),
    // It has no keys, and the platform's token is judged before (overrides/workload-assertions.ts).
    ...(client.kind === 'service' && isWorkload(client.metadata) && { jwks: workloadJwks, workload: true }),
    client_id: client.clientId,
    client_name: client.name,
    client_secret: secrets.mac(clientPlaceholders, client.clientId).toString('base64url'),
    tenant_id: client.tenantId ?? undefined,
    kind: client.kind,
    first_party: client.firstParty,
    require_pkce: client.metadata.require_pkce !== false,
    resource_server_id: client.resourceServerId ?? undefined,
    vouches: client.vouches === true,
    ...profileMembers(client),
  };
}

function refuse(): never {
  throw new Error('clients are registered in the domain, not through the adapter');
}

export function createClientAdapter({ db, secrets, issuer, documents }: Omit<AdapterDependencies, 'limits'>): Adapter {
  const keyClient = keyClientMetadata();
  return {
    async find(id) {
      // The server's own pages sign people in through the same door as everyone else.
      if (id === accountClientId) return accountClientMetadata(issuer);
      if (id === keyClientId) return keyClient;
      if (id.startsWith('https://')) return documents?.find(id);
      // NUL and oversized ids can be no client's, and PostgreSQL refuses NUL in text.
      if (!/^[\x21-\x7e]{1,100}$/.test(id)) return undefined;
      return remembered(db, `client-metadata ${id}`, async () => {
        const client = await findLiveClient(db, id);
        return client && clientMetadata(client, secrets);
      });
    },
    upsert: refuse,
    destroy: refuse,
    consume: refuse,
    findByUid: refuse,
    findByUserCode: refuse,
    revokeByGrantId: refuse,
  };
}
