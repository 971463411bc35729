/**
 * `gatehouse apply`, `plan` and `export`: the configuration as a file. Owns that nobody loses access by an apply that nobody has looked
 * at, and that secrets which are made are told once, to the terminal or to a file of their own.
 */
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { systemCaller } from '../../domain/audit/audit-events.ts';
import { systemActor } from '../../management/actor.ts';
import {
  type AppliedConfiguration,
  type ApplyOptions,
  applyConfiguration,
  ConfigurationChanged,
} from '../../management/configuration/apply-configuration.ts';
import { exportConfiguration } from '../../management/configuration/export-configuration.ts';
import { ConfigurationFault } from '../../management/configuration/fault.ts';
import type { MadeSecret } from '../../management/configuration/section.ts';
import { DomainError } from '../../platform/errors.ts';
import { type CommandResult, collect, performs } from '../frame/command-action.ts';
import { CommandFailed, CommandRefused, failureOf } from '../frame/failures.ts';
import { dependenciesOf } from '../frame/operation-commands.ts';
import { type CommandContext, withDatabase } from '../frame/with-database.ts';
import { planText, type ShownPlan, shownPlan } from './plan-text.ts';
import { type ReadConfiguration, readConfiguration } from './read-configuration.ts';
import { referredSecret } from './referred-secrets.ts';
import { writeYaml } from './write-yaml.ts';

const applyHelp = `
FILE is a YAML file, a folder of them, or - for standard input. All of it is applied, or nothing. What the file does not name
stays as it is; a list takes the place of the one before. docs/configuration-file.md tells what can be in it.

Examples:
  gatehouse export > gatehouse.yaml
  gatehouse plan gatehouse.yaml
  gatehouse apply gatehouse.yaml --prune
  gatehouse plan gatehouse/ --exit-code --json`;

interface PlanCommand {
  prune?: boolean;
  rotateSecrets?: boolean;
  exitCode?: boolean;
}

interface ApplyCommand extends PlanCommand {
  yes?: boolean;
  json?: boolean;
  secretsFile?: string;
}

async function attempt(
  context: CommandContext,
  { document, explain }: ReadConfiguration,
  options: ApplyOptions,
): Promise<AppliedConfiguration> {
  const deps = await dependenciesOf(context);
  try {
    return await applyConfiguration(document, options, {
      deps,
      actor: systemActor(systemCaller),
      secretOf: referredSecret,
    });
  } catch (error) {
    if (error instanceof ConfigurationChanged) throw new CommandFailed(`${error.message}. Nothing was applied`);
    if (!(error instanceof ConfigurationFault)) throw error;
    if (!(error.cause instanceof DomainError)) throw new CommandFailed(explain(error));
    const { code, message } = failureOf(error.cause);
    throw new CommandRefused(code, explain(error, message));
  }
}

const optionsOf = ({ prune = false, rotateSecrets = false }: PlanCommand) => ({ prune, rotateSecrets });

async function plan(options: PlanCommand, path = ''): Promise<CommandResult> {
  try {
    const configuration = await readConfiguration(path);
    return await withDatabase(async (context) => {
      const applied = await attempt(context, configuration, { ...optionsOf(options), isRehearsal: true });
      const shown = await shownPlan(context.db, applied);
      const differs = shown.changes.length > 0;
      return {
        data: shown,
        text: planText(shown, 'Would be done'),
        ...(options.exitCode && differs && { exitCode: 2 }),
      };
    });
  } catch (error) {
    // 2 says that something differs, and nothing else.
    if (options.exitCode) throw new CommandFailed(failureOf(error).message, { cause: error });
    throw error;
  }
}

async function apply(options: ApplyCommand, path = ''): Promise<CommandResult> {
  const configuration = await readConfiguration(path);
  const secretsFile = options.secretsFile === undefined ? undefined : await open(options.secretsFile, 'wx', 0o600);
  try {
    return await withDatabase(async (context) => {
      const wanted = optionsOf(options);
      const agreedTo = options.yes ? undefined : await agree(context, configuration, options);
      const applied = await attempt(context, configuration, { ...wanted, isRehearsal: false, agreedTo });
      const shown = await shownPlan(context.db, applied);
      const { secrets } = applied;
      await secretsFile?.write(secrets.map((made) => `${JSON.stringify(made)}\n`).join(''));
      const told = secretsFile ? [] : secrets;
      return {
        data: { ...shown, secrets: told },
        text: [planText(shown, 'Done'), ...secretsText(told)].join('\n'),
      };
    });
  } finally {
    await secretsFile?.close();
  }
}

/** Shows who loses what before anything is done. Answers what was agreed to. */
async function agree(
  context: CommandContext,
  configuration: ReadConfiguration,
  options: ApplyCommand,
): Promise<string> {
  const rehearsed = await attempt(context, configuration, { ...optionsOf(options), isRehearsal: true });
  const shown = await shownPlan(context.db, rehearsed);
  if (shown.losses.people + shown.losses.services === 0) return rehearsed.digest;
  if (!process.stdin.isTTY || options.json)
    throw new CommandFailed(`${refusal(shown)}. Look at it with gatehouse plan, and add --yes`);
  process.stderr.write(`${planText(shown, 'Would be done')}\n\n`);
  const line = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await line.question('Somebody loses access. Apply it? Type yes: ');
    if (answer.trim() !== 'yes') throw new CommandFailed('nothing was applied');
  } finally {
    line.close();
  }
  return rehearsed.digest;
}

function refusal({ losses: { people, services } }: ShownPlan): string {
  return `access would be lost (people: ${people}, services: ${services}), and nothing was applied`;
}

function secretsText(secrets: readonly MadeSecret[]): string[] {
  if (secrets.length === 0) return [];
  const lines = secrets.map(
    ({ tenant, section, name, member, secret }) =>
      `  ${[tenant, section, name].filter((part) => part !== null).join(' ')} ${member}: ${secret}`,
  );
  return ['', 'Told now and never again:', ...lines];
}

const schemaAddress = './configuration-schema.json';

async function exportAll(options: { tenant?: string[]; server: boolean; schema?: string }): Promise<CommandResult> {
  return withDatabase(async (context) => {
    const around = { deps: await dependenciesOf(context), actor: systemActor(systemCaller) };
    const withServer = options.server && options.tenant === undefined;
    const data = await exportConfiguration({ tenants: options.tenant, withServer }, around);
    const head = `# yaml-language-server: $schema=${options.schema ?? schemaAddress}`;
    return { data, text: `${head}\n${writeYaml(data).trimEnd()}` };
  });
}

function addPlanOptions(command: Command): Command {
  return command
    .argument('<file>', 'a YAML file, a folder of them, or - for standard input')
    .option('--prune', 'remove what a section of the file does not name')
    .option('--rotate-secrets', 'make new secrets of the applications, services and webhooks that the file names');
}

export function addApply(program: Command, description: string): void {
  const command = addPlanOptions(program.command('apply').description(description))
    .option('--yes', 'do not ask, also where somebody loses access')
    .option('--secrets-file <file>', 'write secrets that are made to this new file, for its owner alone')
    .addHelpText('after', applyHelp);
  performs(command, apply);
}

export function addPlan(program: Command, description: string): void {
  const command = addPlanOptions(program.command('plan').description(description))
    .option('--exit-code', 'end with 0 where nothing differs, with 2 where something does, with 1 on a failure')
    .addHelpText('after', applyHelp);
  performs(command, plan);
}

export function addExport(program: Command, description: string): void {
  const command = program
    .command('export')
    .description(description)
    .option('--tenant <slug>', 'this tenant alone; may be given several times', collect)
    .option('--no-server', 'without what serves all tenants')
    .option('--schema <address>', 'where the JSON Schema for editors is', schemaAddress)
    .addHelpText('after', applyHelp);
  performs(command, exportAll);
}
