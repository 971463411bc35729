/**
 * The configuration of a command, and whether it is meant: without DATABASE_URL a command would make an embedded database of
 * its own and print secrets of it, on a machine whose server works on another one. Refuses beside a file of production
 * settings that nobody gave it, and where no server has ever run on the embedded database.
 */
import { lstatSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Config, environmentSchema, loadConfig, variables } from '../../config.ts';
import { readEnvFile } from './env-file.ts';
import { CommandFailed } from './failures.ts';

/** Says nothing of where to work, or says it so that nobody can have meant it. */
export class DatabaseNotNamed extends CommandFailed {
  constructor(message: string) {
    super(message);
    this.name = 'DatabaseNotNamed';
  }
}

const isSet = (value: string | undefined) => value !== undefined && value.trim() !== '';

/**
 * The configuration for a command that works on a database that is there.
 * @throws DatabaseNotNamed, ConfigError
 */
export function loadCommandConfig(environment: NodeJS.ProcessEnv = variables): Config {
  if (!namesDatabase(environment)) {
    assertNoProductionFile(environment);
    assertEverStarted(environment);
  }
  return loadConfig(environment);
}

/** For `start`, which may make the embedded database. @throws DatabaseNotNamed, ConfigError */
export function loadServerConfig(environment: NodeJS.ProcessEnv = variables): Config {
  if (!namesDatabase(environment)) assertNoProductionFile(environment);
  return loadConfig(environment);
}

function namesDatabase({ DATABASE_URL, DATABASE_URL_FILE }: NodeJS.ProcessEnv): boolean {
  return isSet(DATABASE_URL) || isSet(DATABASE_URL_FILE);
}

/** Whether the environment names the issuer, or the default holds. */
export function namesIssuer(environment: NodeJS.ProcessEnv = variables): boolean {
  return isSet(environment.ISSUER);
}

/** Who says which NODE_ENV is meant has given settings; who says nothing may have forgotten them. */
function assertNoProductionFile({ NODE_ENV }: NodeJS.ProcessEnv): void {
  const file = resolve('.env');
  if (isSet(NODE_ENV) || !isForProduction(file)) return;
  throw new DatabaseNotNamed(
    `${file} holds the settings of a server, and they are not in the environment: this would work on an embedded database ` +
      `in place of the server's. Add --env-file .env; with Compose: docker compose exec gatehouse node bin/gatehouse.js ... ` +
      `To go on without them: NODE_ENV=development`,
  );
}

/** What cannot be read is kept from this account for a reason. */
function isForProduction(file: string): boolean {
  try {
    lstatSync(file);
  } catch {
    return false;
  }
  try {
    const settings = readEnvFile(file);
    const { NODE_ENV, ISSUER, DATABASE_PASSWORD } = settings;
    const isOfServer = namesDatabase(settings) || isSet(DATABASE_PASSWORD) || ISSUER?.startsWith('https:') === true;
    return isOfServer || NODE_ENV?.trim() === 'production';
  } catch {
    return true;
  }
}

function assertEverStarted({ DATA_DIR }: NodeJS.ProcessEnv): void {
  const directory = resolve(environmentSchema.shape.DATA_DIR.parse(isSet(DATA_DIR) ? DATA_DIR : undefined));
  if (hasDatabase(join(directory, 'postgres'))) return;
  throw new DatabaseNotNamed(
    `DATABASE_URL is not set, and no server has ever run on the embedded database in ${directory}. Give the server's own ` +
      'settings (--env-file /etc/gatehouse/env), or start it first: gatehouse start',
  );
}

/** A folder, or a link to one that may be closed to this account, or gone: that is told by who opens it. */
function hasDatabase(home: string): boolean {
  try {
    lstatSync(home);
  } catch {
    return false;
  }
  try {
    return readdirSync(home).length > 0;
  } catch {
    return true;
  }
}
