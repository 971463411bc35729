/**
 * Gatehouse as its own relying party: the pages of the account and of the console sign people in by an ordinary authorization request with
 * `response_type=none` (OAuth 2.0 Multiple Response Type Encoding Practices section 4), so that every rule of signing in
 * holds for them too. Nothing is handed out but the session.
 */
import type { AdapterPayload } from 'oidc-provider';

export const accountClientId = 'gatehouse-account';

export function accountClientMetadata(issuer: string): AdapterPayload {
  return {
    client_id: accountClientId,
    client_name: 'Gatehouse',
    kind: 'web',
    first_party: true,
    require_pkce: false,
    application_type: 'web',
    token_endpoint_auth_method: 'none',
    grant_types: [],
    response_types: ['none'],
    redirect_uris: [`${issuer}/account/signed-in`, `${issuer}/console/_signed-in`],
    post_logout_redirect_uris: [`${issuer}/`],
  };
}
