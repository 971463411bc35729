/**
 * What would end with a person, a tenant, a client or a role, counted before it is done: so that whoever does it can be told
 * "ends 3 sessions, 4 roles". Owns that the counts are those of what ends (end-person.ts, end-tenant.ts, end-client.ts). Changes and
 * locks nothing, so that a moment later they may be others.
 */
import type { Database } from '../../platform/database.ts';
import { countLiveKeys } from '../api-keys/ending-keys.ts';
import { countOpenInvitations } from '../invitations/open-invitations.ts';
import { countLinkedAccounts } from '../methods/federation/identity-providers.ts';
import { countHeld } from '../organisation/count-held.ts';
import { countEndingOfClient, countEndingSessions, countServiceTokens } from '../sessions/count-ending.ts';
import { countActivePeople } from '../users/list-users.ts';
import { findUser, type UserOfTenant } from '../users/users.ts';

export interface Effects {
  /** Who is concerned: the people of a tenant, the holders of a role, who lets a client have something, who is linked to a provider. */
  people: number;
  sessions: number;
  applicationsTold: number;
  grants: number;
  serviceTokens: number;
  apiKeys: number;
  invitations: number;
  /** Held now or later, and good for nothing from then on. */
  roles: number;
}

const nothing: Effects = {
  people: 0,
  sessions: 0,
  applicationsTold: 0,
  grants: 0,
  serviceTokens: 0,
  apiKeys: 0,
  invitations: 0,
  roles: 0,
};

/** Of deactivating, deleting or erasing a person; of signing them out, what is of sessions and grants. Undefined for nobody. */
export async function effectsOnPerson(db: Database, user: UserOfTenant): Promise<Effects | undefined> {
  const found = await findUser(db, user);
  if (!found) return undefined;
  const { email, phone } = found;
  return {
    ...nothing,
    people: 1,
    ...(await countEndingSessions(db, user)),
    apiKeys: await countLiveKeys(db, user),
    invitations: await countOpenInvitations(db, {
      tenantId: user.tenantId,
      person: { userId: user.userId, email, phone },
    }),
    roles: (await countHeld(db, user)).roles,
  };
}

/** Of suspending a tenant. */
export async function effectsOnTenant(db: Database, tenantId: string): Promise<Effects> {
  return {
    ...nothing,
    people: await countActivePeople(db, tenantId),
    ...(await countEndingSessions(db, { tenantId })),
    serviceTokens: await countServiceTokens(db, tenantId),
    apiKeys: await countLiveKeys(db, { tenantId }),
    invitations: await countOpenInvitations(db, { tenantId }),
  };
}

/** Of disabling or deleting a client. @param client.id clients.id */
export async function effectsOnClient(db: Database, client: { id: string; clientId: string }): Promise<Effects> {
  return { ...nothing, ...(await countEndingOfClient(db, { clientId: client.clientId, clientRowId: client.id })) };
}

/** Of deleting a role. */
export async function effectsOnRole(db: Database, role: { tenantId: string; roleId: string }): Promise<Effects> {
  return { ...nothing, ...(await countHeld(db, role)), invitations: await countOpenInvitations(db, role) };
}

/** Of disabling or removing an identity provider: whose accounts are linked to it. @param key of the provider */
export async function effectsOnProvider(db: Database, key: string): Promise<Effects> {
  return { ...nothing, people: await countLinkedAccounts(db, key) };
}
