/**
 * Every table and every column of the database is accounted for: it travels with a tenant, or stays, with the reason. A new one
 * is neither, and this fails: say so in `travelling.ts` of its feature and in `moves/travelling-tables.ts`.
 */
import assert from 'node:assert/strict';
import { tablesThatStay, travellingTables } from '../../../src/domain/moves/travelling-tables.ts';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

describe('what of the database a tenant takes along', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 2 });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  it('is every table, or it is said why not', async () => {
    const found = await rows<{ name: string }>(
      db,
      `select c.relname as name from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
    );
    const said = [...travellingTables.map(({ table }) => table), ...Object.keys(tablesThatStay)];
    assert.deepEqual(
      said.sort(),
      found.map(({ name }) => name),
    );
  });

  it('is every column of them, or it is said why not', async () => {
    for (const { table, columns, stays = {} } of travellingTables) {
      const found = await rows<{ name: string }>(
        db,
        `select attname as name from pg_attribute
          where attrelid = :table::regclass and attnum > 0 and not attisdropped order by 1`,
        { table },
      );
      const said = [...columns.split(/[\s,]+/), ...Object.keys(stays)];
      assert.deepEqual(
        said.sort(),
        found.map(({ name }) => name),
        table,
      );
    }
  });

  it('is read and put by statements that the database knows', async () => {
    const nobody = { tenantId: '00000000-0000-7000-8000-000000000000', rows: '[]' };
    for (const { table, rows: read, put, mend, before: first } of travellingTables.filter(
      ({ put }) => !put?.includes('receive_access'),
    ))
      for (const sql of [read, put, mend, first])
        if (sql) await assert.doesNotReject(async () => db.raw(sql, nobody), table);
  });

  it('puts what refers to something after it', async () => {
    const references = await rows<{ child: string; parent: string }>(
      db,
      `select distinct conrelid::regclass::text as child, confrelid::regclass::text as parent
         from pg_constraint where contype = 'f' and conrelid <> confrelid`,
    );
    const place = new Map(travellingTables.map(({ table }, n) => [table, n]));
    for (const { child, parent } of references) {
      const [below, above] = [place.get(child), place.get(parent)];
      if (below !== undefined && above !== undefined) assert.ok(above < below, `${child} refers to ${parent}`);
    }
  });
});
