/** Operations that hold an application or a service to a security profile (FAPI 2.0), or let it go. */
import { z } from 'zod';
import { securityProfiles } from '../domain/clients/security-profile.ts';
import { clientIn, findIn, type Named, named } from './client-answers.ts';
import { type Lookup, operation } from './operation.ts';

const Held = z
  .object({
    client_id: z.string(),
    security_profile: z.enum(securityProfiles),
  })
  .meta({ id: 'SecurityProfile' });

export const securityProfile = z.enum(securityProfiles).meta({
  description: 'fapi2: FAPI 2.0 Security Profile; fapi2_message_signing: signed requests and responses as well; none',
});

export const securityProfileOperations = (['clients', 'services'] as const).map((noun) => {
  const kind = noun === 'clients' ? 'application' : 'service';
  const isShared = async (input: Named, lookup: Lookup) => (await findIn(lookup, input, kind))?.tenantId === null;
  return operation({
    id: `${noun}.set_security_profile`,
    method: 'PUT',
    path: `/${noun}/{client_id}/security-profile`,
    summary: `Hold ${kind === 'service' ? 'a service' : 'an application'} to FAPI 2.0, or let it go`,
    description:
      'A stricter one ends the tokens, codes and grants that it has, for they may be weaker. Refused where its registration ' +
      'cannot satisfy it.',
    needs: { capability: `${noun}.manage`, at: 'root', server: isShared },
    params: named,
    body: z.strictObject({ security_profile: securityProfile }),
    answer: Held,
    errors: ['INVALID_INPUT'],
    run: async ({ db, params, body, actor, deps, tenantId }) => {
      const { clientId } = await clientIn({ db, actor, tenantId }, { params }, kind);
      return deps.registration.changeSecurityProfile(db, { clientId, wanted: body.security_profile }, actor.caller);
    },
  });
});
