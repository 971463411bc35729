/**
 * For Knex's own command, on the database of DATABASE_URL and by the program's own list of migrations:
 *
 *     npx knex migrate:status
 *
 * JavaScript, because Knex prints what it tried before it would load TypeScript.
 *
 * The embedded PostgreSQL runs as long as a Gatehouse process uses it: `gatehouse migrate` starts it, Knex does not.
 */
import { loadConfig } from './src/config.ts';
import { databaseTls } from './src/dependencies.ts';
import { connectionTo } from './src/platform/database.ts';
import { migrationConfig } from './src/platform/migrations.ts';

const config = loadConfig();
const { url } = config.database;
if (url === undefined) throw new Error('Set DATABASE_URL. The embedded PostgreSQL is migrated by: gatehouse migrate');

/** @type {import('knex').Knex.Config} */
const knexConfig = {
  client: 'pg',
  connection: {
    ...connectionTo(url, databaseTls(config, url)),
    application_name: 'gatehouse-knex',
  },
  migrations: migrationConfig,
};

// Knex asks for a default export.
export default knexConfig;
