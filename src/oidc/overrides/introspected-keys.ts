/** API keys at the introspection endpoint: what the library looks for as an access token there may be a key. */
import Provider from 'oidc-provider';
import { looksLikeKey } from '../../domain/api-keys/key-format.ts';
import { findIntrospectedKey } from '../tokens/introspected-keys.ts';
import { type Override, replaceMethod } from './override.ts';

interface Model {
  find(value: string, ...options: unknown[]): Promise<unknown>;
}

export const introspectedKeys: Override = {
  name: 'introspected-keys',
  why: 'The library answers only of the tokens that it issues.',
  apply({ provider }, { db }) {
    replaceMethod(
      provider.AccessToken as unknown as Model,
      'find',
      (find) =>
        async function findTokenOrKey(this: Model, value, ...options) {
          const { ctx } = Provider;
          const clientId = ctx?.oidc?.client?.clientId;
          const isAsked = ctx?.oidc?.route === 'introspection' && clientId !== undefined;
          if (!isAsked || !looksLikeKey(value)) return find.call(this, value, ...options);
          return findIntrospectedKey(ctx, { db, provider, clientId }, value);
        },
    );
  },
};
