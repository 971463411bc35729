/** What an identity assertion for another authorization server is called (draft-ietf-oauth-identity-assertion-authz-grant). */

/** `typ` of its header. */
export const assertionType = 'oauth-id-jag+jwt';
/** `requested_token_type` and `issued_token_type` of the exchange. */
export const tokenType = 'urn:ietf:params:oauth:token-type:id-jag';
/** That this server takes them, in its metadata. */
export const grantProfile = 'urn:ietf:params:oauth:grant-profile:id-jag';
