/** Sessions and tokens that live and should not: of people who may not act. Reads alone. */
import { type Database, firstRow } from '../../platform/database.ts';

export interface Strays {
  sessions: number;
  /** Sessions of browsers, grants, codes and tokens, as the protocol stores them. */
  payloads: number;
}

/** What lives of people, or of people of tenants, that are stopped or deleted: whatever stops them ends it in the same transaction. */
export async function countStrays(db: Database): Promise<Strays> {
  const found = await firstRow<Strays>(
    db,
    `with stopped as materialized (
       select u.id
         from users u
         join tenants t on t.id = u.tenant_id
        where u.state <> 'active' or u.deleted_at is not null or t.state <> 'active'
     )
     select (select count(*)
               from user_sessions s
               join stopped on stopped.id = s.user_id
              where s.revoked_at is null and s.expires_at > now()) as sessions,
            (select count(*)
               from oidc_payloads p
               join stopped on stopped.id = p.account_id
              where p.expires_at > now()) as payloads`,
  );
  return found ?? { sessions: 0, payloads: 0 };
}
