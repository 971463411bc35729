/** Of a client that is held to FAPI 2.0 no token counts that is bound to nothing, whichever grant it is of (security-profile.ts). */
import Provider from 'oidc-provider';
import { checkProfileToken, type IssuedToken, isBound, isHeldToProfile } from '../security-profile.ts';
import { type Override, replaceMethod } from './override.ts';

interface Model {
  find(value: string, ...options: unknown[]): Promise<IssuedToken | undefined>;
  prototype: IssuedToken & { save(): Promise<string> };
}

export const profileTokens: Override = {
  name: 'profile-tokens',
  why: 'Each grant of the library, and each of ours, looks at bindings by itself: one that forgot would give out a bearer token.',
  apply({ provider }) {
    for (const model of [provider.AccessToken, provider.ClientCredentials] as unknown as Model[]) {
      replaceMethod(
        model.prototype,
        'save',
        (save) =>
          async function saveBound(this: Model['prototype']) {
            const ctx = Provider.ctx;
            if (ctx?.oidc) checkProfileToken(ctx, this);
            return save.call(this);
          },
      );
      replaceMethod(
        model,
        'find',
        (find) =>
          async function findBound(this: Model, value, ...options) {
            const found = await find.call(this, value, ...options);
            if (!found || isBound(found)) return found;
            // Another process may have made it in the moment in which the client was switched.
            return isHeldToProfile(await provider.Client.find(String(found.clientId))) ? undefined : found;
          },
      );
    }
  },
};
