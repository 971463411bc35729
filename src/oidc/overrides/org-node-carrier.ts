/** Codes and refresh tokens remember the node of the organisation that the authorization request named. */
import Provider from 'oidc-provider';
import { askedAtAuthorization, type CarriesOrgNode } from '../tokens/token-claims.ts';
import { type Override, replaceMethod } from './override.ts';

interface Carrier {
  IN_PAYLOAD: readonly string[];
  prototype: CarriesOrgNode & { save(): Promise<string> };
}

export const orgNodeCarrier: Override = {
  name: 'org-node-carrier',
  why: 'The library keeps of an authorization request what it knows itself, and lets go of org_node_id.',
  apply({ provider }) {
    for (const model of [provider.AuthorizationCode, provider.RefreshToken] as unknown[]) {
      const carrier = model as Carrier;
      if (!Array.isArray(carrier.IN_PAYLOAD)) throw new Error('oidc-provider has no list IN_PAYLOAD to be extended');
      // The library reads the list once, when the first token of the kind is made.
      Object.defineProperty(carrier, 'IN_PAYLOAD', { value: [...carrier.IN_PAYLOAD, 'orgNodeId'] });
      replaceMethod(
        carrier.prototype,
        'save',
        (save) =>
          function saveWithNode(this: Carrier['prototype']) {
            const ctx = Provider.ctx;
            if (ctx)
              this.orgNodeId ??= askedAtAuthorization(ctx) ?? (ctx.oidc.params?.org_node_id as string | undefined);
            return save.call(this);
          },
      );
    }
  },
};
