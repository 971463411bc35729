/**
 * What a section of the configuration file is: one kind of thing, by names and never by ids. It says what an entry looks like, reads
 * those that are there as an entry would say them, and names the operation that adds, changes or removes one. Sections know nothing
 * of each other but by `idOf`, and decide nothing: each change is an operation of management, with its rules and its events.
 */
import type { z } from 'zod';
import type { Database } from '../../platform/database.ts';
import type { ManagementDependencies } from '../operation.ts';

/** A value as JSON has it. */
export type Value = string | number | boolean | null | Value[] | { [member: string]: Value };
export type Entry = Record<string, Value>;

/** Where a secret is, in the place of it: in a variable or in a file of the one who applies. */
export type SecretReference = { env: string } | { file: string };

/** One that is there. */
export interface Found {
  /** What operations name it by. */
  id: string;
  /** All of its members, as an entry says them. No secret is among them. */
  entry: Entry;
  /** Made with what it stands in, or by somebody else than an administrator: neither removed nor missed. */
  isFixed?: boolean;
  /** Other ways of saying a member: each is no difference. */
  also?: Readonly<Record<string, readonly Value[]>>;
  /** Of members that are lists of things with ids: these, with the ids. */
  parts?: Readonly<Record<string, readonly Entry[]>>;
  /** Whether it has a secret that Gatehouse made, which can be made anew. */
  hasMadeSecret?: boolean;
  /** Whether a secret is the one that it has; for members that are written and never read. */
  hasSecret?(member: string, secret: string): boolean;
}

/** A secret that was made and is told this once. */
export interface MadeSecret {
  section: string;
  tenant: string | null;
  name: string;
  member: string;
  secret: string;
}

/** Where a section is read and changed: in one tenant, or of the whole server. */
export interface Scope {
  db: Database;
  deps: ManagementDependencies;
  /** The slug; null: the server. */
  tenant: string | null;
  /** The tenant that is acted in; of the server's scope any. */
  tenantId: string;
  /** Whether it is about what serves all tenants. */
  isServer: boolean;
  /**
   * Performs an operation in the transaction, and answers its body.
   * @param inTenant where that is another tenant than the scope's
   */
  perform(
    operation: string,
    input: { params?: object; query?: object; body?: unknown },
    inTenant?: string,
  ): Promise<Record<string, unknown>>;
  /** As `org_nodes.create` for each, each after its parent; all or none. @throws DomainError, ValidationError of one of them */
  makeNodes(nodes: readonly NewNode[]): Promise<void>;
  /** The id of what has this name. @throws DomainError not_found NOT_FOUND */
  idOf(name: string, section: string): Promise<string>;
  /** What a reference leads to. */
  secretOf(reference: SecretReference): string;
  tell(made: Omit<MadeSecret, 'tenant'>): void;
}

/** A node that has its id before it is made. */
export interface NewNode {
  id: string;
  parentId: string;
  name: string;
  type: string;
  externalId?: string;
}

/** A member that differs. `from` is undefined for what was not there, `to` for what goes. */
export interface MemberChange {
  member: string;
  from?: Value;
  to?: Value;
}

/** A changed entry: what of it is wanted otherwise than it is. */
export interface Wanted {
  entry: Entry;
  changed: ReadonlySet<string>;
}

export interface Section {
  /** Its member of the document. */
  key: string;
  /** One of them, in a sentence. */
  noun: string;
  /** An entry: what it does not name stays as it is. */
  entry: z.ZodObject;
  /** What an entry may be called. */
  name: z.ZodType<string, string>;
  /** Whether the server has it, a tenant, or both. */
  of: readonly ('server' | 'tenant')[];
  /** Lists whose order says nothing. */
  sets?: readonly string[];
  /** Members that are held against what is there member by member, to this depth; others are one value. */
  merged?: Readonly<Record<string, number>>;
  /** Members that can be spelled in several ways: in one. */
  normal?: Readonly<Record<string, (value: Value) => Value>>;
  /** Members that say where a secret is. */
  secrets?: readonly string[];
  /** Members that stay as they were made. */
  fixed?: readonly string[];
  read(scope: Scope): Promise<Map<string, Found>>;
  /** Answers the id of what was made. */
  add(scope: Scope, name: string, entry: Entry): Promise<string>;
  change(scope: Scope, name: string, found: Found, wanted: Wanted): Promise<void>;
  remove(scope: Scope, name: string, found: Found): Promise<void>;
  /** Makes new secrets of one that has some made by Gatehouse. */
  rotate?(scope: Scope, name: string, found: Found): Promise<void>;
}

/** Those of the members that are named. */
export function picked(entry: Entry, members: readonly string[]): Entry {
  return Object.fromEntries(
    members.filter((member) => entry[member] !== undefined).map((member) => [member, entry[member] as Value]),
  );
}

/** Those of the members that are named and differ. */
export function changedOf({ entry, changed }: Wanted, members: readonly string[]): Entry {
  return picked(
    entry,
    members.filter((member) => changed.has(member)),
  );
}

export const isChanged = ({ changed }: Wanted, member: string) => changed.has(member);

/** All pages of a list, in its order. */
export async function everyPage<T>(
  page: (request: { limit: number; after: string | null }) => Promise<{ items: T[]; next: string | null }>,
): Promise<T[]> {
  const items: T[] = [];
  let after: string | null = null;
  do {
    const found: { items: T[]; next: string | null } = await page({ limit: 1000, after });
    for (const item of found.items) items.push(item);
    after = found.next;
  } while (after !== null);
  return items;
}
