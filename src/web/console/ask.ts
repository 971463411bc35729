/**
 * How the console does anything: it performs operations of management as whoever is signed in, as the API does. The same
 * rules decide, the same errors refuse, the same trail remembers, the same limits count. Nothing of the console reads or
 * writes in another way.
 */
import { findSessionLogin } from '../../domain/sessions/sessions.ts';
import type { Tenant } from '../../domain/tenants/tenants.ts';
import { countOperation } from '../../management/limits.ts';
import type { Input, ManagementDependencies } from '../../management/operation.ts';
import { operationOf, operations } from '../../management/operations.ts';
import { type ManagementRequest, perform } from '../../management/perform.ts';
import { type Holdings, isPermitted, permit } from '../../management/permission.ts';
import type { StreamedAnswer } from '../../management/streamed.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Operator } from './operator.ts';

/** Who asks, and in which tenant. */
export interface Asker {
  management: ManagementDependencies;
  operator: Operator;
  tenant: Tenant;
}

export interface Asked {
  params?: Record<string, string>;
  /** What is undefined is left out. */
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  ifMatch?: string;
  idempotencyKey?: string;
  /** Says what would happen, and does nothing. */
  dryRun?: boolean;
  /** Of a bulk operation: hears each row that is refused, in order. */
  tell?: ManagementRequest['tell'];
  /** Of an operation that takes lines: opens what is read. */
  lines?: ManagementRequest['lines'];
}

export interface Answer<T> {
  /** As the operation's schema says: times are texts (RFC 3339), names have underscores. */
  body: T;
  etag?: string;
}

/** One page of a list. */
export interface Listed<T> {
  items: T[];
  next: string | null;
}

/**
 * Performs an operation, such as `users.get`.
 * @throws what the operation refuses: DomainError, ValidationError with its fields
 */
export async function ask<T>(asker: Asker, operationId: string, asked: Asked = {}): Promise<Answer<T>> {
  const { management, operator, tenant } = asker;
  const operation = operationOf(operationId);
  await countOperation(management.db, operator.actor, operation);
  const { params = {}, query = {}, ...rest } = asked;
  const named = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
  const request = { body: undefined, ...rest, actor: operator.actor, tenantId: tenant.id, params, query: named };
  const { body, etag } = await perform(operation, request, management, operations);
  return { body: body as T, etag };
}

/** As `ask`, of an operation that answers a stream: it ends when the session in this browser does. */
export async function askStream(asker: Asker, operationId: string, asked: Asked = {}): Promise<StreamedAnswer> {
  const { management, operator, tenant } = asker;
  const operation = operationOf(operationId);
  await countOperation(management.db, operator.actor, operation);
  const named = Object.fromEntries(Object.entries(asked.query ?? {}).filter(([, value]) => value !== undefined));
  const isLive = async () => (await findSessionLogin(management.db, operator.person.sessionUidHash)) !== undefined;
  const { params = {}, body, tell } = asked;
  const request = { params, query: named, body, tell, actor: operator.actor, tenantId: tenant.id, isLive };
  const { stream } = await perform(operation, request, management, operations);
  if (!stream) throw new Error(`${operationId} answers no stream`);
  return stream;
}

/** As `ask`, of a list: one page. */
export async function askList<T>(asker: Asker, operationId: string, asked: Asked = {}): Promise<Listed<T>> {
  return (await ask<Listed<T>>(asker, operationId, asked)).body;
}

/**
 * Whether the operation would be permitted, without its being done: so that nobody is shown what they may not do. Takes
 * input as the operation's schemas leave it; what `needs` of the operation does not look at may be left out.
 */
export async function mayAsk(asker: Asker, operationId: string, input: Partial<Input> = {}): Promise<boolean> {
  const { management, operator, tenant } = asker;
  const whole = { params: {}, query: {}, body: {}, ...input };
  return isPermitted(operationOf(operationId), whole, {
    db: management.db,
    tenantId: tenant.id,
    actor: operator.actor,
  });
}

/**
 * Refuses who could not be permitted whatever they typed: before a form is shown. What depends on the form is asked when it is
 * sent.
 * @throws DomainError forbidden FORBIDDEN or PRIVILEGE_EXCEEDED, not_found NOT_FOUND
 */
export async function assertMayEver(
  asker: Asker & { holdings: Holdings },
  operationId: string,
  params: Record<string, string> = {},
): Promise<void> {
  const operation = operationOf(operationId);
  const { needs } = operation;
  const { capability } = needs;
  if (asker.holdings.nodesOf(capability).length === 0) throw new DomainError('forbidden', 'FORBIDDEN', { capability });
  if (!('person' in needs) && typeof needs.at !== 'string') return;
  const { management, operator, tenant } = asker;
  const input = { params, query: {}, body: {} };
  await permit(operation, input, { db: management.db, tenantId: tenant.id, actor: operator.actor });
}
