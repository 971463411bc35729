/** id_tokens of applications that may get assertions name the session that they are of: it has to live (cross-app/subject.ts). */
import { type Override, replaceMethod } from './override.ts';

interface SessionNamingClient {
  vouches?: boolean;
  includeSid(): boolean;
}

export const sessionIds: Override = {
  name: 'session-ids',
  why: 'The library says which session an id_token is of only where the application is told of its end.',
  apply({ provider }) {
    replaceMethod(
      provider.Client.prototype as unknown as SessionNamingClient,
      'includeSid',
      (original) =>
        function includeSid(this: SessionNamingClient) {
          return this.vouches === true || original.call(this);
        },
    );
  },
};
