/**
 * For Knex's own command, on the database of DATABASE_URL and by the program's own list of migrations:
 *
 *     npx knex migrate:status
 *     npx knex seed:run
 *
 * The second loads the sample content of development into an empty database, and refuses any other.
 *
 * JavaScript, because Knex prints what it tried before it would load TypeScript.
 *
 * The embedded PostgreSQL runs as long as a Gatehouse process uses it: `gatehouse migrate` starts it, Knex does not.
 */
import { loadConfig } from './src/config.ts';
import { databaseTls } from './src/database-source.ts';
import { createPasswordHasher } from './src/domain/methods/password/password-hash.ts';
import { createDatabase } from './src/platform/database.ts';
import { connectionTo } from './src/platform/database-hosts.ts';
import { migrationConfig } from './src/platform/migrations.ts';

const config = loadConfig();
const { url, ownerUrl } = config.database;
if (url === undefined) throw new Error('Set DATABASE_URL. The embedded PostgreSQL is migrated by: gatehouse migrate');

/** On a connection of the program's own: Knex's spells names as the database does. */
async function seed() {
  const { loadSeeds } = await import('./seeds/development.ts');
  const db = createDatabase({ url, poolMax: 2, ssl: databaseTls(config, url) });
  try {
    if (!(await loadSeeds(db, { config, passwords: createPasswordHasher(config.argon2) })))
      throw new Error('The database holds something already: nothing was loaded.');
  } finally {
    await db.destroy();
  }
}

/** @type {import('knex').Knex.Config} */
const knexConfig = {
  client: 'pg',
  connection: {
    ...connectionTo(ownerUrl ?? url, databaseTls(config, ownerUrl ?? url)),
    application_name: 'gatehouse-knex',
  },
  migrations: migrationConfig(),
  seeds: { seedSource: { getSeeds: async () => ['development'], getSeed: async () => ({ seed }) } },
};

// Knex asks for a default export.
export default knexConfig;
