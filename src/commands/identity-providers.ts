/** `gatehouse identity-providers`: the OpenID providers that people may sign in with, and what a tenant asks of each. */
import { type Command, Option } from 'commander';
import { systemCaller } from '../domain/audit/audit-events.ts';
import type { ClaimMappingInput } from '../domain/methods/federation/claim-mapping.ts';
import {
  addIdentityProvider,
  type IdentityProvider,
  listIdentityProviders,
  removeIdentityProvider,
  setClientSecret,
  setIdentityProviderState,
} from '../domain/methods/federation/identity-providers.ts';
import { setProviderTerms } from '../domain/methods/tenant-methods.ts';
import { operations } from '../management/operations.ts';
import { type CommandResult, collect, performs } from './frame/command-action.ts';
import { UsageError } from './frame/failures.ts';
import { addListOptions, collectPages, type ListOptions, moreOf } from './frame/list-options.ts';
import { optionalTenantId, tenantOf } from './frame/named.ts';
import { addOperations } from './frame/operation-commands.ts';
import { readPassword } from './frame/password-input.ts';
import { fields, printable, table } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';

const addHelp = `
KEY names the provider in its callback and on its button: lower case letters, digits and hyphens. google and apple need
no issuer. Any other provider of OpenID Connect with the authorization code flow is described by its options. Register the
redirect URI that is printed with the provider.

--claim tells under which name the provider gives a standard claim: email, email_verified, name, given_name,
family_name, picture, locale, and hosted_domain (the organisation of the account, "hd" unless told).
--verified-value is for providers that say "verified" in another way than by true.

Examples:
  gatehouse identity-providers add google --client-id 1234.apps.googleusercontent.com --client-secret-stdin < secret.txt
  gatehouse identity-providers add northwind-entra --name "Northwind" --tenant northwind \\
    --issuer https://login.microsoftonline.com/TENANT_ID/v2.0 --client-id APPLICATION_ID --client-secret-stdin`;

interface AddOptions {
  name?: string;
  issuer?: string;
  clientId: string;
  clientSecretStdin?: boolean;
  tenant?: string;
  scope?: string[];
  claim?: string[];
  verifiedValue?: string[];
  responseMode?: IdentityProvider['responseMode'];
}

/** Undefined where nothing is said: a known provider has a mapping of its own. */
function mappingOf({ claim = [], verifiedValue }: AddOptions): ClaimMappingInput | undefined {
  if (claim.length === 0 && !verifiedValue) return undefined;
  const mapping: Record<string, unknown> = {};
  for (const pair of claim) {
    const [, standard, theirs] = /^([a-z_]+)=(.+)$/.exec(pair) ?? [];
    if (standard === undefined || theirs === undefined)
      throw new UsageError(`--claim: give a standard claim and its name there, such as email=mail, not "${pair}"`);
    mapping[standard] = theirs;
  }
  // Said as a word, a number and the JSON value: who types `true` means all of them.
  if (verifiedValue) mapping.email_verified_values = [true, ...verifiedValue.flatMap(valuesOf)];
  return mapping as ClaimMappingInput;
}

function valuesOf(text: string): (string | number)[] {
  return /^\d{1,9}$/.test(text) ? [text, Number(text)] : [text];
}

/** What is told of a provider; the names for `--json`. */
function dataOf(provider: IdentityProvider, issuer: string) {
  const { id, key, name, state, clientId, scopes, responseMode, claimMapping, createdAt } = provider;
  return {
    id,
    key,
    name,
    state,
    issuer: provider.issuer,
    client_id: clientId,
    has_secret: provider.clientSecretSealed !== null,
    scopes,
    response_mode: responseMode,
    claim_mapping: claimMapping,
    redirect_uri: `${issuer}/callback/${key}`,
    created_at: createdAt,
  };
}

async function add(options: AddOptions, key = ''): Promise<CommandResult> {
  const claimMapping = mappingOf(options);
  const clientSecret = options.clientSecretStdin
    ? await readPassword(process.stdin, '--client-secret-stdin')
    : undefined;
  return withDatabase(async ({ db, config, secrets }) => {
    const { name, issuer, clientId, tenant, scope: scopes, responseMode } = options;
    const tenantId = await optionalTenantId(db, tenant);
    const provider = await addIdentityProvider(
      db,
      { key, name, issuer, clientId, clientSecret, tenantId, scopes, responseMode, claimMapping },
      { secrets, caller: systemCaller, allowHttp: !config.isProduction },
    );
    const data = { ...dataOf(provider, config.issuer), tenant: tenant ?? null };
    const shown = fields({
      key,
      issuer: provider.issuer,
      client_id: provider.clientId,
      secret: clientSecret === undefined ? 'none: a public client' : 'kept, sealed',
      scopes: provider.scopes.join(' '),
      tenant: tenant ?? 'all',
      'redirect URI': data.redirect_uri,
    });
    // Tenants offer Google unless they say otherwise, and others if they say so.
    const next =
      tenantId === null && key !== 'google'
        ? `A tenant offers it by: gatehouse identity-providers configure ${key} --tenant SLUG --offer`
        : 'It is on the sign-in page.';
    return {
      data,
      text: `${printable(provider.name)} is added. Register the redirect URI there. ${next}\n\n${shown}`,
    };
  });
}

async function list(options: ListOptions & { tenant?: string }): Promise<CommandResult> {
  return withDatabase(async ({ db, config }) => {
    const tenantId = await optionalTenantId(db, options.tenant);
    const { items: found, next } = await collectPages(options, (page) =>
      listIdentityProviders(db, { tenantId, ...page }),
    );
    const lines = found.map((provider) => [
      provider.key,
      provider.name,
      provider.state,
      provider.issuer,
      provider.tenantSlug ?? 'all',
    ]);
    return {
      data: {
        identity_providers: found.map((provider) => ({
          ...dataOf(provider, config.issuer),
          tenant: provider.tenantSlug,
        })),
        next,
      },
      text: table(['key', 'name', 'state', 'issuer', 'tenant'], lines, 'No identity provider yet.') + moreOf(next),
    };
  });
}

async function setState(key: string, state: IdentityProvider['state']): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    await setIdentityProviderState(db, key, state, systemCaller);
    const done = state === 'active' ? 'enabled' : 'disabled: nobody signs in with it; what was linked stays';
    return { data: { key, state }, text: `${printable(key)} is ${done}.` };
  });
}

async function setSecret(key: string): Promise<CommandResult> {
  const clientSecret = await readPassword(process.stdin, '--client-secret-stdin');
  return withDatabase(async ({ db, secrets }) => {
    await setClientSecret(db, { key, clientSecret }, { secrets, caller: systemCaller });
    return { data: { key, has_secret: true }, text: `The new secret of ${printable(key)} is kept, sealed.` };
  });
}

async function remove({ withIdentities }: { withIdentities?: boolean }, key = ''): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const unlinked = await removeIdentityProvider(db, key, { withIdentities: withIdentities === true }, systemCaller);
    return {
      data: { key, removed: true, unlinked },
      text: `${printable(key)} is removed${unlinked > 0 ? `, and ${unlinked} accounts are unlinked from it` : ''}.`,
    };
  });
}

interface ConfigureOptions {
  tenant: string;
  offer?: boolean;
  hostedDomain?: string;
  anyHostedDomain?: boolean;
  trustedDomain?: string[];
  noTrust?: boolean;
}

const configureHelp = `
What is not given stays as it is. --hosted-domain: only accounts of this organisation at the provider, by its signed token.
--trusted-domain (repeatable, replaces the list): the provider's word on an email address of this domain links it to the
account here without further proof.

Examples:
  gatehouse identity-providers configure google --tenant northwind --hosted-domain northwind.example
  gatehouse identity-providers configure okta --tenant northwind --offer --trusted-domain northwind.example`;

async function configure(options: ConfigureOptions, key = ''): Promise<CommandResult> {
  const { offer, hostedDomain, anyHostedDomain, trustedDomain, noTrust } = options;
  if (hostedDomain !== undefined && anyHostedDomain)
    throw new UsageError('give --hosted-domain or --any-hosted-domain');
  if (trustedDomain !== undefined && noTrust) throw new UsageError('give --trusted-domain or --no-trust');
  return withDatabase(async ({ db }) => {
    const tenant = await tenantOf(db, options.tenant);
    const { offered, requiredHostedDomain, trustedEmailDomains } = await setProviderTerms(
      db,
      {
        tenantId: tenant.id,
        key,
        offer,
        requiredHostedDomain: anyHostedDomain ? null : hostedDomain,
        trustedEmailDomains: noTrust ? [] : trustedDomain,
      },
      systemCaller,
    );
    return {
      data: {
        key,
        tenant: tenant.slug,
        offered,
        required_hosted_domain: requiredHostedDomain,
        trusted_email_domains: trustedEmailDomains,
      },
      text: fields({
        provider: key,
        tenant: tenant.slug,
        offered,
        'hosted domain': requiredHostedDomain ?? 'any',
        'trusted domains': trustedEmailDomains.join(' ') || 'none',
      }),
    };
  });
}

function addAdd(providers: Command): void {
  performs<AddOptions>(
    providers
      .command('add')
      .description('let people sign in with an OpenID provider')
      .argument('<key>')
      .requiredOption('--client-id <id>', 'our client there')
      .option('--client-secret-stdin', 'read its secret from standard input; without it, a public client')
      .option('--issuer <url>', 'the issuer identifier, exactly as in its discovery document')
      .option('--name <name>', 'what people see on the button')
      .option('--tenant <slug>', 'for this tenant alone; without it, for all that offer it')
      .option('--scope <scope>', 'asked for beside openid (repeatable; email and profile unless told)', collect)
      .option('--claim <standard=name>', "the provider's name of a claim (repeatable)", collect)
      .option(
        '--verified-value <value>',
        'what says that an email address is verified, beside true (repeatable)',
        collect,
      )
      .addOption(
        new Option('--response-mode <mode>', 'how it sends its answer: query, unless told').choices([
          'query',
          'form_post',
        ]),
      )
      .addHelpText('after', addHelp),
    add,
  );
}

function addConfigure(providers: Command): void {
  performs<ConfigureOptions>(
    providers
      .command('configure')
      .description('say what a tenant asks of a provider')
      .argument('<key>')
      .requiredOption('--tenant <slug>', 'the tenant')
      .addOption(new Option('--offer', 'its sign-in page has the button'))
      .addOption(new Option('--no-offer', 'its sign-in page has not').default(undefined))
      .option('--hosted-domain <domain>', 'only accounts of this organisation there')
      .option('--any-hosted-domain', 'accounts of any')
      .option('--trusted-domain <domain>', 'link its email addresses without further proof (repeatable)', collect)
      .option('--no-trust', 'link nothing without proof')
      .addHelpText('after', configureHelp),
    (options, key) => configure({ ...options, noTrust: (options as { trust?: boolean }).trust === false }, key),
  );
}

export function addIdentityProviders(program: Command, description: string): void {
  const providers = program.command('identity-providers').description(description);
  addAdd(providers);
  performs<ListOptions & { tenant?: string }>(
    addListOptions(
      providers.command('list').description('list the providers').option('--tenant <slug>', "this tenant's own alone"),
    ),
    list,
  );
  addConfigure(providers);
  for (const [name, state, what] of [
    ['disable', 'disabled', 'let nobody sign in with a provider; what was linked stays'],
    ['enable', 'active', 'let people sign in with it again'],
  ] as const)
    performs(providers.command(name).description(what).argument('<key>'), (_options, key = '') => setState(key, state));
  performs(
    providers
      .command('set-secret')
      .description('replace the secret of our client there')
      .argument('<key>')
      .requiredOption('--client-secret-stdin', 'read it from standard input'),
    (_options, key = '') => setSecret(key),
  );
  performs<{ withIdentities?: boolean }>(
    providers
      .command('remove')
      .description('remove a provider for good')
      .argument('<key>')
      .option('--with-identities', 'also unlink the accounts of everybody who signs in with it'),
    remove,
  );
  addOperations(providers, operations);
}
