/**
 * What somebody who administers a tenant should look at, one row a kind: by which capability it is seen, where, and the rule that
 * finds it. Who does not reach a kind is not told that there is such a thing.
 */
import { findEndingKeys } from '../domain/api-keys/ending-keys.ts';
import { findLockedOut } from '../domain/audit/activity.ts';
import { findEndingSecrets } from '../domain/clients/ending-secrets.ts';
import { findFailingStreams } from '../domain/event-streams/failing-streams.ts';
import { findExpiringInvitations } from '../domain/invitations/open-invitations.ts';
import { findChannelsInTrouble } from '../domain/messages/message-days.ts';
import { findFailingProviders } from '../domain/methods/federation/provider-uses.ts';
import { findEndingRoles, findPeopleAmong, findWithoutFactor } from '../domain/organisation/people-to-look-at.ts';
import { findLocked } from '../domain/sign-in/locked-people.ts';
import { isPlatformTenant } from '../domain/tenants/platform-tenant.ts';
import { findTenantById } from '../domain/tenants/tenants.ts';
import { findFailingWebhooks } from '../domain/webhooks/failing-webhooks.ts';
import { findKeysToRotate } from '../oidc/keys.ts';
import type { Database } from '../platform/database.ts';
import { type Glimpse, nothingToSee } from '../platform/glimpse.ts';
import type { ManagementDependencies } from './operation.ts';
import { type Reach, within } from './reach.ts';

interface Looking {
  db: Database;
  tenantId: string;
  /** Absent: all of the tenant. */
  within?: readonly string[];
  deps: ManagementDependencies;
}

interface Look {
  capability: string;
  /** `reach`: what stands at or below a node where it is held; `root`: for those who hold it in the whole tenant. */
  of: 'reach' | 'root' | 'platform';
  find(looking: Looking): Promise<Glimpse>;
}

export const looks = {
  identity_provider_failing: {
    capability: 'identity_providers.manage',
    of: 'root',
    find: ({ db, tenantId }) => findFailingProviders(db, tenantId),
  },
  messages_not_sent: {
    capability: 'messages.read',
    of: 'root',
    find: ({ db, tenantId }) => findChannelsInTrouble(db, tenantId),
  },
  webhook_failing: {
    capability: 'webhooks.manage',
    of: 'root',
    find: ({ db, tenantId }) => findFailingWebhooks(db, tenantId),
  },
  event_stream_failing: {
    capability: 'events.receive',
    of: 'root',
    find: ({ db, tenantId }) => findFailingStreams(db, tenantId),
  },
  client_secret_ending: {
    capability: 'clients.manage',
    of: 'root',
    find: ({ db, tenantId }) => findEndingSecrets(db, { tenantId, of: 'applications' }),
  },
  service_secret_ending: {
    capability: 'services.manage',
    of: 'root',
    find: ({ db, tenantId }) => findEndingSecrets(db, { tenantId, of: 'services' }),
  },
  api_key_ending: {
    capability: 'api_keys.manage',
    of: 'reach',
    find: ({ db, tenantId, within }) => findEndingKeys(db, { tenantId, within }),
  },
  signing_key_rotating: {
    capability: 'keys.manage',
    of: 'platform',
    find: ({ db, deps }) => findKeysToRotate(db, { olderThanDays: deps.rotationDays - 7 }),
  },
  account_locked: { capability: 'users.read', of: 'reach', find: findLockedPeople },
  role_ending: {
    capability: 'users.read',
    of: 'reach',
    find: ({ db, tenantId, within }) => findEndingRoles(db, { tenantId, within }),
  },
  second_factor_missing: {
    capability: 'users.read',
    of: 'reach',
    find: async ({ db, tenantId, within }) => {
      const tenant = await findTenantById(db, tenantId);
      if (!tenant) return nothingToSee;
      return findWithoutFactor(db, { tenantId, within, secondFactorFor: tenant.settings.secondFactorFor });
    },
  },
  invitation_expiring: {
    capability: 'invitations.manage',
    of: 'reach',
    find: ({ db, tenantId, within }) => findExpiringInvitations(db, { tenantId, within }),
  },
} as const satisfies Record<string, Look>;

export type LookKind = keyof typeof looks;
export const lookKinds = Object.keys(looks) as [LookKind, ...LookKind[]];

async function findLockedPeople({ db, tenantId, within, deps }: Looking): Promise<Glimpse> {
  const lockedOut = await findLockedOut(db, tenantId);
  const at = new Map(lockedOut.map((one) => [one.userId, one.at]));
  const people = await findPeopleAmong(db, { tenantId, userIds: [...at.keys()], within });
  const locked = await findLocked(
    db,
    deps.secrets,
    people.map((person) => ({ ...person, tenantId })),
  );
  const items = locked
    .map(({ userId, name }) => ({ id: userId, name, detail: null, at: at.get(userId) ?? null }))
    .toSorted((left, right) => Number(right.at) - Number(left.at));
  return { count: items.length, items: items.slice(0, 10) };
}

async function isSeen({ of }: Look, { everything, nodeIds }: Reach, looking: Looking): Promise<boolean> {
  if (of === 'reach') return nodeIds.length > 0;
  return everything && (of === 'root' || (await isPlatformTenant(looking.db, looking.tenantId)));
}

/**
 * Every kind that there is something of and that somebody reaches, in the order above. One after the other: an overview holds one
 * connection.
 */
export async function findWhatNeedsALook(
  looking: Omit<Looking, 'within'>,
  reaches: (capability: string) => Reach,
): Promise<(Glimpse & { kind: LookKind })[]> {
  const found: (Glimpse & { kind: LookKind })[] = [];
  for (const [kind, look] of Object.entries<Look>(looks)) {
    const reach = reaches(look.capability);
    if (!(await isSeen(look, reach, looking))) continue;
    const seen = await look.find({ ...looking, ...within(reach) });
    if (seen.count > 0) found.push({ kind: kind as LookKind, ...seen });
  }
  return found;
}
