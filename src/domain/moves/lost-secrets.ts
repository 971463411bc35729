/**
 * Whether what is sealed under SECRET_KEY opens: seeds of second factors, secrets of identity providers and of receivers, passwords of
 * elsewhere. What has to be opened when a tenant moves is the list of it. Reads a thousand rows at once; tells no value.
 */
import { type Database, rows } from '../../platform/database.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { storedBytes } from './travelling-rows.ts';
import { travellingTables } from './travelling-tables.ts';

export interface LostSecrets {
  table: string;
  column: string;
  count: number;
}

const rowsAtOnce = 1_000;

/** Of all tenants: how many values no key opens, by table and column. */
export async function findLostSecrets(db: Database, secrets: Secrets): Promise<LostSecrets[]> {
  const found: LostSecrets[] = [];
  for (const { table, sealed = {} } of travellingTables)
    for (const [column, seal] of Object.entries(sealed)) {
      let count = 0;
      await db.transaction(async (trx) => {
        await trx.raw(
          `declare sealed no scroll cursor for select to_jsonb(t) as row from ${table} t where ${column} is not null`,
        );
        for (;;) {
          const some = await rows<{ row: Record<string, unknown> }>(trx, `fetch ${rowsAtOnce} from sealed`);
          for (const { row } of some)
            if (secrets.open(seal.purpose, storedBytes(row[column], seal), seal.context(row)) === undefined) count++;
          if (some.length < rowsAtOnce) return;
        }
      });
      if (count > 0) found.push({ table, column, count });
    }
  return found;
}
