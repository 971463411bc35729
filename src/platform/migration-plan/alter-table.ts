/** What the actions of `alter table` lock, and over which rows they go. An action that is not known is never taken for harmless. */

import { type Blocks, contracts, type Effect, type Reading, referredTo, tableAt, type Work } from './effect.ts';
import { commaSeparated, type Statement } from './sql-statements.ts';

type Action = Pick<Effect, 'advice' | 'unknown'> & { blocks: Blocks; work?: Work; others?: Effect['locks'] };

const separately = (table: string) =>
  `Its rows are gone over while nobody writes to ${table}: "add constraint ... not valid", and "validate constraint" in the migration after it.`;

/** What PostgreSQL counts once for all rows, and not anew for each. */
const stable = new Set(['now', 'transaction_timestamp', 'statement_timestamp', 'array', 'row']);

function isVolatile(expression: readonly string[]): boolean {
  return expression.some((word, at) => expression[at + 1] === '(' && /^[a-z_]/.test(word) && !stable.has(word));
}

const endsDefault = new Set(['not', 'null', 'constraint', 'check', 'unique', 'primary', 'references', 'generated']);

function defaultOf(definition: readonly string[]): string[] | undefined {
  const at = definition.indexOf('default');
  if (at < 0) return undefined;
  const rest = definition.slice(at + 1);
  // The first word is always of it: the default may be null.
  const end = rest.findIndex((word, place) => place > 0 && endsDefault.has(word));
  return end < 0 ? rest : rest.slice(0, end);
}

function addColumn(table: string, definition: readonly string[]): Action {
  const has = (...run: string[]) =>
    definition.some((_, at) => run.every((word, more) => definition[at + more] === word));
  const given = defaultOf(definition);
  if (has('generated') || ['serial', 'bigserial'].some((type) => has(type)) || (given && isVolatile(given)))
    return {
      blocks: 'everything',
      work: 'rewrite',
      advice: `${table} is written anew while nobody reads it: add the column with null or a constant, and fill it by a job in portions.`,
    };
  if (has('references') || has('check') || has('unique') || has('primary', 'key'))
    return {
      blocks: 'everything',
      work: has('unique') || has('primary', 'key') ? 'index' : 'read',
      others: referredTo(definition),
      advice: `Add the column alone. ${separately(table)} For a key: "create unique index concurrently" first.`,
    };
  if (has('not', 'null') && (!given || given[0] === 'null'))
    return {
      blocks: 'everything',
      work: 'read',
      advice: `It fails as soon as ${table} has a row: null at first, or a constant default.`,
    };
  return { blocks: 'everything' };
}

function addConstraint(table: string, definition: readonly string[]): Action {
  const has = (...run: string[]) =>
    definition.some((_, at) => run.every((word, more) => definition[at + more] === word));
  const foreign = has('foreign', 'key');
  const others = foreign ? referredTo(definition) : [];
  if (foreign || has('check')) {
    const blocks = foreign ? 'writes' : 'everything';
    if (has('not', 'valid')) return { blocks, others };
    return { blocks, others, work: 'read', advice: separately(table) };
  }
  if (has('using', 'index')) return { blocks: 'everything' };
  return {
    blocks: 'everything',
    work: 'index',
    advice: `Nobody reads or writes ${table} until the index is built: "create unique index concurrently" in a migration of its own, then "add constraint ... using index".`,
  };
}

function alterColumn(table: string, rest: readonly string[]): Action {
  const [column = '', first = '', second = '', third = ''] = rest;
  if (first === 'type' || (first === 'set' && second === 'data'))
    return {
      blocks: 'everything',
      work: 'rewrite',
      advice: `${table} is written anew while nobody reads it: add a column of the new type, and a trigger that keeps the two equal.`,
    };
  if (first === 'set' && second === 'not' && third === 'null')
    return {
      blocks: 'everything',
      work: 'read',
      advice: `All rows are read while nobody reads or writes ${table}: validate "check (${column} is not null)" in a migration before; PostgreSQL then takes its word.`,
    };
  if (first === 'set' && (second === 'statistics' || second === '(')) return { blocks: 'nothing' };
  if (first === 'add') return { blocks: 'everything', unknown: true, advice: 'An identity writes the table anew.' };
  if (['set', 'drop', 'reset'].includes(first)) return { blocks: 'everything' };
  return {
    blocks: 'everything',
    unknown: true,
    advice: `What "alter column ${rest.join(' ')}" does is not known here.`,
  };
}

function add(table: string, rest: readonly string[]): Action {
  const kind = rest[0] ?? '';
  if (kind === 'constraint' || ['check', 'foreign', 'unique', 'primary', 'exclude'].includes(kind))
    return addConstraint(table, rest);
  const at = (kind === 'column' ? 1 : 0) + (rest[kind === 'column' ? 1 : 0] === 'if' ? 3 : 0);
  return addColumn(table, rest.slice(at + 1));
}

function actionOf(statement: Statement, table: string, action: readonly string[]): Action {
  const [verb = '', second = '', third = ''] = action;
  if (verb === 'add') return add(table, action.slice(1));
  if (verb === 'alter' && second === 'constraint') return { blocks: 'everything' };
  if (verb === 'alter') return alterColumn(table, action.slice(second === 'column' ? 2 : 1));
  if (verb === 'drop' && second === 'constraint') return { blocks: 'everything' };
  if (verb === 'drop') {
    const column = second === 'column' ? (third === 'if' ? action[4] : third) : second;
    return { blocks: 'everything', advice: contracts(statement, `${table}.${column}`) };
  }
  if (verb === 'rename' && second === 'constraint') return { blocks: 'everything' };
  if (verb === 'rename')
    return {
      blocks: 'everything',
      advice:
        'The version before this one reads and writes the old name: add the new one, and a trigger that keeps the two equal.',
    };
  if (verb === 'validate') return { blocks: 'nothing', work: 'read' };
  if (verb === 'enable' || verb === 'disable') return { blocks: second === 'trigger' ? 'writes' : 'everything' };
  if ((verb === 'set' || verb === 'reset') && second === '(') return { blocks: 'nothing' };
  if (verb === 'owner' || verb === 'replica' || verb === 'force' || verb === 'no') return { blocks: 'everything' };
  return {
    blocks: 'everything',
    unknown: true,
    advice: `What "${action.join(' ')}" does to ${table} is not known here (src/platform/migration-plan/alter-table.ts).`,
  };
}

/** Reads all actions of one statement: the strongest lock of them is taken for all. */
export function alterTable(statement: Statement): Reading {
  const { table, next } = tableAt(statement.words, 2);
  const rest = statement.words.slice(statement.words[next] === '*' ? next + 1 : next);
  const actions = commaSeparated(rest).map((action) => actionOf(statement, table, action));
  const blocks = (['everything', 'writes', 'nothing'] as const).find((how) => actions.some((a) => a.blocks === how));
  const advice = actions.find((action) => action.advice)?.advice;
  return {
    locks: [{ table, blocks: blocks ?? 'everything' }, ...actions.flatMap((action) => action.others ?? [])],
    works: actions.flatMap(({ work }) => (work ? [{ table, work }] : [])),
    ...(advice ? { advice } : {}),
    ...(actions.some((action) => action.unknown) ? { unknown: true as const } : {}),
  };
}
