/**
 * Changing what is registered of a client: its name, its metadata, its secrets, what a service may ask for. Owns that a
 * changed registration is held to the rules of a new one. A client is stopped and removed by domain/lifecycle.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { differences } from '../audit/differences.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { checkBackchannel } from './backchannel.ts';
import { checkedApplication, checkServiceMembers } from './client-metadata.ts';
import { type ClientSecretRow, revokeSecret, selectClientSecrets } from './client-secret-store.ts';
import {
  type ClientRow,
  deleteClientCapability,
  expireClientSecrets,
  findClient,
  insertClientCapabilities,
  selectClientDetails,
  updateClientRow,
} from './client-store.ts';
import { lockClient, needsSecret } from './clients.ts';
import { checkDefaultResource } from './default-resource.ts';
import { checkSecurityProfile } from './security-profile.ts';
import { type ServiceAuthentication, withAuthentication } from './service-authentication.ts';

export interface ClientChange extends ServiceAuthentication {
  clientId: string;
  name?: string;
  firstParty?: boolean;
  /** Members to replace, null for one to go back to the default of its kind; of a service, those of `NewService`. */
  metadata?: Record<string, unknown>;
}

/**
 * Changes what is registered; what is absent stays as it is. Already so: nothing is recorded. Where it authenticates without
 * a secret from now on, those that it has end.
 * @throws DomainError not_found NOT_FOUND, invalid FIELD_REQUIRED (name) and as `createClient`
 */
export async function updateClient(db: Database, change: ClientChange, caller: Caller): Promise<ClientRow> {
  const { clientId, name, firstParty } = change;
  if (name !== undefined && name.trim() === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'name' });
  return inTransaction(db, async (trx) => {
    const before = await lockClient(trx, clientId);
    const wanted: ClientRow = {
      ...before,
      name: name?.trim() ?? before.name,
      firstParty: firstParty ?? before.firstParty,
      metadata: changedMetadata(before, change),
    };
    const { from, to } = differences(before, { name: wanted.name, firstParty: wanted.firstParty });
    const changed = differences(before.metadata, { ...goneFrom(before.metadata, wanted.metadata), ...wanted.metadata });
    const members = Object.keys({ ...changed.to, ...changed.from }).filter(
      (member) => JSON.stringify(before.metadata[member]) !== JSON.stringify(wanted.metadata[member]),
    );
    if (Object.keys(to).length === 0 && members.length === 0) return before;
    checkSecurityProfile(wanted);
    checkBackchannel(wanted);
    if (members.includes('default_resource')) await checkDefaultResource(trx, wanted);
    await updateClientRow(trx, wanted, { actorId: actingUserId(caller) });
    if (needsSecret(before.metadata) && !needsSecret(wanted.metadata)) await expireClientSecrets(trx, before.id, 0);
    const values = (of: Record<string, unknown>) => Object.fromEntries(members.map((member) => [member, of[member]]));
    const payload = {
      // By name as well: a value whose name looks like a credential is kept out of the trail.
      changed: [...Object.keys(to), ...members],
      from: { ...from, metadata: values(before.metadata) },
      to: { ...to, metadata: values(wanted.metadata) },
    };
    await recordEvent(trx, { ...about(before), action: 'client.changed', payload }, caller);
    return wanted;
  });
}

/** Members that are there before and not after, as null: a difference that `differences` sees. */
function goneFrom(before: Record<string, unknown>, after: Record<string, unknown>): Record<string, unknown> {
  const gone = Object.keys(before).filter((member) => after[member] === undefined);
  return Object.fromEntries(gone.map((member) => [member, null]));
}

function changedMetadata(before: ClientRow, change: ClientChange): Record<string, unknown> {
  const { metadata } = change;
  const { kind } = before;
  if (kind !== 'service') {
    if (metadata === undefined) return before.metadata;
    const merged = Object.entries({ ...before.metadata, ...metadata }).filter(([, value]) => value !== null);
    return checkedApplication(kind, Object.fromEntries(merged));
  }
  checkServiceMembers(metadata ?? {});
  const merged = Object.entries({ ...before.metadata, ...metadata }).filter(([, value]) => value !== null);
  return withAuthentication(Object.fromEntries(merged), change);
}

/** The secrets of a client, those that ended too. @throws DomainError not_found NOT_FOUND, invalid CURSOR_INVALID */
export async function listClientSecrets(
  db: Database,
  { clientId, ...page }: PageRequest & { clientId: string },
): Promise<Page<ClientSecretRow>> {
  const client = await findClient(db, clientId);
  if (!client) throw new DomainError('not_found', 'NOT_FOUND');
  return selectClientSecrets(db, client.id, page);
}

/** Ends one secret at once. Ended already: nothing is recorded. @throws DomainError not_found NOT_FOUND */
export async function revokeClientSecret(
  db: Database,
  { clientId, secretId }: { clientId: string; secretId: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const client = await lockClient(trx, clientId);
    const found = isId(secretId) ? await revokeSecret(trx, { clientRowId: client.id, id: secretId }) : undefined;
    if (!found) throw new DomainError('not_found', 'NOT_FOUND');
    if (!found.revoked) return;
    // The names of a payload must not look like a secret: they would be left out.
    const payload = { credential: secretId, hint: found.hint };
    await recordEvent(trx, { ...about(client), action: 'client.secret_revoked', payload }, caller);
  });
}

/**
 * Lets a service ask for a capability. It may already: nothing is recorded.
 * @throws DomainError not_found NOT_FOUND (service, capability)
 */
export async function addServiceCapability(
  db: Database,
  { clientId, capability }: { clientId: string; capability: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const service = await lockService(trx, clientId);
    const { known, added } = await insertClientCapabilities(trx, service.id, [capability], actingUserId(caller));
    if (known.length === 0)
      throw new DomainError('not_found', 'NOT_FOUND', { entity: 'capability', value: capability });
    if (added.length === 0) return;
    await recordEvent(trx, { ...about(service), action: 'client.capability_granted', payload: { capability } }, caller);
  });
}

/** Takes a capability from a service; tokens that it has keep it until they end. @throws DomainError not_found NOT_FOUND */
export async function removeServiceCapability(
  db: Database,
  { clientId, capability }: { clientId: string; capability: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const service = await lockService(trx, clientId);
    if (!(await deleteClientCapability(trx, service.id, capability))) return;
    await recordEvent(trx, { ...about(service), action: 'client.capability_revoked', payload: { capability } }, caller);
  });
}

/**
 * Lets a service ask for these capabilities and no others; as adding and taking each, in one step.
 * @throws DomainError not_found NOT_FOUND (service, capability)
 */
export async function replaceServiceCapabilities(
  db: Database,
  { clientId, capabilities }: { clientId: string; capabilities: readonly string[] },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    await lockService(trx, clientId);
    const before = (await selectClientDetails(trx, clientId))?.capabilities ?? [];
    for (const capability of [...new Set(capabilities)].filter((key) => !before.includes(key)))
      await addServiceCapability(trx, { clientId, capability }, caller);
    for (const capability of before.filter((key) => !capabilities.includes(key)))
      await removeServiceCapability(trx, { clientId, capability }, caller);
  });
}

/** @throws DomainError not_found NOT_FOUND, also for what is no service */
export async function lockService(trx: Database, clientId: string): Promise<ClientRow> {
  const service = await lockClient(trx, clientId);
  if (service.kind !== 'service') throw new DomainError('not_found', 'NOT_FOUND');
  return service;
}

function about({ tenantId, clientId }: ClientRow) {
  return { tenantId, entityType: 'client', entityId: clientId };
}
