/**
 * Changing and removing an API. Refuses another identifier: tokens that are out there name it as their audience. The program's
 * own API is fixed.
 */
import { type Database, firstRow, inTransaction, rows } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { forgetResourceServer } from '../access/capabilities.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { differences } from '../audit/differences.ts';
import { releaseResourceServer } from '../clients/clients.ts';
import { checkDisplayName } from '../tenants/display-name.ts';
import type { ResourceServer } from './resource-servers.ts';

export const resourceServerCodes = defineCodes({
  RESOURCE_SERVER_IN_USE: {
    kind: 'conflict',
    means: 'capabilities or services still belong to the API, or it is the default of clients',
  },
  SYSTEM_RESOURCE_SERVER_FIXED: {
    kind: 'conflict',
    means: 'the API is the one of the server itself and stays as it is',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof resourceServerCodes> {}
}

export interface ResourceServerDetails extends ResourceServer {
  /** The program's own. */
  isSystem: boolean;
  /** Keys, sorted. */
  capabilities: string[];
  createdAt: Date;
  updatedAt: Date;
}

/** Undefined for one that is not there. */
export async function findResourceServerById(db: Database, id: string): Promise<ResourceServerDetails | undefined> {
  if (!isId(id)) return undefined;
  return firstRow<ResourceServerDetails>(
    db,
    `select r.id, r.tenant_id, r.identifier, r.name, r.token_format, r.signing_alg, r.access_token_ttl,
            r.token_exchange, r.required_acr, r.skip_consent, r.is_system, r.created_at, r.updated_at,
            array(select k.key from capabilities k where k.resource_server_id = r.id and k.deleted_at is null order by k.key)
              as capabilities
       from resource_servers r
      where r.id = :id`,
    { id },
  );
}

export type ResourceServerChange = { id: string } & Partial<
  Pick<
    ResourceServer,
    'name' | 'tokenFormat' | 'signingAlg' | 'accessTokenTtl' | 'tokenExchange' | 'requiredAcr' | 'skipConsent'
  >
>;

/**
 * What is absent stays as it is. Already so: nothing is recorded.
 * @throws DomainError not_found NOT_FOUND, invalid INVALID_INPUT or FIELD_REQUIRED (name), conflict
 *   SYSTEM_RESOURCE_SERVER_FIXED
 */
export async function updateResourceServer(db: Database, change: ResourceServerChange, caller: Caller): Promise<void> {
  const { id, name: _name, ...rest } = change;
  const name = change.name === undefined ? undefined : checkDisplayName(change.name);
  await inTransaction(db, async (trx) => {
    const before = await lockFreeToChange(trx, id);
    const { from, to } = differences({ ...before }, { name, ...rest });
    if (Object.keys(to).length === 0) return;
    await trx('resource_servers').where({ id }).update(to);
    await recordEvent(trx, { ...about(before), action: 'resource_server.changed', payload: { from, to } }, caller);
  });
}

/**
 * Removes an API. Its capabilities are given to another one or deleted before, and services that are this API, too: else they
 * would quietly be good for something else. Clients whose default it is get another one before, or none.
 * @throws DomainError not_found NOT_FOUND, conflict RESOURCE_SERVER_IN_USE, SYSTEM_RESOURCE_SERVER_FIXED
 */
export async function deleteResourceServer(db: Database, id: string, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const before = await lockFreeToChange(trx, id);
    const used = await firstRow(
      trx,
      `select 1
        where exists (select from capabilities where resource_server_id = :id and deleted_at is null)
           or exists (select from clients where resource_server_id = :id and deleted_at is null)
           or exists (select from clients where metadata ->> 'default_resource' = :identifier and deleted_at is null)`,
      { id, identifier: before.identifier },
    );
    if (used) throw new DomainError('conflict', 'RESOURCE_SERVER_IN_USE');
    await forgetResourceServer(trx, id);
    await releaseResourceServer(trx, id);
    await rows(trx, 'delete from resource_servers where id = :id', { id });
    const payload = { identifier: before.identifier, name: before.name };
    await recordEvent(trx, { ...about(before), action: 'resource_server.deleted', payload }, caller);
  });
}

/** Locked against everybody: nobody adds a capability to it meanwhile. */
async function lockFreeToChange(trx: Database, id: string): Promise<ResourceServer & { isSystem: boolean }> {
  const found = isId(id)
    ? await firstRow<ResourceServer & { isSystem: boolean }>(
        trx,
        `select id, tenant_id, identifier, name, token_format, signing_alg, access_token_ttl, token_exchange,
                required_acr, skip_consent, is_system
           from resource_servers
          where id = :id
            for update`,
        { id },
      )
    : undefined;
  if (!found) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'resource_server' });
  if (found.isSystem) throw new DomainError('conflict', 'SYSTEM_RESOURCE_SERVER_FIXED');
  return found;
}

function about({ id, tenantId }: ResourceServer) {
  return { tenantId, entityType: 'resource_server', entityId: id };
}
