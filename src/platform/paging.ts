/**
 * Paging, written once. A list is read by a keyset: its sort columns, the last of them unique, and the values at which the
 * page before ended. So a page keeps its place while rows come and go, and a late page costs what the first one does.
 * Where a list leaves the program its position becomes a cursor: sealed, bound to what was asked, good for a day.
 * Refuses offsets, and a cursor of another tenant, filter or sort.
 */
import { type Database, rows } from './database.ts';
import { type Codes, DomainError, defineCodes } from './errors.ts';
import { isId } from './ids.ts';
import { defineSecretPurpose, type Secrets } from './secrets.ts';

export const pagingCodes = defineCodes({
  CURSOR_INVALID: {
    kind: 'invalid',
    params: ['field'],
    means: 'the cursor is of another list, filter or sort, too old, or none of ours',
  },
});
declare module './errors.ts' {
  interface ErrorCodes extends Codes<typeof pagingCodes> {}
}

export interface PageRequest {
  /** How many at the most; 50 unless told. Held to 1 and the list's own highest, 200 unless that says otherwise. */
  limit?: number;
  /** The `next` of the page before; absent or null for the first. */
  after?: string | null;
}

export interface Page<T> {
  items: T[];
  /** Where the next page goes on: the id of the last item for lists by id. Null: this is the last page. */
  next: string | null;
}

const defaultLimit = 50;
const mostItems = 200;

/** What a value of a sort column looks like as text, so that nothing else reaches the database. */
const forms = {
  uuid: isId,
  text: (value: string) => !value.includes('\0'),
  bigint: (value: string) => /^-?\d{1,18}$/.test(value),
  // As PostgreSQL's JSON has it, to the microsecond: a Date would cut it, and rows of the same millisecond would be lost.
  timestamptz: (value: string) => /^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d:\d\d$/.test(value),
} as const;

export interface SortColumn {
  /** SQL of the program's own, never null: `lower(u.full_name)`, `u.id`. */
  expression: string;
  type: keyof typeof forms;
}

export interface Keyset {
  /** The last one is unique. They are sorted in one direction, so that an index and a row comparison serve. */
  columns: readonly SortColumn[];
  descending?: boolean;
  /** The highest `limit`; 200 unless told. */
  most?: number;
}

/** Rows in the order of their ids, which is that of creation. */
export function byId(expression = 'id', most?: number): Keyset {
  return { columns: [{ expression, type: 'uuid' }], most };
}

export function emptyPage(): Page<never> {
  return { items: [], next: null };
}

/** The limit that counts. */
export function boundedLimit(limit = defaultLimit, most = mostItems): number {
  return Number.isNaN(limit) ? defaultLimit : Math.min(Math.max(Math.trunc(limit), 1), most);
}

/**
 * The page of rows that were asked for by one more than `limit`, so that the last page is known to be the last.
 * @param positionOf where the list goes on after an item
 */
function pageOf<T>(found: readonly T[], limit: number, positionOf: (item: T) => string): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? positionOf(last) : null };
}

/** What a statement of `selectPage` puts in. */
export interface PageSql {
  /** A condition: `true` on the first page. */
  where: string;
  /** `order by ... limit ...`. */
  order: string;
  /** One more column of the select list. */
  key: string;
}

/**
 * Runs a select of one page.
 * @param statement makes the SQL; it names all of `where`, `order` and `key`
 * @param bindings of the statement itself, by name; `page...` is taken
 * @throws DomainError invalid CURSOR_INVALID where `after` is no position of this list
 */
export async function selectPage<T extends object>(
  db: Database,
  keyset: Keyset,
  request: PageRequest,
  statement: (sql: PageSql) => string,
  bindings: Record<string, unknown> = {},
): Promise<Page<T>> {
  const { limit, where, bindings: position } = placeOf(keyset, request);
  const { columns, descending = false } = keyset;
  const sql = {
    where,
    order: `${orderBy(columns, descending)} limit :pageLimit`,
    key: `${textsOf(columns)} as page_key`,
  };
  const found = await rows<T & { pageKey: string[] }>(db, statement(sql), { ...bindings, ...position });
  const { items, next } = pageOf(found, limit, ({ pageKey }) => positionOf(pageKey));
  return { items: items.map(({ pageKey: _, ...item }) => item as unknown as T), next };
}

/** Where a page begins, and how many rows are asked for. @throws DomainError invalid CURSOR_INVALID */
function placeOf(keyset: Keyset, request: PageRequest) {
  const { columns, descending = false, most } = keyset;
  const limit = boundedLimit(request.limit, most);
  const after = request.after == null ? undefined : valuesAt(request.after, keyset);
  const list = columns.map(({ expression }) => expression).join(', ');
  const placeholders = columns.map(({ type }, n) => `:pageAfter${n}::${type}`).join(', ');
  return {
    limit,
    where: after ? `(${list}) ${descending ? '<' : '>'} (${placeholders})` : 'true',
    bindings: {
      ...Object.fromEntries((after ?? []).map((value, n) => [`pageAfter${n}`, value])),
      pageLimit: limit + 1,
    },
  };
}

function orderBy(columns: readonly SortColumn[], descending: boolean): string {
  return `order by ${columns.map(({ expression }) => expression + (descending ? ' desc' : '')).join(', ')}`;
}

function textsOf(columns: readonly SortColumn[]): string {
  return `array[${columns.map(({ expression }) => `to_jsonb(${expression}) #>> '{}'`).join(', ')}]`;
}

/** A list that is read in its order, each row of which a costly condition is asked of. */
export interface LookedAt {
  /**
   * The select of what is looked at: the id and what `passes` names, with `keys` in its select list, ending in `where` and
   * `order`, which names how many.
   */
  rows: (sql: { where: string; order: string; keys: string }) => string;
  /** The name of that select in `passes`. */
  as: string;
  /** SQL of the condition. */
  passes: string;
  /** So many rows are looked at, and no more. */
  most: number;
}

/**
 * The ids of a page, row by row in the order of the list until the page is full, so that it costs little where many rows pass.
 * @returns undefined where `most` rows did not fill it and there are more: then few pass, and another way is cheaper
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function selectIdsByLooking(
  db: Database,
  keyset: Keyset,
  request: PageRequest,
  { rows: select, as, passes, most }: LookedAt,
  bindings: Record<string, unknown>,
): Promise<Page<string> | undefined> {
  const { limit, where, bindings: position } = placeOf(keyset, request);
  const { columns, descending = false } = keyset;
  const keys = columns.map(({ expression }, n) => `${expression} as page_key_${n}`).join(', ');
  const looked = `(${select({ where, keys, order: `${orderBy(columns, descending)} limit :pageMost` })}) ${as}`;
  const sorted = columns.map(({ type }, n) => ({ expression: `${as}.page_key_${n}`, type }));
  const all = { ...bindings, ...position, pageMost: most };
  const found = await rows<{ id: string; pageKey: string[] }>(
    db,
    `select ${as}.id, ${textsOf(sorted)} as page_key from ${looked} where ${passes} ${orderBy(sorted, descending)} limit :pageLimit`,
    all,
  );
  if (found.length <= limit) {
    const [counted] = await rows<{ count: number }>(db, `select count(*) as count from ${looked}`, all);
    if ((counted?.count ?? 0) >= most) return undefined;
  }
  const { items, next } = pageOf(found, limit, ({ pageKey }) => positionOf(pageKey));
  return { items: items.map(({ id }) => id), next };
}

/** What sorts before every value. */
const lowest = { uuid: '00000000-0000-0000-0000-000000000000', text: '' } as const;

/**
 * One page by a prepared statement, which has no place for SQL that differs from page to page: it compares always.
 * @param key the one sort column
 * @param find gets how many rows to answer, and the value after which they begin
 * @throws DomainError invalid CURSOR_INVALID where `after` is no position of this list
 */
export async function preparedPage<T>(
  request: PageRequest,
  key: { type: keyof typeof lowest; of: (item: T) => string },
  find: (page: { limit: number; after: string }) => Promise<T[]>,
): Promise<Page<T>> {
  const limit = boundedLimit(request.limit);
  const after = request.after ?? lowest[key.type];
  if (!forms[key.type](after)) throw invalidCursor();
  return pageOf(await find({ limit: limit + 1, after }), limit, key.of);
}

/** One value stands for itself, several as a JSON array. */
function positionOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] as string) : JSON.stringify(values);
}

function valuesAt(position: string, { columns }: Keyset): string[] {
  const values = columns.length === 1 ? [position] : parsed(position);
  const fits =
    Array.isArray(values) &&
    values.length === columns.length &&
    columns.every(({ type }, n) => typeof values[n] === 'string' && forms[type](values[n]));
  if (!fits) throw invalidCursor();
  return values;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Everything of a list, page after page. */
export async function* everyItem<T>(
  page: (request: { limit: number; after: string | null }) => Promise<Page<T>>,
): AsyncGenerator<T> {
  let after: string | null = null;
  do {
    const { items, next }: Page<T> = await page({ limit: mostItems, after });
    yield* items;
    after = next;
  } while (after !== null);
}

/** What a cursor goes on with, and nothing else. */
export interface CursorScope {
  /** Names the list: the operation. */
  list: string;
  /** What the list lies in, such as the id of a tenant; null: in nothing. */
  within: string | null;
  /** All that narrows the list, and who asks where that decides what is shown. */
  filter: Record<string, unknown>;
  sort?: string;
}

const sealedCursors = defineSecretPurpose('page-tokens');
const cursorLifeMs = 86_400_000;
const longestCursor = 4096;

/**
 * A position as somebody outside may have it: opaque, and good for a day.
 * @param position.limit the size of the page, for a next request that names none
 */
export function sealCursor(
  secrets: Secrets,
  scope: CursorScope,
  { after, limit }: { after: string; limit: number },
  now = Date.now(),
): string {
  const content = JSON.stringify([after, limit, now + cursorLifeMs]);
  return secrets.seal(sealedCursors, content, contextOf(scope)).toString('base64url');
}

/** @throws DomainError invalid CURSOR_INVALID for one of another scope, one that has ended and one that is none of ours */
export function openCursor(
  secrets: Secrets,
  scope: CursorScope,
  cursor: string,
  now = Date.now(),
): { after: string; limit: number } {
  const sealed = Buffer.from(cursor.slice(0, longestCursor), 'base64url');
  // The decoder skips what is no base64url: only the very text that was given out is a cursor.
  const content =
    sealed.toString('base64url') === cursor ? secrets.open(sealedCursors, sealed, contextOf(scope)) : undefined;
  if (content === undefined) throw invalidCursor();
  const [after, limit, endsAt] = JSON.parse(content) as [string, number, number];
  if (endsAt <= now) throw invalidCursor();
  return { after, limit };
}

function contextOf({ list, within, filter, sort = '' }: CursorScope): string {
  return JSON.stringify([list, within, sort, ordered(filter)]);
}

/** The same filter is the same text, in whatever order its members were written; an absent one is as if never named. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, ordered(member)]);
}

function invalidCursor(): DomainError {
  return new DomainError('invalid', 'CURSOR_INVALID', { field: 'after' });
}
