/** The SQL of event streams: what they are besides receivers. */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { type Receiver, receiverColumns } from '../events/receivers.ts';
import { actorInTenant } from '../organisation/acting-user.ts';

export type DeliveryMethod = 'push' | 'poll';

export interface StreamRow extends Omit<Receiver, 'kind'> {
  /** `clients.client_id` of the service that made it; null: a person did. */
  clientId: string | null;
  audience: string;
  method: DeliveryMethod;
  /** null: it is polled. */
  endpointUrl: string | null;
  hasAuthorization: boolean;
  eventsRequested: string[];
  description: string;
  /** When it was last asked to be verified. */
  verifiedAt: Date | null;
  createdAt: Date;
  createdBy: string | null;
  updatedAt: Date;
}

const columns = `c.client_id, s.audience, s.method, s.endpoint_url, s.sealed_authorization is not null as has_authorization,
       s.events_requested, s.description, s.verified_at, s.created_at, s.created_by, s.updated_at, ${receiverColumns}`;
const tables = `event_streams s
       join event_receivers r on r.id = s.id
       left join clients c on c.id = s.client_id`;
const ofOwner = '(:clientId::text is null or c.client_id = :clientId)';

/** In which tenant, and of which service alone; null: of all. */
export interface StreamOwner {
  tenantId: string;
  clientId: string | null;
}

export async function insertStream(
  trx: Database,
  stream: Pick<
    StreamRow,
    'id' | 'tenantId' | 'clientId' | 'audience' | 'method' | 'endpointUrl' | 'eventsRequested' | 'description'
  > & { sealedAuthorization: Buffer | null; actorId: string | null },
): Promise<void> {
  await rows(
    trx,
    `insert into event_streams (id, tenant_id, client_id, audience, method, endpoint_url, sealed_authorization,
                                events_requested, description, created_by)
     values (:id, :tenantId, (select id from clients where client_id = :clientId), :audience, :method, :endpointUrl,
             :sealedAuthorization, :eventsRequested, :description, ${actorInTenant}) returning 1`,
    { ...stream },
  );
}

export async function selectStream(db: Database, wanted: StreamOwner & { id: string }): Promise<StreamRow | undefined> {
  return firstRow<StreamRow>(
    db,
    `select ${columns} from ${tables} where s.tenant_id = :tenantId and s.id = :id and ${ofOwner}`,
    { ...wanted },
  );
}

/** In the order of their ids. @throws DomainError invalid CURSOR_INVALID */
export async function selectStreams(db: Database, owner: StreamOwner, page: PageRequest): Promise<Page<StreamRow>> {
  return selectPage<StreamRow>(
    db,
    byId('s.id'),
    page,
    ({ key, where, order }) =>
      `select ${columns}, ${key} from ${tables} where s.tenant_id = :tenantId and ${ofOwner} and ${where} ${order}`,
    { ...owner },
  );
}

/** How many there are; until the transaction ends nobody else who asks so adds one. */
export async function countStreamsAlone(trx: Database, tenantId: string): Promise<number> {
  await rows(trx, `select pg_advisory_xact_lock(hashtextextended('gatehouse:event-streams:' || :tenantId, 0))`, {
    tenantId,
  });
  const found = await firstRow<{ count: number }>(
    trx,
    'select count(*)::integer as count from event_streams where tenant_id = :tenantId',
    { tenantId },
  );
  return found?.count ?? 0;
}

/** @param change.sealedAuthorization undefined: as it was */
export async function updateStream(
  trx: Database,
  change: Pick<StreamRow, 'id' | 'endpointUrl' | 'eventsRequested' | 'description'> & {
    sealedAuthorization?: Buffer | null;
  },
): Promise<void> {
  const { sealedAuthorization, ...rest } = change;
  await rows(
    trx,
    `update event_streams
        set endpoint_url = :endpointUrl, events_requested = :eventsRequested, description = :description,
            sealed_authorization = case when :keeps::boolean then sealed_authorization else :sealedAuthorization::bytea end
      where id = :id returning 1`,
    { ...rest, keeps: sealedAuthorization === undefined, sealedAuthorization: sealedAuthorization ?? null },
  );
}

/** Notes that it is to be verified. False where it was asked for less than so many seconds ago. */
export async function noteVerification(trx: Database, id: string, everySeconds: number): Promise<boolean> {
  const noted = await rows(
    trx,
    `update event_streams set verified_at = clock_timestamp()
      where id = :id and (verified_at is null or verified_at < clock_timestamp() - make_interval(secs => :everySeconds))
  returning 1`,
    { id, everySeconds },
  );
  return noted.length > 0;
}

export interface StreamTarget {
  audience: string;
  endpointUrl: string | null;
  sealedAuthorization: Buffer | null;
  /** The service that made it, and whether it may still act; null and true where a person made it. */
  clientId: string | null;
  isActive: boolean;
}

const target = prepared(
  'event-stream-target',
  `select s.audience, s.endpoint_url, s.sealed_authorization, c.client_id,
          (s.client_id is null or (c.state = 'active' and c.deleted_at is null)) as is_active
     from event_streams s left join clients c on c.id = s.client_id
    where s.id = $1`,
);

/** Where it is pushed to; undefined: it was deleted. */
export async function selectStreamTarget(db: Database, id: string): Promise<StreamTarget | undefined> {
  return (await runPrepared<StreamTarget>(db, target, [id])).rows[0];
}
