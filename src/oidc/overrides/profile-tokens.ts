/** A client that is held to FAPI 2.0 gets no token that is bound to nothing, by whichever grant (security-profile.ts). */
import Provider from 'oidc-provider';
import { checkProfileToken, type IssuedToken } from '../security-profile.ts';
import { type Override, replaceMethod } from './override.ts';

type SavedToken = IssuedToken & { save(): Promise<string> };

export const profileTokens: Override = {
  name: 'profile-tokens',
  why: 'Each grant of the library, and each of ours, looks at bindings by itself: one that forgot would give out a bearer token.',
  apply({ provider }) {
    for (const model of [provider.AccessToken, provider.ClientCredentials] as unknown[])
      replaceMethod(
        (model as { prototype: SavedToken }).prototype,
        'save',
        (save) =>
          async function saveBound(this: SavedToken) {
            const ctx = Provider.ctx;
            if (ctx?.oidc) checkProfileToken(ctx, this);
            return save.call(this);
          },
      );
  },
};
