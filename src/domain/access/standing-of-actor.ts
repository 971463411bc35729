/**
 * What somebody holds in the tenant that they act in, also where they belong to another one: the platform's owners act
 * everywhere with what they hold in the whole of their own tenant.
 */
import type { Database } from '../../platform/database.ts';
import type { Caller } from '../audit/audit-events.ts';
import { isPlatformTenant } from '../tenants/platform-tenant.ts';
import { findStanding, holdsAtRoot, type Standing, type StandingOf } from './authorise.ts';

/**
 * Undefined for a tenant that does not exist, and for somebody from elsewhere who holds nothing there: they are told nothing
 * of it, not even that it is there.
 * @param actor.homeId where they belong; null: nowhere, as the system and services of all tenants
 */
export async function findStandingIn(
  db: Database,
  tenantId: string,
  { of, homeId }: { of: StandingOf; homeId: string | null },
): Promise<Standing | undefined> {
  const own = await findStanding(db, { tenantId, of });
  if (!own || of === 'system' || homeId === tenantId) return own;
  // A service of all tenants acts in the platform's, and holds nothing in another one.
  if (homeId === null) return own.held.length > 0 ? own : undefined;
  const home = await findStanding(db, { tenantId: homeId, of });
  const abroad =
    home && (await isPlatformTenant(db, homeId)) && holdsAtRoot(home, 'tenants.manage')
      ? home.held.filter(({ orgNodeId }) => orgNodeId === home.rootId)
      : [];
  if (abroad.length === 0) return undefined;
  return { ...own, held: abroad.map((row) => ({ ...row, orgNodeId: own.rootId })) };
}

/** Who acted once, as a row names them. */
export interface ActorOfRecord {
  type: Caller['type'];
  /** users.id, a client's `client_id`, or an API key's id; null: the system. */
  id: string | null;
  /** Where they belong, where that is another tenant. */
  homeId: string | null;
}

/** What they hold in the tenant now. */
export async function findStandingOfRecord(
  db: Database,
  tenantId: string,
  { type, id, homeId }: ActorOfRecord,
): Promise<Standing | undefined> {
  if (type === 'system') return findStandingIn(db, tenantId, { of: 'system', homeId: null });
  if (id === null) return undefined;
  const of = { client: { service: id }, api_key: { key: id }, user: { person: id } }[type];
  return findStandingIn(db, tenantId, { of, homeId: homeId ?? tenantId });
}
