/** People who were deactivated, in tenants that erase those who stay so: since when, and whose time is over. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import type { UserOfTenant } from './users.ts';

const isInactive = `u.state = 'inactive' and u.deleted_at is null and u.erased_at is null`;
const days = `(t.settings ->> 'inactiveErasureDays')::integer`;
const isDue = `${isInactive} and u.deactivated_at <= statement_timestamp() - make_interval(days => ${days})`;

/** Of who was deactivated before that was written down: from now on it counts. */
export async function dateInactivePeople(db: Database, limit: number): Promise<void> {
  await rows(
    db,
    `update users set deactivated_at = now()
      where id in (select u.id from users u
                     join tenants t on t.id = u.tenant_id and ${days} is not null
                    where ${isInactive} and u.deactivated_at is null
                    order by u.id limit ? for no key update of u skip locked)`,
    [limit],
  );
}

/** Whose time is over, the longest first. */
export async function findDueInactivePeople(db: Database, limit: number): Promise<UserOfTenant[]> {
  return rows<UserOfTenant>(
    db,
    `select u.tenant_id, u.id as user_id
       from tenants t
       join users u on u.tenant_id = t.id
      where ${days} is not null and ${isDue}
      order by u.deactivated_at, u.id limit ?`,
    [limit],
  );
}

/**
 * Holds one of them to the end of the transaction. @returns false where it is done, where they were let in again or the tenant
 * thinks otherwise, and where somebody else is at it
 */
export async function holdDueInactivePerson(trx: Database, { tenantId, userId }: UserOfTenant): Promise<boolean> {
  const held = await firstRow<{ id: string }>(
    trx,
    `select u.id
       from users u
       join tenants t on t.id = u.tenant_id
      where u.tenant_id = ? and u.id = ? and ${days} is not null and ${isDue}
        for no key update of u skip locked`,
    [tenantId, userId],
  );
  return held !== undefined;
}
