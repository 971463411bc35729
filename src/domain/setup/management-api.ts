/** The program's own API, as its tokens know it: an audience that begins with the issuer, and the capabilities as its scopes. */
import { type Database, inTransaction } from '../../platform/database.ts';
import { offerSystemCapabilities } from '../access/capabilities.ts';
import { ensureSystemApi } from '../resource-servers/resource-servers.ts';

/**
 * Has the management API be there. Safe to call at every start, by many at once.
 * @param identifier the audience of its tokens: an address that begins with the issuer
 * @param mayReplace whether it may take the place of the stored one, where they differ; by default not
 * @returns the stored one: the database belongs to the issuer that it begins with
 */
export async function ensureManagementApi(
  db: Database,
  identifier: string,
  mayReplace: (stored: string) => boolean = () => false,
): Promise<string> {
  return inTransaction(db, async (trx) => {
    const api = await ensureSystemApi(trx, identifier, mayReplace);
    await offerSystemCapabilities(trx, api.id);
    return api.identifier;
  });
}
