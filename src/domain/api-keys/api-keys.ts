/**
 * API keys: long-lived bearer credentials of a person or of a place. Owns what they are and when they count: a key counts at
 * one node and below it, for the capabilities that were chosen, until it ends. A person's key counts for what the person
 * holds there at that moment, and no more (domain/access/authorise.ts). Refuses to bring an ended one back to life.
 *
 * A key is shown once. What is kept is its SHA-256: 256 random bits need no slow hash.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import { equalInConstantTime, sha256 } from '../../platform/secrets.ts';
import { findStanding } from '../access/authorise.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { differences } from '../audit/differences.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import {
  type ApiKeyRow,
  type ApiKeyState,
  type FoundKey,
  insertApiKey,
  replaceKeyCapabilities,
  revokeApiKeyRow,
  revokeKeysOf,
  selectApiKey,
  selectApiKeyForUpdate,
  selectApiKeys,
  selectCapabilitiesOfApi,
  selectKeyById,
  selectKeyByPrefix,
  updateApiKey,
  updateLastUsed,
} from './api-key-store.ts';
import { generateKey, prefixOfKey } from './key-format.ts';

export const apiKeyCodes = defineCodes({
  API_KEY_ENDED: { kind: 'conflict', means: 'the API key was revoked, or has expired' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof apiKeyCodes> {}
}

export type ApiKey = ApiKeyRow;
export type LiveApiKey = Omit<FoundKey, 'keyHash' | 'isLive' | 'isUnwritten'>;

const day = 24 * 60 * 60 * 1000;
/** How long a key lives where nothing else is said, and at the most. */
export const defaultLifeDays = 90;
export const longestLifeDays = 366;

interface ApiKeyReference {
  tenantId: string;
  apiKeyId: string;
}

/** When a key that is made now ends by default. */
export function defaultExpiry(): Date {
  return new Date(Date.now() + defaultLifeDays * day);
}

/** @throws DomainError invalid PERIOD_INVALID */
function checkExpiry(expiresAt: Date | undefined): void {
  if (expiresAt === undefined) return;
  if (!(expiresAt.getTime() > Date.now())) throw new DomainError('invalid', 'PERIOD_INVALID');
  checkLongestLife(expiresAt);
}

/** A key may have ended, and none is without an end. @throws DomainError invalid PERIOD_INVALID */
export function checkLongestLife(expiresAt: Date | null): void {
  const left = (expiresAt?.getTime() ?? Number.NaN) - Date.now();
  if (!(left <= longestLifeDays * day)) throw new DomainError('invalid', 'PERIOD_INVALID');
}

/**
 * Makes a key. The answer alone holds it.
 * @param wanted.userId whose it is; null: the node's own
 * @throws DomainError invalid PERIOD_INVALID, invalid INVALID_INPUT (capabilities: one is not there), not_found NOT_FOUND
 */
export async function createApiKey(
  db: Database,
  wanted: {
    tenantId: string;
    orgNodeId: string;
    userId: string | null;
    name: string;
    capabilities: readonly string[];
    expiresAt?: Date;
  },
  caller: Caller,
): Promise<ApiKey & { key: string }> {
  const { tenantId, orgNodeId, userId, name, expiresAt = defaultExpiry() } = wanted;
  checkExpiry(expiresAt);
  if (![tenantId, orgNodeId, userId].every((id) => id === null || isId(id))) throw notFound();
  const id = newId();
  const { key, prefix } = generateKey();
  return inTransaction(db, async (trx) => {
    const row = { id, tenantId, orgNodeId, userId, name, prefix, keyHash: sha256(key), expiresAt };
    if (!(await insertApiKey(trx, { ...row, actorId: actingUserId(caller) }))) throw notFound();
    await storeCapabilities(trx, id, wanted.capabilities);
    const made = await selectApiKey(trx, { tenantId, id });
    if (!made) throw new Error('an API key that was just made is not there');
    const { capabilities } = made;
    const payload = { ...nameIn(made), prefix, orgNodeId, userId, capabilities, expiresAt };
    await recordEvent(trx, { ...about(made), action: 'api_key.created', payload }, caller);
    return { ...made, key };
  });
}

async function storeCapabilities(trx: Database, id: string, wanted: readonly string[]): Promise<void> {
  const keys = [...new Set(wanted)];
  if ((await replaceKeyCapabilities(trx, id, keys)) !== keys.length)
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'capabilities' });
}

/**
 * Changes a key that has not ended: what it is called, whether it counts for now, what it is good for, until when.
 * @throws DomainError conflict API_KEY_ENDED, invalid PERIOD_INVALID or INVALID_INPUT (capabilities), not_found NOT_FOUND
 */
export async function changeApiKey(
  db: Database,
  { tenantId, apiKeyId }: ApiKeyReference,
  wanted: { name?: string; active?: boolean; expiresAt?: Date; capabilities?: readonly string[] },
  caller: Caller,
): Promise<ApiKey> {
  checkExpiry(wanted.expiresAt);
  return inTransaction(db, async (trx) => {
    const before = await lockKey(trx, { tenantId, apiKeyId });
    if (before.hasEnded) throw new DomainError('conflict', 'API_KEY_ENDED');
    const { capabilities, ...columns } = wanted;
    await updateApiKey(trx, apiKeyId, columns);
    if (capabilities) await storeCapabilities(trx, apiKeyId, capabilities);
    const after = (await selectApiKey(trx, { tenantId, id: apiKeyId })) as ApiKey;
    const shown = (key: ApiKey) => ({
      ...nameIn(key),
      active: key.active,
      expiresAt: key.expiresAt.toISOString(),
      capabilities: key.capabilities.join(' '),
    });
    const { from, to } = differences(shown(before), shown(after));
    if (Object.keys(to).length > 0 || before.name !== after.name)
      await recordEvent(trx, { ...about(after), action: 'api_key.updated', payload: { from, to } }, caller);
    return after;
  });
}

/** Ends a key for good. Once more does no harm. @throws DomainError not_found NOT_FOUND */
export async function revokeApiKey(db: Database, reference: ApiKeyReference, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const key = await lockKey(trx, reference);
    if (key.revokedAt !== null) return;
    await revokeApiKeyRow(trx, key.id);
    const { prefix, orgNodeId, userId } = key;
    const payload = { ...nameIn(key), prefix, orgNodeId, userId };
    await recordEvent(trx, { ...about(key), action: 'api_key.revoked', payload }, caller);
  });
}

async function lockKey(
  trx: Database,
  { tenantId, apiKeyId }: ApiKeyReference,
): Promise<ApiKey & { hasEnded: boolean }> {
  const known = isId(tenantId) && isId(apiKeyId);
  const found = known ? await selectApiKeyForUpdate(trx, { tenantId, id: apiKeyId }) : undefined;
  if (!found) throw notFound();
  return found;
}

/** Undefined also for one of another tenant. */
export async function findApiKey(db: Database, { tenantId, apiKeyId }: ApiKeyReference): Promise<ApiKey | undefined> {
  return isId(tenantId) && isId(apiKeyId) ? selectApiKey(db, { tenantId, id: apiKeyId }) : undefined;
}

/**
 * Keys, those that have ended too, in the order of their ids.
 * @param query.under those at or below this node alone
 * @param query.within those at or below one of these nodes alone
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listApiKeys(
  db: Database,
  query: PageRequest & {
    tenantId: string;
    orgNodeId?: string;
    userId?: string;
    state?: ApiKeyState;
    under?: string;
    within?: readonly string[];
  },
): Promise<Page<ApiKey>> {
  const { limit, after, ...filter } = query;
  const ids = [filter.tenantId, filter.orgNodeId, filter.userId, filter.under];
  return ids.every((id) => id === undefined || isId(id)) ? selectApiKeys(db, filter, { limit, after }) : emptyPage();
}

/** In the place of the hash of a key that is not there: one answer costs what the other does. */
const nobodysHash = sha256('');

/**
 * The key that a bearer value is, if it counts at this moment: read anew each time, so that an ended one is refused by
 * every process at once. That it was used is written at most once a minute.
 */
export async function openApiKey(db: Database, value: string): Promise<LiveApiKey | undefined> {
  const prefix = prefixOfKey(value);
  if (prefix === undefined) return undefined;
  const found = await selectKeyByPrefix(db, prefix);
  const isIt = equalInConstantTime(sha256(value), found?.keyHash ?? nobodysHash);
  if (!found || !isIt || !found.isLive) return undefined;
  const { keyHash: _, isLive: __, isUnwritten, ...key } = found;
  if (isUnwritten) await updateLastUsed(db, key.id);
  return key;
}

/** A key that was shown before, if it counts at this moment. For what was given for it. */
export async function findLiveKey(db: Database, id: string): Promise<LiveApiKey | undefined> {
  const found = isId(id) ? await selectKeyById(db, id) : undefined;
  if (!found?.isLive) return undefined;
  const { keyHash: _, isLive: __, isUnwritten: ___, ...key } = found;
  return key;
}

/** What a key is good for at an API at one moment. */
export interface KeyAccess {
  /** Capabilities of the API, sorted. None: the key is not meant for that API. */
  scope: string[];
  /** When the first of what it rests on ends. */
  earliestEnd: Date;
}

/** What of an API's capabilities a key is good for at this moment. */
export async function findKeyAccess(
  db: Database,
  { id, tenantId, expiresAt }: Pick<LiveApiKey, 'id' | 'tenantId' | 'expiresAt'>,
  resourceServerId: string,
): Promise<KeyAccess> {
  const standing = await findStanding(db, { tenantId, of: { key: id } });
  const held = standing?.held ?? [];
  const keys = held.flatMap(({ capabilities }) => capabilities);
  const scope = keys.length === 0 ? [] : await selectCapabilitiesOfApi(db, { resourceServerId, keys });
  const ends = held
    .filter(({ capabilities }) => capabilities.some((key) => scope.includes(key)))
    .flatMap(({ endsAt }) => endsAt?.getTime() ?? []);
  return { scope, earliestEnd: new Date(Math.min(expiresAt.getTime(), ...ends)) };
}

/** Ends the keys of a person who may act no longer. Answers how many. */
export async function endApiKeysOfPerson(
  trx: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<number> {
  return revokeKeysOf(trx, { tenantId, userId });
}

/** Ends the keys that stand at a node which is deleted. Answers how many. */
export async function endApiKeysOfNode(
  trx: Database,
  { tenantId, orgNodeId }: { tenantId: string; orgNodeId: string },
): Promise<number> {
  return revokeKeysOf(trx, { tenantId, orgNodeId });
}

/** Ends every key of a tenant. Answers how many. */
export async function endApiKeysOfTenant(trx: Database, tenantId: string): Promise<number> {
  return revokeKeysOf(trx, { tenantId });
}

/** For the trail, which outlives the person: what people call their own keys may name them. */
function nameIn({ name, userId }: ApiKey): { name?: string } {
  return userId === null ? { name } : {};
}

function about(key: ApiKey): { tenantId: string; entityType: string; entityId: string } {
  return { tenantId: key.tenantId, entityType: 'api_key', entityId: key.id };
}

function notFound(): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', { entity: 'api_key' });
}
