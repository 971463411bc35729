/**
 * The query of a post_logout_redirect_uri stays as it was registered, and `state` comes behind it (OpenID Connect
 * RP-Initiated Logout 1.0 section 3). The address is stored with it, so that the library has nothing to add.
 */
import { hasOwnQuery, withParameters } from '../redirect-address.ts';
import { type Override, replaceMethod } from './override.ts';

interface Session {
  state?: { postLogoutRedirectUri?: string; state?: string };
  save(ttlSeconds: number): Promise<unknown>;
}

export const postLogoutQuery: Override = {
  name: 'post-logout-query',
  why: 'The library writes the query of the address anew, and the `state` of the request over one of its own.',
  apply({ provider }) {
    replaceMethod(
      provider.Session.prototype as unknown as Session,
      'save',
      (save) =>
        function saveWithAddress(this: Session, ttlSeconds) {
          const { postLogoutRedirectUri: address, state } = this.state ?? {};
          if (this.state && address !== undefined && state !== undefined && hasOwnQuery(address)) {
            this.state.postLogoutRedirectUri = withParameters(address, { state });
            this.state.state = undefined;
          }
          return save.call(this, ttlSeconds);
        },
    );
  },
};
