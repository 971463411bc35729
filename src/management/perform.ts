/**
 * The frame around every operation, the same for HTTP and the command line: checks the input, asks what the actor may do,
 * opens the transaction, keeps repeated requests from doing things twice and updates from being lost, runs, and shapes the
 * answer. An operation's own `run` does one thing: it calls the domain.
 */
import type { z } from 'zod';
import { findTenantById } from '../domain/tenants/tenants.ts';
import { type Database, inTransaction } from '../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../platform/errors.ts';
import { openCursor, type Page, sealCursor } from '../platform/paging.ts';
import { sha256 } from '../platform/secrets.ts';
import { type Actor, actorKey } from './actor.ts';
import { performEach } from './bulk.ts';
import type { Failure } from './failure.ts';
import {
  type AnyOperation,
  type Input,
  isChange,
  type Lookup,
  type ManagementDependencies,
  type ReadLine,
} from './operation.ts';
import { isPermitted, permit } from './permission.ts';
import { present } from './present.ts';
import { checkKey, onceFor } from './repeated-requests.ts';
import type { StreamedAnswer } from './streamed.ts';
import { type RawInput, validate } from './validate.ts';

export const performCodes = defineCodes({
  FRESH_AUTHENTICATION_REQUIRED: {
    kind: 'unauthenticated',
    params: ['seconds'],
    means: 'the person must have signed in within so many seconds',
  },
  PRECONDITION_FAILED: { kind: 'conflict', means: 'it has changed since it was read' },
  PRECONDITION_REQUIRED: { kind: 'invalid', means: 'the change needs If-Match' },
});
declare module '../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof performCodes> {}
}

export interface ManagementRequest extends RawInput {
  actor: Actor;
  /** The tenant that is acted in. */
  tenantId: string;
  /** `If-Match` and `Idempotency-Key`, as they came. */
  ifMatch?: string;
  idempotencyKey?: string;
  /** Says what would happen, and does nothing. */
  dryRun?: boolean;
  /** A row of a bulk request: a change takes its key as well. */
  isRow?: boolean;
  /** Whether the credential that the actor came with is still good; absent: it does not end. */
  isLive?(): Promise<boolean>;
  /** What a reader is told of a row that was refused. */
  tell?(failure: Failure): string;
  /** In place of a body, for an operation that takes lines: opens it for somebody who may. */
  lines?(): Promise<AsyncIterable<ReadLine>>;
}

export interface ManagementAnswer {
  status: number;
  /** Undefined: there is no content. */
  body: unknown;
  /** Of one thing; quoted, as the header has it. */
  etag?: string;
  /** The cursor of a list's next page. */
  next?: string | null;
  /** In place of a body. */
  stream?: StreamedAnswer;
}

const freshSeconds = 300;

/** Carries an answer out of a transaction that is not to stay. */
class DryRun extends Error {
  readonly answer: ManagementAnswer;

  constructor(answer: ManagementAnswer) {
    super('dry run');
    this.answer = answer;
  }
}

/**
 * Performs an operation.
 * @param operations all of them, for the ones that read what others change
 * @throws ValidationError, DomainError of permission (permission.ts), of the operation, PRECONDITION_*, IDEMPOTENCY_*,
 *   FRESH_AUTHENTICATION_REQUIRED
 */
export async function perform(
  operation: AnyOperation,
  request: ManagementRequest,
  deps: ManagementDependencies,
  operations: readonly AnyOperation[],
): Promise<ManagementAnswer> {
  if (isChange(operation)) await refuseMoved(deps.db, request.tenantId);
  if (operation.each) return performEach({ ...operation, each: operation.each }, request, deps, operations);
  const input = validate(operation, request);
  const { fresh } = operation;
  if (typeof fresh === 'function' ? fresh(input) : fresh) assertFresh(request.actor);
  const work = new Work(operation, operations, withCause(request, operation), input, deps);
  if (!isChange(operation) || operation.lines) return work.run(deps.db);
  return work.change();
}

/** What would be changed where a tenant has been, nobody would miss at the place where it is. */
export async function refuseMoved(db: Database, tenantId: string): Promise<void> {
  const tenant = await findTenantById(db, tenantId);
  if (tenant?.movedTo) throw new DomainError('conflict', 'TENANT_MOVED', { issuer: tenant.movedTo });
}

/** A service and the command line have nobody who could type a password. A key lies about for months: it is no substitute. */
export function assertFresh({ kind, authTime }: Actor): void {
  if (kind !== 'person' && kind !== 'api_key') return;
  if (authTime === null || Date.now() - authTime.getTime() > freshSeconds * 1000)
    throw new DomainError('unauthenticated', 'FRESH_AUTHENTICATION_REQUIRED', { seconds: freshSeconds });
}

/** The trail names the operation, and the home of an actor who acts in another tenant. */
function withCause(request: ManagementRequest, { id }: AnyOperation): ManagementRequest {
  const { actor, tenantId } = request;
  const actorTenantId = actor.tenantId !== null && actor.tenantId !== tenantId ? actor.tenantId : undefined;
  return { ...request, actor: { ...actor, caller: { ...actor.caller, cause: id, actorTenantId } } };
}

/** All that a request asks, for telling it from another one under the same key. */
export function contentOf({ id }: AnyOperation, { tenantId, params, query, body }: ManagementRequest): string {
  return JSON.stringify([id, tenantId, params, query, body]);
}

async function* nothing(): AsyncGenerator<never> {}

/** One request on its way through the frame. */
class Work {
  readonly #operation: AnyOperation;
  readonly #operations: readonly AnyOperation[];
  readonly #request: ManagementRequest;
  readonly #input: Input;
  readonly #deps: ManagementDependencies;

  constructor(
    operation: AnyOperation,
    operations: readonly AnyOperation[],
    request: ManagementRequest,
    input: Input,
    deps: ManagementDependencies,
  ) {
    this.#operation = operation;
    this.#operations = operations;
    this.#request = request;
    this.#input = input;
    this.#deps = deps;
  }

  /** In one transaction with everything that belongs to it. */
  async change(): Promise<ManagementAnswer> {
    const { dryRun = false } = this.#request;
    const prepared = await this.#prepare();
    try {
      return await inTransaction(this.#deps.db, async (trx) => {
        const answer = await this.#once(trx, async () => {
          await this.#matches(trx);
          return this.run(trx, prepared);
        });
        if (dryRun) throw new DryRun(answer);
        return answer;
      });
    } catch (error) {
      if (error instanceof DryRun) return error.answer;
      throw error;
    }
  }

  async run(db: Database, prepared?: unknown): Promise<ManagementAnswer> {
    const operation = this.#operation;
    const lookup = this.#lookup(db);
    const { reach, reaches } = await permit(operation, this.#input, lookup);
    const cursor = operation.list ? this.#cursor(reach) : undefined;
    const query = cursor ? { ...this.#input.query, ...cursor.opened() } : this.#input.query;
    const stillMay = () => this.#stillMay();
    const { dryRun: isDryRun = false, tell = ({ code }: Failure) => code } = this.#request;
    const lines = (await this.#request.lines?.()) ?? nothing();
    const around = { stillMay, lines, isDryRun, tell, deps: this.#deps, prepared };
    const asked = { ...this.#input, query, ...lookup, reach, reaches, ...around };
    const found = await this.#read(db, (from) => operation.run({ ...asked, db: from }));
    if (operation.streams) return this.#streamed(found as StreamedAnswer);
    if (operation.answer === undefined) return { status: 204, body: undefined };
    if (cursor) return cursor.answer(found as Page<object>);
    const body = present(operation.answer, found);
    const status = operation.status ?? (operation.idempotent ? 201 : 200);
    return { status, body, etag: etagOf(body) };
  }

  /** What belongs to a change is read in its transaction. */
  #read<T>(db: Database, read: (from: Database) => T | Promise<T>): Promise<T> | T {
    if (!this.#operation.fromReplica || db.isTransaction) return read(db);
    return this.#deps.reads.current('audit', async (from) => read(from));
  }

  /** A rehearsal tells nothing: it leaves no event of what was told. */
  #streamed(stream: StreamedAnswer): ManagementAnswer {
    if (!this.#request.dryRun || this.#operation.lines) return { status: 200, body: undefined, stream };
    (stream.type === 'text/event-stream' ? stream.messages : stream.chunks).destroy();
    return { status: 204, body: undefined };
  }

  async #stillMay(): Promise<boolean> {
    const isLive = (await this.#request.isLive?.()) ?? true;
    return isLive && isPermitted(this.#operation, this.#input, this.#lookup(this.#deps.db));
  }

  #lookup(db: Database): Lookup {
    return { db, tenantId: this.#request.tenantId, actor: this.#request.actor };
  }

  /** Before the transaction, and only for somebody who may. */
  async #prepare(): Promise<unknown> {
    if (!this.#operation.prepare) return undefined;
    const lookup = this.#lookup(this.#deps.db);
    await permit(this.#operation, this.#input, lookup);
    return this.#operation.prepare(this.#input, { ...lookup, deps: this.#deps });
  }

  async #once(trx: Database, work: () => Promise<ManagementAnswer>): Promise<ManagementAnswer> {
    const { idempotencyKey, actor, dryRun, isRow } = this.#request;
    if (idempotencyKey === undefined || !(this.#operation.idempotent || isRow) || dryRun) return work();
    const content = contentOf(this.#operation, this.#request);
    const request = { actor: actorKey(actor), key: checkKey(idempotencyKey), content };
    // Who may not ask any longer is not told what was answered when they might.
    await permit(this.#operation, this.#input, this.#lookup(trx));
    return onceFor(trx, request, this.#deps.secrets, work);
  }

  /** Holds what is about to change against the version that the caller has seen. */
  async #matches(trx: Database): Promise<void> {
    const { guards } = this.#operation;
    const { ifMatch } = this.#request;
    if (!guards) return;
    // Who may not change it learns nothing of its version, nor whether it is there.
    await permit(this.#operation, this.#input, this.#lookup(trx));
    if (ifMatch === undefined) {
      if (guards.ifMatch === 'required') throw new DomainError('invalid', 'PRECONDITION_REQUIRED');
      return;
    }
    const read = this.#operations.find(({ id }) => id === guards.read);
    if (!read) throw new Error(`${this.#operation.id} is guarded by ${guards.read}, which is no operation`);
    // Two who have seen the same version take turns: the second finds another one.
    await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
      `if-match:${guards.read}:${JSON.stringify(this.#input.params)}`,
    ]);
    const request = { ...this.#request, query: {}, body: undefined };
    const input = { ...this.#input, query: {}, body: {} };
    const { etag } = await new Work(read, this.#operations, request, input as Input, this.#deps).run(trx);
    const wanted = ifMatch.split(',').map((tag) => tag.trim());
    if (!wanted.includes('*') && !(etag !== undefined && wanted.includes(etag)))
      throw new DomainError('conflict', 'PRECONDITION_FAILED');
  }

  /** A cursor goes on with the same list of the same tenant, filter and reach. */
  #cursor(reach: object) {
    const { after, limit, ...filter } = this.#input.query as { after?: string; limit?: number };
    const { tenantId, actor } = this.#request;
    const scope = { list: this.#operation.id, within: tenantId, filter: { ...filter, actor: actorKey(actor), reach } };
    const { secrets } = this.#deps;
    const item = this.#operation.answer as z.ZodType;
    return {
      opened: () => ({ limit, after: after === undefined ? undefined : openCursor(secrets, scope, after).after }),
      answer: (page: Page<object>): ManagementAnswer => {
        const next = page.next === null ? null : sealCursor(secrets, scope, { after: page.next, limit: limit ?? 50 });
        return { status: 200, body: { items: page.items.map((row) => present(item, row)), next }, next };
      },
    };
  }
}

/** A strong validator (RFC 9110 section 8.8.3): of the bytes that are answered. */
export function etagOf(body: unknown): string {
  return `"${sha256(JSON.stringify(body)).toString('base64url').slice(0, 22)}"`;
}
