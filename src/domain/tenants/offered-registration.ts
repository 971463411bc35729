/** Whether any tenant lets applications register themselves: what the server tells of it to everybody. Says not which tenant. */
import { type Database, firstRow } from '../../platform/database.ts';
import { remembered } from '../../platform/remembered.ts';

export interface OfferedRegistration {
  /** By an initial access token (RFC 7591). */
  byToken: boolean;
  /** By a document at the address that is their `client_id`. */
  byDocument: boolean;
}

export async function findOfferedRegistration(db: Database): Promise<OfferedRegistration> {
  return remembered(db, 'offered-registration', async () => {
    const found = await firstRow<OfferedRegistration>(
      db,
      `select coalesce(bool_or((settings ->> 'clientRegistration')::boolean), false) as by_token,
              coalesce(bool_or((settings ->> 'clientDocuments')::boolean), false) as by_document
         from tenants
        where state = 'active'`,
      [],
    );
    return found ?? { byToken: false, byDocument: false };
  });
}
