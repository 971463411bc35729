/**
 * One request of a directory on its way: who asks, in which tenant, and the operations of management that it is made of. What may
 * be done, to whom, and what is written in the trail is theirs; nothing of that is here.
 */
import type { Context } from 'koa';
import type { Actor } from '../../management/actor.ts';
import { countOperation } from '../../management/limits.ts';
import type { ManagementDependencies } from '../../management/operation.ts';
import { operationOf, operations } from '../../management/operations.ts';
import { etagOf, type ManagementAnswer, perform } from '../../management/perform.ts';
import { together } from '../../management/together.ts';
import { actingTenant } from '../api/acting-tenant.ts';
import { type AuthenticateDependencies, authenticate } from '../api/authenticate.ts';
import { isObject, type Json } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import { authenticateBySecret } from './secret-bearer.ts';

export const scimPath = '/scim/v2';

export type ScimDependencies = ManagementDependencies & AuthenticateDependencies;

export interface Asked {
  params?: Record<string, string>;
  query?: Json;
  body?: Json;
  ifMatch?: string;
}

export interface Door {
  actor: Actor;
  tenantId: string;
  /** Of this door; locations begin with it. */
  baseUrl: string;
  deps: ScimDependencies;
  /** `Idempotency-Key`, if one came. */
  idempotencyKey?: string;
}

/** @throws DomainError unauthenticated, not_found; rate_limited TOO_MANY_ATTEMPTS */
export async function openDoor(ctx: Context, deps: ScimDependencies): Promise<Door> {
  const actor = (await authenticateBySecret(ctx, deps)) ?? (await authenticate(ctx, deps));
  await countRequest(deps, actor);
  const tenantId = await actingTenant(deps.db, actor, ctx.query.tenant);
  const idempotencyKey = ctx.get('idempotency-key') || undefined;
  return { actor, tenantId, baseUrl: deps.issuer + scimPath, deps, idempotencyKey };
}

/** One request, or one of many in one. */
export async function countRequest({ db }: ScimDependencies, actor: Actor): Promise<void> {
  await countOperation(db, actor, operationOf('users.search'));
}

/** Performs an operation, in the transaction of `door.deps.db` where there is one. */
export async function ask<T>(door: Door, id: string, { params, query, body, ifMatch }: Asked = {}): Promise<T> {
  return (await askWhole(door, id, { params, query, body, ifMatch })).body as T;
}

export async function askWhole(door: Door, id: string, asked: Asked = {}): Promise<ManagementAnswer> {
  const { actor, tenantId, idempotencyKey, deps } = door;
  const { params = {}, query = {}, body, ifMatch } = asked;
  return perform(operationOf(id), { actor, tenantId, params, query, body, ifMatch, idempotencyKey }, deps, operations);
}

/** Does several things as one. */
export function asOne<T>(door: Door, thing: string, work: (door: Door) => Promise<T>): Promise<T> {
  return together(door.deps, thing, (deps) => work({ ...door, deps: { ...door.deps, ...deps } }));
}

/** The weak version of a resource (RFC 7644 section 3.14): what it says, apart from who else is about it. */
export function versionOf(content: unknown): string {
  return `W/${etagOf(content)}`;
}

/** @throws ScimError 412 */
export function checkVersion(ifMatch: string | undefined, version: string): void {
  if (ifMatch === undefined) return;
  const bare = (tag: string) => tag.trim().replace(/^W\//, '');
  const wanted = ifMatch.split(',').map(bare);
  if (!wanted.includes('*') && !wanted.includes(bare(version)))
    throw new ScimError(412, 'it has changed since it was read');
}

/** The body of a request that makes or changes a resource. @throws ScimError invalidSyntax */
export function objectOf(body: unknown): Json {
  if (!isObject(body)) throw new ScimError(400, 'the body is no object', 'invalidSyntax');
  return body;
}

/** A window of a list (RFC 7644 section 3.4.2.4), held to what is answered at the most. */
export interface ListRequest {
  filter?: string;
  startIndex: number;
  count: number;
  attributes?: string[];
  excludedAttributes?: string[];
}

export const mostResults = 200;
const defaultResults = 100;

function wholeNumber(value: unknown, name: string, otherwise: number): number {
  if (value === undefined || value === '' || value === null) return otherwise;
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && /^-?\d{1,15}$/.test(value)
        ? Number(value)
        : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new ScimError(400, `${name} is no whole number`, 'invalidValue');
  return number;
}

function namesIn(value: unknown): string[] | undefined {
  const list = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [];
  const names = list
    .filter((name): name is string => typeof name === 'string')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.length > 0 ? names.slice(0, 100) : undefined;
}

/** Out of a query, or of the body of `.search`. @throws ScimError */
export function listRequest(from: Json): ListRequest {
  const { filter } = from;
  if (filter !== undefined && typeof filter !== 'string')
    throw new ScimError(400, 'filter is one text', 'invalidFilter');
  return {
    ...(filter !== undefined && filter.trim() !== '' && { filter }),
    startIndex: Math.max(1, wholeNumber(from.startIndex, 'startIndex', 1)),
    count: Math.min(mostResults, Math.max(0, wholeNumber(from.count, 'count', defaultResults))),
    attributes: namesIn(from.attributes),
    excludedAttributes: namesIn(from.excludedAttributes),
  };
}

export const listSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

export function listBody(total: number, startIndex: number, resources: readonly Json[]): Json {
  return {
    schemas: [listSchema],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}
