/** A client that registered names of its own (`claim_mapping`) is told what was released under them. */
import { mapClaims } from '../../domain/claims/claim-mapping.ts';
import { mappingOfClient, type ToldClaims } from '../tokens/person-claims.ts';
import { type Override, replaceMethod } from './override.ts';

interface Claims {
  available: ToldClaims;
  result(): Promise<Record<string, unknown>>;
}

export const claimMapping: Override = {
  name: 'claim-mapping',
  why: 'The library releases claims that its own configuration names, the same for every client.',
  apply({ provider }) {
    const { prototype } = (provider as unknown as { Claims: { prototype: Claims } }).Claims;
    replaceMethod(
      prototype,
      'result',
      (result) =>
        async function mappedResult(this: Claims) {
          const released = await result.call(this);
          // Absent where no claims of a person are told: in logout tokens, and in signed answers of introspection.
          const found = this.available[mappingOfClient];
          return found ? mapClaims(found.mapping, released, found) : released;
        },
    );
  },
};
