/** An exchanged token remembers what it rests on, and is found for as long as that counts (tokens/exchanged-tokens.ts). */
import { type ExchangedToken, restsOnLiving } from '../tokens/exchanged-tokens.ts';
import { type Override, replaceMethod } from './override.ts';

interface Model {
  IN_PAYLOAD: readonly string[];
  find(value: string, ...options: unknown[]): Promise<ExchangedToken | undefined>;
}

export const exchangedTokens: Override = {
  name: 'exchanged-tokens',
  why: 'The library knows of no token that ends with the grant of another client.',
  apply({ provider }, { db }) {
    const model = provider.AccessToken as unknown as Model;
    if (!Array.isArray(model.IN_PAYLOAD)) throw new Error('oidc-provider has no list IN_PAYLOAD to be extended');
    // The library reads the list once, when the first token of the kind is made.
    Object.defineProperty(model, 'IN_PAYLOAD', { value: [...model.IN_PAYLOAD, 'origin'] });
    replaceMethod(
      model,
      'find',
      (find) =>
        async function findWhatCounts(this: Model, value, ...options) {
          const found = await find.call(this, value, ...options);
          return found && (await restsOnLiving(db, provider, found)) ? found : undefined;
        },
    );
  },
};
