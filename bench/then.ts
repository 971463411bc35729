/**
 * How fast the past of access is answered: 100,000 nodes ten levels deep, each of them moved or renamed twice since, 100,000 people and
 * 1,000,000 assignments (`--assignments N`), of which every third was changed since, asked at random moments of the last year. Then
 * what the history costs who assigns and who moves, beside the same without its triggers. Run it with `node bench/then.ts`.
 */
import { parseArgs } from 'node:util';
import { findAccessOfPerson, listAccessChains, listHolders } from '../src/domain/access/access-chains.ts';
import { findMoment } from '../src/domain/access/access-history.ts';
import { findEffectiveAccess } from '../src/domain/access/effective-access.ts';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { assignRole, endAssignment } from '../src/domain/organisation/org-assignments.ts';
import { moveOrgNode } from '../src/domain/organisation/org-nodes.ts';
import { createTenant } from '../src/domain/setup/create-tenant.ts';
import { createDatabase, type Database, firstRow, rows } from '../src/platform/database.ts';
import { mochaGlobalTeardown } from '../test/support/cluster.ts';
import { createTestDatabase } from '../test/support/database.ts';
import { fillLargeTenant } from './large-tenant.ts';
import { measureProcessor } from './measure.ts';

const { values: options } = parseArgs({ options: { assignments: { type: 'string', default: '1000000' } } });

/** What is there now, and what was there before: of the last 400 days. */
const past = `
  truncate tenants_history, users_history, org_nodes_history, roles_history, capabilities_history, role_capabilities_history,
           org_assignments_history;
  create function pg_temp.moment(id uuid, part int, parts int) returns timestamptz language sql immutable as
    $$ select now() - interval '400 days' * ((part + (abs(hashtextextended(id::text, part)::numeric) % 1000) / 1000) / parts) $$;
  insert into tenants_history select id, state, now() - interval '400 days' from tenants;
  insert into users_history select id, tenant_id, state, now() - interval '400 days' from users where deleted_at is null;
  insert into roles_history select id, tenant_id, name, now() - interval '400 days' from roles;
  insert into capabilities_history select id, key, is_system, now() - interval '400 days' from capabilities;
  insert into role_capabilities_history
  select tenant_id, role_id, capability_id, granted_at, granted_by, now() - interval '400 days' from role_capabilities;
  insert into org_nodes_history
  select id, tenant_id, parent_id, type, name, active, case when parent_id is null then now() - interval '400 days' else pg_temp.moment(id, 0, 3) end
    from org_nodes;
  insert into org_nodes_history
  select n.id, n.tenant_id, case when h.parent_id is null then n.parent_id else h.parent_id end, n.type, 'Earlier ' || n.name, n.active,
         pg_temp.moment(n.id, 1, 3), pg_temp.moment(n.id, 0, 3)
    from org_nodes n join org_nodes h on h.id = n.parent_id;
  insert into org_nodes_history
  select id, tenant_id, parent_id, type, 'First ' || name, true, now() - interval '400 days', pg_temp.moment(id, 1, 3)
    from org_nodes where parent_id is not null;
  insert into org_assignments_history
  select id, tenant_id, user_id, role_id, org_node_id, starts_at, ends_at, assigned_by, created_at,
         case when hashtextextended(id::text, 9) % 3 = 0 then pg_temp.moment(id, 0, 1) else now() - interval '400 days' end
    from org_assignments;
  insert into org_assignments_history
  select id, tenant_id, user_id, role_id, org_node_id, starts_at, now() + interval '1 day', assigned_by, created_at,
         now() - interval '401 days', pg_temp.moment(id, 0, 1)
    from org_assignments where hashtextextended(id::text, 9) % 3 = 0;
  insert into access_history_since (tenant_id, since)
  select id, now() - interval '400 days' from tenants`;

const day = 86_400_000;

async function askOfThePast(db: Database, tenantId: string, rootId: string): Promise<void> {
  const users = await rows<{ id: string }>(db, 'select id from users order by id limit 5000');
  const nodes = await rows<{ id: string }>(db, 'select id from org_nodes order by id limit 5000');
  const keys = await rows<{ key: string }>(db, `select key from capabilities where key like 'part%' order by key`);
  const user = (n: number) => users[(n * 7) % users.length]?.id ?? '';
  const node = (n: number) => nodes[(n * 11) % nodes.length]?.id ?? '';
  const key = (n: number) => keys[(n * 13) % keys.length]?.key ?? '';
  const moment = (n: number) => ({ past: new Date(Date.now() - ((n * 37) % 365) * day) });
  const within = (n: number) => ({ within: [node(n), rootId] });
  await measureProcessor(db, 'findMoment', 1000, (n) =>
    findMoment(db, { tenantId, at: new Date(Date.now() - (n % 100) * day), serverDays: 365 }),
  );
  await measureProcessor(db, 'what their token would have said', 2000, (n) =>
    findEffectiveAccess(db, { tenantId, userId: user(n), ...moment(n) }),
  );
  await measureProcessor(db, '  narrowed to a node', 2000, (n) =>
    findEffectiveAccess(db, { tenantId, userId: user(n), orgNodeId: node(n), ...moment(n) }),
  );
  await measureProcessor(db, '  the same now', 2000, (n) => findEffectiveAccess(db, { tenantId, userId: user(n) }));
  await measureProcessor(db, 'what they could do', 2000, (n) =>
    findAccessOfPerson(db, { tenantId, userId: user(n), ...within(n), ...moment(n) }),
  );
  await measureProcessor(
    db,
    'by which chains',
    2000,
    async (n) => (await listAccessChains(db, { tenantId, userId: user(n), ...within(n), ...moment(n) })).items,
  );
  await measureProcessor(db, 'who could do it there (few)', 2000, async (n) => {
    const asked = { tenantId, orgNodeId: node(n), capability: key(n), ...within(n), ...moment(n) };
    return (await listHolders(db, asked)).items;
  });
  await measureProcessor(db, 'who could do it there (everybody)', 2000, async (n) => {
    const after = JSON.stringify([user(n), user(n)]);
    const asked = { tenantId, orgNodeId: node(n), capability: 'part1.do1', after, ...within(n), ...moment(n) };
    return (await listHolders(db, asked)).items;
  });
  await measureProcessor(db, '  the same now', 2000, async (n) => {
    const after = JSON.stringify([user(n), user(n)]);
    return (await listHolders(db, { tenantId, orgNodeId: node(n), capability: 'part1.do1', after, ...within(n) }))
      .items;
  });
}

async function switchHistory(db: Database, word: 'enable' | 'disable'): Promise<void> {
  for (const table of ['org_assignments', 'org_nodes'])
    for (const name of ['keep_history', 'keep_history_of_change'])
      await db.raw(`alter table ${table} ${word} trigger ${table}_${name}`);
}

async function change(db: Database, tenantId: string, rootId: string): Promise<void> {
  const users = await rows<{ id: string }>(db, 'select id from users order by id desc limit 4000');
  const role = await firstRow<{ id: string }>(db, `select id from roles where name = 'Role 3'`);
  const subtree = await firstRow<{ id: string; size: number; parentId: string }>(
    db,
    `select p.ancestor_id as id, n.parent_id, count(*) as size
       from org_node_paths p join org_nodes n on n.id = p.ancestor_id
      where n.parent_id is not null
      group by 1, 2 having count(*) > 8000
      order by count(*) limit 1`,
  );
  if (!subtree || !role) throw new Error('no subtree to move, or no role');
  let made = 0;
  for (const [name, word] of [
    ['without the history', 'disable'],
    ['with it', 'enable'],
    ['without it again', 'disable'],
    ['with it again', 'enable'],
  ] as const) {
    await switchHistory(db, word);
    await measureProcessor(db, `give and end a role, ${name}`, 300, async () => {
      const held = { tenantId, userId: users[made++]?.id ?? '', roleId: role.id, orgNodeId: rootId };
      const { id } = await assignRole(db, { ...held, startsAt: new Date(Date.now() - day) }, systemCaller);
      await endAssignment(db, { tenantId, assignmentId: id }, systemCaller);
      return [id];
    });
    await measureProcessor(db, `move a subtree of ${subtree.size}, ${name}`, 6, (n) =>
      moveOrgNode(
        db,
        { tenantId, orgNodeId: subtree.id, parentId: n % 2 === 0 ? rootId : subtree.parentId },
        systemCaller,
      ),
    );
  }
}

// The connections of the test server keep no process alive.
const alive = setInterval(() => {}, 1000);
const database = await createTestDatabase();
const db = createDatabase({ url: database.url, poolMax: 1, statementTimeoutMs: 900_000 });
try {
  const tenant = await createTenant(db, { slug: 'large', name: 'Large' }, systemCaller);
  await fillLargeTenant(db, tenant, { assignments: Number(options.assignments) });
  for (const statement of past.split(/;\n/)) await db.raw(statement);
  await db.raw('vacuum analyze');
  const counted = `select (select count(*) from org_assignments) as assignments,
                          (select count(*) from org_assignments_history) as their_versions,
                          (select count(*) from org_nodes_history) as versions_of_nodes`;
  console.log(JSON.stringify(await firstRow<object>(db, counted)));
  await askOfThePast(db, tenant.id, tenant.rootNodeId);
  await change(db, tenant.id, tenant.rootNodeId);
} finally {
  await db.destroy();
  await mochaGlobalTeardown();
  clearInterval(alive);
}
