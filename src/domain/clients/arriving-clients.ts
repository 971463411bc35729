/**
 * Applications and services that another server registered, as they come in with their tenant. Owns that each is what a registration here
 * could have made of it: the same metadata, the same addresses, the same way to prove itself. Whether oidc-provider takes it as
 * well is asked beside (oidc/client-registration.ts).
 */
import type { ArrivingRow } from '../../platform/arriving-row.ts';
import { type Database, rows } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { ArrivalFault } from '../../platform/travelling.ts';
import { checkBackchannel } from './backchannel.ts';
import { checkedApplication, checkPublicKeys, serviceMembers } from './client-metadata.ts';
import { type ClientKind, type ClientRow, findClient } from './client-store.ts';
import { mostCrossAppAudiences } from './cross-app-audiences.ts';
import { checkDefaultResource } from './default-resource.ts';
import { checkSecurityProfile, type SecurityProfile } from './security-profile.ts';
import { certificateNames, checkKeyAddress, isWorkload } from './service-authentication.ts';
import { mostWorkloadIdentities } from './workload-identities.ts';

function refusal(field: string, reason: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field, reason });
}

/** As `clients` would hold it; its API comes in by its identifier. @throws DomainError invalid INVALID_INPUT */
export function arrivingClient(row: ArrivingRow): ClientRow {
  return {
    id: row.string('id'),
    tenantId: row.string('tenant_id'),
    clientId: row.string('client_id', 100),
    kind: row.string('kind') as ClientKind,
    name: row.string('name', 200),
    state: row.string('state') as ClientRow['state'],
    firstParty: row.is('first_party'),
    resourceServerId: null,
    securityProfile: row.string('security_profile') as SecurityProfile,
    metadata: row.record('metadata'),
  };
}

/** What is deleted is never used again. */
export const isDeleted = (row: ArrivingRow) => row.has('deleted_at');

/** @throws DomainError invalid INVALID_INPUT with the member and the reason */
export function checkArrivingClient(row: ArrivingRow): void {
  if (isDeleted(row)) return;
  const client = arrivingClient(row);
  if (client.name.trim() === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'name' });
  // An address is the id of who can be read about there, and is of no tenant.
  if (client.clientId.includes('/')) throw refusal('client_id', 'it is no id of a tenant’s client');
  if (client.kind === 'service') checkService(client);
  else checkApplication(client.kind, client, row);
  checkSecurityProfile(client);
  checkBackchannel(client);
}

/** Without these the server would fill in what nobody registered. */
const said = ['application_type', 'grant_types', 'response_types', 'redirect_uris', 'token_endpoint_auth_method'];

function checkApplication(kind: Exclude<ClientKind, 'service'>, { metadata }: ClientRow, row: ArrivingRow): void {
  const missing = said.find((member) => metadata[member] === undefined);
  if (missing !== undefined) throw refusal(missing, 'it is not said');
  checkedApplication(kind, metadata);
  if (row.has('resource_server')) throw refusal('resource_server', 'a service alone is an API');
}

const serviceMethods: readonly unknown[] = [
  ...['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  ...['tls_client_auth', 'self_signed_tls_client_auth'],
];
/** What a registration makes of the ways in which a service proves itself, and what it may choose. */
const membersOfService: ReadonlySet<string> = new Set([
  ...said,
  ...['post_logout_redirect_uris', 'jwks', 'jwks_uri', 'tls_client_certificate_bound_access_tokens'],
  ...certificateNames.map((name) => `tls_client_auth_${name}`),
  ...serviceMembers,
]);

function checkService({ metadata, firstParty }: ClientRow): void {
  const other = Object.keys(metadata).find((name) => !membersOfService.has(name));
  if (other !== undefined) throw refusal(other, 'no service has it');
  const { grant_types: grants, token_endpoint_auth_method: method, jwks, jwks_uri: address } = metadata;
  if (!Array.isArray(grants) || grants.length !== 1 || grants[0] !== 'client_credentials')
    throw refusal('grant_types', 'a service gets tokens by client_credentials alone');
  const listed = ['response_types', 'redirect_uris', 'post_logout_redirect_uris'].find((name) => {
    const list = metadata[name] ?? [];
    return !Array.isArray(list) || list.length > 0;
  });
  if (listed !== undefined) throw refusal(listed, 'nobody signs in to a service');
  if (!serviceMethods.includes(method)) throw refusal('token_endpoint_auth_method', 'no service proves itself so');
  if (!firstParty) throw refusal('first_party', 'a service is the tenant’s own');
  if (jwks !== undefined) checkPublicKeys(jwks);
  if (address === undefined) return;
  if (typeof address !== 'string') throw refusal('jwks_uri', 'it is no text');
  checkKeyAddress(address);
}

/** What clients say of others, asked when these have come in. */
export async function clientFaults(trx: Database, tenantId: string): Promise<ArrivalFault[]> {
  const wanted = await rows<{ clientId: string }>(
    trx,
    `select client_id
       from clients
      where tenant_id = :tenantId and deleted_at is null and metadata -> 'default_resource' is not null
      order by client_id`,
    { tenantId },
  );
  const faults: ArrivalFault[] = [];
  for (const { clientId } of wanted) {
    const client = await findClient(trx, clientId);
    const reason = client && (await checkDefaultResource(trx, client).then(() => undefined, reasonOf));
    if (reason !== undefined) faults.push({ name: clientId, fault: `default_resource: ${reason}` });
  }
  return faults;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof DomainError)) throw error;
  return String(error.params.reason ?? error.code);
}

/** Tokens of a platform are for a service that proves itself by nothing else. */
export async function workloadFaults(trx: Database, tenantId: string): Promise<ArrivalFault[]> {
  return perClient(trx, tenantId, 'workload_identities', (client, count) => {
    if (client.kind !== 'service' || !isWorkload(client.metadata))
      return 'the service proves itself in another way than by tokens of its platform';
    return count > mostWorkloadIdentities ? `a service has ${mostWorkloadIdentities} at the most` : undefined;
  });
}

export async function crossAppFaults(trx: Database, tenantId: string): Promise<ArrivalFault[]> {
  return perClient(trx, tenantId, 'cross_app_audiences', (client, count) => {
    if (client.kind === 'service') return 'it is no application';
    if (client.metadata.token_endpoint_auth_method === 'none') return 'it cannot prove itself: it is a public client';
    return count > mostCrossAppAudiences ? `an application has ${mostCrossAppAudiences} at the most` : undefined;
  });
}

async function perClient(
  trx: Database,
  tenantId: string,
  table: 'workload_identities' | 'cross_app_audiences',
  faultOf: (client: ClientRow, count: number) => string | undefined,
): Promise<ArrivalFault[]> {
  const found = await rows<ClientRow & { count: number }>(
    trx,
    `select c.client_id, c.kind, c.metadata, count(*) as count
       from ${table} r
       join clients c on c.id = r.client_id
      where c.tenant_id = :tenantId and c.deleted_at is null
      group by c.id
      order by c.client_id`,
    { tenantId },
  );
  return found.flatMap(({ count, ...client }) => {
    const fault = faultOf(client, Number(count));
    return fault === undefined ? [] : [{ name: client.clientId, fault }];
  });
}
