/** Client secrets are stored as hashes, and several may be live at once. */
import { verifyClientSecret } from '../../domain/clients/clients.ts';
import { type Override, replaceMethod } from './override.ts';

interface ComparingClient {
  clientId: string;
  compareClientSecret(actual: string): boolean | Promise<boolean>;
}

export const clientSecrets: Override = {
  name: 'client-secrets',
  why: 'The library compares with one secret in the clear, out of the metadata of the client.',
  apply({ provider }, { db }) {
    const prototype = provider.Client.prototype as unknown as ComparingClient;
    replaceMethod(
      prototype,
      'compareClientSecret',
      () =>
        function compareClientSecret(this: ComparingClient, actual) {
          return verifyClientSecret(db, this.clientId, actual);
        },
    );
  },
};
