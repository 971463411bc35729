/**
 * Configuration that nearly every request asks for and that seldom changes, kept in this process. The database holds one
 * number, raised by every change of a table of that kind as it commits (migration 0016). What is kept counts as long as the
 * number is the one that it was read under, and the number is asked for again after `checkMs`. So a change reaches every
 * process within that time, whatever stands between it and the database, and where the database does not answer, nothing is
 * answered from memory. Knows no table; refuses to keep anything for a transaction, which may see its own changes.
 */
import { LRUCache } from 'lru-cache';
import { type Database, prepared, runPrepared } from './database.ts';

interface Memory {
  checkMs: number;
  checkedAt: number;
  checking: Promise<void> | undefined;
  version: number | undefined;
  kept: LRUCache<string, Promise<unknown>>;
}

const memories = new WeakMap<Database, Memory>();

/** So many rows of any kind: some 20 MB where each is a large registration. */
const most = 20_000;

/** One thing may have many spellings, and strangers choose how long: such a one is asked for anew. */
const longestKey = 300;

const currentVersion = prepared('configuration-version', 'select version from configuration_version');

/** How long a change may take to be seen by another process. */
export const defaultCheckMs = 250;

/** From now on what is asked of this database by `remembered` is kept. `checkMs`: 0 asks for the number every time. */
export function rememberConfiguration(db: Database, { checkMs = defaultCheckMs }: { checkMs?: number } = {}): void {
  memories.set(db, { checkMs, checkedAt: -Infinity, checking: undefined, version: undefined, kept: emptyCache() });
}

function emptyCache(): Memory['kept'] {
  return new LRUCache({ max: most });
}

async function checkVersion(db: Database, memory: Memory): Promise<void> {
  // As of before the question: what is committed after it may be missed by the answer.
  const askedAt = performance.now();
  const version = (await runPrepared<{ version: number }>(db, currentVersion, [])).rows[0]?.version;
  // Who still reads by the old number puts it into the old cache.
  if (version !== memory.version) memory.kept = emptyCache();
  memory.version = version;
  memory.checkedAt = askedAt;
}

/**
 * What `load` answers, or what it answered while nothing has changed since. Nobody may change what comes out: it is shared.
 * @param key what is asked for, with its kind; a kind may be kept in one form alone
 * @param load undefined is not kept: strangers may ask for anything
 */
export async function remembered<T>(db: Database, key: string, load: () => Promise<T>): Promise<T> {
  const memory = memories.get(db);
  if (!memory || key.length > longestKey) return load();
  // A check that was under way already may have been asked too long ago: then one more.
  const oldest = performance.now() - memory.checkMs;
  while (memory.checkedAt < oldest) {
    memory.checking ??= checkVersion(db, memory).finally(() => {
      memory.checking = undefined;
    });
    await memory.checking;
  }
  const { kept } = memory;
  const known = kept.get(key) as Promise<T> | undefined;
  if (known) return known;
  const loading = load();
  kept.set(key, loading);
  const forget = () => kept.get(key) === loading && kept.delete(key);
  loading.then((value) => value === undefined && forget(), forget);
  return loading;
}
