/**
 * OAuth clients: relying-party applications and services. Owns how a registration becomes metadata, how secrets are
 * made, shown once and rotated. Refuses redirect URIs that leak codes, and secrets chosen by anyone.
 */
import { type Database, inTransaction, violatedConstraint } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { randomToken, sha256 } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { checkedMetadata, checkPublicKeys, type KeySet } from './client-metadata.ts';
import {
  type ClientKind,
  type ClientRow,
  clientSecretMatches,
  expireClientSecrets,
  findClient,
  findClientForUpdate,
  insertClient,
  insertClientCapabilities,
  insertClientSecret,
  mayServeApi,
  updateClientState,
} from './client-store.ts';

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
  /** More registered metadata (OpenID Connect Dynamic Client Registration 1.0 section 2); wins over the defaults. */
  metadata?: Record<string, unknown>;
}

export interface NewService {
  tenantId: string | null;
  name: string;
  clientId?: string;
  /** Keys of existing capabilities. */
  capabilities: string[];
  /** The API this service is, if it is one: it may introspect tokens meant for that API. */
  resourceServerId?: string | null;
  /** Public keys (RFC 7517): the service then signs assertions (private_key_jwt) and gets no secret. */
  jwks?: KeySet;
}

/** `clientSecret` is shown here once and never again. */
export interface CreatedClient {
  client: ClientRow;
  clientSecret?: string;
}

const secretPrefix = 'ghs_';
const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * A redirect URI must keep the code from others: https, or http to the person's own machine, or a private-use scheme
 * of a native app in reverse domain form (RFC 8252 sections 7.1 to 7.3). No fragment (RFC 6749 section 3.1.2).
 */
export function isAcceptableRedirectUri(value: string, kind: ClientKind): boolean {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return false;
  }
  if (value.includes('#') || value.includes('*') || url.username || url.password) return false;
  if (url.protocol === 'https:') return true;
  if (url.protocol === 'http:') return loopbackHosts.has(url.hostname);
  return kind === 'native' && /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol);
}

function needsSecret(metadata: Record<string, unknown>): boolean {
  const method = metadata.token_endpoint_auth_method;
  return method === 'client_secret_basic' || method === 'client_secret_post';
}

function newClientId(): string {
  return randomToken(15).replace(/[^A-Za-z0-9]/g, 'x');
}

function newSecret(): { clientSecret: string; secretHash: Buffer; hint: string } {
  const clientSecret = `${secretPrefix}${randomToken(32)}`;
  return { clientSecret, secretHash: sha256(clientSecret), hint: clientSecret.slice(-4) };
}

async function storeClient(db: Database, client: ClientRow, caller: Caller): Promise<string | undefined> {
  try {
    await insertClient(db, client);
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
  const metadata = checkedMetadata(wanted.kind, {
    redirect_uris: wanted.redirectUris,
    post_logout_redirect_uris: wanted.postLogoutRedirectUris ?? [],
    ...wanted.metadata,
  });
  if (metadata.redirect_uris.length === 0 && metadata.response_types.length > 0)
    throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'redirect_uris' });
  for (const uri of [...metadata.redirect_uris, ...metadata.post_logout_redirect_uris]) {
    if (!isAcceptableRedirectUri(uri, wanted.kind))
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'redirect_uris', value: uri });
  }
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
      metadata,
    };
    return { client, clientSecret: await storeClient(trx, client, caller) };
  });
}

/**
 * Registers a machine client that gets tokens by client credentials (RFC 6749 section 4.4).
 * @throws DomainError invalid INVALID_INPUT for an unknown capability, not_found for an API of another tenant
 */
export async function createService(db: Database, wanted: NewService, caller: Caller): Promise<CreatedClient> {
  if (wanted.name.trim() === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'name' });
  if (wanted.jwks) checkPublicKeys(wanted.jwks);
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
      metadata: {
        application_type: 'web',
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        ...(wanted.jwks
          ? { token_endpoint_auth_method: 'private_key_jwt', jwks: wanted.jwks }
          : { token_endpoint_auth_method: 'client_secret_basic' }),
      },
    };
    if (client.resourceServerId !== null && !(await mayServeApi(trx, client.resourceServerId, client.tenantId)))
      throw new DomainError('not_found', 'NOT_FOUND', { entity: 'resource_server' });
    const clientSecret = await storeClient(trx, client, caller);
    const granted = await insertClientCapabilities(trx, client.id, wanted.capabilities);
    const unknown = wanted.capabilities.find((key) => !granted.includes(key));
    if (unknown !== undefined)
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'capabilities', value: unknown });
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

/** Writes that a client is disabled, and the event. What it holds is ended by domain/lifecycle, which alone calls this. */
export async function storeClientDisabled(
  trx: Database,
  client: Pick<ClientRow, 'id' | 'tenantId' | 'clientId'>,
  caller: Caller,
): Promise<void> {
  await updateClientState(trx, client.id, 'disabled');
  await recordEvent(
    trx,
    { tenantId: client.tenantId, action: 'client.disabled', entityType: 'client', entityId: client.clientId },
    caller,
  );
}

/** True if the presented secret is one of the client's live ones. */
export async function verifyClientSecret(db: Database, clientId: string, presented: string): Promise<boolean> {
  return clientSecretMatches(db, clientId, sha256(presented));
}
