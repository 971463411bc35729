/** `gatehouse services`: programs that get tokens for themselves by client credentials (RFC 6749 section 4.4). */
import { type Command, Option } from 'commander';
import { systemCaller } from '../domain/audit/audit-events.ts';
import type { SecurityProfile } from '../domain/clients/security-profile.ts';
import type { NewWorkloadIdentity } from '../domain/clients/workload-identities.ts';
import { operations } from '../management/operations.ts';
import { createClientRegistration } from '../oidc/client-registration.ts';
import { apiOf } from './apis.ts';
import { shownClient } from './client-actions.ts';
import { addRotateSecret } from './clients.ts';
import { type CommandResult, collect, performs } from './frame/command-action.ts';
import { UsageError } from './frame/failures.ts';
import { readCertificate, readJwks } from './frame/json-file.ts';
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
  workloadIssuer?: string;
  workloadAudience?: string;
  workloadSubject?: string;
  workloadReusable?: boolean;
  certificateSanDns?: string;
  certificateSanUri?: string;
  certificateSubjectDn?: string;
  name: string;
  capability?: string[];
  tenant?: string;
  api?: string;
  clientId?: string;
  jwksFile?: string;
  jwksUri?: string;
  certificateFile?: string[];
  certificateBound?: boolean;
  defaultApi?: string;
  securityProfile?: SecurityProfile;
  introspectionAlg?: 'RS256' | 'ES256';
}

function certificateNameOf(options: CreateOptions) {
  const { certificateSanDns: san_dns, certificateSanUri: san_uri, certificateSubjectDn: subject_dn } = options;
  const given = Object.entries({ san_dns, san_uri, subject_dn }).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** @throws UsageError where one of the three is missing */
function workloadIdentityOf(options: CreateOptions): NewWorkloadIdentity | undefined {
  const { workloadIssuer: issuer, workloadAudience: audience, workloadSubject: subject } = options;
  if (issuer === undefined && audience === undefined && subject === undefined) return undefined;
  if (issuer === undefined || audience === undefined || subject === undefined)
    throw new UsageError('--workload-issuer, --workload-audience and --workload-subject belong together');
  return { issuer, audience, subject, singleUse: options.workloadReusable !== true };
}

async function create(options: CreateOptions): Promise<CommandResult> {
  const jwks = options.jwksFile === undefined ? undefined : await readJwks(options.jwksFile);
  const certificates = options.certificateFile && (await Promise.all(options.certificateFile.map(readCertificate)));
  const certificateName = certificateNameOf(options);
  const workloadIdentity = workloadIdentityOf(options);
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
    const { securityProfile } = options;
    const wanted = {
      tenantId,
      name,
      clientId,
      capabilities,
      resourceServerId: api?.id ?? null,
      securityProfile,
      metadata,
    };
    const proof = {
      jwks,
      jwksUri: options.jwksUri,
      certificates,
      certificateName,
      certificateBound: options.certificateBound,
      workloadIdentity,
    };
    const { registerService } = createClientRegistration(context);
    const created = await registerService(db, { ...wanted, ...proof }, systemCaller);
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
      .option('--jwks-uri <url>', 'where it publishes its public keys, in place of --jwks-file')
      .option('--certificate-file <file>', 'a certificate that it made itself, PEM (repeatable)', collect)
      .option('--certificate-san-dns <name>', 'the DNS name in its certificate, which the proxy verifies')
      .option('--certificate-san-uri <uri>', 'the URI in its certificate, which the proxy verifies')
      .option('--certificate-subject-dn <name>', 'the subject of its certificate (RFC 4514), which the proxy verifies')
      .option('--certificate-bound', 'its tokens are good together with its certificate alone')
      .option('--workload-issuer <url>', 'tokens of this platform prove it, and it gets no secret')
      .option('--workload-audience <audience>', 'for whom these tokens are')
      .option('--workload-subject <pattern>', 'about whom: * stands for a segment between : and /')
      .option('--workload-reusable', 'such a token is good until it ends, not once')
      .addOption(new Option('--security-profile <profile>', 'FAPI 2.0 (docs/fapi.md)').choices(['none', 'fapi2']))
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
