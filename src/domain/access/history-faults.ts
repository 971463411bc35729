/**
 * Whether the past of access ends in the present: for each row that decides, one version that holds, with the same values, and none for
 * a row that is not there; and no two versions of one row at one moment. Reads alone. What is kept of which table the catalogue says.
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';

interface Kept {
  /** Quoted where it has to be, as all names here. */
  table: string;
  history: string;
  key: string[];
  columns: string[];
  /** Rows that are marked as deleted are not there. */
  isMarked: boolean;
}

/** Each table with one beside it that has its name and `_history`; the key of a version is that of the row, and when it began. */
const keptTables = `
  select t.oid::regclass::text as "table", h.oid::regclass::text as history,
         array(select quote_ident(a.attname) from unnest(k.conkey) as n(number)
                 join pg_attribute a on a.attrelid = h.oid and a.attnum = n.number
                where a.attname <> 'valid_from') as key,
         array(select quote_ident(a.attname) from pg_attribute a
                where a.attrelid = h.oid and a.attnum > 0 and not a.attisdropped
                  and a.attname not in ('valid_from', 'valid_to') order by a.attnum) as columns,
         exists (select from pg_attribute a
                  where a.attrelid = t.oid and a.attname = 'deleted_at' and not a.attisdropped) as is_marked
    from pg_class h
    join pg_class t      on t.relnamespace = h.relnamespace and t.relname || '_history' = h.relname
    join pg_constraint k on k.conrelid = h.oid and k.contype = 'p'
   where h.relnamespace = 'public'::regnamespace and h.relkind = 'r'
   order by 1`;

export interface HistoryFaults {
  table: string;
  /** Rows of now and versions that hold without each other. */
  apart: number;
  /** Versions that begin before the one before them has ended. */
  overlapping: number;
}

/** Of each table whose past is kept and is not as it should be. */
export async function findHistoryFaults(db: Database): Promise<HistoryFaults[]> {
  const found: HistoryFaults[] = [];
  for (const { table, history, key, columns, isMarked } of await rows<Kept>(db, keptTables)) {
    const of = (row: string) => columns.map((column) => `${row}.${column}`).join(', ');
    const counted = await firstRow<{ apart: number; overlapping: number }>(
      db,
      `select (select count(*)
                 from (select ${of('t')} from ${table} t ${isMarked ? 'where t.deleted_at is null' : ''}) t
                 full join (select ${of('h')} from ${history} h where h.valid_to is null) h
                        on ${key.map((column) => `h.${column} = t.${column}`).join(' and ')}
                where (${of('t')}) is distinct from (${of('h')})) as apart,
              (select count(*)
                 from (select valid_from, lag(coalesce(valid_to, 'infinity')) over one as before
                         from ${history}
                       window one as (partition by ${key.join(', ')} order by valid_from)) h
                where h.before > h.valid_from) as overlapping`,
    );
    if (counted && counted.apart + counted.overlapping > 0) found.push({ table, ...counted });
  }
  return found;
}
