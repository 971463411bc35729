/** `gatehouse clients`: applications that sign people in. */
import { type Command, Option } from 'commander';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { claimSources } from '../domain/claims/claim-mapping.ts';
import { longestOverlapSeconds, type NewClient } from '../domain/clients/clients.ts';
import { type ListedClient, listClients } from '../domain/clients/list-clients.ts';
import { type SecurityProfile, securityProfiles } from '../domain/clients/security-profile.ts';
import { operations } from '../management/operations.ts';
import { createClientRegistration } from '../oidc/client-registration.ts';
import { disable, rotateSecret, shownClient } from './client-actions.ts';
import { type CommandResult, collect, performs } from './frame/command-action.ts';
import { UsageError } from './frame/failures.ts';
import { readClientMetadata, readJwks } from './frame/json-file.ts';
import { addListOptions, collectPages, type ListOptions, moreOf, wholeNumber } from './frame/list-options.ts';
import { optionalTenantId } from './frame/named.ts';
import { addOperations } from './frame/operation-commands.ts';
import { table } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

const createHelp = `
Kinds: web has a server and keeps a secret; spa runs in the browser and native on the person's device, and neither
keeps one. PKCE (S256) is asked of all. A redirect URI is https, or http to localhost, or for native a scheme of the
application's own such as com.example.app:/callback.

--grant-type replaces authorization_code and refresh_token; device_code is short for
${deviceGrant}.
--metadata-file holds registered client metadata (OpenID Connect Dynamic Client Registration 1.0), such as logo_uri,
policy_uri, tos_uri, jwks_uri, id_token_signed_response_alg; options win over it.
--id-token-claims is all, if nothing else is said: the id_token has what the scopes release. lean: userinfo alone has it.
--claim takes as source ${claimSources.join(', ')}.

Examples:
  gatehouse clients create --name "My App" --kind web --redirect-uri https://app.example.com/callback \\
    --post-logout-redirect-uri https://app.example.com/ --first-party
  gatehouse clients create --name "Dashboard" --kind spa --redirect-uri http://localhost:5173/callback
  gatehouse clients create --name "TV" --kind native --grant-type device_code --grant-type refresh_token
  gatehouse clients create --name "Partner" --kind web --tenant northwind --auth-method private_key_jwt \\
    --jwks-file partner.jwks.json --redirect-uri https://partner.example.com/callback`;

export interface CreateOptions {
  name: string;
  kind: NewClient['kind'];
  redirectUri?: string[];
  postLogoutRedirectUri?: string[];
  backchannelLogoutUri?: string;
  firstParty?: boolean;
  tenant?: string;
  clientId?: string;
  authMethod?: string;
  jwksFile?: string;
  grantType?: string[];
  requirePkce: boolean;
  idTokenClaims?: 'all' | 'lean';
  claim?: string[];
  constantClaim?: string[];
  defaultApi?: string;
  metadataFile?: string;
  securityProfile?: SecurityProfile;
  agent?: boolean;
  consentDays?: number;
  ciba?: boolean;
}

/** What the options of `clients create` ask for, in the registered names. @throws UsageError */
export async function metadataOf(options: CreateOptions): Promise<Record<string, unknown>> {
  const metadata = options.metadataFile === undefined ? {} : await readClientMetadata(options.metadataFile);
  const grantTypes = options.grantType?.map((grant) => (grant === 'device_code' ? deviceGrant : grant));
  if (grantTypes) metadata.grant_types = grantTypes;
  if (options.redirectUri) metadata.redirect_uris = options.redirectUri;
  if (options.postLogoutRedirectUri) metadata.post_logout_redirect_uris = options.postLogoutRedirectUri;
  if (options.authMethod !== undefined) metadata.token_endpoint_auth_method = options.authMethod;
  if (options.backchannelLogoutUri !== undefined) metadata.backchannel_logout_uri = options.backchannelLogoutUri;
  if (options.jwksFile !== undefined) metadata.jwks = await readJwks(options.jwksFile);
  if (!options.requirePkce) metadata.require_pkce = false;
  if (options.idTokenClaims !== undefined) metadata.id_token_claims = options.idTokenClaims;
  if (options.defaultApi !== undefined) metadata.default_resource = options.defaultApi;
  if (options.agent) metadata.agent = true;
  if (options.consentDays !== undefined) metadata.consent_days = options.consentDays;
  if (options.ciba) metadata.ciba = true;
  if (options.claim || options.constantClaim) metadata.claim_mapping = mappingOf(options);
  return metadata;
}

/** `groups=roles`: a claim and where it is from; a constant: a claim and its value, as text. */
function mappingOf({ claim = [], constantClaim = [] }: CreateOptions): Record<string, unknown> {
  const parts = (text: string): [name: string, rest: string] => {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`${text}: write <claim>=<what it is>`);
    return [text.slice(0, at), text.slice(at + 1)];
  };
  return Object.fromEntries([
    ...claim.map(parts).map(([name, from]) => [name, { from }]),
    ...constantClaim.map(parts).map(([name, value]) => [name, { value }]),
  ]);
}

async function create(options: CreateOptions): Promise<CommandResult> {
  const metadata = await metadataOf(options);
  return withDatabase(async (context) => {
    const { db, config } = context;
    const wanted: NewClient = {
      tenantId: await optionalTenantId(db, options.tenant),
      kind: options.kind,
      name: options.name,
      clientId: options.clientId,
      firstParty: options.firstParty === true,
      securityProfile: options.securityProfile,
      redirectUris: [],
      metadata,
    };
    const created = await createClientRegistration(context).registerClient(db, wanted, systemCaller);
    const { client } = created;
    return shownClient(created, config, {
      tenant: options.tenant ?? null,
      first_party: client.firstParty,
      redirect_uris: client.metadata.redirect_uris as string[],
      grant_types: client.metadata.grant_types as string[],
    });
  });
}

interface ClientListOptions extends ListOptions {
  tenant?: string;
  kind?: ListedClient['kind'];
}

async function list(options: ClientListOptions): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const { tenant, kind } = options;
    const tenantId = await optionalTenantId(db, tenant);
    const { items: found, next } = await collectPages(options, (page) => listClients(db, { tenantId, kind, ...page }));
    const lines = found.map((client) => [
      client.clientId,
      client.name,
      client.kind,
      client.state,
      client.firstParty,
      client.tenant ?? 'all',
      client.secrets,
    ]);
    return {
      data: {
        clients: found.map(
          ({ id, clientId, name, kind, state, firstParty, tenant, redirectUris, secrets, createdAt }) => ({
            id,
            client_id: clientId,
            name,
            kind,
            state,
            first_party: firstParty,
            tenant,
            redirect_uris: redirectUris,
            live_secrets: secrets,
            created_at: createdAt,
          }),
        ),
        next,
      },
      text:
        table(['client_id', 'name', 'kind', 'state', 'first party', 'tenant', 'secrets'], lines, 'No client yet.') +
        moreOf(next),
    };
  });
}

/** `rotate-secret`, also of services. */
export function addRotateSecret(parent: Command, services: boolean): void {
  const group = services ? 'services' : 'clients';
  performs<{ overlap: number }>(
    parent
      .command('rotate-secret')
      .description('give it a new secret')
      .argument('<client_id>')
      .option('--overlap <seconds>', 'how long the old ones still work', wholeNumber(0, longestOverlapSeconds), 0)
      .addHelpText('after', `\nExample:\n  gatehouse ${group} rotate-secret MY_CLIENT_ID --overlap 3600`),
    ({ overlap }, clientId = '') => rotateSecret(clientId, overlap, services),
  );
}

export function addClients(program: Command, description: string): void {
  const clients = program.command('clients').description(description);
  const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'];
  const kinds = ['web', 'spa', 'native'];
  performs<CreateOptions>(
    clients
      .command('create')
      .description('register an application')
      .requiredOption('--name <name>', 'what people see when they are asked to sign in')
      .addOption(new Option('--kind <kind>', 'what it is').choices(kinds).makeOptionMandatory())
      .option('--redirect-uri <uri>', 'where people return to (repeatable)', collect)
      .option('--post-logout-redirect-uri <uri>', 'where they return to after signing out (repeatable)', collect)
      .option('--backchannel-logout-uri <uri>', 'where it is told that a session ended')
      .option('--first-party', 'it is your own: people are not asked for consent')
      .option('--tenant <slug>', 'serve the people of this tenant alone; without it, all tenants')
      .option('--client-id <id>', 'its client_id; without it, one is made')
      .addOption(new Option('--auth-method <method>', 'how it authenticates').choices(methods))
      .option('--jwks-file <file>', 'its public keys, for private_key_jwt')
      .option('--grant-type <grant>', 'a grant it may use (repeatable)', collect)
      .option('--no-require-pkce', 'for an older application that keeps a secret and cannot do PKCE')
      .addOption(
        new Option('--id-token-claims <where>', 'whether claims are in the id_token too').choices(['all', 'lean']),
      )
      .addOption(new Option('--security-profile <profile>', 'FAPI 2.0 (docs/fapi.md)').choices([...securityProfiles]))
      .option('--agent', 'it acts for people while they are away: they are told, and choose for how long')
      .option('--consent-days <number>', 'how long a person’s consent lasts at the most', wholeNumber(1, 365))
      .option('--ciba', 'it may ask people for their approval without a browser (docs/ciba.md)')
      .option('--claim <name=source>', 'a claim under a name of its own: groups=roles (repeatable)', collect)
      .option('--constant-claim <name=value>', 'a claim that is the same for everybody (repeatable)', collect)
      .option('--default-api <identifier>', 'the API that its tokens are for where a request names none')
      .option('--metadata-file <file>', 'more registered metadata, as JSON')
      .addHelpText('after', createHelp),
    create,
  );
  performs<ClientListOptions>(
    addListOptions(
      clients
        .command('list')
        .description('list applications and services')
        .option('--tenant <slug>', 'of this tenant alone')
        .addOption(new Option('--kind <kind>', 'of this kind').choices([...kinds, 'service'])),
    ),
    list,
  );
  performs(
    clients
      .command('disable')
      .description('stop an application or service, and end its tokens and grants')
      .argument('<client_id>')
      .addHelpText('after', '\nExample:\n  gatehouse clients disable MY_CLIENT_ID'),
    (_options, clientId = '') => disable(clientId),
  );
  addRotateSecret(clients, false);
  addOperations(clients, operations);
}
