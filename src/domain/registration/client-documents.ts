/**
 * Applications that nobody registered: their `client_id` is the https address of a document about them
 * (draft-ietf-oauth-client-id-metadata-document). Owns what such an address looks like, what of the document counts, and which
 * tenant lets which in. Refuses a document that speaks of another address, one with a secret, and one whose people would be
 * sent to another host. Fetching it is for oidc/storage/document-clients.ts.
 */
import { isIP } from 'node:net';
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { type DocumentClient, findDocumentClient, storeDocumentClient } from '../clients/document-clients.ts';
import type { TenantSettings } from '../tenants/tenant-settings.ts';
import { isLoopback, kindOf, readMembers } from './asked-metadata.ts';

const longestAddress = 250;

/**
 * The host of such an address; undefined for any other `client_id`. In one spelling alone: what is compared, counted and
 * shown is the address by its letters.
 */
export function documentHostOf(clientId: string): string | undefined {
  if (!clientId.startsWith('https://') || clientId.length > longestAddress) return undefined;
  const url = URL.parse(clientId);
  if (!url || url.href !== clientId || url.pathname === '/' || url.search || url.hash || clientId.includes('?'))
    return undefined;
  if (url.username || url.password || isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) return undefined;
  return url.host;
}

function refusal(field: string, reason: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field, reason });
}

const ownAddresses = ['client_uri', 'policy_uri', 'tos_uri', 'jwks_uri'] as const;

function checkHosts(metadata: Record<string, unknown> & { redirect_uris: string[] }, host: string): void {
  for (const address of metadata.redirect_uris) {
    const url = URL.parse(address);
    const isOwn = url?.protocol === 'https:' && url.host === host;
    if (!isOwn && !(url?.protocol === 'http:' && isLoopback(url.hostname)))
      throw refusal('redirect_uris', 'one leads neither to the host of the document nor to the person’s own machine');
  }
  for (const field of ownAddresses) {
    const url = metadata[field] === undefined ? undefined : URL.parse(String(metadata[field]));
    if (url === null || (url && (url.protocol !== 'https:' || url.host !== host)))
      throw refusal(field, 'it is at another host than the document');
  }
}

/** What people read: the host, which alone is proved, before what the application calls itself. */
function nameOf(host: string, asked: string | undefined): string {
  const called = asked?.replace(/[()[\]{}<>]/g, '').trim();
  return called ? `${host} (${called})` : host;
}

/**
 * What counts of a document.
 * @param document the parsed JSON
 * @throws DomainError invalid INVALID_INPUT with the member's name
 */
export function readClientDocument(clientId: string, document: unknown): DocumentClient {
  const host = documentHostOf(clientId);
  if (host === undefined) throw refusal('client_id', 'it is no address of a document');
  const asked = (document ?? {}) as Record<string, unknown>;
  if (asked.client_id !== clientId) throw refusal('client_id', 'the document is about another address');
  const secret = ['client_secret', 'client_secret_expires_at'].find((name) => asked[name] !== undefined);
  if (secret) throw refusal(secret, 'what everybody can read is no secret');
  const { client_name: name, scope: _, logo_uri: __, backchannel_logout_uri: ___, ...members } = readMembers(document);
  const method = members.token_endpoint_auth_method ?? 'none';
  if (method.startsWith('client_secret_')) throw refusal('token_endpoint_auth_method', 'there is no secret');
  checkHosts(members, host);
  const grants = members.grant_types ?? ['authorization_code'];
  if (!grants.includes('authorization_code')) throw refusal('grant_types', 'people sign in by authorization_code');
  return {
    clientId,
    kind: method === 'none' ? kindOf({ ...members, token_endpoint_auth_method: method }) : 'web',
    name: nameOf(host, name),
    // Software of strangers that acts for people: told as an agent, whatever it says.
    metadata: { ...members, agent: true, grant_types: [...new Set(grants)], token_endpoint_auth_method: method },
  };
}

/** Whether a tenant lets a client in: any that is registered, and such a one where it takes them of that host. */
export function isLetIn(settings: TenantSettings, clientId: string): boolean {
  if (!clientId.startsWith('https://')) return true;
  const host = URL.parse(clientId)?.hostname ?? '';
  const { clientDocuments, clientDocumentHosts: hosts } = settings;
  return clientDocuments && (hosts.length === 0 || hosts.includes(host));
}

/** As it was when a person let it have something; `blocked`: who runs the server has stopped it. */
export async function findKeptDocument(
  db: Database,
  clientId: string,
): Promise<{ blocked: boolean; client: DocumentClient | undefined }> {
  return findDocumentClient(db, clientId);
}

/** Keeps what a person lets have something, by what it says of itself at that moment. The first time leaves an event. */
export async function keepDocumentClient(
  db: Database,
  { tenantId, ...client }: DocumentClient & { tenantId: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    if (!(await storeDocumentClient(trx, client))) return;
    const payload = { kind: client.kind, name: client.name, redirectUris: client.metadata.redirect_uris };
    const about = { tenantId, entityType: 'client', entityId: client.clientId };
    await recordEvent(trx, { ...about, action: 'client.met', payload }, caller);
  });
}
