/**
 * Workload identities: a service proves itself by a signed token of the platform that it runs on (RFC 7523), and has no secret.
 * Owns which tokens those are: of which issuer, for which audience, about which subject, and whether one is good once or until
 * it ends. The tokens themselves are judged in oidc/workload-tokens.ts.
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
import { lockService } from './change-client.ts';
import { isWorkload } from './service-authentication.ts';
import { faultOfPattern } from './subject-pattern.ts';

export interface WorkloadIdentity {
  id: string;
  /** As the tokens have it, letter by letter. */
  issuer: string;
  /** The only audience of the tokens. */
  audience: string;
  /** A pattern (subject-pattern.ts). */
  subject: string;
  /** Where the keys are; null: the issuer says it by discovery. */
  jwksUri: string | null;
  /** A token is good once, by its `jti`; false: until it ends. */
  singleUse: boolean;
  createdAt: Date;
  /** When a token of it last proved the service, to a minute; null: never. */
  lastUsedAt: Date | null;
}

export type NewWorkloadIdentity = Pick<WorkloadIdentity, 'issuer' | 'audience' | 'subject'> &
  Partial<Pick<WorkloadIdentity, 'jwksUri' | 'singleUse'>>;

/** Of one service. */
export const mostWorkloadIdentities = 20;

function refusal(field: string, reason: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field, reason });
}

/** Whether http will do is for who calls it to say: the rules of outgoing calls (platform/network/outbound.ts). */
function checkUrl(field: string, value: string): void {
  const url = URL.parse(value);
  const isPlain = url && /^https?:$/.test(url.protocol) && !/[?#\s\0]/.test(value) && !url.username && !url.password;
  if (!isPlain || value.length > 500) throw refusal(field, 'it is no https URL without query and fragment');
}

/** @throws DomainError invalid INVALID_INPUT */
export function checkWorkloadIdentity({ issuer, audience, subject, jwksUri }: NewWorkloadIdentity): void {
  checkUrl('issuer', issuer);
  if (jwksUri) checkUrl('jwks_uri', jwksUri);
  if (!/^[\x21-\x7e]{1,500}$/.test(audience)) throw refusal('audience', 'it has 1 to 500 printable characters');
  const fault = faultOfPattern(subject);
  if (fault !== undefined) throw refusal('subject', `it ${fault}`);
}

const columns = 'w.id, w.issuer, w.audience, w.subject, w.jwks_uri, w.single_use, w.created_at, w.last_used_at';

const ofClient = prepared(
  'workload-identities',
  `select ${columns}
     from workload_identities w
     join clients c on c.id = w.client_id
    where c.client_id = $1
    order by w.id`,
);

/** In the order in which they were made. Shared: not to be changed, but by `recordWorkloadUse`. */
export async function findWorkloadIdentities(db: Database, clientId: string): Promise<WorkloadIdentity[]> {
  return remembered(db, `workload-identities ${clientId}`, async () => {
    return (await runPrepared<WorkloadIdentity>(db, ofClient, [clientId])).rows;
  });
}

/** What is remembered may not say when it was used last: read for a person. @returns as `findWorkloadIdentities` */
export async function listWorkloadIdentities(db: Database, clientId: string): Promise<WorkloadIdentity[]> {
  return (await runPrepared<WorkloadIdentity>(db, ofClient, [clientId])).rows;
}

const markUsed = prepared(
  'mark-workload-identity-used',
  `update workload_identities set last_used_at = now()
    where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
);

/** A token of it has proved the service. Written once a minute: a busy service must not turn each request into an update. */
export async function recordWorkloadUse(db: Database, identity: WorkloadIdentity): Promise<void> {
  const now = Date.now();
  if (identity.lastUsedAt !== null && identity.lastUsedAt.getTime() >= now - 60_000) return;
  identity.lastUsedAt = new Date(now);
  await runPrepared(db, markUsed, [identity.id]);
}

/**
 * Lets a service prove itself by such tokens.
 * @throws DomainError not_found NOT_FOUND, invalid INVALID_INPUT (also where the service proves itself in another way, or has twenty),
 *   conflict DUPLICATE
 */
export async function addWorkloadIdentity(
  db: Database,
  clientId: string,
  wanted: NewWorkloadIdentity,
  caller: Caller,
): Promise<string> {
  checkWorkloadIdentity(wanted);
  const { issuer, audience, subject, jwksUri = null, singleUse = true } = wanted;
  return inTransaction(db, async (trx) => {
    const service = await lockService(trx, clientId);
    if (!isWorkload(service.metadata))
      throw refusal('client_id', `the service authenticates by ${service.metadata.token_endpoint_auth_method}`);
    const known = await rows(trx, 'select 1 from workload_identities where client_id = :id', { id: service.id });
    if (known.length >= mostWorkloadIdentities)
      throw refusal('client_id', `the service has ${mostWorkloadIdentities} already`);
    const id = newId();
    const row = { id, clientId: service.id, issuer, audience, subject, jwksUri, singleUse };
    const createdBy = trx.raw('(select id from users where id = ?)', [actingUserId(caller)]);
    try {
      await trx('workload_identities').insert({ ...row, createdBy });
    } catch (error) {
      if (violatedConstraint(error)?.constraint === 'workload_identities_key')
        throw new DomainError('conflict', 'DUPLICATE', { field: 'subject' });
      throw error;
    }
    const payload = { workload: { issuer, audience, subject, singleUse } };
    const about = { tenantId: service.tenantId, entityType: 'client', entityId: clientId };
    await recordEvent(trx, { ...about, action: 'client.workload_added', payload }, caller);
    return id;
  });
}

/** Tokens of it are refused from then on. Gone already: nothing is recorded. @throws DomainError not_found NOT_FOUND (service) */
export async function removeWorkloadIdentity(
  db: Database,
  { clientId, workloadIdentityId }: { clientId: string; workloadIdentityId: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const service = await lockService(trx, clientId);
    const gone = isId(workloadIdentityId)
      ? await rows<Pick<WorkloadIdentity, 'issuer' | 'audience' | 'subject'>>(
          trx,
          'delete from workload_identities where client_id = :id and id = :workloadIdentityId returning issuer, audience, subject',
          { id: service.id, workloadIdentityId },
        )
      : [];
    const [removed] = gone;
    if (!removed) return;
    const about = { tenantId: service.tenantId, entityType: 'client', entityId: clientId };
    const payload = { workload: removed };
    await recordEvent(trx, { ...about, action: 'client.workload_removed', payload }, caller);
  });
}
