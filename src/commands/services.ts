/** `gatehouse services`: programs that get tokens for themselves by client credentials (RFC 6749 section 4.4). */
import { type Command, Option } from 'commander';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { operations } from '../management/operations.ts';
import { createClientRegistration } from '../oidc/client-registration.ts';
import { apiOf } from './apis.ts';
import { shownClient } from './client-actions.ts';
import { addRotateSecret } from './clients.ts';
import { type CommandResult, collect, performs } from './frame/command-action.ts';
import { readJwks } from './frame/json-file.ts';
import { optionalTenantId } from './frame/named.ts';
import { addOperations } from './frame/operation-commands.ts';
import { withDatabase } from './frame/with-database.ts';

const createHelp = `
A service asks for tokens with its capabilities as scopes. With --api it is that API itself, and may introspect the
tokens that are meant for it; it then needs no capability.

Examples:
  gatehouse services create --name "Nightly sync" --capability inventory.read --capability inventory.write
  gatehouse services create --name "Inventory API" --api https://inventory.example.com/
  gatehouse services create --name "Billing" --capability invoices.read --jwks-file billing.jwks.json`;

interface CreateOptions {
  name: string;
  capability?: string[];
  tenant?: string;
  api?: string;
  clientId?: string;
  jwksFile?: string;
  defaultApi?: string;
  introspectionAlg?: 'RS256' | 'ES256';
}

async function create(options: CreateOptions): Promise<CommandResult> {
  const jwks = options.jwksFile === undefined ? undefined : await readJwks(options.jwksFile);
  return withDatabase(async (context) => {
    const { db, config } = context;
    const tenantId = await optionalTenantId(db, options.tenant);
    const api = options.api === undefined ? undefined : await apiOf(db, options.api);
    const capabilities = [...new Set(options.capability)];
    const { name, clientId } = options;
    const metadata = {
      ...(options.defaultApi !== undefined && { default_resource: options.defaultApi }),
      ...(options.introspectionAlg && { introspection_signed_response_alg: options.introspectionAlg }),
    };
    const wanted = { tenantId, name, clientId, capabilities, resourceServerId: api?.id ?? null, jwks, metadata };
    const created = await createClientRegistration(context).registerService(db, wanted, systemCaller);
    return shownClient(created, config, { tenant: options.tenant ?? null, capabilities, api: api?.identifier });
  });
}

export function addServices(program: Command, description: string): void {
  const services = program.command('services').description(description);
  performs<CreateOptions>(
    services
      .command('create')
      .description('register a service')
      .requiredOption('--name <name>', 'its name')
      .option('--capability <key>', 'a capability it may ask for (repeatable)', collect)
      .option('--tenant <slug>', 'it belongs to this tenant; without it, to the server')
      .option('--api <identifier>', 'the API that it is')
      .option('--client-id <id>', 'its client_id; without it, one is made')
      .option('--jwks-file <file>', 'its public keys; it then signs assertions (private_key_jwt) and gets no secret')
      .option('--default-api <identifier>', 'the API that its tokens are for where it names none')
      .addOption(
        new Option(
          '--introspection-alg <alg>',
          'how answers of introspection are signed where it asks for that',
        ).choices(['RS256', 'ES256']),
      )
      .addHelpText('after', createHelp),
    create,
  );
  addRotateSecret(services, true);
  addOperations(services, operations);
}
