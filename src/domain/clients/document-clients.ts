/**
 * The rows of applications whose `client_id` is the address of a document. Such a one is of no tenant, third-party, and as it
 * said of itself when a person last let it have something. One that is disabled stays so, whatever it says.
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { remembered } from '../../platform/remembered.ts';
import { checkedApplication } from './client-metadata.ts';
import type { ClientRow } from './client-store.ts';

export type DocumentClient = Pick<ClientRow, 'clientId' | 'name'> & {
  kind: Exclude<ClientRow['kind'], 'service'>;
  metadata: Record<string, unknown> & { redirect_uris: string[] };
};

/** By the rules of every application, with the defaults of its kind. @throws DomainError invalid INVALID_INPUT */
export function documentClientRow({ clientId, name, kind, metadata }: DocumentClient): ClientRow {
  const checked = checkedApplication(kind, metadata);
  const nobodys = { id: clientId, tenantId: null, resourceServerId: null, securityProfile: 'none' } as const;
  return { ...nobodys, clientId, name, kind, state: 'active', firstParty: false, metadata: checked };
}

export async function findDocumentClient(
  db: Database,
  clientId: string,
): Promise<{ blocked: boolean; client: DocumentClient | undefined }> {
  return remembered(db, `document-client ${clientId}`, async () => {
    const row = await firstRow<DocumentClient & { blocked: boolean; deleted: boolean }>(
      db,
      `select client_id, name, kind, metadata, state = 'disabled' and deleted_at is null as blocked,
              deleted_at is not null as deleted
         from clients where client_id = :clientId`,
      { clientId },
    );
    if (!row) return { blocked: false, client: undefined };
    const { blocked, deleted, ...client } = row;
    return { blocked, client: deleted ? undefined : client };
  });
}

/** Answers whether it is new, or was removed before. Nothing is written where nothing has changed. */
export async function storeDocumentClient(trx: Database, client: DocumentClient): Promise<boolean> {
  const stored = await rows<{ isNew: boolean }>(
    trx,
    `with before as (select deleted_at from clients where client_id = :clientId)
     insert into clients as c (id, client_id, kind, name, first_party, metadata)
     values (:id, :clientId, :kind, :name, false, :metadata::jsonb)
     on conflict (client_id) do update
        set kind = excluded.kind, name = excluded.name, metadata = excluded.metadata, deleted_at = null, deleted_by = null,
            state = case when c.deleted_at is null then c.state else 'active' end
      where (c.kind, c.name, c.metadata) is distinct from (excluded.kind, excluded.name, excluded.metadata)
         or c.deleted_at is not null
  returning not exists (select from before where deleted_at is null) as is_new`,
    { ...client, id: newId(), metadata: JSON.stringify(client.metadata) },
  );
  return stored[0]?.isNew === true;
}
