/** The SQL of who may administer what (authorise.ts). Named statements: they are asked at every request. */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import { liveAt, reachable } from './effective-access-store.ts';

export interface HeldRow {
  orgNodeId: string;
  endsAt: Date | null;
  /** The system role owner, at the root. */
  isOwner: boolean;
  capabilities: string[];
}

const capabilitiesOf = (role: string) => `array(
            select c.key
              from role_capabilities rc
              join capabilities c on c.id = rc.capability_id and c.deleted_at is null
             where rc.role_id = ${role})`;
const isOwner = `r.is_system and r.name = 'owner' and n.parent_id is null`;

const ofPerson = prepared(
  'standing-of-person',
  `select a.org_node_id, a.ends_at, ${isOwner} as is_owner, ${capabilitiesOf('r.id')} as capabilities
     from users u
     join tenants t         on t.id = u.tenant_id and t.state = 'active'
     join org_assignments a on a.user_id = u.id
     join roles r           on r.id = a.role_id and r.deleted_at is null
     join org_nodes n       on n.id = a.org_node_id
    where u.tenant_id = $1 and u.id = $2 and u.state = 'active' and u.deleted_at is null
      and ${liveAt('a', '$3')} and ${reachable('a.org_node_id')}`,
);

/** What a person holds now, each assignment with what its role carries; nothing of one who may not act. */
export async function selectStandingOfPerson(
  db: Database,
  { tenantId, userId, at }: { tenantId: string; userId: string; at: Date | null },
): Promise<HeldRow[]> {
  return (await runPrepared<HeldRow>(db, ofPerson, [tenantId, userId, at])).rows;
}

const ofService = prepared(
  'standing-of-service',
  `select n.id as org_node_id, null::timestamptz as ends_at, false as is_owner,
          array(select k.key
                  from client_capabilities cc
                  join capabilities k on k.id = cc.capability_id and k.deleted_at is null
                 where cc.client_id = c.id) as capabilities
     from clients c
     join tenants t   on t.id = $1 and t.state = 'active'
     join org_nodes n on n.tenant_id = t.id and n.parent_id is null
    where c.client_id = $2 and c.state = 'active' and c.deleted_at is null
      and (c.tenant_id = t.id or (c.tenant_id is null and t.is_platform))`,
);

/** What a service was given: it counts at the root of its tenant; of one that serves all tenants, at the platform's. */
export async function selectStandingOfService(
  db: Database,
  { tenantId, clientId }: { tenantId: string; clientId: string },
): Promise<HeldRow[]> {
  return (await runPrepared<HeldRow>(db, ofService, [tenantId, clientId])).rows;
}

export interface KeyRow {
  /** Whose key it is; null: the node's own. */
  userId: string | null;
  orgNodeId: string;
  expiresAt: Date;
  capabilities: string[];
  /** Those of them that are the program's own. */
  systemCapabilities: string[];
}

const capabilitiesOfKey = (which = 'true') => `array(
            select c.key
              from api_key_capabilities kc
              join capabilities c on c.id = kc.capability_id and c.deleted_at is null
             where kc.api_key_id = k.id and ${which})`;

const ofKey = prepared(
  'standing-of-key',
  `select k.user_id, k.org_node_id, k.expires_at, ${capabilitiesOfKey()} as capabilities,
          ${capabilitiesOfKey('c.is_system')} as system_capabilities
     from api_keys k
     join tenants t on t.id = k.tenant_id and t.state = 'active'
    where k.tenant_id = $1 and k.id = $2 and k.active and k.revoked_at is null
      and k.expires_at > statement_timestamp() and ${reachable('k.org_node_id')}`,
);

/** What an API key was made for, if it counts now. */
export async function selectKey(
  db: Database,
  { tenantId, keyId }: { tenantId: string; keyId: string },
): Promise<KeyRow | undefined> {
  return (await runPrepared<KeyRow>(db, ofKey, [tenantId, keyId])).rows[0];
}

const ancestors = prepared(
  'standing-ancestors',
  `select path.descendant_id as node_id, array_agg(path.ancestor_id) as ancestor_ids
     from org_node_paths path
    where path.tenant_id = $1 and path.descendant_id = any($2::uuid[]) and path.ancestor_id = any($3::uuid[])
    group by path.descendant_id`,
);

/** Of each of some nodes: which of the others it is, or stands below. */
export async function selectAncestorsAmong(
  db: Database,
  { tenantId, nodeIds, among }: { tenantId: string; nodeIds: readonly string[]; among: readonly string[] },
): Promise<Map<string, Set<string>>> {
  const { rows } = await runPrepared<{ nodeId: string; ancestorIds: string[] }>(db, ancestors, [
    tenantId,
    nodeIds,
    among,
  ]);
  return new Map(rows.map(({ nodeId, ancestorIds }) => [nodeId, new Set(ancestorIds)]));
}

/** Where a person stands: of what is held now or later. */
const places = `
  select a.org_node_id
    from org_assignments a
    join roles r on r.id = a.role_id and r.deleted_at is null
   where a.user_id = u.id and (a.ends_at is null or a.ends_at > coalesce($4::timestamptz, statement_timestamp()))
   union all
  select v.org_node_id
    from visibility_grants v
   where v.user_id = u.id and (v.ends_at is null or v.ends_at > coalesce($4::timestamptz, statement_timestamp()))`;
const isBelow =
  'exists (select from org_node_paths p where p.descendant_id = place.org_node_id and p.ancestor_id = any($3::uuid[]))';

const placesOfPerson = prepared(
  'standing-places-of-person',
  `select count(*) as places, count(*) filter (where ${isBelow}) as within
     from users u
     left join lateral (${places}) place on true
    where u.tenant_id = $1 and u.id = $2 and (u.deleted_at is null or $5) and place.org_node_id is not null`,
);
const personIsThere = prepared(
  'standing-person-is-there',
  'select 1 from users where tenant_id = $1 and id = $2 and (deleted_at is null or $3)',
);

/** How many places a person has, and how many of them stand at or below the named nodes; undefined for nobody. */
export async function selectPlaces(
  db: Database,
  {
    tenantId,
    userId,
    nodeIds,
    at,
    deletedToo,
  }: { tenantId: string; userId: string; nodeIds: readonly string[]; at: Date | null; deletedToo: boolean },
): Promise<{ places: number; within: number } | undefined> {
  const [there, counted] = await Promise.all([
    runPrepared(db, personIsThere, [tenantId, userId, deletedToo]),
    runPrepared<{ places: number; within: number }>(db, placesOfPerson, [tenantId, userId, nodeIds, at, deletedToo]),
  ]);
  return there.rowCount === 0 ? undefined : (counted.rows[0] ?? { places: 0, within: 0 });
}

export interface GivenRow {
  orgNodeId: string;
  endsAt: Date | null;
  isOwner: boolean;
  capabilities: string[];
}

const givenTo = prepared(
  'standing-given-to',
  `select a.org_node_id, a.ends_at, ${isOwner} as is_owner, ${capabilitiesOf('r.id')} as capabilities
     from org_assignments a
     join roles r     on r.id = a.role_id and r.deleted_at is null
     join org_nodes n on n.id = a.org_node_id
    where a.tenant_id = $1 and a.user_id = $2
      and (a.ends_at is null or a.ends_at > coalesce($3::timestamptz, statement_timestamp()))`,
);

/** Everything that a person holds now or later, wherever. */
export async function selectGivenTo(
  db: Database,
  { tenantId, userId, at }: { tenantId: string; userId: string; at: Date | null },
): Promise<GivenRow[]> {
  return (await runPrepared<GivenRow>(db, givenTo, [tenantId, userId, at])).rows;
}

const roleToGive = prepared(
  'standing-role',
  `select r.is_system and r.name = 'owner' as is_owner, ${capabilitiesOf('r.id')} as capabilities
     from roles r
    where r.tenant_id = $1 and r.id = $2 and r.deleted_at is null`,
);

const holdToGive = prepared(
  'standing-hold-role-to-give',
  'select from roles where tenant_id = $1 and id = $2 for share',
);
const holdToFill = prepared(
  'standing-hold-role-to-fill',
  'select from roles where tenant_id = $1 and id = $2 for no key update',
);

/**
 * Holds a role to the end of the transaction: whoever gives it waits for who puts something into it, and the other way round.
 * Outside of one it is only looked at.
 */
export async function holdRole(
  db: Database,
  { tenantId, roleId }: { tenantId: string; roleId: string },
  to: 'give' | 'fill',
): Promise<void> {
  if (db.isTransaction) await runPrepared(db, to === 'give' ? holdToGive : holdToFill, [tenantId, roleId]);
}

/** What a role would give; undefined for one that is not there. */
export async function selectRoleToGive(
  db: Database,
  { tenantId, roleId }: { tenantId: string; roleId: string },
): Promise<{ isOwner: boolean; capabilities: string[] } | undefined> {
  return (await runPrepared<{ isOwner: boolean; capabilities: string[] }>(db, roleToGive, [tenantId, roleId])).rows[0];
}

const holdersOfRole = prepared(
  'standing-holders-of-role',
  `select a.org_node_id, case when bool_or(a.ends_at is null) then null else max(a.ends_at) end as ends_at
     from org_assignments a
    where a.tenant_id = $1 and a.role_id = $2
      and (a.ends_at is null or a.ends_at > coalesce($3::timestamptz, statement_timestamp()))
    group by a.org_node_id`,
);

/** Where a role is held now or later, and until when at the longest. */
export async function selectPlacesOfRole(
  db: Database,
  { tenantId, roleId, at }: { tenantId: string; roleId: string; at: Date | null },
): Promise<{ orgNodeId: string; endsAt: Date | null }[]> {
  return (await runPrepared<{ orgNodeId: string; endsAt: Date | null }>(db, holdersOfRole, [tenantId, roleId, at]))
    .rows;
}

const rootOf = prepared(
  'standing-root',
  `select n.id from org_nodes n join tenants t on t.id = n.tenant_id where t.id = $1 and n.parent_id is null`,
);

export async function selectRootId(db: Database, tenantId: string): Promise<string | undefined> {
  return (await runPrepared<{ id: string }>(db, rootOf, [tenantId])).rows[0]?.id;
}
