/** `gatehouse capabilities`: what roles and services can be allowed. Keys are scopes too, and the same in every tenant. */
import type { Command } from 'commander';
import { type Capability, defineCapability, findCapability, listCapabilities } from '../domain/access/capabilities.ts';
import type { ActionProperties } from '../domain/access/capability-store.ts';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { findResourceServerIdentifier } from '../domain/resource-servers/resource-servers.ts';
import { operations } from '../management/operations.ts';
import { apiOf } from './apis.ts';
import { type CommandResult, collect, performs } from './frame/command-action.ts';
import { UsageError } from './frame/failures.ts';
import { wholeNumber } from './frame/list-options.ts';
import { addOperations, performTyped } from './frame/operation-commands.ts';
import { fields, table } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';

const createHelp = `
One that is there already is brought up to date: what is not given stays as it is. It stays with its API too;
\`gatehouse capabilities move\` gives it to another one.

Examples:
  gatehouse capabilities create --key inventory.read --description "See stock levels" --api https://inventory.example.com/
  gatehouse capabilities create --key reports.read --module reports
  gatehouse capabilities create --key records.discard --api https://records.example.com/ \\
    --action delete --action-property soft=true`;

const moveHelp = `
A capability is a scope of one API. Who asks the old API for it is refused from then on: services have to name the other API
as \`resource\`, and applications find it in tokens for that one alone. Tokens that are out keep it until they end.
A service whose default API it was, and that has no other capability there, is refused (invalid_target) where it names none: give
it another default. The answer names such services, and applications with that default.

Examples:
  gatehouse capabilities move inventory.read --api https://inventory.example.com/ --dry-run
  gatehouse capabilities move inventory.read --api https://inventory.example.com/
  gatehouse capabilities move inventory.read --api none`;

interface CreateOptions {
  key: string;
  description?: string;
  module?: string;
  api?: string;
  action?: string;
  actionProperty?: string[];
}

/** `soft=true`: true, false and numbers are what they look like. */
function actionPropertiesOf(pairs: readonly string[]): ActionProperties {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
      if (name === undefined || value === undefined)
        throw new UsageError(`--action-property: give a name and a value, such as soft=true, not "${pair}"`);
      const isPlain = /^(?:true|false|-?\d{1,15}(?:\.\d{1,9})?)$/.test(value);
      return [name, isPlain ? JSON.parse(value) : value];
    }),
  );
}

function shown({ id, key, description, module, action, actionProperties }: Capability): Record<string, unknown> {
  return { id, key, description, module, action, action_properties: actionProperties };
}

async function create(options: CreateOptions): Promise<CommandResult> {
  const { key } = options;
  return withDatabase(async ({ db }) => {
    const before = await findCapability(db, key);
    const api = options.api === undefined ? undefined : await apiOf(db, options.api);
    const capability = await defineCapability(
      db,
      {
        key,
        description: options.description,
        module: options.module,
        resourceServerId: api?.id,
        action: options.action,
        actionProperties: options.actionProperty && actionPropertiesOf(options.actionProperty),
      },
      systemCaller,
    );
    const { description, module } = capability;
    return {
      data: { ...shown(capability), resource_server_id: capability.resourceServerId, created: before === undefined },
      text: `The capability ${key} is ${before ? 'up to date' : 'there'}.\n\n${fields({ description, module, api: api?.identifier })}`,
    };
  });
}

interface Moved {
  key: string;
  from_resource_server_id: string | null;
  resource_server_id: string | null;
  services: string[];
  services_without_default: string[];
  applications: string[];
  roles: number;
}

async function move(options: { api: string; dryRun?: boolean }, key: string): Promise<CommandResult> {
  const { dryRun = false } = options;
  const operation = operations.find(({ id }) => id === 'capabilities.move');
  if (!operation) throw new Error('no operation moves capabilities');
  return withDatabase(async (context) => {
    const { db } = context;
    const api = options.api === 'none' ? null : await apiOf(db, options.api);
    const body = { resource_server_id: api?.id ?? null };
    const { body: answer } = await performTyped(context, operation, operations, {
      params: { capability: key },
      query: {},
      body,
      dryRun,
    });
    const moved = answer as Moved;
    const before = moved.from_resource_server_id;
    const from = before === null ? null : ((await findResourceServerIdentifier(db, before)) ?? null);
    const to = api?.identifier ?? null;
    const isThere = before === moved.resource_server_id;
    const text = isThere
      ? `${key} is a scope of ${to ?? 'no API'} already.`
      : `${key} ${dryRun ? 'would move' : 'has moved'}; who asks the API before for it ${dryRun ? 'would be' : 'is'} refused.\n\n${fields(
          {
            from,
            to,
            'roles that carry it': moved.roles,
            'services that ask for it': moved.services.join(' ') || 'none',
            'services left without a default API': moved.services_without_default.join(' ') || 'none',
            'applications with that default API': moved.applications.join(' ') || 'none',
          },
        )}`;
    return { data: { ...moved, from, to, dry_run: dryRun }, text };
  });
}

async function list({ limit, after }: { limit: number; after?: string }): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const { items: found, next } = await listCapabilities(db, { limit, after });
    return {
      data: {
        capabilities: found.map((capability) => ({
          ...shown(capability),
          resource_server_id: capability.resourceServerId,
        })),
        next,
      },
      text: table(
        ['key', 'description', 'module'],
        found.map(({ key, description, module }) => [key, description, module]),
        'No capability yet.',
      ),
    };
  });
}

export function addCapabilities(program: Command, description: string): void {
  const capabilities = program.command('capabilities').description(description);
  performs<CreateOptions>(
    capabilities
      .command('create')
      .description('make a capability, or bring it up to date')
      .requiredOption('--key <key>', 'such as inventory.read')
      .option('--description <text>', 'what people read when they are asked for it')
      .option('--module <name>', 'the part of a product it belongs to')
      .option('--api <identifier>', 'the API whose scope it is')
      .option('--action <name>', 'what that API calls it when it asks for a decision, such as read')
      .option(
        '--action-property <name=value>',
        'what the action has to say of itself, such as soft=true (repeatable)',
        collect,
      )
      .addHelpText('after', createHelp),
    create,
  );
  performs<{ api: string; dryRun?: boolean }>(
    capabilities
      .command('move')
      .description('make a capability a scope of another API, and say whom that breaks')
      .argument('<key>', 'such as inventory.read')
      .requiredOption('--api <identifier>', 'the other API; none')
      .option('--dry-run', 'say whom it would break, and do nothing')
      .addHelpText('after', moveHelp),
    move,
  );
  performs<{ limit: number; after?: string }>(
    capabilities
      .command('list')
      .description('list the capabilities')
      .option('--limit <number>', 'at most so many', wholeNumber(1, 200), 200)
      .option('--after <key>', 'go on after this key'),
    list,
  );
  addOperations(capabilities, operations);
}
