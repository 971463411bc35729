/** Operations on people: found, made, changed, stopped and let in again, within the reach of the actor. */
import { z } from 'zod';
import { activateUser, deactivateUser, deleteUser } from '../domain/lifecycle/end-person.ts';
import { storeNewPassword } from '../domain/methods/password/set-password.ts';
import { lastLogins, listPeople, peopleOrders } from '../domain/organisation/people.ts';
import { createUserWithRoles } from '../domain/organisation/user-with-roles.ts';
import { requestRecovery } from '../domain/recovery/recovery.ts';
import { changeProfile } from '../domain/sign-in/change-profile.ts';
import { unlockAccount } from '../domain/sign-in/unlock-account.ts';
import { findTenantById } from '../domain/tenants/tenants.ts';
import { findProfile, findSettings, updateSettings } from '../domain/users/profiles.ts';
import { findUser, type PersonalWords, type UserOfTenant } from '../domain/users/users.ts';
import type { Database } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { type ManagementDependencies, operation } from './operation.ts';
import {
  ChangedUser,
  credentials,
  named,
  newSettings,
  personParams as params,
  profile,
  profileOf,
  touchesCredentials,
  User,
  UserSettings,
} from './person.ts';
import { within } from './reach.ts';
import { id, pageQuery, period, text, time } from './shapes.ts';

const password = z.string().min(1).max(1024).meta({ description: 'Held against the policy of passwords' });
const NewUser = z.strictObject({
  ...credentials,
  ...profile,
  locale: newSettings.locale,
  zoneinfo: newSettings.zoneinfo,
  password: password.optional(),
  assignments: z
    .array(z.strictObject({ role_id: id, org_node_id: id, ...period }))
    .min(1)
    .max(50)
    .optional()
    .meta({ description: 'Roles that they hold from the first moment' }),
});

const notFound = () => new DomainError('not_found', 'NOT_FOUND');

async function shown(db: Database, user: UserOfTenant) {
  const found = await findProfile(db, user);
  if (!found) throw notFound();
  return found;
}

async function hashed(
  { db, deps, tenantId }: { db: Database; deps: ManagementDependencies; tenantId: string },
  chosen: string,
  personal: PersonalWords,
): Promise<string> {
  const tenant = await findTenantById(db, tenantId);
  return deps.passwords.hashNew(chosen, { ...personal, tenantName: tenant?.name, tenantSlug: tenant?.slug });
}

const profileErrors = [
  'EMAIL_INVALID',
  'PHONE_INVALID',
  'INVALID_INPUT',
  'FIELD_REQUIRED',
  'DUPLICATE_EMAIL',
  'DUPLICATE_PHONE',
  'DUPLICATE',
] as const;
const passwordErrors = [
  'PASSWORD_TOO_SHORT',
  'PASSWORD_TOO_LONG',
  'PASSWORD_COMMON',
  'PASSWORD_CONTAINS_PERSONAL',
  'SERVICE_BUSY',
] as const;

const manages = { capability: 'users.manage', person: named } as const;

export const users = [
  operation({
    id: 'users.list',
    method: 'GET',
    path: '/users',
    summary: 'List the people of the tenant, as far as they are within reach',
    needs: { capability: 'users.read', at: 'anywhere' },
    query: pageQuery.extend({
      q: text(200).optional().meta({
        description:
          'A part of a name, an address, a username or an external id; of one or two characters, the beginning of a word',
      }),
      state: z.enum(['active', 'inactive']).optional(),
      org_node_id: id.optional().meta({ description: 'Who holds something, now or later, at this node or below it' }),
      role_id: id.optional().meta({ description: 'Who holds this role, now or later; with `org_node_id`, there' }),
      last_login: z.enum(lastLogins).optional().meta({ description: 'How long ago they signed in last' }),
      sort: z.enum(peopleOrders).optional().meta({ description: 'Default: created_at. Times: the latest first' }),
    }),
    list: true,
    answer: User,
    run: ({ db, tenantId, query: { q: search, org_node_id, role_id, last_login, ...query }, reach }) => {
      const wanted = { orgNodeId: org_node_id, roleId: role_id, lastLogin: last_login };
      return listPeople(db, { tenantId, search, ...wanted, ...query, ...within(reach) });
    },
  }),
  operation({
    id: 'users.create',
    method: 'POST',
    path: '/users',
    summary: 'Make a person',
    description: 'At the root; or with roles at nodes where the one who asks may manage people and give these roles.',
    needs: {
      capability: 'users.manage',
      at: ({ body }) => body.assignments?.map(({ org_node_id }) => org_node_id) ?? 'root',
      besides: ({ body }) =>
        (body.assignments ?? []).map(({ org_node_id: at }) => ({ capability: 'roles.assign', at })),
      gives: ({ body }) =>
        (body.assignments ?? []).map((given) => ({
          roleId: given.role_id,
          orgNodeId: given.org_node_id,
          endsAt: given.ends_at ?? null,
        })),
    },
    body: NewUser,
    answer: User,
    errors: [...profileErrors, ...passwordErrors, 'PERIOD_INVALID', 'PERIOD_OVERLAP', 'PRIVILEGE_EXCEEDED'],
    idempotent: true,
    prepare: async ({ body }, around) =>
      body.password === undefined ? undefined : hashed(around, body.password, profileOf(body)),
    run: async ({ db, tenantId, body, actor, deps, prepared }) => {
      const roles = (body.assignments ?? []).map((given) => ({
        roleId: given.role_id,
        orgNodeId: given.org_node_id,
        startsAt: given.starts_at,
        endsAt: given.ends_at,
      }));
      const { id: userId } = await createUserWithRoles(
        db,
        {
          tenantId,
          ...profileOf(body),
          locale: body.locale,
          zoneinfo: body.zoneinfo,
          passwordHash: prepared as string | undefined,
          roles,
        },
        { passwords: deps.passwords, caller: actor.caller },
      );
      return shown(db, { tenantId, userId });
    },
  }),
  operation({
    id: 'users.get',
    method: 'GET',
    path: '/users/{user_id}',
    summary: 'Show a person',
    needs: { capability: 'users.read', person: named, to: 'read' },
    params,
    answer: User,
    run: ({ db, tenantId, params }) => shown(db, { tenantId, userId: params.user_id }),
  }),
  operation({
    id: 'users.update',
    method: 'PATCH',
    path: '/users/{user_id}',
    summary: 'Change a person',
    description:
      'A new address is not verified unless that is said. What signs the person in is changed only by who could give everything that the person holds, after a fresh authentication.',
    needs: { ...manages, to: ({ body }) => (touchesCredentials(body) ? 'credentials' : 'change') },
    params,
    body: ChangedUser,
    answer: User,
    errors: [...profileErrors, 'PRIVILEGE_EXCEEDED'],
    fresh: ({ body }) => touchesCredentials(body),
    guards: { read: 'users.get', ifMatch: 'honoured' },
    run: ({ db, tenantId, params, body, actor, deps }) =>
      changeProfile(db, { tenantId, userId: params.user_id, ...profileOf(body) }, { ...deps, caller: actor.caller }),
  }),
  operation({
    id: 'users.settings.get',
    method: 'GET',
    path: '/users/{user_id}/settings',
    summary: 'Show how a person likes to be addressed',
    needs: { capability: 'users.read', person: named, to: 'read' },
    params,
    answer: UserSettings,
    run: ({ db, tenantId, params }) => findSettings(db, { tenantId, userId: params.user_id }),
  }),
  operation({
    id: 'users.settings.update',
    method: 'PATCH',
    path: '/users/{user_id}/settings',
    summary: 'Change how a person likes to be addressed',
    needs: { ...manages, to: 'change' },
    params,
    body: z.strictObject(newSettings),
    answer: UserSettings,
    errors: ['INVALID_INPUT', 'PRIVILEGE_EXCEEDED'],
    guards: { read: 'users.settings.get', ifMatch: 'honoured' },
    run: ({ db, tenantId, params, body, actor }) => {
      const { notify_by_email: notifyByEmail, notify_in_app: notifyInApp, locale, zoneinfo, theme } = body;
      const wanted = { locale, zoneinfo, theme, notifyByEmail, notifyInApp };
      return updateSettings(db, { tenantId, userId: params.user_id, ...wanted }, actor.caller);
    },
  }),
  operation({
    id: 'users.deactivate',
    method: 'POST',
    path: '/users/{user_id}/deactivate',
    summary: 'Stop a person from signing in, and end what they are signed in to',
    needs: { ...manages, to: 'change' },
    params,
    answer: User,
    errors: ['LAST_OWNER', 'PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      const user = { tenantId, userId: params.user_id };
      await deactivateUser(db, user, actor.caller);
      return shown(db, user);
    },
  }),
  operation({
    id: 'users.activate',
    method: 'POST',
    path: '/users/{user_id}/activate',
    summary: 'Let a person sign in again',
    needs: { ...manages, to: 'change' },
    params,
    answer: User,
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      const user = { tenantId, userId: params.user_id };
      await activateUser(db, user, actor.caller);
      return shown(db, user);
    },
  }),
  operation({
    id: 'users.delete',
    method: 'DELETE',
    path: '/users/{user_id}',
    summary: 'Delete a person',
    description: 'The address is free for another. What others did with the person stays on record.',
    needs: { ...manages, to: 'delete' },
    params,
    errors: ['LAST_OWNER', 'PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      await deleteUser(db, { tenantId, userId: params.user_id }, actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'users.unlock',
    method: 'POST',
    path: '/users/{user_id}/unlock',
    summary: 'Forget the failed attempts that slow or lock an account',
    needs: { ...manages, to: 'change' },
    params,
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor, deps }) => {
      await unlockAccount(db, { tenantId, userId: params.user_id }, { secrets: deps.secrets, caller: actor.caller });
      return undefined;
    },
  }),
  operation({
    id: 'users.set_password',
    method: 'PUT',
    path: '/users/{user_id}/password',
    summary: 'Give a person a password',
    description: 'Whatever they are signed in to ends.',
    needs: { ...manages, to: 'credentials' },
    params,
    body: z.strictObject({ password }),
    errors: [...passwordErrors, 'PRIVILEGE_EXCEEDED'],
    fresh: true,
    prepare: async ({ params, body }, around) => {
      const user = await findUser(around.db, { tenantId: around.tenantId, userId: params.user_id });
      if (!user) throw notFound();
      return hashed(around, body.password, user);
    },
    run: async ({ db, tenantId, params, actor, deps, prepared }) => {
      const user = await findUser(db, { tenantId, userId: params.user_id });
      if (!user) throw notFound();
      const changed = { user, passwordHash: prepared as string };
      await storeNewPassword(db, changed, { secrets: deps.secrets, caller: actor.caller });
      return undefined;
    },
  }),
  operation({
    id: 'users.send_recovery',
    method: 'POST',
    path: '/users/{user_id}/recovery',
    summary: 'Send a person a link by which they choose a new password',
    description: 'It goes to their own address, and only where that address opens the account.',
    needs: { ...manages, to: 'change' },
    params,
    body: z.strictObject({ channel: z.enum(['email', 'sms', 'whatsapp']).default('email') }),
    answer: z.object({ expires_at: time }).meta({ id: 'SentRecovery' }),
    status: 202,
    errors: ['CHANNEL_UNAVAILABLE', 'TOO_MANY_CODES', 'MESSAGES_EXHAUSTED', 'PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, body: { channel }, actor, deps }) => {
      const user = await shown(db, { tenantId, userId: params.user_id });
      const address = (channel === 'email' ? user.email : user.phone) ?? '';
      const { locale } = await findSettings(db, { tenantId, userId: params.user_id });
      const wanted = { tenantId, address, channel, locale: locale ?? 'en' };
      return requestRecovery(db, wanted, { ...deps, limits: undefined, caller: actor.caller });
    },
  }),
];
