/**
 * Whether a database keeps what its schema promises, by the catalogue alone: after a restore that set its guards aside, or by the hand
 * of a superuser, it may not. Reads; knows no table. PostgreSQL's manual, "System Catalogs".
 */
import { type Database, firstRow, rows } from './database.ts';

/** Rows whose reference leads to nothing. */
export interface Orphans {
  table: string;
  /** Of the foreign key. */
  constraint: string;
  count: number;
}

interface Reference {
  name: string;
  /** Quoted where they have to be. */
  child: string;
  parent: string;
  childColumns: string[];
  parentColumns: string[];
}

const columnNames = (relation: string, numbers: string) =>
  `array(select quote_ident(a.attname)
           from unnest(k.${numbers}) with ordinality as n(number, at)
           join pg_attribute a on a.attrelid = k.${relation} and a.attnum = n.number
          order by n.at)`;

/** Those of partitions are the ones of their table. */
const references = `
  select k.conname as name, k.conrelid::regclass::text as child, k.confrelid::regclass::text as parent,
         ${columnNames('conrelid', 'conkey')} as child_columns, ${columnNames('confrelid', 'confkey')} as parent_columns
    from pg_constraint k
   where k.contype = 'f' and k.conparentid = 0 and k.connamespace = 'public'::regnamespace
   order by child, name`;

/** Follows each foreign key. A reference with an empty column refers to nothing (MATCH SIMPLE). */
export async function findOrphans(db: Database): Promise<Orphans[]> {
  const found: Orphans[] = [];
  for (const { name, child, parent, childColumns, parentColumns } of await rows<Reference>(db, references)) {
    const refers = childColumns.map((column) => `c.${column} is not null`).join(' and ');
    const same = childColumns.map((column, index) => `p.${parentColumns[index]} = c.${column}`).join(' and ');
    const orphans = await firstRow<{ count: number }>(
      db,
      `select count(*) as count from ${child} c where ${refers} and not exists (select from ${parent} p where ${same})`,
    );
    if (orphans && orphans.count > 0) found.push({ table: child, constraint: name, count: orphans.count });
  }
  return found;
}

/** Triggers that are switched off, references that were never compared with all rows, indexes that were not finished: by name. */
export async function findIdleGuards(db: Database): Promise<string[]> {
  const found = await rows<{ guard: string }>(
    db,
    `select 'trigger ' || t.tgname || ' of ' || t.tgrelid::regclass || ' is switched off' as guard
       from pg_trigger t
       join pg_class c on c.oid = t.tgrelid and c.relnamespace = 'public'::regnamespace
      where t.tgenabled <> 'O'
      union all
     select 'reference ' || k.conname || ' of ' || k.conrelid::regclass || ' was never validated'
       from pg_constraint k
      where k.contype = 'f' and k.connamespace = 'public'::regnamespace and not k.convalidated
      union all
     select 'index ' || i.indexrelid::regclass || ' is not valid'
       from pg_index i
       join pg_class c on c.oid = i.indexrelid and c.relnamespace = 'public'::regnamespace
      where not i.indisvalid
      order by 1`,
  );
  return found.map(({ guard }) => guard);
}
