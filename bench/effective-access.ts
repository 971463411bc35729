/**
 * How fast effective access is answered in a large tenant: 100,000 nodes ten levels deep (2 % of them inactive), 100,000
 * users, 300,000 assignments of 100 roles, of which everybody holds `member` at the root. Prints p50 and p99 of each
 * question beside a recursive query over `parent_id`. Run it with `node bench/effective-access.ts`.
 */
import { findAccessOfPerson, listAccessChains, listHolders } from '../src/domain/access/access-chains.ts';
import { permittedNodes, permittedUsers } from '../src/domain/access/decisions.ts';
import { findEffectiveAccess } from '../src/domain/access/effective-access.ts';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { moveOrgNode } from '../src/domain/organisation/org-nodes.ts';
import { createTenant } from '../src/domain/setup/create-tenant.ts';
import { createDatabase, type Database, firstRow, prepared, rows, runPrepared } from '../src/platform/database.ts';
import { newId } from '../src/platform/ids.ts';
import { mochaGlobalTeardown } from '../test/support/cluster.ts';
import { createTestDatabase } from '../test/support/database.ts';
import { startDecisionEndpoint } from './decision-endpoint.ts';
import { fillLargeTenant } from './large-tenant.ts';
import { measure } from './measure.ts';

const naive = {
  capabilities: prepared(
    'naive-capabilities',
    `with recursive up as (
       select id, parent_id, active and deleted_at is null as active from org_nodes where id = $3
       union all
       select n.id, n.parent_id, n.active and n.deleted_at is null from org_nodes n join up on n.id = up.parent_id
     )
     select distinct c.key
       from up
       join org_assignments a on a.org_node_id = up.id and a.user_id = $2 and a.tenant_id = $1
       join roles r on r.id = a.role_id and r.deleted_at is null
       join role_capabilities rc on rc.role_id = r.id
       join capabilities c on c.id = rc.capability_id and c.deleted_at is null
      where a.starts_at <= now() and (a.ends_at is null or a.ends_at > now())
        and not exists (select from up where not active)`,
  ),
  nodes: prepared(
    'naive-nodes',
    `with recursive down as (
       select id, active and deleted_at is null as active from org_nodes where tenant_id = $1 and parent_id is null
       union all
       select n.id, n.active and n.deleted_at is null from org_nodes n join down on n.parent_id = down.id where down.active
     ),
     held as (
       select a.org_node_id as id
         from org_assignments a
         join down on down.id = a.org_node_id and down.active
         join roles r on r.id = a.role_id and r.deleted_at is null
         join role_capabilities rc on rc.role_id = r.id
         join capabilities c on c.id = rc.capability_id and c.key = $3
        where a.user_id = $2 and a.starts_at <= now() and (a.ends_at is null or a.ends_at > now())
     ),
     reached as (
       select id from held
       union
       select n.id from org_nodes n join reached on n.parent_id = reached.id
     )
     select d.id from reached join down d using (id) where d.active order by d.id limit 50`,
  ),
};

async function run(db: Database): Promise<void> {
  const tenant = await createTenant(db, { slug: 'large', name: 'Large' }, systemCaller);
  const tenantId = tenant.id;
  const started = performance.now();
  await fillLargeTenant(db, tenant);
  const counts = await firstRow<object>(
    db,
    `select (select count(*) from org_nodes) as nodes, (select max(depth) from org_node_paths) as depth,
            (select count(*) from org_node_paths) as paths, (select count(*) from org_assignments) as assignments`,
  );
  console.log(`${JSON.stringify(counts)} made in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);

  const users = await rows<{ id: string }>(db, 'select id from users order by id limit 2000');
  const nodes = await rows<{ id: string }>(db, 'select id from org_nodes order by id limit 2000');
  const keys = await rows<{ key: string }>(db, 'select key from capabilities order by key');
  const user = (n: number) => users[(n * 7) % users.length]?.id ?? '';
  const node = (n: number) => nodes[(n * 11) % nodes.length]?.id ?? '';
  const key = (n: number) => keys[(n * 13) % keys.length]?.key ?? '';
  const ofMember = 'part1.do1';
  const root = tenant.rootNodeId;
  // As an API asks, of capabilities that are of no API.
  const asker = { tenantId, resourceServerId: newId() };
  const doing = (name: string) => ({ action: { name, properties: {} }, type: null });
  const at = (n: number) => ({ name: node(n), type: null });

  await measure('findEffectiveAccess', 2000, (n) => findEffectiveAccess(db, { tenantId, userId: user(n) }));
  await measure('findEffectiveAccess (at one node)', 2000, (n) =>
    findEffectiveAccess(db, { tenantId, userId: user(n), orgNodeId: node(n) }),
  );
  await measure(
    '  recursive',
    500,
    async (n) => (await runPrepared(db, naive.capabilities, [tenantId, user(n), node(n)])).rows,
  );
  await measure(
    'permittedNodes (held in some places)',
    2000,
    async (n) => (await permittedNodes(db, asker, { person: user(n), ...doing(key(n)) })).items,
  );
  await measure(
    'permittedNodes (held at the root)',
    2000,
    async (n) => (await permittedNodes(db, asker, { person: user(n), ...doing(ofMember), after: node(n) })).items,
  );
  await measure(
    '  recursive',
    5,
    async (n) => (await runPrepared(db, naive.nodes, [tenantId, user(n), ofMember])).rows,
  );
  await measure(
    'permittedUsers (few)',
    2000,
    async (n) => (await permittedUsers(db, asker, { node: at(n), ...doing(key(n)) })).items,
  );
  await measure(
    'permittedUsers (everybody)',
    2000,
    async (n) => (await permittedUsers(db, asker, { node: at(n), ...doing(ofMember), after: user(n) })).items,
  );

  // As a delegate asks: what stands within their part alone.
  const within = (n: number) => ({ within: [node(n), root] });
  await measure('findAccessOfPerson', 1000, (n) => findAccessOfPerson(db, { tenantId, userId: user(n), ...within(n) }));
  await measure(
    'listAccessChains',
    1000,
    async (n) => (await listAccessChains(db, { tenantId, userId: user(n), ...within(n) })).items,
  );
  await measure(
    'listHolders (few)',
    1000,
    async (n) => (await listHolders(db, { tenantId, orgNodeId: node(n), capability: key(n), ...within(n) })).items,
  );
  await measure('listHolders (everybody)', 1000, async (n) => {
    const after = JSON.stringify([user(n), user(n)]);
    return (await listHolders(db, { tenantId, orgNodeId: node(n), capability: ofMember, after, ...within(n) })).items;
  });

  const endpoint = await startDecisionEndpoint(database.url, tenantId);
  await measure('AuthZEN evaluation over HTTP', 2000, async (n) =>
    (await endpoint.evaluate({ userId: user(n), orgNodeId: node(n), capability: n % 2 === 0 ? ofMember : key(n) }))
      ? [true]
      : [],
  );
  await endpoint.stop();

  const subtree = await firstRow<{ id: string; size: number; parentId: string }>(
    db,
    `select p.ancestor_id as id, n.parent_id, count(*) as size
       from org_node_paths p join org_nodes n on n.id = p.ancestor_id
      where n.parent_id is not null
      group by 1, 2 having count(*) > 8000
      order by count(*) limit 1`,
  );
  if (!subtree) throw new Error('no subtree to move');
  await measure(`moveOrgNode (a subtree of ${subtree.size})`, 10, (n) =>
    moveOrgNode(db, { tenantId, orgNodeId: subtree.id, parentId: n % 2 === 0 ? root : subtree.parentId }, systemCaller),
  );
}

// The connections of the test server keep no process alive.
const alive = setInterval(() => {}, 1000);
const database = await createTestDatabase();
// The paths of the tree are one statement of a minute, on a busy machine of more.
const db = createDatabase({ url: database.url, poolMax: 2, answerTimeoutMs: 900_000 });
try {
  await run(db);
} finally {
  await db.destroy();
  await mochaGlobalTeardown();
  clearInterval(alive);
}
