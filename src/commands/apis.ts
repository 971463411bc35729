/** `gatehouse apis`: the APIs (resource servers) that take our access tokens, with the capabilities that are their scopes. */
import { type Command, Option } from 'commander';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { acr } from '../domain/factors/requirement.ts';
import { listResourceServers } from '../domain/resource-servers/list-resource-servers.ts';
import {
  createResourceServer,
  findResourceServer,
  type ResourceServer,
  type ResourceServerWithScopes,
} from '../domain/resource-servers/resource-servers.ts';
import { operations } from '../management/operations.ts';
import type { Database } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { type CommandResult, collect, performs } from './frame/command-action.ts';
import { addListOptions, collectPages, type ListOptions, moreOf, wholeNumber } from './frame/list-options.ts';
import { optionalTenantId } from './frame/named.ts';
import { addOperations } from './frame/operation-commands.ts';
import { fields, printable, table } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';

const createHelp = `
The identifier is an absolute URI; clients send it as \`resource\`, and it is the \`aud\` of the tokens. A capability
is a key, with a description after "=" if you like; one that is there and belongs to no API yet becomes a scope of this one.

Examples:
  gatehouse apis create --identifier https://inventory.example.com/ --name "Inventory" \\
    --capability "inventory.read=See stock levels" --capability "inventory.write=Change stock levels"
  gatehouse apis create --identifier https://ledger.example.com/ --name "Ledger" --token-format opaque --ttl 300`;

/** @throws DomainError not_found NOT_FOUND (api) */
export async function apiOf(db: Database, identifier: string): Promise<ResourceServerWithScopes> {
  const api = await findResourceServer(db, identifier);
  if (!api) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'api', value: identifier });
  return api;
}

interface CreateOptions {
  identifier: string;
  name: string;
  tenant?: string;
  tokenFormat: ResourceServer['tokenFormat'];
  signingAlg: ResourceServer['signingAlg'];
  ttl: number;
  tokenExchange?: boolean;
  requiredAcr?: string;
  askConsent?: boolean;
  capability?: string[];
}

/** `inventory.read`, or `inventory.read=See stock levels`. */
function parseScope(text: string): { key: string; description?: string } {
  const [key = '', ...words] = text.split('=');
  return { key, description: words.length > 0 ? words.join('=') : undefined };
}

async function create(options: CreateOptions): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const { identifier, name, tokenFormat, signingAlg, ttl: accessTokenTtl, tokenExchange, requiredAcr } = options;
    const skipConsent = options.askConsent !== true;
    const tenantId = await optionalTenantId(db, options.tenant);
    const scopes = (options.capability ?? []).map(parseScope);
    const api = await createResourceServer(
      db,
      {
        tenantId,
        identifier,
        name,
        tokenFormat,
        signingAlg,
        accessTokenTtl,
        tokenExchange,
        requiredAcr,
        skipConsent,
        scopes,
      },
      systemCaller,
    );
    const capabilities = scopes.map(({ key }) => key);
    return {
      data: {
        id: api.id,
        identifier: api.identifier,
        name: api.name,
        tenant: options.tenant ?? null,
        token_format: api.tokenFormat,
        signing_alg: api.signingAlg,
        access_token_ttl: api.accessTokenTtl,
        token_exchange: api.tokenExchange,
        required_acr: api.requiredAcr,
        skip_consent: api.skipConsent,
        capabilities,
      },
      text: `The API ${printable(api.name)} is registered.\n\n${fields({
        'resource and aud': api.identifier,
        tokens: api.tokenFormat === 'jwt' ? `JWT, ${api.signingAlg}` : 'opaque, to be introspected',
        lifetime: `${api.accessTokenTtl} seconds`,
        scopes: capabilities.join(' '),
      })}`,
    };
  });
}

async function list(options: ListOptions & { tenant?: string }): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const tenantId = await optionalTenantId(db, options.tenant);
    const { items: found, next } = await collectPages(options, (page) =>
      listResourceServers(db, { tenantId, ...page }),
    );
    const lines = found.map((api) => [
      api.identifier,
      api.name,
      api.tokenFormat,
      api.accessTokenTtl,
      api.tenant ?? 'all',
      api.capabilities.join(' '),
    ]);
    return {
      data: {
        apis: found.map(
          ({ tokenFormat, signingAlg, accessTokenTtl, tokenExchange, requiredAcr, skipConsent, ...api }) => ({
            ...api,
            token_format: tokenFormat,
            signing_alg: signingAlg,
            access_token_ttl: accessTokenTtl,
            token_exchange: tokenExchange,
            required_acr: requiredAcr,
            skip_consent: skipConsent,
          }),
        ),
        next,
      },
      text:
        table(['identifier', 'name', 'tokens', 'seconds', 'tenant', 'capabilities'], lines, 'No API yet.') +
        moreOf(next),
    };
  });
}

export function addApis(program: Command, description: string): void {
  const apis = program.command('apis').description(description);
  performs<CreateOptions>(
    apis
      .command('create')
      .description('register an API')
      .requiredOption('--identifier <uri>', 'the audience of its tokens')
      .requiredOption('--name <name>', 'its name')
      .option('--tenant <slug>', 'it belongs to this tenant; without it, all tenants use it')
      .addOption(
        new Option('--token-format <format>', 'of its access tokens').choices(['jwt', 'opaque']).default('jwt'),
      )
      .addOption(new Option('--signing-alg <alg>', 'of a JWT').choices(['ES256', 'RS256']).default('ES256'))
      .option('--ttl <seconds>', 'how long an access token lives', wholeNumber(30, 86_400), 600)
      .option('--token-exchange', 'it takes tokens that services and API keys were exchanged for')
      .addOption(
        new Option('--required-acr <acr>', 'how a person has to have signed in for its tokens').choices(
          Object.values(acr),
        ),
      )
      .option('--ask-consent', 'people are asked before your own applications use it, too')
      .option('--capability <key[=description]>', 'a scope of this API (repeatable)', collect)
      .addHelpText('after', createHelp),
    create,
  );
  performs<ListOptions & { tenant?: string }>(
    addListOptions(
      apis
        .command('list')
        .description('list the APIs and their capabilities')
        .option('--tenant <slug>', 'of this tenant alone'),
    ),
    list,
  );
  addOperations(apis, operations);
}
