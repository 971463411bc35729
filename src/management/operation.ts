/**
 * What an operation of the management API is: data. The routes, the OpenAPI document, the reference, the isolation matrix
 * of the tests and the command line read the list of them (operations.ts) and repeat no fact of it. A new operation is one
 * object in one file.
 */
import type { z } from 'zod';
import type { MessageProvider } from '../domain/messages/available-channels.ts';
import type { MailReach } from '../domain/messages/mail-policy.ts';
import type { Channel } from '../domain/messages/outgoing-message.ts';
import type { MessageBudgets } from '../domain/messages/phone-policy.ts';
import type { PasswordHasher } from '../domain/methods/password/password-hash.ts';
import type { ClientRegistration } from '../oidc/client-registration.ts';
import type { CheckProvider } from '../oidc/provider-check.ts';
import type { PreviewTokens } from '../oidc/token-preview.ts';
import type { Database } from '../platform/database.ts';
import type { DomainError, ErrorCode } from '../platform/errors.ts';
import type { Listeners } from '../platform/listeners.ts';
import type { Page } from '../platform/paging.ts';
import type { Reads } from '../platform/replicas.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Actor } from './actor.ts';
import type { Looked } from './check.ts';
import type { Failure } from './failure.ts';
import type { Reach } from './reach.ts';
import type { StreamType } from './streamed.ts';

/** What the program around an operation gives it. */
export interface ManagementDependencies extends MailReach {
  /** The pool. */
  db: Database;
  /** What may be read from replicas. */
  reads: Reads;
  secrets: Secrets;
  passwords: PasswordHasher;
  /** Ours; links in messages begin with it. */
  issuer: string;
  /** What this server can send messages by, who carries them, and to which countries. */
  channels: readonly Channel[];
  providers: ReadonlyMap<Channel, MessageProvider>;
  phoneCountries: readonly string[];
  budgets: MessageBudgets;
  /** What tokens would say; issues none. */
  previewTokens: PreviewTokens;
  /** Registers clients that the server itself would take. */
  registration: ClientRegistration;
  /** Looks at an identity provider over the network. */
  checkProvider: CheckProvider;
  /** Whether an identity provider may have an http address: never in production. */
  allowHttp: boolean;
  /** How long a retired signing key stays published. */
  verifySeconds: number;
  /** After how many days a signing key is replaced. */
  rotationDays: number;
  /** For how many days the trail, and the past of access, is kept where a tenant says nothing else. */
  retentionDays: number;
  /** Signs security event tokens. */
  signEvent: (claims: Record<string, unknown>) => Promise<string>;
  /** Those who are told as things happen. */
  listeners: Listeners;
  /** What is wrong with the installation, not older than some seconds. */
  lookAtInstallation: () => Promise<Looked>;
}

/** What a request names, parsed and checked. */
export interface Input<P = Record<string, string>, Q = Record<string, unknown>, B = unknown> {
  params: P;
  query: Q;
  body: B;
}

/** What `run` works with. `db` is the request's transaction where it changes something. */
export interface Run<P, Q, B> extends Input<P, Q, B> {
  db: Database;
  actor: Actor;
  /** The tenant that is acted in. */
  tenantId: string;
  /** What the actor reaches, for lists that show a part. */
  reach: Reach;
  /** What they reach by another capability, for answers of several parts. */
  reaches(capability: string): Reach;
  /** Whether the credential lives and may still do this: for answers that take their time. Asks anew. */
  stillMay(): Promise<boolean>;
  /** Of an operation on lines: what is read, one after the other; whether it is to be tried alone; and the words for a refusal. */
  lines: AsyncIterable<ReadLine>;
  isDryRun: boolean;
  tell(failure: Failure): string;
  deps: ManagementDependencies;
}

/** A line of a body that is read piece by piece: a JSON document, or why it is none. Counted from 1. */
export type ReadLine = { line: number; value: unknown } | { line: number; fault: DomainError };

/** What looks a row up to say where it stands. */
export interface Lookup {
  db: Database;
  tenantId: string;
  actor: Actor;
}

type From<I, T> = (input: I, lookup: Lookup) => T | Promise<T>;

/** A role at a node until a time (null: without an end), as rule 3 of who may give what asks for it. */
export interface RoleToGive {
  roleId: string;
  orgNodeId: string;
  endsAt: Date | null;
}

/**
 * What an actor must be allowed. `at` says where: in the whole tenant, at the nodes that the input or the row names
 * (undefined: there is no such row; 'root': after all in the whole tenant), or anywhere, for lists that then show what is within reach. `person` says whom.
 */
export type Need<I> = {
  capability: string;
  /** Besides `at`: roles that are given, changed or ended by it. */
  gives?: From<I, RoleToGive | RoleToGive[] | undefined>;
  /** Besides `at`: a capability that is put into a role. */
  puts?: From<I, { roleId: string; capability: string } | { roleId: string; capability: string }[]>;
  /** Besides `at`: capabilities that are given to a service, in the whole tenant and without an end. */
  grants?: From<I, readonly string[] | undefined>;
  /** Besides `at`: it concerns people of all tenants, so that `tenants.manage` is needed where it counts. */
  server?: From<I, boolean>;
  /** Besides `at`: other capabilities that are needed, and where. */
  besides?: From<I, { capability: string; at: string }[]>;
  /** Besides `at`: capabilities that a key carries; the one who asks must hold them there, for as long, by this credential. */
  carries?: From<I, { capabilities: readonly string[]; orgNodeId: string; endsAt: Date | null } | undefined>;
  /** Besides `at`: the capability itself is lent for a time, and must be held for as long. */
  lends?: From<I, { orgNodeId: string; endsAt: Date | null } | undefined>;
} & (
  | {
      at: 'root' | 'anywhere' | 'platform' | From<I, string | readonly string[] | undefined>;
      whom?: From<I, string | undefined>;
    }
  /** `credentials`: what signs the person in is changed by it. `delete`: who was deleted already is reached, too. `whole`: to be read with all that they hold. */
  | {
      person: From<I, string | undefined>;
      to: ReachOver | ((input: I) => ReachOver);
      /** Whether who was deleted is reached: for questions about the past. */
      deletedToo?: (input: I) => boolean;
    }
);

/** What is done to a person. */
export type ReachOver = 'read' | 'whole' | 'change' | 'delete' | 'credentials';

export interface Operation<
  P extends z.ZodObject = z.ZodObject,
  Q extends z.ZodObject = z.ZodObject,
  B extends z.ZodType = z.ZodType,
  A extends z.ZodType = z.ZodType,
> {
  /** Stable: the audit events' cause, the OpenAPI operationId, the command: `roles.create`. */
  id: string;
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Below `/api/v1`; parameters as `{role_id}`. */
  path: string;
  summary: string;
  description?: string;
  params?: P;
  query?: Q;
  body?: B;
  /** Absent: there is nothing to answer (204). Of a list: one item of it. */
  answer?: A;
  /** Answers a StreamedAnswer, in one of these forms; `answer` is one item of it. */
  streams?: readonly StreamType[];
  /** Reads alone, and may be answered by a replica that has all that was committed before. Who may ask is read from the primary. */
  fromReplica?: boolean;
  /** Answers a page; `query` then holds `pageQuery`. */
  list?: boolean;
  /** Default: 200, and 201 for POST that makes something (`idempotent`). */
  status?: 200 | 201 | 202;
  needs: Need<Input<z.output<P>, z.output<Q>, z.output<B>>>;
  /** Codes of what it refuses itself; what every operation may answer is added. */
  errors?: readonly ErrorCode[];
  /**
   * Takes a body of any number of lines (NDJSON), each by this schema, which `run` reads and holds against it. It opens its own
   * transactions: a whole file is none.
   */
  lines?: z.ZodType;
  /** Longer than what any request may be. */
  bodyLimitBytes?: number;
  /** Of a bulk operation: the one that each row is (bulk.ts). */
  each?: AnyOperation;
  /** Takes an Idempotency-Key: what makes something. */
  idempotent?: boolean;
  /** Asks a person for an authentication within the last five minutes. */
  fresh?: boolean | ((input: Input<z.output<P>, z.output<Q>, z.output<B>>) => boolean);
  /**
   * The operation that reads the same thing, by its id: its answer is what `ETag` and `If-Match` speak of. `required`: a
   * change without If-Match is refused, because losing an update would hurt.
   */
  guards?: { read: string; ifMatch: 'required' | 'honoured' };
  /** What must not hold a connection, such as hashing a password; its result is `run`'s `prepared`. */
  prepare?(
    input: Input<z.output<P>, z.output<Q>, z.output<B>>,
    lookup: Lookup & { deps: ManagementDependencies },
  ): Promise<unknown>;
  run(
    run: Run<z.output<P>, z.output<Q>, z.output<B>> & { prepared: unknown },
  ): Promise<A extends z.ZodType ? Answerable | Page<Answerable> | undefined : undefined>;
}

/** A domain object; the answer's schema picks what is shown (present.ts). */
export type Answerable = object;

/** Any operation, for what walks the list. */
// biome-ignore lint/suspicious/noExplicitAny: parameters of a callback are checked where the operation is written
export type AnyOperation = Operation<any, any, any, any>;

/** Writes an operation with its types inferred from its schemas. */
export function operation<
  P extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Q extends z.ZodObject = z.ZodObject<Record<never, never>>,
  B extends z.ZodType = z.ZodUndefined,
  A extends z.ZodType = z.ZodType,
>(definition: Operation<P, Q, B, A>): Operation<P, Q, B, A> {
  return definition;
}

/** Whether it changes something: then it runs in a transaction, takes `dry_run`, and a lost connection undoes it. */
export function isChange({ method }: Pick<AnyOperation, 'method'>): boolean {
  return method !== 'GET';
}
