/**
 * Many of the same at once: up to 1,000 rows in one request, each with its own result. Owns that a row is nothing else than
 * the operation itself: the same checks, the same rights, a transaction of its own. One bad row keeps no other from being done.
 *
 * With an Idempotency-Key each row's outcome is kept with what the row did, refusals too. So a request that broke off in the
 * middle goes on where it stopped when it comes again, and one that was answered changes nothing.
 */
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { inTransaction } from '../platform/database.ts';
import { sha256 } from '../platform/secrets.ts';
import { actorKey } from './actor.ts';
import { type Failure, failureOf, statusOfFailure } from './failure.ts';
import type { AnyOperation, ManagementDependencies } from './operation.ts';
import { contentOf, type ManagementAnswer, type ManagementRequest, perform } from './perform.ts';
import { permit } from './permission.ts';
import { checkKey, onceFor } from './repeated-requests.ts';
import { ValidationError, validate } from './validate.ts';

/** How many rows a request may have, and how long it may be: 2 KB a row. */
export const mostRows = 1_000;
export const bulkBodyBytes = 2 * 1024 * 1024;

const Row = z.strictObject({
  params: z.record(z.string(), z.json()).default({}),
  body: z.json().optional(),
  if_match: z.string().max(1000).optional(),
});

const Result = z
  .object({
    index: z.int().meta({ description: 'Which row of the request, from 0' }),
    status: z.int().meta({ description: 'What the operation would have answered by itself' }),
    body: z.unknown().meta({ description: 'Its answer; null where it was refused' }),
    error: z
      .object({
        statusCode: z.int(),
        error: z.string(),
        message: z.string(),
        code: z.string(),
        fields: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
      })
      .nullable(),
  })
  .meta({ id: 'BulkResult' });
const Results = z.object({ items: z.array(Result) }).meta({ id: 'BulkResults' });

type RowResult = z.output<typeof Result>;

/** The operation that does many of another one. */
export function bulkOf(each: AnyOperation): AnyOperation {
  const [resource = '', verb = ''] = each.id.split('.');
  const row = z.unknown().meta({
    description: `\`params\` (of the path), \`body\` and, for a change, \`if_match\`, as \`${each.id}\` takes them`,
  });
  return {
    id: `${resource}.bulk_${verb}`,
    method: each.method,
    path: `/bulk${each.path.replace(/\/\{\w+\}/g, '')}`,
    summary: `${each.summary}: up to 1,000 at once`,
    description: `Each row is \`${each.id}\`, by itself, and has its own result. With an Idempotency-Key a request that broke off goes on where it stopped.`,
    needs: { capability: each.needs.capability, at: 'anywhere' },
    body: z.strictObject({ items: z.array(row).min(1).max(mostRows) }),
    answer: Results,
    errors: ['IDEMPOTENCY_KEY_INVALID', 'IDEMPOTENCY_KEY_REUSED', ...(each.errors ?? [])],
    idempotent: true,
    status: 200,
    bodyLimitBytes: bulkBodyBytes,
    each,
    run: () => Promise.reject(new Error(`${each.id} is done row by row`)),
  };
}

/**
 * Performs an operation for each row of a request, one after the other.
 * @throws ValidationError, DomainError of permission and IDEMPOTENCY_*, for the request as a whole; and whatever is no refusal
 *   of a row, such as a database that does not answer: what was done until then is done
 */
export async function performEach(
  operation: AnyOperation & { each: AnyOperation },
  request: ManagementRequest,
  deps: ManagementDependencies,
  operations: readonly AnyOperation[],
): Promise<ManagementAnswer> {
  const input = validate(operation, request);
  const { actor, tenantId, dryRun, tell } = request;
  await permit(operation, input, { db: deps.db, tenantId, actor });
  const { items } = input.body as { items: unknown[] };
  const key = dryRun || request.idempotencyKey === undefined ? undefined : checkKey(request.idempotencyKey);
  if (key !== undefined) await claim(operation, { ...request, idempotencyKey: key }, deps);
  const rows = new Rows(operation.each, { ...request, idempotencyKey: key }, deps, operations);
  const results: RowResult[] = [];
  for (const [index, item] of items.entries()) {
    const outcome = await rows.perform(index, item);
    results.push({ index, ...('failure' in outcome ? refused(outcome.failure, tell) : done(outcome)) });
  }
  return { status: 200, body: { items: results } };
}

/** The key is of this request from now on, also if it breaks off. */
async function claim(
  operation: AnyOperation,
  request: ManagementRequest,
  { db, secrets }: ManagementDependencies,
): Promise<void> {
  const { actor, idempotencyKey: key = '' } = request;
  const repeatable = { actor: actorKey(actor), key, content: contentOf(operation, request) };
  await inTransaction(db, (trx) => onceFor(trx, repeatable, secrets, async () => 'begun'));
}

type Outcome = ManagementAnswer | { failure: Failure };

const done = ({ status, body }: ManagementAnswer) => ({ status, body: body ?? null, error: null });

function refused(failure: Failure, tell: ManagementRequest['tell']): Omit<RowResult, 'index'> {
  const { code, fields } = failure;
  const statusCode = statusOfFailure(failure);
  const message = tell?.(failure) ?? code;
  const told = { statusCode, error: STATUS_CODES[statusCode] ?? '', message, code };
  return { status: statusCode, body: null, error: { ...told, ...(fields && { fields: [...fields] }) } };
}

class Rows {
  readonly #each: AnyOperation;
  readonly #request: ManagementRequest;
  readonly #deps: ManagementDependencies;
  readonly #operations: readonly AnyOperation[];

  constructor(
    each: AnyOperation,
    request: ManagementRequest,
    deps: ManagementDependencies,
    operations: readonly AnyOperation[],
  ) {
    this.#each = each;
    this.#request = request;
    this.#deps = deps;
    this.#operations = operations;
  }

  async perform(index: number, item: unknown): Promise<Outcome> {
    const { idempotencyKey: key } = this.#request;
    const request = { ...this.#request, query: {}, body: item, ifMatch: undefined, params: {}, isRow: true };
    // No key of a client's own: those are shorter than what is hashed, and have no such form.
    const rowKey = key === undefined ? undefined : `${sha256(key).toString('hex')}:row:${index}`;
    try {
      const { params, body, if_match: ifMatch } = parsed(item);
      return await perform(
        this.#each,
        { ...request, params, body, ifMatch, idempotencyKey: rowKey },
        this.#deps,
        this.#operations,
      );
    } catch (error) {
      const failure = failureOf(error);
      if (!failure) throw error;
      // What was kept told of a person who is erased since.
      const isForgotten = failure.code === 'IDEMPOTENCY_KEY_REUSED';
      return rowKey === undefined || isForgotten ? { failure } : this.#kept(request, rowKey, failure);
    }
  }

  /** Of two that do the same at once, both tell what became of the row. Who may not ask is told that, whatever was done before. */
  async #kept(request: ManagementRequest, key: string, failure: Failure): Promise<Outcome> {
    const { actor } = request;
    const { params, body } = safelyParsed(request.body);
    const content = contentOf(this.#each, { ...request, params, body });
    const { db, secrets } = this.#deps;
    const kept = await inTransaction(db, (trx) =>
      onceFor<Outcome>(trx, { actor: actorKey(actor), key, content }, secrets, async () => ({ failure })),
    );
    const isDenied = ['forbidden', 'not_found', 'unauthenticated'].includes(failure.kind);
    return isDenied && !('failure' in kept) ? { failure } : kept;
  }
}

/** @throws ValidationError */
function parsed(item: unknown): z.output<typeof Row> {
  const found = Row.safeParse(item);
  if (found.success) return found.data;
  throw new ValidationError(
    found.error.issues.flatMap((issue) => {
      const at = ['row', ...issue.path.map(String)].join('.').slice(0, 200);
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
      if (unknown.length === 0) return [{ field: at, message: issue.message }];
      return unknown.map((name) => ({ field: `${at}.${name}`.slice(0, 200), message: 'is not known here' }));
    }),
  );
}

/** What is no row is itself its content. */
function safelyParsed(item: unknown): { params: Record<string, unknown>; body: unknown } {
  const { data } = Row.safeParse(item);
  return { params: data?.params ?? {}, body: data ? data.body : item };
}
