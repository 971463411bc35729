/**
 * Browsers at which a person is not asked for a second factor for a time, because they proved it there and asked for that. Owns
 * that one is known by a random token, of which the hash alone is kept; that whatever ends a person's sessions everywhere ends
 * this too; and that nothing is remembered of a sign-in which was ended meanwhile. What a remembered browser is worth is decided in
 * domain/factors/requirement.ts.
 */
import { type Database, firstRow, inTransaction, prepared, rows, runPrepared } from '../../platform/database.ts';
import { isId, newId } from '../../platform/ids.ts';
import { byId, emptyPage, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';

interface Person {
  tenantId: string;
  userId: string;
}

export interface RememberedDevice {
  id: string;
  userAgent: string | null;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date;
}

const columns = 'd.id, d.user_agent, d.created_at, d.last_used_at, d.expires_at';

/** First of all that a change locks, as everybody who ends what a person holds: none is made beside an end of all. */
async function holdPerson(trx: Database, { tenantId, userId }: Person): Promise<void> {
  const sql = 'select id from users where tenant_id = :tenantId and id = :userId for no key update';
  await rows(trx, sql, { tenantId, userId });
}

/**
 * Remembers a browser. What its earlier token stood for, for others at the same browser, goes on under the new one: a token that
 * somebody has planted there is worth nothing.
 * @param browser.tokenHash SHA-256 of the new token; `formerHash`: of the one that the browser had
 * @param isStillSignedIn whether the sign-in in which that was asked for has not been ended; asked with the person held
 * @returns whether it is remembered
 */
export async function rememberBrowser(
  db: Database,
  person: Person,
  browser: { tokenHash: Buffer; formerHash: Buffer | undefined; days: number },
  { caller, isStillSignedIn }: { caller: Caller; isStillSignedIn: (trx: Database) => Promise<boolean> },
): Promise<boolean> {
  const { tenantId, userId } = person;
  const { tokenHash, formerHash, days } = browser;
  return inTransaction(db, async (trx) => {
    await holdPerson(trx, person);
    if (!(await isStillSignedIn(trx))) return false;
    if (formerHash) {
      await rows(trx, 'delete from remembered_devices where user_id = ? and token_hash = ?', [userId, formerHash]);
      await rows(trx, 'update remembered_devices set token_hash = ? where token_hash = ?', [tokenHash, formerHash]);
    }
    await rows(
      trx,
      `insert into remembered_devices (id, tenant_id, user_id, token_hash, user_agent, expires_at)
       values (:id, :tenantId, :userId, :tokenHash, :userAgent, now() + make_interval(days => :days))`,
      { id: newId(), tenantId, userId, tokenHash, days, userAgent: caller.userAgent?.slice(0, 500) ?? null },
    );
    const about = { tenantId, entityType: 'user', entityId: userId };
    await recordEvent(trx, { ...about, action: 'device.remembered', payload: { days } }, caller);
    return true;
  });
}

const use = prepared(
  'remembered-device-use',
  `update remembered_devices d set last_used_at = now()
    where d.tenant_id = $1 and d.user_id = $2 and d.token_hash = $3 and d.expires_at > now()
      and d.created_at > now() - make_interval(days => $4)
   returning d.id`,
);

/** Whether the person is remembered at a browser. @param days as the tenant says now: fewer end what is older */
export async function isRemembered(
  db: Database,
  { tenantId, userId }: Person,
  { tokenHash, days }: { tokenHash: Buffer; days: number },
): Promise<boolean> {
  if (days === 0) return false;
  return (await runPrepared(db, use, [tenantId, userId, tokenHash, days])).rows.length > 0;
}

/** Those that are remembered still, in the order of the ids. @throws DomainError invalid CURSOR_INVALID */
export async function listRememberedDevices(
  db: Database,
  { tenantId, userId, ...page }: PageRequest & Person,
): Promise<Page<RememberedDevice>> {
  if (!isId(tenantId) || !isId(userId)) return emptyPage();
  return selectPage<RememberedDevice>(
    db,
    byId('d.id'),
    page,
    ({ key, where, order }) =>
      `select ${columns}, ${key} from remembered_devices d
        where d.tenant_id = :tenantId and d.user_id = :userId and d.expires_at > now() and ${where} ${order}`,
    { tenantId, userId },
  );
}

/** Forgets one browser, or all of them. Once more does no harm. */
export async function forgetRememberedDevices(
  db: Database,
  { tenantId, userId, id }: Person & { id?: string },
  caller: Caller,
): Promise<void> {
  if (id !== undefined && !isId(id)) return;
  await inTransaction(db, async (trx) => {
    const devices = await endRememberedDevices(trx, { tenantId, userId, id });
    if (devices === 0) return;
    const about = { tenantId, entityType: 'user', entityId: userId };
    await recordEvent(trx, { ...about, action: 'device.forgotten', payload: { devices } }, caller);
  });
}

/**
 * As `forgetRememberedDevices`, in the transaction of what ends them, which writes its own event. Holds the person.
 * @returns how many there were
 */
export async function endRememberedDevices(
  trx: Database,
  { tenantId, userId, id }: Person & { id?: string },
): Promise<number> {
  await holdPerson(trx, { tenantId, userId });
  const gone = await firstRow<{ n: number }>(
    trx,
    `with gone as (
       delete from remembered_devices
        where tenant_id = :tenantId and user_id = :userId and (:id::uuid is null or id = :id) returning id
     )
     select count(*)::int as n from gone`,
    { tenantId, userId, id: id ?? null },
  );
  return gone?.n ?? 0;
}

/** Deletes what has ended. */
export async function sweepRememberedDevices(db: Database): Promise<void> {
  await rows(
    db,
    `with held as (select id from remembered_devices where expires_at < now() for update skip locked)
     delete from remembered_devices d using held where d.id = held.id`,
  );
}
