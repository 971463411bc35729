/**
 * What became of a directory's requests, for who sets it up: counted by kind. Holds nothing of whom a request was about, and no
 * more rows than there are kinds. Is told of services and keys alone; what a person asks is in the trail.
 */
import { type Database, prepared, rows, runPrepared } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import type { Caller } from '../audit/audit-events.ts';

export interface ProvisioningRequest {
  /** clients.client_id, or api_keys.id. */
  actorType: 'client' | 'api_key';
  actorId: string;
  method: string;
  /** `Users`, `Groups`, `Bulk` ... */
  resource: string;
  status: number;
  /** Why it was refused, as SCIM says it (`uniqueness`); empty where it was not. */
  reason: string;
  requests: number;
  lastAt: Date;
  lastRequestId: string | null;
}

const noteSql = prepared(
  'provisioning-request-noted',
  `insert into provisioning_requests as p
     (tenant_id, actor_type, actor_id, method, resource, status, reason, last_request_id)
   values ($1, $2, $3, $4, $5, $6, $7, $8)
   on conflict (tenant_id, actor_type, actor_id, method, resource, status, reason) do update
      set requests = p.requests + 1, last_at = now(), last_request_id = excluded.last_request_id`,
);

/** Counts a request that was answered. */
export async function noteProvisioningRequest(
  db: Database,
  {
    tenantId,
    caller,
    ...noted
  }: { tenantId: string; caller: Caller; method: string; resource: string; status: number; reason: string },
): Promise<void> {
  const { type, id, requestId = null } = caller;
  if ((type !== 'client' && type !== 'api_key') || id === null) return;
  const { method, resource, status, reason } = noted;
  await runPrepared(db, noteSql, [tenantId, type, id, method, resource, status, reason, requestId]);
}

/** The kinds of the latest requests, the last first. */
export async function listProvisioningRequests(
  db: Database,
  { tenantId, limit }: { tenantId: string; limit: number },
): Promise<ProvisioningRequest[]> {
  if (!isId(tenantId)) return [];
  return rows<ProvisioningRequest>(
    db,
    `select actor_type, actor_id, method, resource, status, reason, requests, last_at, last_request_id
       from provisioning_requests
      where tenant_id = :tenantId
      order by last_at desc
      limit :limit`,
    { tenantId, limit },
  );
}
