/** Operations on the passkeys of people. Nobody adds one for another: it is made by the person's own device. */
import { z } from 'zod';
import { offeredProviders } from '../domain/methods/federation/identity-providers.ts';
import { signInMethods } from '../domain/methods/methods.ts';
import { listPasskeys, removePasskey } from '../domain/methods/passkey/passkeys.ts';
import { findTenantById } from '../domain/tenants/tenants.ts';
import { operation } from './operation.ts';
import { named, personParams } from './person.ts';
import { id, pageQuery, time } from './shapes.ts';

export const Passkey = z
  .object({
    id,
    name: z.string().meta({ description: 'What the person calls it' }),
    backup_eligible: z.boolean().meta({ description: 'Whether it can be synced to other devices of the person' }),
    backed_up: z.boolean().meta({ description: 'Whether it has been, as of its last use' }),
    transports: z.array(z.string()),
    created_at: time,
    last_used_at: time.nullable(),
  })
  .meta({ id: 'Passkey' });

export const userPasskeys = [
  operation({
    id: 'users.passkeys.list',
    method: 'GET',
    path: '/users/{user_id}/passkeys',
    summary: 'List the passkeys of a person',
    needs: { capability: 'users.read', person: named, to: 'read' },
    params: personParams,
    query: pageQuery,
    list: true,
    answer: Passkey,
    run: ({ db, tenantId, params, query }) => listPasskeys(db, { tenantId, userId: params.user_id, ...query }),
  }),
  operation({
    id: 'users.passkeys.remove',
    method: 'DELETE',
    path: '/users/{user_id}/passkeys/{passkey_id}',
    summary: 'Take a passkey away from a person',
    description:
      'Whatever they are signed in to ends. Refused where nothing else lets the person in, unless that is said.',
    needs: { capability: 'users.manage', person: named, to: 'credentials' },
    params: personParams.extend({ passkey_id: id }),
    query: z.strictObject({
      last_way: z
        .enum(['true', 'false'])
        .optional()
        .meta({ description: 'Also where nothing else lets the person in' }),
    }),
    errors: ['PASSKEY_LAST_WAY', 'PRIVILEGE_EXCEEDED'],
    fresh: true,
    run: async ({ db, tenantId, params, query, actor, deps: { channels, phoneCountries } }) => {
      const tenant = await findTenantById(db, tenantId);
      const providers = tenant && (await offeredProviders(db, tenant));
      const server = { methods: signInMethods, channels, phoneCountries, providers, caller: actor.caller };
      const passkey = { tenantId, userId: params.user_id, id: params.passkey_id };
      await removePasskey(db, { ...passkey, lastWay: query.last_way === 'true', endSessions: true }, server);
      return undefined;
    },
  }),
];
