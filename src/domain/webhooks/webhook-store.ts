/** The SQL of webhooks: a receiver's name and address, and the secrets that sign, sealed. */
import { type Database, firstRow, prepared, rows } from '../../platform/database.ts';
import { gatheredRows } from '../../platform/gathered.ts';
import { byId, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { type Receiver, receiverColumns } from '../events/receivers.ts';
import { actorInTenant } from '../organisation/acting-user.ts';

export interface WebhookRow extends Omit<Receiver, 'kind'> {
  name: string;
  url: string;
  secretSince: Date;
  /** Until then the secret before signs, too. */
  secretBeforeUntil: Date | null;
  createdAt: Date;
  createdBy: string | null;
  updatedAt: Date;
}

const columns = `w.name, w.url, w.secret_since, w.created_at, w.created_by, w.updated_at,
       case when w.secret_before_until > now() then w.secret_before_until end as secret_before_until, ${receiverColumns}`;

export async function insertWebhook(
  trx: Database,
  webhook: Pick<WebhookRow, 'id' | 'tenantId' | 'name' | 'url'> & { sealedSecret: Buffer; actorId: string | null },
): Promise<void> {
  await rows(
    trx,
    `insert into webhooks (id, tenant_id, name, url, sealed_secret, created_by)
     values (:id, :tenantId, :name, :url, :sealedSecret, ${actorInTenant}) returning 1`,
    { ...webhook },
  );
}

export async function selectWebhook(
  db: Database,
  wanted: { tenantId: string; id: string },
): Promise<WebhookRow | undefined> {
  return firstRow<WebhookRow>(
    db,
    `select ${columns} from webhooks w join event_receivers r on r.id = w.id
      where w.tenant_id = :tenantId and w.id = :id`,
    wanted,
  );
}

/** In the order of their ids. @throws DomainError invalid CURSOR_INVALID */
export async function selectWebhooks(db: Database, tenantId: string, page: PageRequest): Promise<Page<WebhookRow>> {
  return selectPage<WebhookRow>(
    db,
    byId('w.id'),
    page,
    ({ key, where, order }) =>
      `select ${columns}, ${key} from webhooks w join event_receivers r on r.id = w.id
        where w.tenant_id = :tenantId and ${where} ${order}`,
    { tenantId },
  );
}

/** How many there are; until the transaction ends nobody else who asks so adds one. */
export async function countWebhooksAlone(trx: Database, tenantId: string): Promise<number> {
  await rows(trx, `select pg_advisory_xact_lock(hashtextextended('gatehouse:webhooks:' || :tenantId, 0))`, {
    tenantId,
  });
  const found = await firstRow<{ count: number }>(trx, 'select count(*) from webhooks where tenant_id = :tenantId', {
    tenantId,
  });
  return found?.count ?? 0;
}

export async function updateWebhook(
  trx: Database,
  { id, name, url }: Pick<WebhookRow, 'id' | 'name' | 'url'>,
): Promise<void> {
  await rows(trx, 'update webhooks set name = :name, url = :url where id = :id returning 1', { id, name, url });
}

/** The secret that was goes on signing beside the new one, for so many seconds; 0: not at all. */
export async function replaceWebhookSecret(
  trx: Database,
  wanted: { id: string; sealedSecret: Buffer; overlapSeconds: number },
): Promise<void> {
  await rows(
    trx,
    `update webhooks
        set sealed_secret = :sealedSecret, secret_since = clock_timestamp(),
            sealed_secret_before = case when :overlapSeconds > 0 then sealed_secret end,
            secret_before_until = case when :overlapSeconds > 0
                                       then clock_timestamp() + make_interval(secs => :overlapSeconds) end
      where id = :id
  returning 1`,
    wanted,
  );
}

export interface WebhookTarget {
  url: string;
  sealedSecret: Buffer;
  /** null: it signs no more. */
  sealedSecretBefore: Buffer | null;
}

const target = prepared(
  'webhook-target',
  `select wanted.n::int as n, w.url, w.sealed_secret,
          case when w.secret_before_until > now() then w.sealed_secret_before end as sealed_secret_before
     from unnest((select $1::uuid[])) with ordinality as wanted(id, n)
     join lateral (select url, sealed_secret, sealed_secret_before, secret_before_until from webhooks where id = wanted.id offset 0) w on true`,
);
const findTarget = gatheredRows<WebhookTarget>(target);

/** Where it is sent, and by what it is signed; undefined: it was deleted. */
export async function selectWebhookTarget(db: Database, id: string): Promise<WebhookTarget | undefined> {
  return findTarget(db, id);
}
