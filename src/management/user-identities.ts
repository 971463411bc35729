/** Operations on the accounts elsewhere that sign people in here. */
import { z } from 'zod';
import { addIdentity, listIdentities, removeIdentity } from '../domain/methods/federation/administer-identities.ts';
import { signInMethods } from '../domain/methods/methods.ts';
import { operation } from './operation.ts';
import { named, personParams } from './person.ts';
import { id, pageQuery, text, time } from './shapes.ts';

const provider = text(32).meta({ description: 'The key of an identity provider', example: 'google' });
const subject = text(255).meta({ description: 'What the provider calls the person: `sub` of its ID tokens' });

export const Identity = z
  .object({
    id,
    provider: z.string(),
    issuer: z.string(),
    subject: z.string(),
    email: z.string().nullable().meta({ description: 'As the provider has told it last' }),
    email_verified: z.boolean().meta({ description: 'By the word of the provider' }),
    last_used_at: time.nullable(),
    created_at: time,
  })
  .meta({ id: 'Identity' });

export const userIdentities = [
  operation({
    id: 'users.identities.list',
    method: 'GET',
    path: '/users/{user_id}/identities',
    summary: 'List what a person signs in with elsewhere',
    needs: { capability: 'users.read', person: named, to: 'read' },
    params: personParams,
    query: pageQuery,
    list: true,
    answer: Identity,
    run: ({ db, tenantId, params, query }) => listIdentities(db, { tenantId, userId: params.user_id, ...query }),
  }),
  operation({
    id: 'users.identities.add',
    method: 'POST',
    path: '/users/{user_id}/identities',
    summary: 'Let an account at an identity provider sign a person in',
    description: 'The person is told by mail. Anybody with that account there has the account here from then on.',
    needs: { capability: 'users.manage', person: named, to: 'credentials' },
    params: personParams,
    body: z.strictObject({ provider, subject }),
    answer: Identity,
    errors: ['IDENTITY_IN_USE', 'INVALID_INPUT', 'PRIVILEGE_EXCEEDED'],
    idempotent: true,
    fresh: true,
    run: ({ db, tenantId, params, body, actor, deps: { secrets, issuer } }) =>
      addIdentity(db, { tenantId, userId: params.user_id, ...body }, { secrets, issuer, caller: actor.caller }),
  }),
  operation({
    id: 'users.identities.remove',
    method: 'DELETE',
    path: '/users/{user_id}/identities/{provider}',
    summary: 'Take an account at an identity provider away from a person',
    description:
      'Whatever they are signed in to ends. Refused where nothing else lets the person in, unless that is said.',
    needs: { capability: 'users.manage', person: named, to: 'credentials' },
    params: personParams.extend({ provider }),
    query: z.strictObject({
      last_way: z
        .enum(['true', 'false'])
        .optional()
        .meta({ description: 'Also where nothing else lets the person in' }),
    }),
    errors: ['IDENTITY_LAST_WAY', 'PRIVILEGE_EXCEEDED'],
    fresh: true,
    run: async ({ db, tenantId, params, query, actor, deps: { channels, phoneCountries } }) => {
      const server = { methods: signInMethods, channels, phoneCountries, caller: actor.caller };
      const wanted = {
        tenantId,
        userId: params.user_id,
        provider: params.provider,
        lastWay: query.last_way === 'true',
      };
      await removeIdentity(db, wanted, server);
      return undefined;
    },
  }),
];
