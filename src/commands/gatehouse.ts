/**
 * The command line. Owns the list of commands and how each ends; docs/command-line.md tells the whole of it. Loads only
 * the command that was asked for: help and mistakes answer at once.
 */
import { Command } from 'commander';
import { version } from './frame/version.ts';

interface Entry {
  name: string;
  description: string;
  /** Adds the command, with what is below it. */
  load(): Promise<(program: Command, description: string) => void>;
}

const entries: Entry[] = [
  {
    name: 'start',
    description: 'run the server',
    load: async () => (await import('./start.ts')).addStart,
  },
  {
    name: 'migrate',
    description: 'bring the database schema up to date',
    load: async () => (await import('./migrate.ts')).addMigrate,
  },
  {
    name: 'plan',
    description: 'say what a configuration file would change, and who gains and who loses what',
    load: async () => (await import('./configuration/configuration.ts')).addPlan,
  },
  {
    name: 'apply',
    description: 'bring about what a configuration file says: all of it, or nothing',
    load: async () => (await import('./configuration/configuration.ts')).addApply,
  },
  {
    name: 'export',
    description: 'write the configuration as a file',
    load: async () => (await import('./configuration/configuration.ts')).addExport,
  },
  {
    name: 'doctor',
    description: 'check the installation and say what to do',
    load: async () => (await import('./doctor/doctor.ts')).addDoctor,
  },
  {
    name: 'admin',
    description: 'invite an administrator',
    load: async () => (await import('./admin.ts')).addAdmin,
  },
  {
    name: 'tenants',
    description: 'the organisations on this server',
    load: async () => (await import('./tenants.ts')).addTenants,
  },
  {
    name: 'users',
    description: 'the people of a tenant',
    load: async () => (await import('./users.ts')).addUsers,
  },
  {
    name: 'invitations',
    description: 'inviting people to a role',
    load: async () => (await import('./invitations.ts')).addInvitations,
  },
  {
    name: 'referrals',
    description: 'by whose code people came',
    load: async () => (await import('./referrals.ts')).addReferrals,
  },
  {
    name: 'identity-providers',
    description: 'other OpenID providers that people sign in with',
    load: async () => (await import('./identity-providers.ts')).addIdentityProviders,
  },
  {
    name: 'clients',
    description: 'applications that sign people in',
    load: async () => (await import('./clients.ts')).addClients,
  },
  {
    name: 'services',
    description: 'programs that get tokens for themselves',
    load: async () => (await import('./services.ts')).addServices,
  },
  {
    name: 'apis',
    description: 'the APIs that take our access tokens',
    load: async () => (await import('./apis.ts')).addApis,
  },
  {
    name: 'capabilities',
    description: 'what roles and services can be allowed',
    load: async () => (await import('./capabilities.ts')).addCapabilities,
  },
  {
    name: 'audit',
    description: 'what was done, by whom and to what; and that nobody has changed it',
    load: async () => (await import('./audit.ts')).addAudit,
  },
  {
    name: 'keys',
    description: 'the keys that sign tokens',
    load: async () => (await import('./keys.ts')).addKeys,
  },
];

/** Nouns that are the operations of a resource, and nothing besides. */
const resources: [noun: string, description: string][] = [
  ['orgs', 'the organisation tree'],
  ['roles', 'roles, and what they carry'],
  ['assignments', 'who holds which role where, from when until when'],
  ['visibility', 'who may see which part of the tree'],
  ['overview', 'what happened in a month, and what needs a look'],
  ['installation', 'what is wrong with it, as this command finds it'],
  ['audit-seals', 'signed roots of the audit trail, an hour each'],
  ['messages', 'messages that did not go'],
  ['companies', 'companies and their members'],
  ['sessions', 'where people are signed in'],
  ['service-sessions', 'the live tokens of services'],
  ['api-keys', 'long-lived keys of people and places'],
  ['groups', 'the groups of a directory that fills this one'],
  ['provisioning', 'what became of the requests of a directory'],
  ['initial-access-tokens', 'tokens by which applications register themselves'],
  ['imports', 'people who were brought, row by row'],
  ['webhooks', 'addresses that are told what happens, and what they were told'],
  ['event-streams', 'services that are told what happens as signed tokens (Shared Signals)'],
];
for (const [name, description] of resources)
  entries.push({ name, description, load: async () => (await import('./operations.ts')).addResource(name) });

const examples = `
Examples:
  gatehouse start
  gatehouse doctor
  gatehouse admin invite --email ada@example.com
  gatehouse clients create --name "My App" --kind web --redirect-uri https://app.example.com/callback

Commands work on the database of DATABASE_URL, or on the embedded one in DATA_DIR (default .data) once a server has run
there, also while it runs. Each says on standard error on which, and for which issuer. --env-file gives a command the
settings of the server. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule, 4 database not reachable.`;

async function createProgram(operands: readonly string[]): Promise<Command> {
  const program = new Command('gatehouse')
    .description('Gatehouse, an OAuth 2.0 and OpenID Connect authorization server for organisations.')
    .version(version(), '-v, --version', 'print the version')
    .option('--env-file <file>', 'the settings of the server, a NAME=value a line')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .exitOverride()
    .showHelpAfterError('(add --help for how to use it)')
    .addHelpText('after', examples);
  const wanted = operands[0] === 'help' ? operands[1] : operands[0];
  for (const { name, description, load } of entries) {
    if (name === wanted) (await load())(program, description);
    else program.command(name).description(description);
  }
  return program;
}

/** The words without `--env-file`, whose variables are in the environment then. @throws UsageError */
async function withEnvFile(typed: readonly string[]): Promise<readonly string[]> {
  if (!typed.some((word) => word.startsWith('--env-file'))) return typed;
  const { loadEnvFile, takeEnvFile } = await import('./frame/env-file.ts');
  const { words, file } = takeEnvFile(typed);
  if (file !== undefined) loadEnvFile(file);
  return words;
}

async function reportFailure(error: unknown, asJson: boolean): Promise<void> {
  const { exitCodes, failureOf } = await import('./frame/failures.ts');
  const failure = failureOf(error);
  process.exitCode = failure.exitCode;
  if (failure.exitCode === exitCodes.ok) return;
  const code = failure.exitCode === exitCodes.refused ? ` [${failure.code}]` : '';
  if (!failure.told) process.stderr.write(`gatehouse: ${failure.message}${code}\n`);
  if (asJson) {
    const { code, message } = failure;
    process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  }
}

async function main(typed: readonly string[]): Promise<void> {
  // `| head` closes the pipe early; that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  let isServer = false;
  try {
    const words = await withEnvFile(typed);
    const operands = words.filter((word) => !word.startsWith('-'));
    isServer = operands[0] === 'start';
    // Libraries greet on the console, also on standard output, which is the command's own. A server logs it.
    if (!isServer) Object.assign(console, { info: () => undefined, log: () => undefined, warn: () => undefined });
    await (await createProgram(operands)).parseAsync([...words], { from: 'user' });
  } catch (error) {
    await reportFailure(error, typed.includes('--json'));
    // A server that failed half way may hold the process open.
    if (isServer) process.exit();
  }
}

await main(process.argv.slice(2));
