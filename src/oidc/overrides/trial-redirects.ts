/**
 * An application that is tried out answers at a page of the console once, for the browser that began it alone
 * (../client-trials.ts). What is registered of it does not grow by that.
 */
import { isRedirectOfTrial } from '../client-trials.ts';
import { type Override, replaceMethod } from './override.ts';

interface Client {
  clientId: string;
  redirectUriAllowed(value: unknown): boolean;
}

export const trialRedirects: Override = {
  name: 'trial-redirects',
  why: 'The library knows the registered redirect URIs alone, and a trial must not be registered.',
  apply({ provider }, { secrets }) {
    const dependencies = { secrets, issuer: provider.issuer };
    replaceMethod(
      provider.Client.prototype as unknown as Client,
      'redirectUriAllowed',
      (allowed) =>
        function redirectUriAllowed(this: Client, value) {
          return (
            allowed.call(this, value) ||
            isRedirectOfTrial(dependencies, { clientId: this.clientId, redirectUri: value })
          );
        },
    );
  },
};
