/**
 * Applications that register themselves (RFC 7591), and look after what they registered (RFC 7592). Owns that each is of the
 * tenant of its initial access token, third-party, within the policy of the token for as long as it is there, and one use of it.
 * Refuses to change one in a tenant that no longer lets applications register. That the server itself would take it is
 * asked by the functions that are handed in (oidc/client-registration.ts).
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { randomToken, sha256 } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import type { ClientChange } from '../clients/change-client.ts';
import {
  type CreatedClient,
  type NewClient,
  needsSecret,
  newClientId,
  rotateClientSecret,
  verifyClientSecret,
} from '../clients/clients.ts';
import { parseTenantSettings } from '../tenants/tenant-settings.ts';
import { readAskedClient, toldMembers } from './asked-metadata.ts';
import { useToken } from './initial-access-token-store.ts';
import type { InitialAccessToken } from './initial-access-tokens.ts';
import {
  deleteRegistration,
  holdUnused,
  insertRegistration,
  selectRegistration,
  selectUnused,
  updateUsed,
} from './registration-store.ts';

type Client = CreatedClient['client'];

/** Makes and changes clients that the server itself would take. */
export interface TakesClients {
  registerClient(db: Database, wanted: NewClient, caller: Caller): Promise<CreatedClient>;
  changeClient(db: Database, wanted: ClientChange, caller: Caller): Promise<Client>;
}

/** Where a request comes from; who it is, is the application itself. */
type Origin = Pick<Caller, 'ip' | 'userAgent' | 'requestId'>;

export interface RegisteredClient {
  client: Client;
  createdAt: Date;
  /** Told now and never again; absent where it has none, or keeps the one that it has. */
  clientSecret?: string;
}

const prefix = 'ghr_';
const form = new RegExp(`^${prefix}[A-Za-z0-9_-]{43}$`);

/** How long an application that nobody lets have anything is there. */
const unusedDays = 7;
/** How many are looked at in one run; the next goes on. */
const batch = 200;

/**
 * Registers an application, and counts a use of the token in the same transaction.
 * @returns with the registration access token, which is told now and never again
 * @throws DomainError invalid INVALID_INPUT with the member's name; unauthenticated REGISTRATION_TOKEN_INVALID where others were faster
 */
export async function registerByToken(
  db: Database,
  { token, asked }: { token: InitialAccessToken; asked: unknown },
  takes: Pick<TakesClients, 'registerClient'>,
  origin: Origin,
): Promise<RegisteredClient & { registrationToken: string }> {
  const { kind, name, metadata } = readAskedClient(asked, token);
  const { redirect_uris: redirectUris, ...members } = metadata;
  const clientId = newClientId();
  const caller: Caller = { type: 'client', id: clientId, ...origin };
  const registrationToken = `${prefix}${randomToken(32)}`;
  return inTransaction(db, async (trx) => {
    if (!(await useToken(trx, token.id))) throw new DomainError('unauthenticated', 'REGISTRATION_TOKEN_INVALID');
    const wanted = {
      tenantId: token.tenantId,
      kind,
      name,
      clientId,
      firstParty: false,
      redirectUris,
      metadata: members,
    };
    const { client, clientSecret } = await takes.registerClient(trx, wanted, caller);
    const tokenHash = sha256(registrationToken);
    await insertRegistration(trx, { clientRowId: client.id, initialAccessTokenId: token.id, tokenHash });
    const payload = { initialAccess: token.id, name, redirectUris, scopes: members.allowed_scopes };
    await recordEvent(trx, { ...about(client), action: 'client.registered', payload }, caller);
    return { client, createdAt: new Date(), clientSecret, registrationToken };
  });
}

interface Presented {
  clientId: string;
  registrationToken: string;
}

/** What is registered, and what it may be changed to; undefined where the token is not its own. */
async function openRegistration(db: Database, { clientId, registrationToken }: Presented) {
  if (!form.test(registrationToken)) return undefined;
  const found = await selectRegistration(db, { clientId, tokenHash: sha256(registrationToken) });
  if (!found) return undefined;
  const { registeredAt: createdAt, redirectHosts, scopes, settings, ...client } = found;
  return { client, createdAt, policy: { redirectHosts, scopes }, settings };
}

/** Undefined where the token is not that of the application, or one of the two is gone. */
export async function findRegistered(db: Database, presented: Presented): Promise<RegisteredClient | undefined> {
  const found = await openRegistration(db, presented);
  return found && { client: found.client, createdAt: found.createdAt };
}

const never = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
];

/** RFC 7592 section 2.2. */
async function checkUpdate(db: Database, client: Client, asked: Record<string, unknown>): Promise<void> {
  const field = never.find((name) => asked[name] !== undefined);
  if (field) throw new DomainError('invalid', 'INVALID_INPUT', { field, reason: 'it is not to be sent' });
  if (asked.client_id !== client.clientId)
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'client_id', reason: 'it is another one' });
  const { client_secret: presented } = asked;
  if (presented === undefined) return;
  if (typeof presented !== 'string' || !(await verifyClientSecret(db, client.clientId, presented)))
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'client_secret', reason: 'it is another one' });
}

/**
 * Puts what is asked in the place of what is registered; what is left out goes.
 * @returns undefined as `findRegistered`
 * @throws DomainError invalid INVALID_INPUT with the member's name, forbidden ACCESS_DENIED where the tenant no longer registers
 */
export async function changeRegistered(
  db: Database,
  { asked, ...presented }: Presented & { asked: unknown },
  takes: Pick<TakesClients, 'changeClient'>,
  origin: Origin,
): Promise<RegisteredClient | undefined> {
  const found = await openRegistration(db, presented);
  if (!found) return undefined;
  const { client: before, createdAt, policy, settings } = found;
  if (!parseTenantSettings(settings).clientRegistration) throw new DomainError('forbidden', 'ACCESS_DENIED');
  const document = typeof asked === 'object' && asked !== null ? (asked as Record<string, unknown>) : {};
  await checkUpdate(db, before, document);
  const { name, metadata } = readAskedClient(document, policy, before.kind as NewClient['kind']);
  const gone = toldMembers.filter((member) => metadata[member] === undefined);
  const change = { ...metadata, ...Object.fromEntries(gone.map((member) => [member, null])) };
  const caller: Caller = { type: 'client', id: before.clientId, ...origin };
  return inTransaction(db, async (trx) => {
    const client = await takes.changeClient(trx, { clientId: before.clientId, name, metadata: change }, caller);
    if (!needsSecret(client.metadata) || needsSecret(before.metadata)) return { client, createdAt };
    const { clientSecret } = await rotateClientSecret(trx, client.clientId, 0, caller);
    return { client, createdAt, clientSecret };
  });
}

/** Says that a person let the application have something: it stays from here on. */
export async function noteRegistrationUse(db: Database, clientId: string): Promise<void> {
  await updateUsed(db, clientId);
}

/** Those that have been there for days and that nobody ever let have anything, by their `client_id`; the oldest first. */
export async function findUnusedRegistrations(db: Database): Promise<string[]> {
  return (await selectUnused(db, { days: unusedDays, most: batch })).map(({ clientId }) => clientId);
}

/** Whether it is unused still, to the end of the transaction. */
export async function isUnusedStill(trx: Database, client: Pick<Client, 'id'>): Promise<boolean> {
  return holdUnused(trx, client.id);
}

/** Ends what a client that is removed was registered by. */
export async function endRegistrationOf(trx: Database, client: Pick<Client, 'id'>): Promise<void> {
  await deleteRegistration(trx, client.id);
}

function about({ tenantId, clientId }: Client) {
  return { tenantId, entityType: 'client', entityId: clientId };
}
