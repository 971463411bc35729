/** The program's own API, as its tokens know it: an audience that follows the issuer, and the capabilities as its scopes. */
import { type Database, inTransaction } from '../../platform/database.ts';
import { offerSystemCapabilities } from '../access/capabilities.ts';
import { ensureSystemApi } from '../resource-servers/resource-servers.ts';

/**
 * Has the management API be there. Safe to call at every start, by many at once.
 * @param identifier the audience of its tokens: an address that begins with the issuer
 */
export async function ensureManagementApi(db: Database, identifier: string): Promise<void> {
  await inTransaction(db, async (trx) => offerSystemCapabilities(trx, await ensureSystemApi(trx, identifier)));
}
