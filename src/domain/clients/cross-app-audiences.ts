/**
 * Cross-app access, the side that vouches: for which authorization servers an application may get assertions about the people
 * who are signed in to it (draft-ietf-oauth-identity-assertion-authz-grant), what it is called there, and what it may ask for
 * there at the most. None, until somebody says so. Refuses services, which nobody signs in to, and public clients. The
 * assertions are made in oidc/cross-app.
 */
import {
  type Database,
  inTransaction,
  prepared,
  rows,
  runPrepared,
  violatedConstraint,
} from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { remembered } from '../../platform/remembered.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { type ClientRow, findClient, findClientForUpdate } from './client-store.ts';

export interface CrossAppAudience {
  id: string;
  /** The issuer of the other authorization server, letter by letter. */
  audience: string;
  /** The `client_id` of the application there. */
  audienceClientId: string;
  /** What it may ask for there at the most. */
  scopes: string[];
  createdAt: Date;
}

export type NewCrossAppAudience = Pick<CrossAppAudience, 'audience' | 'audienceClientId' | 'scopes'>;

/** Of one application. */
export const mostCrossAppAudiences = 20;
/** RFC 6749 section 3.3. */
const scopeForm = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/;

function refusal(field: string, reason: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field, reason });
}

/** @throws DomainError invalid INVALID_INPUT */
export function checkCrossAppAudience({ audience, audienceClientId, scopes }: NewCrossAppAudience): void {
  const url = URL.parse(audience);
  const isPlain = url && /^https?:$/.test(url.protocol) && !/[?#\s\0]/.test(audience) && !url.username && !url.password;
  if (!isPlain || audience.length > 500) throw refusal('audience', 'it is no https URL without query and fragment');
  if (!/^[\x21-\x7e]{1,255}$/.test(audienceClientId))
    throw refusal('audience_client_id', 'it has 1 to 255 printable characters');
  const isWell = scopes.length > 0 && scopes.length <= 50 && scopes.every((scope) => scopeForm.test(scope));
  if (!isWell) throw refusal('scopes', 'they are 1 to 50 scopes of the other server');
}

const ofClient = prepared(
  'cross-app-audiences',
  `select a.id, a.audience, a.audience_client_id, a.scopes, a.created_at
     from cross_app_audiences a
     join clients c on c.id = a.client_id
    where c.client_id = $1
    order by a.id`,
);

/** In the order in which they were made. Shared: not to be changed. */
export async function findCrossAppAudiences(db: Database, clientId: string): Promise<CrossAppAudience[]> {
  return remembered(db, `cross-app-audiences ${clientId}`, async () => {
    return (await runPrepared<CrossAppAudience>(db, ofClient, [clientId])).rows;
  });
}

/** Why a client could bring no assertions of others for people of this tenant; undefined where it could. */
export async function findBringingFault(
  db: Database,
  { clientId, tenantId }: { clientId: string; tenantId: string },
): Promise<string | undefined> {
  const client = await findClient(db, clientId);
  if (client?.tenantId !== tenantId || client.kind === 'service') return 'it is no application of this tenant';
  return isPublic(client) ? 'it cannot prove itself: it is a public client' : undefined;
}

const isPublic = ({ metadata }: ClientRow) => metadata.token_endpoint_auth_method === 'none';

async function lockApplication(trx: Database, clientId: string): Promise<ClientRow> {
  const client = await findClientForUpdate(trx, clientId);
  if (!client || client.kind === 'service')
    throw new DomainError('not_found', 'NOT_FOUND', { entity: 'client', value: clientId });
  return client;
}

/**
 * Lets an application get assertions for another authorization server.
 * @throws DomainError not_found NOT_FOUND, invalid INVALID_INPUT (also where the application has no way to prove itself, or has
 *   twenty), conflict DUPLICATE (audience)
 */
export async function addCrossAppAudience(
  db: Database,
  clientId: string,
  wanted: NewCrossAppAudience,
  caller: Caller,
): Promise<string> {
  checkCrossAppAudience(wanted);
  const { audience, audienceClientId } = wanted;
  const scopes = [...new Set(wanted.scopes)];
  return inTransaction(db, async (trx) => {
    const client = await lockApplication(trx, clientId);
    if (isPublic(client)) throw refusal('client_id', 'the application cannot prove itself: it is a public client');
    const known = await rows(trx, 'select 1 from cross_app_audiences where client_id = :id', { id: client.id });
    if (known.length >= mostCrossAppAudiences)
      throw refusal('client_id', `the application has ${mostCrossAppAudiences} already`);
    const id = newId();
    const createdBy = trx.raw('(select id from users where id = ?)', [actingUserId(caller)]);
    try {
      await trx('cross_app_audiences').insert({
        id,
        clientId: client.id,
        audience,
        audienceClientId,
        scopes,
        createdBy,
      });
    } catch (error) {
      if (violatedConstraint(error)?.constraint === 'cross_app_audiences_key')
        throw new DomainError('conflict', 'DUPLICATE', { field: 'audience' });
      throw error;
    }
    const payload = { audience, audienceClientId, scopes };
    await recordEvent(trx, { ...about(client), action: 'client.cross_app_audience_added', payload }, caller);
    return id;
  });
}

/** It gets no assertions from then on. Gone already: nothing is recorded. @throws DomainError not_found NOT_FOUND (client) */
export async function removeCrossAppAudience(
  db: Database,
  { clientId, audienceId }: { clientId: string; audienceId: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const client = await lockApplication(trx, clientId);
    const gone = isId(audienceId)
      ? await rows<{ audience: string; audienceClientId: string; scopes: string[] }>(
          trx,
          `delete from cross_app_audiences where client_id = :id and id = :audienceId
           returning audience, audience_client_id, scopes`,
          { id: client.id, audienceId },
        )
      : [];
    const [payload] = gone;
    if (!payload) return;
    await recordEvent(trx, { ...about(client), action: 'client.cross_app_audience_removed', payload }, caller);
  });
}

function about({ tenantId, clientId }: ClientRow) {
  return { tenantId, entityType: 'client', entityId: clientId };
}
