/**
 * What a service may get for people by token exchange (RFC 8693), beside what it may ask for by itself: capabilities, each of
 * an API. Owns the service's side of the permission, which is none until somebody gives it; the API's side is its own
 * (resource_servers.token_exchange). Refuses capabilities of no API, and those of the program's own.
 */
import { type Database, firstRow, inTransaction, prepared, rows, runPrepared } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { remembered } from '../../platform/remembered.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { actingUserId } from '../organisation/acting-user.ts';
import { lockService } from './change-client.ts';

interface ExchangeCapability {
  key: string;
  /** The identifier of its API. */
  identifier: string;
}

const live = `k.id = ec.capability_id and k.deleted_at is null and not k.is_system`;

const ofClient = prepared(
  'exchange-capabilities',
  `select k.key, r.identifier
     from client_exchange_capabilities ec
     join clients c          on c.id = ec.client_id
     join capabilities k     on ${live}
     join resource_servers r on r.id = k.resource_server_id and not r.is_system
    where c.client_id = $1
    order by k.key`,
);

/** Each with the API that it belongs to, sorted. Shared: not to be changed. */
export async function findExchangeCapabilities(db: Database, clientId: string): Promise<ExchangeCapability[]> {
  return remembered(db, `exchange-capabilities ${clientId}`, async () => {
    return (await runPrepared<ExchangeCapability>(db, ofClient, [clientId])).rows;
  });
}

/**
 * Lets a service get a capability of an API for people. It may already: nothing is recorded.
 * @throws DomainError not_found NOT_FOUND (service, capability), invalid INVALID_INPUT (capability: of no API, or of another
 *   tenant's)
 */
export async function addExchangeCapability(
  db: Database,
  { clientId, capability }: { clientId: string; capability: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const service = await lockService(trx, clientId);
    const found = await firstRow<{ id: string; isOfApi: boolean }>(
      trx,
      `select k.id, not k.is_system and r.id is not null as is_of_api
         from capabilities k
         left join resource_servers r on r.id = k.resource_server_id and not r.is_system
                                     and (r.tenant_id is null or :tenantId::uuid is null or r.tenant_id = :tenantId)
        where k.key = :capability and k.deleted_at is null`,
      { capability, tenantId: service.tenantId },
    );
    if (!found) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'capability', value: capability });
    if (!found.isOfApi)
      throw new DomainError('invalid', 'INVALID_INPUT', {
        field: 'capability',
        value: capability,
        reason: 'it is of no API that the service could get tokens for',
      });
    const added = await rows(
      trx,
      `insert into client_exchange_capabilities (client_id, capability_id, granted_by)
       values (:id, :capabilityId, (select id from users where id = :actorId))
           on conflict do nothing
    returning 1`,
      { id: service.id, capabilityId: found.id, actorId: actingUserId(caller) },
    );
    if (added.length === 0) return;
    const { tenantId } = service;
    const about = { tenantId, entityType: 'client', entityId: clientId };
    await recordEvent(trx, { ...about, action: 'client.exchange_capability_granted', payload: { capability } }, caller);
  });
}

/** Takes it from the service; tokens that it has keep it until they end. @throws DomainError not_found NOT_FOUND */
export async function removeExchangeCapability(
  db: Database,
  { clientId, capability }: { clientId: string; capability: string },
  caller: Caller,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const { id, tenantId } = await lockService(trx, clientId);
    const gone = await rows(
      trx,
      `delete from client_exchange_capabilities ec
        using capabilities k
        where ec.client_id = :id and k.id = ec.capability_id and k.key = :capability
    returning 1`,
      { id, capability },
    );
    if (gone.length === 0) return;
    const about = { tenantId, entityType: 'client', entityId: clientId };
    await recordEvent(trx, { ...about, action: 'client.exchange_capability_revoked', payload: { capability } }, caller);
  });
}
