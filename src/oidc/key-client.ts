/**
 * The client by which holders of API keys exchange them: a key says by itself who holds it, and needs no client beside it.
 * Public, and good for nothing else.
 */
import type { AdapterPayload } from 'oidc-provider';
import { tokenExchangeGrant } from './grant-types.ts';

export const keyClientId = 'gatehouse-api-keys';

export function keyClientMetadata(): AdapterPayload {
  return {
    client_id: keyClientId,
    client_name: 'API keys',
    kind: 'service',
    first_party: true,
    application_type: 'web',
    token_endpoint_auth_method: 'none',
    grant_types: [tokenExchangeGrant],
    response_types: [],
    redirect_uris: [],
  };
}
