/** Operations on the second factors of people, and on the browsers where theirs is not asked for. */
import { z } from 'zod';
import { listFactors, resetFactors } from '../domain/factors/factors.ts';
import { forgetRememberedDevices, listRememberedDevices } from '../domain/sessions/remembered-devices.ts';
import { operation } from './operation.ts';
import { named, personParams } from './person.ts';
import { id, pageQuery, time } from './shapes.ts';

export const Factor = z
  .object({
    id,
    kind: z.string().meta({ description: '`totp`: an authenticator app; `security_key`', example: 'totp' }),
    name: z.string().nullable().meta({ description: 'What the person calls a security key' }),
    created_at: time,
    last_used_at: time.nullable(),
    ends_at: time.nullable().meta({ description: 'When a reset that waits takes it away' }),
  })
  .meta({ id: 'Factor' });

const factorKinds = ['totp', 'security_key'] as const;

const RememberedDevice = z
  .object({
    id,
    user_agent: z.string().nullable(),
    created_at: time,
    last_used_at: time.nullable(),
    expires_at: time,
  })
  .meta({ id: 'RememberedDevice' });

export const userFactors = [
  operation({
    id: 'users.factors.list',
    method: 'GET',
    path: '/users/{user_id}/factors',
    summary: 'List what a person has enrolled as a second factor',
    needs: { capability: 'users.read', person: named, to: 'read' },
    params: personParams,
    query: pageQuery,
    list: true,
    answer: Factor,
    run: ({ db, tenantId, params, query }) => listFactors(db, { tenantId, userId: params.user_id, ...query }),
  }),
  operation({
    id: 'users.factors.reset',
    method: 'POST',
    path: '/users/{user_id}/factors/reset',
    summary: 'Take away what a person has enrolled, all or one kind, who has lost it',
    description:
      'The person is told by mail. It waits as long as the tenant says (`factor_reset_hours`), and is taken back when the person proves a factor meanwhile; at once, it ends what they are signed in to. A second factor that is required has to be enrolled anew.',
    needs: { capability: 'users.manage', person: named, to: 'credentials' },
    params: personParams,
    query: z.strictObject({
      kind: z.enum(factorKinds).optional().meta({ description: 'This kind alone; the others stay' }),
    }),
    answer: z
      .object({ ends_at: time.nullable().meta({ description: 'When it takes effect; null: nothing is enrolled' }) })
      .meta({ id: 'FactorReset' }),
    errors: ['PRIVILEGE_EXCEEDED'],
    fresh: true,
    run: async ({ db, tenantId, params, query, actor, deps: { secrets, issuer } }) => {
      const user = { tenantId, userId: params.user_id, kind: query.kind };
      return { endsAt: await resetFactors(db, user, { secrets, issuer, caller: actor.caller }) };
    },
  }),
  operation({
    id: 'users.remembered_devices.list',
    method: 'GET',
    path: '/users/{user_id}/remembered-devices',
    summary: 'List the browsers at which a person is not asked for their second factor',
    needs: { capability: 'users.read', person: named, to: 'read' },
    params: personParams,
    query: pageQuery,
    list: true,
    answer: RememberedDevice,
    run: ({ db, tenantId, params, query }) => listRememberedDevices(db, { tenantId, userId: params.user_id, ...query }),
  }),
  operation({
    id: 'users.remembered_devices.forget',
    method: 'DELETE',
    path: '/users/{user_id}/remembered-devices',
    summary: 'Ask a person for their second factor at every browser again',
    description: 'From the next sign-in on. What is signed in goes on.',
    needs: { capability: 'users.manage', person: named, to: 'change' },
    params: personParams,
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      await forgetRememberedDevices(db, { tenantId, userId: params.user_id }, actor.caller);
      return undefined;
    },
  }),
];
