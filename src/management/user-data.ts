/** Operations on all that is held on a person at once: telling it, and erasing it. */
import { z } from 'zod';
import type { Caller } from '../domain/audit/audit-events.ts';
import { erasePerson } from '../domain/lifecycle/erase-person.ts';
import { exportPerson } from '../domain/lifecycle/export-person.ts';
import type { UserOfTenant } from '../domain/users/users.ts';
import { type ListedGrant, listGrants } from '../oidc/storage/grants.ts';
import type { Database } from '../platform/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import { operation } from './operation.ts';
import { named, personParams, User, UserSettings } from './person.ts';
import { present } from './present.ts';
import { sealedAbove } from './sealed-about-people.ts';
import { id, time } from './shapes.ts';
import { Grant } from './user-grants.ts';
import { Identity } from './user-identities.ts';

const text = z.string();
const maybe = text.nullable();
const at = time.nullable();
// Factors are told by themselves.
const { email_verified: _, phone_verified: __, mfa_enabled: ____, ...profile } = User.shape;
const period = { starts_at: time, ends_at: at };
const held = { ...period, created_at: time };
const version = { valid_from: time, valid_to: time };
const { id: ___, ...identity } = Identity.shape;

const HeldOnPerson = z
  .object({
    exported_at: time,
    person: z.object({
      ...profile,
      email_verified_at: at,
      phone_verified_at: at,
      deactivated_at: at,
      deletion_requested_at: at,
      deletion_due_at: at,
      deleted_at: at,
      erased_at: at,
    }),
    settings: UserSettings.extend({ updated_at: time }).meta({ id: 'HeldSettings' }).nullable(),
    identities: z
      .array(z.object(identity))
      .meta({ description: 'What they sign in by; of `password` it is told that there is one' }),
    assignments: z.array(
      z.object({ id, role: text, org_node_id: id, place: text, assigned_by: id.nullable(), ...held }),
    ),
    visibility_grants: z.array(
      z.object({ id, org_node_id: id, place: text, access_scope: text, granted_by: id.nullable(), ...held }),
    ),
    earlier_access: z
      .object({
        states: z.array(z.object({ state: text, ...version })),
        assignments: z.array(
          z.object({ id, role_id: id, org_node_id: id, assigned_by: id.nullable(), ...period, ...version }),
        ),
        visibility_grants: z.array(
          z.object({ id, org_node_id: id, access_scope: text, granted_by: id.nullable(), ...period, ...version }),
        ),
      })
      .meta({ description: 'What was so before it was changed, for as long as the trail is kept' }),
    invitations: z.array(
      z.object({
        id,
        received: z.boolean().meta({ description: 'Else the person has sent it' }),
        address: maybe,
        role_id: id,
        org_node_id: id,
        sent_at: time,
        expires_at: time,
        accepted_at: at,
        revoked_at: at,
        created_at: time,
      }),
    ),
    sessions: z.array(
      z.object({
        id,
        user_agent: maybe,
        ip: maybe,
        device: maybe.meta({ description: 'SHA-256 of a cookie of the browser' }),
        amr: z.array(text),
        acr: maybe,
        login_at: time,
        last_seen_at: time,
        expires_at: time,
        revoked_at: at,
        clients: z.array(text),
      }),
    ),
    tokens: z.array(z.object({ model: text, client_id: maybe, created_at: time, expires_at: at })),
    grants: z.array(Grant),
    codes: z
      .array(
        z.object({
          destination: text,
          channel: text,
          purpose: text,
          attempt_count: z.int(),
          ip: maybe.meta({ description: 'Where it was asked for from' }),
          sent_at: at,
          consumed_at: at,
          revoked_at: at,
          expires_at: time,
          created_at: time,
        }),
      )
      .meta({ description: 'Codes and links that were sent in the last days' }),
    safety_links: z
      .array(z.object({ kind: text, created_at: time, expires_at: time, consumed_at: at }))
      .meta({ description: 'Links by which they could take back what was done to the account' }),
    failures: z
      .array(z.object({ failures: z.int(), last_failed_at: time }))
      .meta({ description: 'Failed sign-ins in a row, by the account and by the addresses' }),
    setup_links: z.array(
      z.object({ email: text, expires_at: time, consumed_at: at, revoked_at: at, created_at: time }),
    ),
    second_factors: z.array(z.object({ id, kind: text, created_at: time, last_used_at: at, ends_at: at })),
    recovery_codes: z
      .array(z.object({ id, created_at: time, used_at: at }))
      .meta({ description: 'That there are some, and when each was used' }),
    asked_to_enrol: z
      .array(z.object({ began_at: time }))
      .meta({ description: 'Since when they have been asked for a second factor' }),
    passkeys: z.array(
      z.object({
        id,
        name: text,
        backup_eligible: z.boolean(),
        backed_up: z.boolean(),
        transports: z.array(text),
        created_at: time,
        last_used_at: at,
      }),
    ),
    passkey_offers: z.array(z.object({ offered_at: time })),
    messages: z
      .array(z.object({ channel: text, template: text, to: text }))
      .meta({ description: 'Messages that have not gone' }),
    api_keys: z
      .array(
        z.object({
          id,
          name: text,
          prefix: text,
          org_node_id: id,
          expires_at: time,
          last_used_at: at,
          revoked_at: at,
          created_at: time,
        }),
      )
      .meta({ description: 'Their own keys; what they are is told by nobody' }),
    referral: z.object({
      code: z.object({ code: text, is_active: z.boolean(), created_at: time }).nullable(),
      referrals: z.array(z.object({ referrer_user_id: id, referred_user_id: id, status: text, created_at: time })),
    }),
    events: z
      .array(
        z.object({
          id,
          actor_type: text,
          actor_id: maybe,
          action: text,
          entity_type: maybe,
          entity_id: maybe,
          ip: maybe,
          user_agent: maybe,
          payload: z.record(text, z.unknown()),
          occurred_at: time,
        }),
      )
      .meta({ description: 'What the audit trail says of them, and of what they did' }),
  })
  .meta({ id: 'HeldOnPerson' });

/** Every page of them. */
async function allGrants(db: Database, user: UserOfTenant, secrets: Secrets): Promise<ListedGrant[]> {
  const all: ListedGrant[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const { items, next } = await listGrants(db, { ...user, limit: 200, after }, secrets);
    all.push(...items);
    after = next;
  }
  return all;
}

/** All that is held on a person, in the form in which the API tells it. @throws DomainError not_found NOT_FOUND */
export async function tellPerson(
  db: Database,
  user: UserOfTenant,
  { secrets, caller }: { secrets: Secrets; caller: Caller },
): Promise<unknown> {
  const grantsOf = (trx: Database, whose: UserOfTenant) => allGrants(trx, whose, secrets);
  return present(HeldOnPerson, await exportPerson(db, user, { secrets, caller, grantsOf }));
}

export const userData = [
  operation({
    id: 'users.export',
    method: 'POST',
    path: '/users/{user_id}/export',
    summary: 'Tell everything that is held on a person',
    description:
      'One document. Also of a person who was deleted and not erased. That it was told is in the audit trail.',
    needs: { capability: 'users.manage', person: named, to: 'delete' },
    params: personParams,
    answer: HeldOnPerson,
    errors: ['PRIVILEGE_EXCEEDED'],
    fresh: true,
    run: ({ db, tenantId, params, actor, deps: { secrets } }) =>
      exportPerson(
        db,
        { tenantId, userId: params.user_id },
        { secrets, caller: actor.caller, grantsOf: (trx, user) => allGrants(trx, user, secrets) },
      ),
  }),
  operation({
    id: 'users.erase',
    method: 'POST',
    path: '/users/{user_id}/erase',
    summary: 'Erase a person',
    description:
      'Everything personal goes for good: what they hold ends, the address is free for another, and the audit trail keeps their id alone. It cannot be taken back. Once more does no harm.',
    needs: { capability: 'users.manage', person: named, to: 'delete' },
    params: personParams,
    errors: ['LAST_OWNER', 'PRIVILEGE_EXCEEDED'],
    fresh: true,
    run: async ({ db, tenantId, params, actor, deps: { secrets } }) => {
      await erasePerson(db, { tenantId, userId: params.user_id }, { secrets, caller: actor.caller, sealedAbove });
      return undefined;
    },
  }),
];
