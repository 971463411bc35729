/**
 * `gatehouse doctor`: one line a check, with what to do; ends with 1 if anything is broken. Changes nothing, and sends
 * nothing but the test mail that is asked for.
 */
import type { Command } from 'commander';
import { type Config, ConfigError } from '../../config.ts';
import { type CommandResult, performs } from '../frame/command-action.ts';
import { DatabaseNotNamed, loadCommandConfig } from '../frame/command-config.ts';
import { exitCodes } from '../frame/failures.ts';
import { printable } from '../frame/terminal-text.ts';
import { type CommandContext, sayWhere, withUnpreparedDatabase } from '../frame/with-database.ts';
import {
  checkClock,
  checkDatabase,
  checkMessages,
  checkMigrations,
  checkPeople,
  checkPhoneCountries,
  checkSeals,
  checkSigningKeys,
  checkWebhooks,
} from './database-checks.ts';
import {
  type Check,
  checkDataDirectory,
  checkDisk,
  checkIssuer,
  checkPasswordHashing,
  checkProxies,
  checkRuntime,
} from './machine-checks.ts';
import { checkMail, checkPhones, sendTestMail } from './message-checks.ts';
import { checkTrail } from './trail-check.ts';

const help = `
Checks the configuration, the database and its schema, whether the audit trail is out of the program's reach, the signing keys, password hashing, the clocks, the data
directory and the disk, the mail server, Twilio and the messages that wait. ok: fine; warn: works, and worth a look;
fail: does not work (exit code 1).

Examples:
  gatehouse doctor
  gatehouse doctor --send-test-mail you@example.org
  gatehouse doctor --json | jq '.checks[] | select(.status != "ok")'`;

function loadOrExplain(): { config: Config } | { checks: Check[] } {
  try {
    return { config: loadCommandConfig() };
  } catch (error) {
    if (error instanceof DatabaseNotNamed) {
      const advice = 'The doctor looks at what the server works with: give it the same settings.';
      return { checks: [{ name: 'database', status: 'fail', detail: error.message, advice }] };
    }
    if (!(error instanceof ConfigError)) throw error;
    const advice = 'Set it in the environment; the README lists the variables.';
    return { checks: error.faults.map((detail) => ({ name: 'configuration', status: 'fail', detail, advice })) };
  }
}

/** A check that cannot be made has failed. */
async function attempt(
  name: string,
  check: () => Promise<Check>,
  advice = 'The log of the database may say more.',
): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return { name, status: 'fail', detail: (error as Error).message, advice };
  }
}

async function inDatabase(context: CommandContext): Promise<Check[]> {
  sayWhere(context);
  const checks = [await attempt('database', () => checkDatabase(context))];
  const schema = await attempt('migrations', () => checkMigrations(context));
  checks.push(schema);
  checks.push(await attempt('clock', () => checkClock(context)));
  // The rest reads tables that may not be there yet.
  if (schema.status !== 'ok') return checks;
  checks.push(await attempt('audit trail', () => checkTrail(context)));
  checks.push(await attempt('signing keys', () => checkSigningKeys(context)));
  checks.push(await attempt('audit seals', () => checkSeals(context)));
  checks.push(await attempt('administrator', () => checkPeople(context)));
  checks.push(await attempt('messages', () => checkMessages(context)));
  checks.push(await attempt('receivers', () => checkWebhooks(context)));
  checks.push(...(await checkPhoneCountries(context)));
  return checks;
}

/** One after the other: the test mail says more where it is known that the server answers. */
async function messageChecks(config: Config, testMailTo: string | undefined): Promise<Check[]> {
  const advice = 'Install the dependencies again on this machine: npm ci';
  return [
    await attempt('mail', () => checkMail(config), advice),
    ...(testMailTo === undefined ? [] : [await attempt('test mail', () => sendTestMail(config, testMailTo), advice)]),
    await attempt('phones', () => checkPhones(config), advice),
  ];
}

async function allChecks(config: Config, testMailTo: string | undefined): Promise<Check[]> {
  const { environment } = config;
  return [
    { name: 'configuration', status: 'ok', detail: environment },
    checkRuntime(),
    checkIssuer(config),
    ...checkProxies(config),
    await checkDataDirectory(config),
    await attempt('disk', () => checkDisk(config)),
    await checkPasswordHashing(config),
    ...(await messageChecks(config, testMailTo)),
    ...(await withUnpreparedDatabase(config, inDatabase, { anyServer: true }).catch((error: Error): Check[] => [
      {
        name: 'database',
        status: 'fail',
        detail: error.message,
        advice: 'Check DATABASE_URL, and the server behind it.',
      },
    ])),
  ];
}

/** @throws DomainError invalid EMAIL_INVALID, before anything is checked */
async function canonical(address: string | undefined): Promise<string | undefined> {
  if (address === undefined) return undefined;
  const { canonicalEmail } = await import('../../domain/users/canonical-address.ts');
  return canonicalEmail(address);
}

async function doctor(options: { sendTestMail?: string }): Promise<CommandResult> {
  const testMailTo = await canonical(options.sendTestMail);
  const loaded = loadOrExplain();
  const checks = 'config' in loaded ? await allChecks(loaded.config, testMailTo) : loaded.checks;
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
  performs<{ sendTestMail?: string }>(
    program
      .command('doctor')
      .description(description)
      .option('--send-test-mail <address>', 'also send one mail there, as the server would')
      .addHelpText('after', help),
    doctor,
  );
}
