/**
 * The API that a client's tokens are for where it names none (`default_resource`): most libraries cannot send `resource` (RFC
 * 8707). Refuses one that the client's tokens could never be for: unknown, another tenant's, or none that a service may use.
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { type ClientRow, findServiceCapabilities } from './client-store.ts';

/**
 * The API stays to the end of the transaction.
 * @throws DomainError invalid INVALID_INPUT (default_resource)
 */
export async function checkDefaultResource(trx: Database, client: ClientRow): Promise<void> {
  const { default_resource: wanted } = client.metadata;
  if (wanted === undefined) return;
  const refuse = (reason: string) => {
    const value = typeof wanted === 'string' ? { value: wanted } : {};
    throw new DomainError('invalid', 'INVALID_INPUT', { field: 'default_resource', ...value, reason });
  };
  if (typeof wanted !== 'string' || wanted.includes('\0') || !(await holdApi(trx, wanted, client.tenantId)))
    refuse('it is the identifier of no API that is there for this client');
  if (client.kind !== 'service') return;
  const granted = await findServiceCapabilities(trx, client.clientId);
  if (!granted.some(({ identifier }) => identifier === wanted)) refuse('the service has no capability of this API');
}

/** Whether it is there and nobody's, or the tenant's own. Waits for who removes it, and keeps it from being removed. */
async function holdApi(trx: Database, identifier: string, tenantId: string | null): Promise<boolean> {
  const found = await firstRow(
    trx,
    `select 1
       from resource_servers
      where identifier = :identifier and (tenant_id is null or tenant_id = :tenantId::uuid)
        for key share`,
    { identifier, tenantId },
  );
  return found !== undefined;
}

/** Follows an API whose identifier changes: the program's own, with the issuer. */
export async function renameDefaultResource(trx: Database, from: string, to: string): Promise<void> {
  await rows(
    trx,
    `with held as (
       select id from clients where metadata ->> 'default_resource' = :from order by id for no key update
     )
     update clients c
        set metadata = jsonb_set(c.metadata, '{default_resource}', to_jsonb(:to::text))
       from held
      where c.id = held.id`,
    { from, to },
  );
}
