/**
 * All that is held in a tenant now, read at once: by people through live assignments and grants, and by services. Where it counts is
 * for who has the tree (compare-access.ts). The same rule as effective-access-store.ts: a test holds the two against each other.
 */
import { type Database, rows } from '../../platform/database.ts';
import { liveAt } from './effective-access-store.ts';

/** Something is held at a node and below it. */
export interface Held {
  userId: string;
  orgNodeId: string;
  /** Of a role; or `read` and `analyze`, of a grant that lets somebody see. */
  by: string;
}

export interface HeldAccess {
  held: Held[];
  /** What each role carries, sorted; and what a grant is called. */
  carried: Map<string, readonly string[]>;
  /** What each service may ask for, by its `client_id`. */
  services: Map<string, ReadonlySet<string>>;
}

/** How a grant that lets somebody see stands among capabilities. */
const sights = new Map<string, readonly string[]>([
  ['read', ['visibility: read']],
  ['analyze', ['visibility: analyze']],
]);

/** Nothing of a tenant that is suspended. @param tenantId null: services that serve all tenants, alone */
export async function findHeldAccess(db: Database, tenantId: string | null): Promise<HeldAccess> {
  const services = await servicesOf(db, tenantId);
  if (tenantId === null) return { held: [], carried: new Map(), services };
  const held = await rows<Held>(
    db,
    `with acting as materialized (
       select u.id
         from users u
         join tenants t on t.id = u.tenant_id and t.state = 'active'
        where u.tenant_id = :tenantId and u.state = 'active' and u.deleted_at is null
     )
     select a.user_id, a.org_node_id, a.role_id::text as by
       from org_assignments a
       join acting u on u.id = a.user_id
       join roles r  on r.id = a.role_id and r.deleted_at is null
      where a.tenant_id = :tenantId and ${liveAt('a', 'null')}
      union all
     select v.user_id, v.org_node_id, v.access_scope
       from visibility_grants v
       join acting u on u.id = v.user_id
      where v.tenant_id = :tenantId and ${liveAt('v', 'null')}`,
    { tenantId },
  );
  const carried = await rows<{ roleId: string; capabilities: string[] }>(
    db,
    `select r.id as role_id, array_agg(c.key order by c.key) as capabilities
       from roles r
       join role_capabilities rc on rc.role_id = r.id
       join capabilities c       on c.id = rc.capability_id and c.deleted_at is null
      where r.tenant_id = :tenantId and r.deleted_at is null
      group by r.id`,
    { tenantId },
  );
  const byRole = carried.map(({ roleId, capabilities }) => [roleId, capabilities] as const);
  return { held, carried: new Map([...sights, ...byRole]), services };
}

async function servicesOf(db: Database, tenantId: string | null): Promise<HeldAccess['services']> {
  const found = await rows<{ clientId: string; capabilities: string[] }>(
    db,
    `select c.client_id, array_agg(k.key order by k.key) as capabilities
       from clients c
       join client_capabilities cc on cc.client_id = c.id
       join capabilities k         on k.id = cc.capability_id and k.deleted_at is null
      where c.tenant_id is not distinct from :tenantId::uuid and c.state = 'active' and c.deleted_at is null
        and (c.tenant_id is null or exists (select from tenants t where t.id = c.tenant_id and t.state = 'active'))
      group by c.client_id`,
    { tenantId },
  );
  return new Map(found.map(({ clientId, capabilities }) => [clientId, new Set(capabilities)]));
}
