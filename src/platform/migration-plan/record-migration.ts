/** What a migration would run: its `up` is called with a connection that writes down and asks no database. */
import type { Knex } from 'knex';
import { isInTransaction, type NamedMigration } from '../migrations.ts';
import { type Statement, sqlStatements } from './sql-statements.ts';

export interface RecordedMigration {
  name: string;
  /** False where the migration opted out of a transaction of its own. */
  transaction: boolean;
  /** Undefined where it cannot be told: it asks the database first, or builds what it runs by other means than text. */
  statements: Statement[] | undefined;
}

/** Asks nothing and changes nothing. */
export async function recordMigration({ name, migration }: NamedMigration): Promise<RecordedMigration> {
  const written: string[] = [];
  const refuse = () => {
    throw new Error('a migration is read by the text of its SQL');
  };
  const recorder = new Proxy(refuse, {
    get(_target, method) {
      if (method !== 'raw') return refuse();
      return async (sql: string) => {
        // Knex takes a question mark for a binding, unless it is escaped.
        written.push(sql.replaceAll('\\?', '?'));
        return { rows: [], rowCount: 0 };
      };
    },
  });
  const transaction = isInTransaction(migration);
  try {
    await migration.up(recorder as unknown as Knex);
    return { name, transaction, statements: written.flatMap((sql) => sqlStatements(sql)) };
  } catch {
    return { name, transaction, statements: undefined };
  }
}
