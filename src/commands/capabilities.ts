/** `gatehouse capabilities`: what roles and services can be allowed. Keys are scopes too, and the same in every tenant. */
import type { Command } from 'commander';
import { type Capability, defineCapability, findCapability, listCapabilities } from '../domain/access/capabilities.ts';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { operations } from '../management/operations.ts';
import { apiOf } from './apis.ts';
import { type CommandResult, performs } from './frame/command-action.ts';
import { wholeNumber } from './frame/list-options.ts';
import { addOperations } from './frame/operation-commands.ts';
import { fields, table } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';

const createHelp = `
One that is there already is brought up to date: what is not given stays as it is.

Examples:
  gatehouse capabilities create --key inventory.read --description "See stock levels" --api https://inventory.example.com/
  gatehouse capabilities create --key reports.read --module reports`;

interface CreateOptions {
  key: string;
  description?: string;
  module?: string;
  api?: string;
}

function shown({ id, key, description, module }: Capability): Record<string, string | null> {
  return { id, key, description, module };
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
      .addHelpText('after', createHelp),
    create,
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
