/**
 * Filters as conditions of SQL. Owns that nothing of a filter becomes SQL: names are looked up among columns that the program
 * wrote, values are bound. A name that is not there is refused.
 */

import { type Comparison, type Filter, type FilterValue, invalidFilter } from './filter.ts';
import { isId } from './ids.ts';

/** What an attribute is in the rows that are searched. */
export type FilterColumn =
  /** `exact`: upper and lower case are told apart. */
  | { type: 'text' | 'exact' | 'boolean' | 'time'; sql: string; equals?: (value: string) => string }
  /** A uuid; text that is none is never equal. */
  | { type: 'id'; sql: string }
  /** Several values: whether one of them is this one; `any`: whether there is one. */
  | { type: 'set'; equals: (value: string) => string; any: string };

/** By the name in lower case, as RFC 7643 section 2.1 compares names. */
export type FilterColumns = Readonly<Record<string, FilterColumn>>;

/** A condition with its bindings, by name (`:filter0`). */
export interface FilterSql {
  sql: string;
  bindings: Record<string, unknown>;
}

/**
 * @param schema the URN before names that may be left out
 * @throws DomainError invalid FILTER_INVALID
 */
export function filterSql(filter: Filter, columns: FilterColumns, schema: string): FilterSql {
  const bindings: Record<string, unknown> = {};
  const bind = (value: unknown): string => {
    const name = `filter${Object.keys(bindings).length}`;
    bindings[name] = value;
    return `:${name}`;
  };
  return { sql: conditionOf(filter, { columns, schema: `${schema.toLowerCase()}:`, bind, prefix: '' }), bindings };
}

interface Context {
  columns: FilterColumns;
  schema: string;
  bind: (value: unknown) => string;
  /** Of a value in brackets: what it is a part of. */
  prefix: string;
}

function conditionOf(filter: Filter, context: Context): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${conditionOf(filter.left, context)} ${filter.kind} ${conditionOf(filter.right, context)})`;
    case 'not':
      return `(${conditionOf(filter.filter, context)}) is not true`;
    case 'within':
      return conditionOf(filter.filter, { ...context, prefix: `${filter.path}.` });
    case 'present':
      return presence(columnOf(filter.path, context));
    case 'compare':
      return comparison(filter, columnOf(filter.path, context), context.bind);
  }
}

function columnOf(path: string, { columns, schema, prefix }: Context): FilterColumn {
  const full = (prefix + path).toLowerCase();
  const name = full.startsWith(schema) ? full.slice(schema.length) : full;
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (!column) throw invalidFilter(`${prefix}${path} cannot be filtered by`);
  return column;
}

function presence(column: FilterColumn): string {
  if (column.type === 'set') return column.any;
  return column.type === 'text' || column.type === 'exact'
    ? `coalesce(${column.sql}, '') <> ''`
    : `${column.sql} is not null`;
}

type Compared = Extract<Filter, { kind: 'compare' }>;

function comparison({ path, op, value }: Compared, column: FilterColumn, bind: Context['bind']): string {
  if (value === null) {
    if (op === 'eq') return `(${presence(column)}) is not true`;
    if (op === 'ne') return presence(column);
    throw invalidFilter(`null is compared by eq and ne alone`);
  }
  if (column.type === 'set') {
    if (op !== 'eq' || typeof value !== 'string') throw invalidFilter(`${path} is compared by eq with a string alone`);
    return column.equals(bind(value));
  }
  if (column.type === 'id') return idComparison(path, column.sql, op, value, bind);
  if (column.type === 'boolean') return booleanComparison(path, column.sql, op, value, bind);
  if (column.type === 'time') return timeComparison(path, column.sql, op, value, bind);
  if (typeof value !== 'string') throw invalidFilter(`${path} is compared with a string`);
  if (op === 'eq' && column.equals) return column.equals(bind(value));
  const folded = (sql: string) => (column.type === 'text' ? `lower(${sql})` : sql);
  return textComparison(folded(column.sql), op, folded(`${bind(value)}::text`));
}

function textComparison(own: string, op: Comparison, value: string): string {
  switch (op) {
    case 'eq':
      return `${own} = ${value}`;
    case 'ne':
      return `${own} is distinct from ${value}`;
    case 'co':
      return `strpos(${own}, ${value}) > 0`;
    case 'sw':
      return `starts_with(${own}, ${value})`;
    case 'ew':
      return `right(${own}, greatest(char_length(${value}), 1)) = ${value}`;
    default:
      return `${own} collate "C" ${signs[op]} ${value}`;
  }
}

const signs = { gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

/** Looked at here: a cast that fails in the database fails the whole statement, whatever stands around it. */
function idComparison(path: string, sql: string, op: Comparison, value: FilterValue, bind: Context['bind']): string {
  if ((op !== 'eq' && op !== 'ne') || typeof value !== 'string')
    throw invalidFilter(`${path} is compared by eq and ne`);
  const id = value.toLowerCase();
  if (!isId(id)) return op === 'eq' ? 'false' : 'true';
  return `${sql} ${op === 'eq' ? '=' : '<>'} ${bind(id)}::uuid`;
}

/** `"True"` is what Entra ID has for true. */
function booleanComparison(path: string, sql: string, op: Comparison, value: FilterValue, bind: Context['bind']) {
  const text = String(value).toLowerCase();
  if ((op !== 'eq' && op !== 'ne') || (text !== 'true' && text !== 'false'))
    throw invalidFilter(`${path} is compared by eq and ne with true and false`);
  return `${sql} ${op === 'eq' ? '=' : '<>'} ${bind(text === 'true')}::boolean`;
}

function timeComparison(path: string, sql: string, op: Comparison, value: FilterValue, bind: Context['bind']) {
  const isTime =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?$/.test(value);
  const at = isTime ? new Date(value) : undefined;
  if (!at || Number.isNaN(at.getTime())) throw invalidFilter(`${path} is compared with a time`);
  const sign = { ...signs, eq: '=', ne: '<>' }[op as keyof typeof signs];
  if (!sign) throw invalidFilter(`${path} cannot be compared by ${op}`);
  // What was answered has milliseconds, and the column microseconds.
  return `date_trunc('milliseconds', ${sql}) ${sign} ${bind(at)}::timestamptz`;
}
