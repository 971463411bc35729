/**
 * `/Bulk` (RFC 7644 section 3.7): many changes in one request, each by itself and with its own answer. What refers to something that
 * the same request makes (`bulkId:`) waits until that is made. Owns how many there may be, and when it stops.
 */

import { mostBulkOperations } from './documents.ts';
import { countRequest, type Door, objectOf } from './door.ts';
import { createGroup, deleteGroup, patchGroup, replaceGroup } from './groups.ts';
import { isObject, type Json } from './schemas.ts';
import { invalidSyntax, invalidValue, ScimError } from './scim-error.ts';
import { type Answered, createUser, deleteUser, patchUser, replaceUser } from './users.ts';

export const bulkSchema = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const bulkResponseSchema = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

interface BulkOperation {
  method: string;
  path: string;
  bulkId?: string;
  data: unknown;
  version?: string;
}

interface Refused {
  status: number;
  body: Json;
}

type Tell = (error: unknown) => Refused | undefined;

function readOperations(body: Json): { operations: BulkOperation[]; failOnErrors: number } {
  const { Operations: list, failOnErrors = 0 } = body;
  if (!Array.isArray(list) || list.length === 0) throw invalidSyntax('Operations are missing');
  if (list.length > mostBulkOperations)
    throw new ScimError(413, `at the most ${mostBulkOperations} operations at once`, 'tooMany');
  if (typeof failOnErrors !== 'number' || !Number.isSafeInteger(failOnErrors) || failOnErrors < 0)
    throw invalidValue('failOnErrors is a number');
  return {
    operations: list.map(readOperation),
    failOnErrors: failOnErrors === 0 ? Number.POSITIVE_INFINITY : failOnErrors,
  };
}

function readOperation(one: unknown): BulkOperation {
  if (!isObject(one)) throw invalidSyntax('an operation is an object');
  const { method, path, bulkId, data, version } = one;
  const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= 500;
  if (!isText(method) || !isText(path)) throw invalidSyntax('an operation has a method and a path');
  if (bulkId !== undefined && !isText(bulkId)) throw invalidSyntax('bulkId is a text');
  if (version !== undefined && !isText(version)) throw invalidSyntax('version is a text');
  const upper = method.toUpperCase();
  if (!['POST', 'PUT', 'PATCH', 'DELETE'].includes(upper))
    throw invalidSyntax('a method is POST, PUT, PATCH or DELETE');
  if (upper === 'POST' && bulkId === undefined) throw invalidSyntax('what is made has a bulkId');
  return { method: upper, path, bulkId, data, version };
}

const reference = /bulkId:([^"/\\\s]{1,200})/g;

/** The ids that a part of the request waits for. */
function waitsFor({ path, data }: BulkOperation): string[] {
  return [...JSON.stringify([path, data ?? null]).matchAll(reference)].map(([, id]) => id as string);
}

function resolved<T>(value: T, made: ReadonlyMap<string, string>): T {
  const text = JSON.stringify(value ?? null).replace(reference, (whole, id: string) => made.get(id) ?? whole);
  return JSON.parse(text) as T;
}

/** @param tell a refusal as SCIM says it; undefined for what is none, which ends the request */
export async function performBulk(door: Door, body: unknown, tell: Tell): Promise<Answered> {
  const { operations, failOnErrors } = readOperations(objectOf(body));
  const made = new Map<string, string>();
  const results = new Map<BulkOperation, Json>();
  let waiting = operations;
  let failures = 0;
  while (waiting.length > 0 && failures < failOnErrors) {
    const ready = waiting.filter((one) => waitsFor(one).every((id) => made.has(id)));
    // Nothing is left but what waits for itself, or for what was refused or is not there.
    const round = ready.length > 0 ? ready : waiting;
    waiting = ready.length > 0 ? waiting.filter((one) => !ready.includes(one)) : [];
    for (const operation of round) {
      if (failures >= failOnErrors) break;
      const result = await one(door, operation, made, tell);
      if (Number(result.status) >= 400) failures += 1;
      results.set(operation, result);
    }
  }
  const inOrder = operations.flatMap((operation) => results.get(operation) ?? []);
  return { status: 200, body: { schemas: [bulkResponseSchema], Operations: inOrder } };
}

async function one(door: Door, operation: BulkOperation, made: Map<string, string>, tell: Tell): Promise<Json> {
  const { method, bulkId } = operation;
  const about = { method, ...(bulkId !== undefined && { bulkId }) };
  try {
    await countRequest(door.deps, door.actor);
    if (waitsFor(operation).some((id) => !made.has(id))) throw new ScimError(409, 'what it refers to was not made');
    const { path, data, version } = resolved(operation, made);
    const answer = await performed(door, { method, path, data, version });
    const id = answer.body?.id;
    if (bulkId !== undefined && typeof id === 'string') made.set(bulkId, id);
    return {
      ...about,
      location: answer.location ?? `${door.baseUrl}${path}`,
      ...(answer.version !== undefined && { version: answer.version }),
      status: String(answer.status),
    };
  } catch (error) {
    const refused = tell(error);
    if (!refused) throw error;
    const location = method === 'POST' ? {} : { location: `${door.baseUrl}${operation.path}` };
    return { ...about, ...location, status: String(refused.status), response: refused.body };
  }
}

const doors = {
  Users: { create: createUser, replace: replaceUser, patch: patchUser, remove: deleteUser },
  Groups: { create: createGroup, replace: replaceGroup, patch: patchGroup, remove: deleteGroup },
} as const;

async function performed(door: Door, { method, path, data, version }: BulkOperation): Promise<Answered> {
  const [, kind, id] = /^\/(Users|Groups)(?:\/([^/]{1,100}))?$/.exec(path) ?? [];
  const handlers = kind === undefined ? undefined : doors[kind as keyof typeof doors];
  if (!handlers || (method === 'POST') !== (id === undefined)) throw invalidValue(`there is no ${method} ${path}`);
  // Only what names it is told.
  const asked = { ifMatch: version, request: { attributes: ['id'] } };
  // A key of the whole request is of no row.
  const row = { ...door, idempotencyKey: undefined };
  if (id === undefined) return handlers.create(row, data, asked.request);
  if (method === 'PUT') return handlers.replace(row, id, data, asked);
  if (method === 'PATCH') return handlers.patch(row, id, data, asked);
  return handlers.remove(row, id, version);
}
