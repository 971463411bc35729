/**
 * Capabilities: what can be allowed, such as `inventory.read`. Owns their keys, which are OAuth scopes too and the same
 * in every tenant. Refuses keys that no scope can be (RFC 6749 section 3.3).
 */
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { checkDisplayName } from '../tenants/display-name.ts';
import {
  type ActionProperties,
  bindSystemCapabilities,
  type CapabilityRow,
  capabilityWasDeleted,
  deleteCapabilityRow,
  forgetResourceServerOfDeleted,
  insertCapability,
  type ListedCapabilityRow,
  lockCapability,
  selectCapabilities,
  selectCapability,
  updateCapability,
} from './capability-store.ts';

export const capabilityCodes = defineCodes({
  CAPABILITY_OF_ANOTHER_API: {
    kind: 'conflict',
    params: ['value'],
    means: 'the capability is a scope of another API; moving it is an operation of its own',
  },
  SYSTEM_CAPABILITY_FIXED: { kind: 'conflict', means: 'the capability belongs to the server and stays as it is' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof capabilityCodes> {}
}

export type Capability = CapabilityRow;

export interface CapabilityWish {
  key: string;
  description?: string | null;
  /** The part of a product it belongs to, for lists. */
  module?: string | null;
  /** The API whose scope it is. */
  resourceServerId?: string | null;
  /** What that API calls it when it asks for a decision (`read`); several may answer one action. */
  action?: string | null;
  /** What the action has to say of itself (`{ soft: true }`), where there is an action. */
  actionProperties?: ActionProperties | null;
}

const keyForm = /^[a-z][a-z0-9_-]*([.:][a-z0-9_-]+)+$/;

/**
 * Makes a capability, or brings the one of that key up to date: safe to call at every deployment. What is absent stays as it
 * is; null takes it away. One that is a scope of an API stays with that API: moving it (move-capability.ts) breaks those who
 * ask the API for it.
 * @throws DomainError invalid INVALID_INPUT (key, description, module, action, action_properties), not_found
 *   NOT_FOUND (resource_server), conflict CAPABILITY_OF_ANOTHER_API, SYSTEM_CAPABILITY_FIXED
 */
export async function defineCapability(db: Database, wanted: CapabilityWish, caller: Caller): Promise<Capability> {
  const { key } = wanted;
  if (!keyForm.test(key) || key.length > 100) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'key' });
  const description = checkedText(wanted.description, 'description');
  const module = checkedText(wanted.module, 'module');
  checkAction(wanted);
  const { resourceServerId, action, actionProperties } = wanted;
  if (typeof resourceServerId === 'string' && !isId(resourceServerId)) throw noResourceServer();
  const actorId = actingUserId(caller);
  return inTransaction(db, async (trx) => {
    const values = { key, description: description ?? null, module: module ?? null, actorId };
    const made = await withResourceServer(
      insertCapability(trx, {
        id: newId(),
        ...values,
        resourceServerId: resourceServerId ?? null,
        ...actionOf({ action: action ?? null, actionProperties: actionProperties ?? null }),
      }),
    );
    const before = made ?? (await lockCapability(trx, key));
    if (!before) throw new Error(`the capability ${key} was deleted meanwhile`);
    if (before.isSystem) throw new DomainError('conflict', 'SYSTEM_CAPABILITY_FIXED');
    const isElsewhere = before.resourceServerId !== null && resourceServerId?.toLowerCase() !== before.resourceServerId;
    if (resourceServerId !== undefined && isElsewhere)
      throw new DomainError('conflict', 'CAPABILITY_OF_ANOTHER_API', { value: key });
    const wantedNow = {
      key,
      description: description === undefined ? before.description : description,
      module: module === undefined ? before.module : module,
      resourceServerId: resourceServerId === undefined ? before.resourceServerId : resourceServerId,
      ...actionOf({
        action: action === undefined ? before.action : action,
        actionProperties: actionProperties === undefined ? before.actionProperties : actionProperties,
      }),
      actorId,
    };
    const changed = made ?? (await withResourceServer(updateCapability(trx, wantedNow)));
    const capability = changed ?? before;
    if (changed) {
      const { description, module, resourceServerId, action, actionProperties } = capability;
      await recordEvent(
        trx,
        {
          action: made ? 'capability.defined' : 'capability.changed',
          entityType: 'capability',
          entityId: capability.id,
          payload: { capability: key, description, module, resourceServerId, action, actionProperties },
        },
        caller,
      );
    }
    return capability;
  });
}

export async function findCapability(db: Database, key: string): Promise<Capability | undefined> {
  return keyForm.test(key) ? selectCapability(db, key) : undefined;
}

/**
 * All capabilities in the order of their keys.
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listCapabilities(
  db: Database,
  query: PageRequest & { tenantId?: string } = {},
): Promise<Page<ListedCapabilityRow>> {
  return selectCapabilities(db, query);
}

/**
 * Deletes a capability: no role carries it and no service asks for it any more, also not where one of that key is defined again. Once more does
 * no harm.
 * @throws DomainError not_found NOT_FOUND, conflict SYSTEM_CAPABILITY_FIXED
 */
export async function deleteCapability(db: Database, key: string, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const before = keyForm.test(key) ? await lockCapability(trx, key) : undefined;
    if (!before && (await capabilityWasDeleted(trx, key))) return;
    if (!before) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'capability', value: key });
    if (before.isSystem) throw new DomainError('conflict', 'SYSTEM_CAPABILITY_FIXED');
    await deleteCapabilityRow(trx, before.id, actingUserId(caller));
    await recordEvent(
      trx,
      { action: 'capability.deleted', entityType: 'capability', entityId: before.id, payload: { capability: key } },
      caller,
    );
  });
}

/** Lets go of an API that is removed: what names it still are capabilities that were deleted. */
export async function forgetResourceServer(trx: Database, resourceServerId: string): Promise<void> {
  await forgetResourceServerOfDeleted(trx, resourceServerId);
}

/** What a property of an action can be: text that PostgreSQL can store, a number, or a boolean. */
export function isPlainProperty(value: unknown): value is string | number | boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  return typeof value === 'boolean' || Number.isFinite(value);
}

/** A name is any text on one line; properties are few and plain. */
export function checkAction({ action, actionProperties }: Pick<CapabilityWish, 'action' | 'actionProperties'>): void {
  if (typeof action === 'string' && !/^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u.test(action))
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'action' });
  const members = Object.entries(actionProperties ?? {});
  const arePlain = members.every((member) => member.every(isPlainProperty));
  if (!arePlain || members.length > 10 || JSON.stringify(members).length > 2000)
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'action_properties' });
}

/** Without a name there is nothing that could have properties; none at all are no condition. */
function actionOf({ action, actionProperties }: Pick<Capability, 'action' | 'actionProperties'>) {
  const hasProperties = action !== null && Object.keys(actionProperties ?? {}).length > 0;
  return { action, actionProperties: hasProperties ? actionProperties : null };
}

/** Absent stays absent; blank is none. */
function checkedText(text: string | null | undefined, field: string): string | null | undefined {
  if (text === undefined) return undefined;
  return text?.trim() ? checkDisplayName(text, field) : null;
}

/** No API of that id. */
export function noResourceServer(): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', { entity: 'resource_server' });
}

/** Runs a statement that names an API, which may be none. @throws DomainError not_found NOT_FOUND (resource_server) */
export async function withResourceServer<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    if (violatedConstraint(error)?.constraint === 'capabilities_resource_server_fk') throw noResourceServer();
    throw error;
  }
}

/** Makes the capabilities of the program itself the scopes of its own API. Safe to call at every start. */
export async function offerSystemCapabilities(trx: Database, resourceServerId: string): Promise<void> {
  await bindSystemCapabilities(trx, resourceServerId);
}
