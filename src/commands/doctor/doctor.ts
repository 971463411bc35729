/**
 * `gatehouse doctor`: one line a check, with what to do; ends with 1 if anything is broken. Changes nothing, and sends
 * nothing but the test mail that is asked for.
 */
import type { Command } from 'commander';
import { checkCarriers, checkDeeply, checkInDatabase, checkMachine } from '../../checks/installation-checks.ts';
import { type Config, ConfigError } from '../../config.ts';
import type { Check } from '../../management/check.ts';
import { type CommandResult, performs } from '../frame/command-action.ts';
import { DatabaseNotNamed, loadCommandConfig } from '../frame/command-config.ts';
import { exitCodes } from '../frame/failures.ts';
import { printable } from '../frame/terminal-text.ts';
import { type CommandContext, sayWhere, withUnpreparedDatabase } from '../frame/with-database.ts';

const help = `
Checks the configuration, the database, a pooler before it and its schema, whether the audit trail is out of the program's reach, the signing keys, password hashing, the clocks, the data
directory and the disk, the mail server, Twilio and the messages that wait. ok: fine; warn: works, and worth a look;
fail: does not work (exit code 1).

--deep reads all rows besides, as after a restore: whether each reference leads to a row, triggers and constraints are at work, the trees and
the history of access are whole, nobody who is stopped has a session, what is sealed opens, and the trail is as it was sealed.

Examples:
  gatehouse doctor
  gatehouse doctor --send-test-mail you@example.org
  gatehouse doctor --deep
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

interface Asked {
  testMailTo: string | undefined;
  deep: boolean;
}

async function allChecks(config: Config, { testMailTo, deep }: Asked): Promise<Check[]> {
  const inDatabase = async (context: CommandContext): Promise<Check[]> => {
    sayWhere(context);
    return [...(await checkInDatabase(context)), ...(deep ? await checkDeeply(context) : [])];
  };
  return [
    ...(await checkMachine(config)),
    ...(await checkCarriers(config, testMailTo)),
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

interface Typed {
  sendTestMail?: string;
  deep?: boolean;
}

async function doctor(options: Typed): Promise<CommandResult> {
  const testMailTo = await canonical(options.sendTestMail);
  const loaded = loadOrExplain();
  const checks =
    'config' in loaded ? await allChecks(loaded.config, { testMailTo, deep: options.deep ?? false }) : loaded.checks;
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
  performs<Typed>(
    program
      .command('doctor')
      .description(description)
      .option('--send-test-mail <address>', 'also send one mail there, as the server would')
      .option('--deep', 'also read all rows, and see that they hold together')
      .addHelpText('after', help),
    doctor,
  );
}
