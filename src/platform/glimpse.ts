/** The first few of what a question finds, and how many there are: enough to say that somebody should look. */
import { type Database, rows } from './database.ts';

/** More than that many are not counted: `count` is then one more. */
export const countedAtMost = 1000;
const shown = 10;

export interface GlimpsedItem {
  id: string;
  name: string;
  /** What else is to be said of it, in words of the program. */
  detail: string | null;
  at: Date | null;
}

export interface Glimpse {
  count: number;
  items: GlimpsedItem[];
}

export const nothingToSee: Glimpse = { count: 0, items: [] };

/** @param sql answers `id`, `name`, `detail` and `at`; of many, any thousand of them are looked at, the soonest first */
export async function glimpse(db: Database, sql: string, bindings: Record<string, unknown>): Promise<Glimpse> {
  const found = await rows<GlimpsedItem & { total: number }>(
    db,
    `with found as (${sql} limit ${countedAtMost + 1})
     select id, name, detail, at, (select count(*) from found) as total from found order by at, id limit ${shown}`,
    bindings,
  );
  return {
    count: found[0]?.total ?? 0,
    items: found.map(({ id, name, detail, at }) => ({ id, name, detail, at })),
  };
}
