/** Filling tables with millions of rows: an index is made in a tenth of the time that it takes to keep it while they come. */
import { type Database, rows } from '../src/platform/database.ts';

interface Kept {
  tableName: string;
  name: string;
  definition: string;
  isConstraint: boolean;
}

/**
 * Takes the indexes of tables away, with the keys that no other table refers to, does `work` and makes them again; in the caller's
 * transaction.
 */
export async function withoutIndexes(
  trx: Database,
  tables: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const kept = await rows<Kept>(
    trx,
    `select i.indrelid::regclass::text as table_name, coalesce(c.conname, r.relname) as name, c.oid is not null as is_constraint,
            coalesce(pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid)) as definition
       from pg_index i
       join pg_class r on r.oid = i.indexrelid
       left join pg_constraint c on c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x') and c.conrelid = i.indrelid
      where i.indrelid = any(:tables::text[]::regclass[])
        and not exists (select from pg_constraint f where f.contype = 'f' and f.conindid = i.indexrelid)`,
    { tables },
  );
  for (const { tableName, name, isConstraint } of kept)
    await trx.raw(isConstraint ? `alter table ${tableName} drop constraint "${name}"` : `drop index "${name}"`);
  await work();
  await trx.raw(`set local maintenance_work_mem = '512MB'`);
  for (const { tableName, name, definition, isConstraint } of kept)
    await trx.raw(
      isConstraint
        ? `alter table ${tableName} add constraint "${name}" ${definition}`
        : definition.replace(' ON ONLY ', ' ON '),
    );
}
