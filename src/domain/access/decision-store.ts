/**
 * The SQL of decisions: one statement a question, and one for what a name stands for. `$1` is the tenant the asker is bound
 * to, or null for any.
 */
import { type Database, firstRow, prepared, runPrepared } from '../../platform/database.ts';
import type { ActionProperties } from './capability-store.ts';
import { type HolderRow, liveAt, type NodeRow, nodesWhere, reachable, usersWhere } from './effective-access-store.ts';

/** What the asker may be told of: capabilities of its own API and those of none. */
const ofAsker = (resourceServer: string) =>
  `c.deleted_at is null and (c.resource_server_id is null or c.resource_server_id = ${resourceServer})`;

/** The capabilities that an action of this name with these properties is: by its key, or by what its API calls it. */
const isAction = (name: string, properties: string) =>
  `(c.key = ${name} or (c.action = ${name} and ${properties}::jsonb @> coalesce(c.action_properties, '{}')))`;

// A path leads from an assignment to the node, so both are of the person's own tenant.
const held = `
     from users u
     join tenants t           on t.id = u.tenant_id and t.state = 'active'
     join org_assignments a   on a.user_id = u.id
     join org_node_paths path on path.ancestor_id = a.org_node_id and path.descendant_id = $3
     join roles r             on r.id = a.role_id and r.deleted_at is null
     join role_capabilities rc on rc.role_id = r.id
     join capabilities c      on c.id = rc.capability_id and ${ofAsker('$4')}
    where u.id = $2 and u.state = 'active' and u.deleted_at is null
      and ($1::uuid is null or u.tenant_id = $1)
      and ${liveAt('a', '$5')} and ${reachable('$3')}`;

/** What is asked of one API; `at` is another moment than now, for tests. */
interface Asked {
  resourceServerId: string;
  at: Date | null;
}

/** An action as it was asked about. */
export interface AskedAction {
  name: string;
  properties: Readonly<Record<string, unknown>>;
}

interface PageRows {
  after: string;
  limit: number;
}

const decision = prepared('decision', `select exists (select ${held} and ${isAction('$6', '$7')}) as permitted`);

export interface DecisionQuery extends Asked {
  tenantId: string | null;
  userId: string;
  orgNodeId: string;
}

export async function selectDecision(db: Database, query: DecisionQuery & { action: AskedAction }): Promise<boolean> {
  const { tenantId, userId, orgNodeId, resourceServerId, at, action } = query;
  const values = [tenantId, userId, orgNodeId, resourceServerId, at, action.name, JSON.stringify(action.properties)];
  return (await runPrepared<{ permitted: boolean }>(db, decision, values)).rows[0]?.permitted === true;
}

// Several capabilities may be one action to the API: it is told once, where the first of them stands.
const actions = prepared(
  'permitted-actions',
  `select min(c.key) as position, coalesce(c.action, c.key) as name, c.action_properties as properties
   ${held}
    group by coalesce(c.action, c.key), c.action_properties
   having min(c.key) > $6
    order by min(c.key)
    limit $7`,
);

export interface ActionRow {
  /** Where it stands in the list. */
  position: string;
  name: string;
  properties: ActionProperties | null;
}

export async function selectPermittedActions(db: Database, query: DecisionQuery & PageRows): Promise<ActionRow[]> {
  const { tenantId, userId, orgNodeId, resourceServerId, at, after, limit } = query;
  const values = [tenantId, userId, orgNodeId, resourceServerId, at, after, limit];
  return (await runPrepared<ActionRow>(db, actions, values)).rows;
}

const isMeant = `${ofAsker('$7')} and ${isAction('$3', '$8')}`;
const nodes = prepared('permitted-nodes', nodesWhere(isMeant));
const nodesOfType = prepared(
  'permitted-nodes-of-type',
  nodesWhere(isMeant, '(select n.type = $9 from org_nodes n where n.id = path.descendant_id)'),
);

/** @param query.type the nodes of this type alone; null: of any */
export async function selectPermittedNodes(
  db: Database,
  query: Asked & PageRows & { tenantId: string; userId: string; action: AskedAction; type: string | null },
): Promise<NodeRow[]> {
  const { tenantId, userId, action, at, after, limit, resourceServerId, type } = query;
  const properties = JSON.stringify(action.properties);
  const values = [tenantId, userId, action.name, at, after, limit, resourceServerId, properties];
  const found =
    type === null
      ? await runPrepared<NodeRow>(db, nodes, values)
      : await runPrepared<NodeRow>(db, nodesOfType, [...values, type]);
  return found.rows;
}

const users = prepared('permitted-users', usersWhere(isMeant));

export async function selectPermittedUsers(
  db: Database,
  query: Asked & PageRows & { tenantId: string; orgNodeId: string; action: AskedAction },
): Promise<HolderRow[]> {
  const { tenantId, orgNodeId, action, at, after, limit, resourceServerId } = query;
  const properties = JSON.stringify(action.properties);
  const values = [tenantId, orgNodeId, action.name, at, after, limit, resourceServerId, properties];
  return (await runPrepared<HolderRow>(db, users, values)).rows;
}

/** Something that a name stands for. */
export interface NamedRow {
  id: string;
  tenantId: string;
}

/**
 * Whom a name means: by our id, else in the tenant by external id, username, verified email address, in this order, so that
 * no name that people choose themselves takes the place of one that they do not.
 * @param name.id null where the name is no id of ours; `tenantId` null: by our id alone
 */
export async function selectNamedUser(
  db: Database,
  name: {
    boundTo: string | null;
    id: string | null;
    tenantId: string | null;
    externalId: string;
    username: string;
    email: string | null;
  },
): Promise<NamedRow | undefined> {
  return firstRow<NamedRow>(
    db,
    `select id, tenant_id
       from (select 1 as rank, id, tenant_id, deleted_at from users
              where id = :id::uuid and (:boundTo::uuid is null or tenant_id = :boundTo::uuid)
             union all
             select 2, id, tenant_id, deleted_at from users
              where tenant_id = :tenantId::uuid and external_id = :externalId and deleted_at is null
             union all
             select 3, id, tenant_id, deleted_at from users
              where tenant_id = :tenantId::uuid and lower(username) = lower(:username) and deleted_at is null
             union all
             select 4, id, tenant_id, deleted_at from users
              where tenant_id = :tenantId::uuid and lower(email) = :email and email_verified_at is not null
                and deleted_at is null) named
      where deleted_at is null
      order by rank
      limit 1`,
    name,
  );
}

/** The node that a name means: by our id, else in the tenant by external id. `type` null: of any type. */
export async function selectNamedNode(
  db: Database,
  name: { boundTo: string | null; id: string | null; tenantId: string | null; externalId: string; type: string | null },
): Promise<NamedRow | undefined> {
  return firstRow<NamedRow>(
    db,
    `select id, tenant_id
       from (select 1 as rank, id, tenant_id, type, deleted_at from org_nodes
              where id = :id::uuid and (:boundTo::uuid is null or tenant_id = :boundTo::uuid)
             union all
             select 2, id, tenant_id, type, deleted_at from org_nodes
              where tenant_id = :tenantId::uuid and external_id = :externalId and deleted_at is null) named
      where deleted_at is null and (:type::text is null or type = :type)
      order by rank
      limit 1`,
    name,
  );
}
