/**
 * What a statement of a migration does to tables that others work on: which it locks, over whose rows it goes while it does, and
 * what should be written in its place where that takes long. A statement that is not known here is never taken for harmless.
 * Locks are those of PostgreSQL 14 to 18 (its documentation, "Explicit Locking", and the pages of the statements).
 */
import { alterTable } from './alter-table.ts';
import { contracts, type Effect, type Reading, referredTo, tableAt } from './effect.ts';
import { commaSeparated, type Statement, sqlStatements } from './sql-statements.ts';

const harmless: Reading = { locks: [], works: [] };
const unknown = (what: string): Reading => ({
  ...harmless,
  unknown: true,
  advice: `What this does cannot be told: ${what}. Write it as a statement that src/platform/migration-plan knows, or teach it.`,
});

const after = (words: readonly string[], word: string) => {
  const at = words.indexOf(word);
  return at < 0 ? '' : tableAt(words, at + 1).table;
};

const sources = (words: readonly string[]) =>
  words
    .flatMap((word, at) => (word === 'from' || word === 'join' ? [tableAt(words, at + 1).table] : []))
    .filter((table) => table !== '(' && table !== 'select');

function createTable(words: readonly string[], at: number): Reading {
  const { next } = tableAt(words, at);
  if (words.includes('partition') && words[next] === 'partition')
    return {
      locks: [{ table: after(words, 'of'), blocks: 'everything' }],
      works: [],
      advice: 'Make the table aside, as ensure_audit_partitions() does, and attach it.',
    };
  if (words[next] !== '(') return unknown('a table made of a query');
  return { locks: referredTo(words), works: [] };
}

function createIndex(words: readonly string[]): Reading {
  const on = after(words, 'on');
  if (words.includes('concurrently'))
    return { locks: [{ table: on, blocks: 'nothing' }], works: [{ table: on, work: 'index' }] };
  return {
    locks: [{ table: on, blocks: 'writes' }],
    works: [{ table: on, work: 'index' }],
    advice: `Nobody writes to ${on} until the index is built: "create index concurrently", in a migration of its own that exports config = { transaction: false }, after "drop index concurrently if exists".`,
  };
}

function create(words: readonly string[]): Reading {
  const at = words[1] === 'or' ? 3 : 1;
  const [word = '', second = ''] = words.slice(at);
  if (word === 'table') return createTable(words, at + 1);
  if (word === 'unlogged' && second === 'table') return createTable(words, at + 2);
  if (word === 'index' || (word === 'unique' && second === 'index')) return createIndex(words);
  if (word === 'trigger' || (word === 'constraint' && second === 'trigger'))
    return { locks: [{ table: after(words, 'on'), blocks: 'writes' }], works: [] };
  if (word === 'rule' || word === 'policy')
    return { locks: [{ table: after(words, word === 'rule' ? 'to' : 'on'), blocks: 'everything' }], works: [] };
  if (['function', 'procedure', 'view', 'type', 'sequence', 'aggregate', 'statistics'].includes(word)) return harmless;
  return unknown(`create ${word}`);
}

function drop(statement: Statement): Reading {
  const { words } = statement;
  if (words[1] === 'table') {
    const names = commaSeparated(words.slice(2)).map((part) => tableAt(part, 0).table);
    return {
      locks: names.map((table) => ({ table, blocks: 'everything' })),
      works: [],
      advice: contracts(statement, names.join(', ')),
    };
  }
  if (words[1] === 'index') {
    const weak = words.includes('concurrently');
    const names = commaSeparated(words.slice(weak ? 3 : 2)).map((part) => tableAt(part, 0).table);
    return {
      locks: names.map((name) => ({ table: `the table of ${name}`, blocks: weak ? 'nothing' : 'everything' })),
      works: [],
    };
  }
  if (['trigger', 'policy', 'rule'].includes(words[1] ?? ''))
    return { locks: [{ table: after(words, 'on'), blocks: 'everything' }], works: [] };
  if (['function', 'procedure', 'view', 'type', 'sequence', 'aggregate'].includes(words[1] ?? '')) return harmless;
  return unknown(`drop ${words[1]}`);
}

const inPortions = (table: string) =>
  `One statement over the rows of ${table} holds them until the migration ends, and is undone whole by a fault: have a job do it in portions.`;

function change(words: readonly string[]): Reading {
  if (words[0] === 'insert') {
    const { table, next } = tableAt(words, 2);
    if (!words.slice(next).includes('select')) return harmless;
    const read = sources(words.slice(next)).filter((name) => name !== table);
    return {
      locks: [],
      works: [{ table, work: 'change' }, ...read.map((name) => ({ table: name, work: 'read' as const }))],
      advice: inPortions([...read, table].join(', ')),
    };
  }
  const { table } = tableAt(words, words[0] === 'update' ? 1 : 2);
  return { locks: [], works: [{ table, work: 'change' }], advice: inPortions(table) };
}

/** Functions of ours that a migration calls: they change privileges and comments. */
const knownCalls = ['limit_server_role', 'set_config'];

function select(words: readonly string[]): Reading {
  if (words[2] === '(' && knownCalls.includes(words[1] ?? '')) return harmless;
  return unknown('a query may call what changes anything');
}

/** A block of PL/pgSQL: each statement in it, and the text that it puts together to run. */
function block(words: readonly string[]): Reading {
  const body = words.find((word) => word.startsWith('$$'))?.slice(2, -2) ?? '';
  const readings = sqlStatements(body).flatMap((statement) => {
    const start = statement.words.findIndex((word) => starters.has(word));
    if (start < 0) return [];
    const inner = statement.words.slice(start);
    if (inner[0] !== 'execute') return [effectOf({ ...statement, words: inner })];
    const literal = inner.find((word) => word.startsWith("'")) ?? "''";
    return sqlStatements(literal.slice(1, -1).replaceAll("''", "'")).map(effectOf);
  });
  const advice = readings.find((reading) => reading.advice)?.advice;
  return {
    locks: readings.flatMap((reading) => reading.locks),
    works: readings.flatMap((reading) => reading.works),
    ...(advice ? { advice } : {}),
    ...(readings.some((reading) => reading.unknown) ? { unknown: true } : {}),
  };
}

/** Of a block. What only asks (`if exists (select ...)`, `raise`) changes nothing. */
const starters = new Set(
  'alter cluster create delete drop execute grant insert lock perform reindex revoke truncate update vacuum'.split(' '),
);

function setting(words: readonly string[]): Reading {
  if (!words.includes('lock_timeout')) return harmless;
  return {
    ...harmless,
    advice:
      'Leave out lock_timeout: the program sets it, so that nobody waits long behind a statement that waits for its lock, and tries again.',
  };
}

function other(words: readonly string[]): Reading {
  const [first = '', second = ''] = words;
  if (first === 'alter' && second === 'index')
    return { locks: [{ table: `the table of ${tableAt(words, 2).table}`, blocks: 'nothing' }], works: [] };
  if (first === 'alter' && ['function', 'procedure', 'default', 'sequence'].includes(second)) return harmless;
  if (first === 'lock')
    return {
      locks: [{ table: tableAt(words, second === 'table' ? 2 : 1).table, blocks: 'everything' }],
      works: [],
      advice:
        'No statement of a migration needs a table for itself: what it prepares is caught up with by a trigger, or by a job.',
    };
  if (first === 'truncate')
    return {
      locks: [{ table: tableAt(words, second === 'table' ? 2 : 1).table, blocks: 'everything' }],
      works: [],
      advice: 'The version before this one works with these rows.',
    };
  return unknown(`${first} ${second}`);
}

function readingOf(statement: Statement): Reading {
  const { words } = statement;
  switch (words[0]) {
    case 'create':
      return create(words);
    case 'drop':
      return drop(statement);
    case 'insert':
    case 'update':
    case 'delete':
      return change(words);
    case 'select':
      return select(words);
    case 'perform':
      return select(words);
    case 'do':
      return block(words);
    case 'set':
    case 'reset':
      return setting(words);
    case 'comment':
    case 'grant':
    case 'revoke':
    case 'analyze':
      return harmless;
    case 'alter':
      if (words[1] === 'table') return alterTable(statement);
  }
  return other(words);
}

/** Reads one statement. */
export function effectOf(statement: Statement): Effect {
  return { text: statement.text, ...readingOf(statement) };
}

/** The table that a statement makes; undefined for every other. What nobody else sees yet, no lock stops. */
export function tableMade({ words }: Statement): string | undefined {
  if (words[0] !== 'create') return undefined;
  const at = words.indexOf('table');
  return at === 1 || at === 2 ? tableAt(words, at + 1).table : undefined;
}

/**
 * What statements of one migration do to tables that are there already.
 * @param made gets the tables that they make
 */
export function effectsOn(statements: readonly Statement[], made: Set<string>): Effect[] {
  return statements.map((statement) => {
    const table = tableMade(statement);
    if (table) made.add(table);
    const effect = effectOf(statement);
    return {
      ...effect,
      locks: effect.locks.filter((lock) => !made.has(lock.table)),
      works: effect.works.filter((work) => !made.has(work.table)),
    };
  });
}
