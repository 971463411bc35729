/**
 * OAuth clients: relying-party applications and services. Owns how a registration becomes metadata, how secrets are
 * made, shown once and rotated. Refuses redirect URIs that leak codes, and secrets chosen by anyone.
 */
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { randomToken, sha256 } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { checkBackchannel } from './backchannel.ts';
import { checkedApplication, checkServiceMembers } from './client-metadata.ts';
import {
  type ClientKind,
  type ClientRow,
  clientSecretMatches,
  expireClientSecrets,
  findClient,
  findClientForUpdate,
  forgetResourceServerOfDeleted,
  insertClient,
  insertClientCapabilities,
  insertClientSecret,
  mayServeApi,
  selectClientDetails,
  updateClientRow,
} from './client-store.ts';
import { checkDefaultResource } from './default-resource.ts';
import { checkSecurityProfile, type SecurityProfile } from './security-profile.ts';
import { authenticationMembers, type ServiceAuthentication } from './service-authentication.ts';

export interface NewClient {
  /** null: serves people of every tenant. */
  tenantId: string | null;
  kind: Exclude<ClientKind, 'service'>;
  name: string;
  clientId?: string;
  /** A first-party client belongs to the operator: its users are not asked for consent. */
  firstParty?: boolean;
  redirectUris: string[];
  postLogoutRedirectUris?: string[];
  /** Default: none. */
  securityProfile?: SecurityProfile;
  /** More registered metadata (OpenID Connect Dynamic Client Registration 1.0 section 2); wins over the defaults. */
  metadata?: Record<string, unknown>;
}

export interface NewService extends ServiceAuthentication {
  tenantId: string | null;
  name: string;
  clientId?: string;
  /** Keys of existing capabilities. */
  capabilities: string[];
  /** The API this service is, if it is one: it may introspect tokens meant for that API. */
  resourceServerId?: string | null;
  /** Default: none. */
  securityProfile?: SecurityProfile;
  /** `default_resource` and `introspection_signed_response_alg` alone. */
  metadata?: Record<string, unknown>;
}

/** `clientSecret` is shown here once and never again. */
export interface CreatedClient {
  client: ClientRow;
  clientSecret?: string;
}

const secretPrefix = 'ghs_';
export function needsSecret(metadata: Record<string, unknown>): boolean {
  const method = metadata.token_endpoint_auth_method;
  return method === 'client_secret_basic' || method === 'client_secret_post';
}

/** One that nobody has. */
export function newClientId(): string {
  return randomToken(15).replace(/[^A-Za-z0-9]/g, 'x');
}

function newSecret(): { clientSecret: string; secretHash: Buffer; hint: string } {
  const clientSecret = `${secretPrefix}${randomToken(32)}`;
  return { clientSecret, secretHash: sha256(clientSecret), hint: clientSecret.slice(-4) };
}

async function storeClient(db: Database, client: ClientRow, caller: Caller): Promise<string | undefined> {
  checkSecurityProfile(client);
  checkBackchannel(client);
  try {
    await insertClient(db, client, actingUserId(caller));
  } catch (error) {
    const violated = violatedConstraint(error);
    if (violated?.constraint === 'clients_client_id_key')
      throw new DomainError('conflict', 'DUPLICATE', { field: 'client_id' });
    if (violated?.constraint === 'clients_client_id_form')
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'client_id' });
    throw error;
  }
  let clientSecret: string | undefined;
  if (needsSecret(client.metadata)) {
    const secret = newSecret();
    clientSecret = secret.clientSecret;
    await insertClientSecret(db, {
      id: newId(),
      clientId: client.id,
      secretHash: secret.secretHash,
      hint: secret.hint,
      expiresAt: null,
    });
  }
  await recordEvent(
    db,
    {
      tenantId: client.tenantId,
      action: 'client.created',
      entityType: 'client',
      entityId: client.clientId,
      payload: {
        kind: client.kind,
        name: client.name,
        firstParty: client.firstParty,
        redirectUris: client.metadata.redirect_uris,
      },
    },
    caller,
  );
  return clientSecret;
}

/**
 * Registers a relying-party application.
 * @throws DomainError invalid INVALID_INPUT (params.field), conflict DUPLICATE
 */
export async function createClient(db: Database, wanted: NewClient, caller: Caller): Promise<CreatedClient> {
  if (wanted.name.trim() === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'name' });
  // An address is the id of who can be read about there, and of nobody else.
  if (wanted.clientId?.includes('/')) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'client_id' });
  const metadata = checkedApplication(wanted.kind, {
    redirect_uris: wanted.redirectUris,
    post_logout_redirect_uris: wanted.postLogoutRedirectUris ?? [],
    ...wanted.metadata,
  });
  return inTransaction(db, async (trx) => {
    const client: ClientRow = {
      id: newId(),
      tenantId: wanted.tenantId,
      clientId: wanted.clientId ?? newClientId(),
      kind: wanted.kind,
      name: wanted.name.trim(),
      state: 'active',
      firstParty: wanted.firstParty ?? false,
      resourceServerId: null,
      securityProfile: wanted.securityProfile ?? 'none',
      metadata,
    };
    await checkDefaultResource(trx, client);
    return { client, clientSecret: await storeClient(trx, client, caller) };
  });
}

/**
 * Registers a machine client that gets tokens by client credentials (RFC 6749 section 4.4).
 * @throws DomainError invalid INVALID_INPUT for an unknown capability, not_found for an API of another tenant
 */
export async function createService(db: Database, wanted: NewService, caller: Caller): Promise<CreatedClient> {
  if (wanted.name.trim() === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'name' });
  if (wanted.clientId?.includes('/')) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'client_id' });
  checkServiceMembers(wanted.metadata ?? {});
  return inTransaction(db, async (trx) => {
    const client: ClientRow = {
      id: newId(),
      tenantId: wanted.tenantId,
      clientId: wanted.clientId ?? newClientId(),
      kind: 'service',
      name: wanted.name.trim(),
      state: 'active',
      firstParty: true,
      resourceServerId: wanted.resourceServerId ?? null,
      securityProfile: wanted.securityProfile ?? 'none',
      metadata: {
        application_type: 'web',
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'client_secret_basic',
        ...authenticationMembers(wanted),
        ...wanted.metadata,
      },
    };
    if (client.resourceServerId !== null && !(await mayServeApi(trx, client.resourceServerId, client.tenantId)))
      throw new DomainError('not_found', 'NOT_FOUND', { entity: 'resource_server' });
    const clientSecret = await storeClient(trx, client, caller);
    const { known } = await insertClientCapabilities(trx, client.id, wanted.capabilities, actingUserId(caller));
    const unknown = wanted.capabilities.find((key) => !known.includes(key));
    if (unknown !== undefined)
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'capabilities', value: unknown });
    await checkDefaultResource(trx, client);
    return { client, clientSecret };
  });
}

/** A day: an old secret that is wanted for longer is a second secret, not an overlap. */
export const longestOverlapSeconds = 86_400;

/**
 * Gives a client a new secret. The old ones die at once, or after `overlapSeconds`, so that a fleet can be moved over
 * without a gap.
 * @throws DomainError not_found; invalid INVALID_INPUT (overlapSeconds), or where the client authenticates without a secret
 */
export async function rotateClientSecret(
  db: Database,
  clientId: string,
  overlapSeconds: number,
  caller: Caller,
): Promise<{ clientSecret: string }> {
  if (!Number.isInteger(overlapSeconds) || overlapSeconds < 0 || overlapSeconds > longestOverlapSeconds)
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'overlapSeconds', value: overlapSeconds });
  return inTransaction(db, async (trx) => {
    const client = await findClient(trx, clientId);
    if (!client) throw new DomainError('not_found', 'NOT_FOUND');
    if (!needsSecret(client.metadata)) {
      const reason = `it authenticates by ${client.metadata.token_endpoint_auth_method} and has no secret`;
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'client_id', value: clientId, reason });
    }
    const retired = await expireClientSecrets(trx, client.id, overlapSeconds);
    const secret = newSecret();
    await insertClientSecret(trx, {
      id: newId(),
      clientId: client.id,
      secretHash: secret.secretHash,
      hint: secret.hint,
      expiresAt: null,
    });
    await recordEvent(
      trx,
      {
        tenantId: client.tenantId,
        action: 'client.rotated',
        entityType: 'client',
        entityId: clientId,
        payload: { retired, overlapSeconds },
      },
      caller,
    );
    return { clientSecret: secret.clientSecret };
  });
}

/**
 * A client that is to be stopped, locked to the end of the transaction; first of all that the change locks.
 * @throws DomainError not_found
 */
export async function lockClient(trx: Database, clientId: string): Promise<ClientRow> {
  const client = await findClientForUpdate(trx, clientId);
  if (!client) throw new DomainError('not_found', 'NOT_FOUND');
  return client;
}

/** As `lockClient`; undefined for one that was deleted already. @throws DomainError not_found */
export async function lockClientUnlessDeleted(trx: Database, clientId: string): Promise<ClientRow | undefined> {
  const client = await findClientForUpdate(trx, clientId);
  if (client || (await selectClientDetails(trx, clientId, { deletedToo: true }))) return client;
  throw new DomainError('not_found', 'NOT_FOUND');
}

/** Writes whether a client may act, and the event. What it holds is ended by domain/lifecycle, which alone calls this. */
export async function storeClientState(
  trx: Database,
  client: ClientRow,
  state: ClientRow['state'],
  caller: Caller,
): Promise<void> {
  await updateClientRow(trx, { ...client, state }, { actorId: actingUserId(caller) });
  const action = state === 'active' ? 'client.enabled' : 'client.disabled';
  await recordEvent(
    trx,
    { tenantId: client.tenantId, action, entityType: 'client', entityId: client.clientId },
    caller,
  );
}

/**
 * Writes what a client is held to, and the event; as `storeClientState`.
 * @throws DomainError invalid INVALID_INPUT (security_profile)
 */
export async function storeSecurityProfile(
  trx: Database,
  client: ClientRow,
  securityProfile: SecurityProfile,
  caller: Caller,
): Promise<ClientRow> {
  const changed = { ...client, securityProfile };
  checkSecurityProfile(changed);
  checkBackchannel(changed);
  await updateClientRow(trx, changed, { actorId: actingUserId(caller) });
  const about = { tenantId: client.tenantId, entityType: 'client', entityId: client.clientId };
  const payload = { from: client.securityProfile, to: securityProfile };
  await recordEvent(trx, { ...about, action: 'client.security_profile_changed', payload }, caller);
  return changed;
}

/** Writes that a client is no more, ends its secrets, and writes the event; as `storeClientState`. */
export async function storeClientDeleted(trx: Database, client: ClientRow, caller: Caller): Promise<void> {
  await expireClientSecrets(trx, client.id, 0);
  await updateClientRow(trx, { ...client, state: 'disabled' }, { actorId: actingUserId(caller), deleted: true });
  const payload = { kind: client.kind, name: client.name };
  await recordEvent(
    trx,
    { tenantId: client.tenantId, action: 'client.deleted', entityType: 'client', entityId: client.clientId, payload },
    caller,
  );
}

/** True if the presented secret is one of the client's live ones. */
export async function verifyClientSecret(db: Database, clientId: string, presented: string): Promise<boolean> {
  return clientSecretMatches(db, clientId, sha256(presented));
}

/** Lets go of an API that is removed: what names it still are clients that were deleted. */
export async function releaseResourceServer(trx: Database, resourceServerId: string): Promise<void> {
  await forgetResourceServerOfDeleted(trx, resourceServerId);
}
