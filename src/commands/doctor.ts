/** `gatehouse doctor`: one line a check, with what to do; ends with 1 if anything is broken. Changes nothing. */
import type { Command } from 'commander';
import { type Config, ConfigError, loadConfig } from '../config.ts';
import { type CommandResult, performs } from './command-action.ts';
import {
  type Check,
  checkDataDirectory,
  checkDisk,
  checkIssuer,
  checkPasswordHashing,
  checkProxies,
  checkRuntime,
} from './doctor-checks.ts';
import { checkClock, checkDatabase, checkMigrations, checkPeople, checkSigningKeys } from './doctor-database-checks.ts';
import { exitCodes } from './failures.ts';
import { printable } from './terminal-text.ts';
import { type CommandContext, withUnpreparedDatabase } from './with-database.ts';

const help = `
Checks the configuration, the database and its schema, the signing keys, password hashing, the clocks, the data
directory and the disk. ok: fine; warn: works, and worth a look; fail: does not work (exit code 1).

Examples:
  gatehouse doctor
  gatehouse doctor --json | jq '.checks[] | select(.status != "ok")'`;

function loadOrExplain(): { config: Config } | { checks: Check[] } {
  try {
    return { config: loadConfig() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const advice = 'Set it in the environment; the README lists the variables.';
    return { checks: error.faults.map((detail) => ({ name: 'configuration', status: 'fail', detail, advice })) };
  }
}

/** A check that cannot be made has failed. */
async function attempt(name: string, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return { name, status: 'fail', detail: (error as Error).message, advice: 'The log of the database may say more.' };
  }
}

async function inDatabase(context: CommandContext): Promise<Check[]> {
  const checks = [await attempt('database', () => checkDatabase(context))];
  const schema = await attempt('migrations', () => checkMigrations(context));
  checks.push(schema);
  checks.push(await attempt('clock', () => checkClock(context)));
  // The rest reads tables that may not be there yet.
  if (schema.status !== 'ok') return checks;
  checks.push(await attempt('signing keys', () => checkSigningKeys(context)));
  checks.push(await attempt('administrator', () => checkPeople(context)));
  return checks;
}

async function allChecks(config: Config): Promise<Check[]> {
  const { environment } = config;
  return [
    { name: 'configuration', status: 'ok', detail: environment },
    checkRuntime(),
    checkIssuer(config),
    ...checkProxies(config),
    await checkDataDirectory(config),
    await attempt('disk', () => checkDisk(config)),
    await checkPasswordHashing(config),
    ...(await withUnpreparedDatabase(config, inDatabase).catch((error: Error): Check[] => [
      {
        name: 'database',
        status: 'fail',
        detail: error.message,
        advice: 'Check DATABASE_URL, and the server behind it.',
      },
    ])),
  ];
}

async function doctor(): Promise<CommandResult> {
  const loaded = loadOrExplain();
  const checks = 'config' in loaded ? await allChecks(loaded.config) : loaded.checks;
  const failed = checks.some(({ status }) => status === 'fail');
  const lines = checks.flatMap(({ name, status, detail, advice }) => [
    `${status.padEnd(4)}  ${name.padEnd(16)}  ${printable(detail)}`,
    ...(advice === undefined ? [] : [`${' '.repeat(24)}${advice}`]),
  ]);
  return {
    data: { ok: !failed, checks },
    text: lines.join('\n'),
    exitCode: failed ? exitCodes.failed : exitCodes.ok,
  };
}

export function addDoctor(program: Command, description: string): void {
  performs(program.command('doctor').description(description).addHelpText('after', help), doctor);
}
