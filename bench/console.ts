/**
 * How fast the pages of the console are in a large tenant (large-tenant.ts: 10^5 people, 10^5 nodes, 3 x 10^5 assignments): p50
 * and p99 by the clock and the processor time of each, over HTTP, as an owner and as a delegate of a branch of some 1,500
 * nodes. The processor time of the server is that of this process, which asks as well. `node bench/console.ts [pages]`
 * measures those alone whose name has that in it.
 */
import { grantCapabilityToRole } from '../src/domain/access/roles.ts';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { assignRole } from '../src/domain/organisation/org-assignments.ts';
import { type Database, firstRow } from '../src/platform/database.ts';
import type { TestApp } from '../test/support/app.ts';
import type { Browserless } from '../test/support/browserless.ts';
import { signInToConsole } from '../test/support/console.ts';
import { createRole } from '../test/support/factories.ts';
import { fillLargeTenant } from './large-tenant.ts';
import { measure } from './measure.ts';
import { onTestServer } from './test-server.ts';

const times = 20;
const wanted = process.argv[2] ?? '';

/** Somebody with a role at a place, signed in. */
async function worker(app: TestApp, tenantId: string, roleId: string, orgNodeId: string): Promise<Browserless> {
  const person = await app.person({ tenantId });
  await assignRole(app.db, { tenantId, userId: person.id, roleId, orgNodeId }, systemCaller);
  return signInToConsole(app, person);
}

/** The nodes of a branch of some 1,500 that is switched on, from its top. */
async function branchOf(db: Database): Promise<{ id: string; size: number }> {
  const branch = await firstRow<{ id: string; size: number }>(
    db,
    `select b.ancestor_id as id, count(*)::integer as size
       from org_node_paths b
      where not exists (select from org_node_paths up join org_nodes n on n.id = up.ancestor_id
                         where up.descendant_id = b.ancestor_id and not n.active)
      group by 1 having count(*) between 1000 and 2000
      order by abs(count(*) - 1500), 1 limit 1`,
  );
  if (!branch) throw new Error('no branch');
  return branch;
}

interface Things {
  nodeId: string;
  userId: string;
  email: string;
  roleId: string;
  clientId: string;
}

/** Each page of the sections, by name. */
function pagesOf({ nodeId, userId, email, roleId, clientId }: Things): [name: string, path: string][] {
  const person = `/people/${userId}`;
  const node = `/organisation/${nodeId}`;
  return [
    ['overview', '/overview'],
    ['people', '/people'],
    ['people by name', '/people?sort=name'],
    ['people by last sign-in', '/people?sort=last_login_at'],
    ['people who signed in lately', '/people?last_login=within_7_days'],
    ['people, found by address', `/people?q=${encodeURIComponent(email)}`],
    ['people, found by a part (Person)', '/people?q=Person'],
    ['people, an address that nobody has', '/people?q=nobody%40example.test'],
    ['people at a place', `/people?at=${nodeId}`],
    ['people at a place by name', `/people?at=${nodeId}&sort=name`],
    ['people of a role', `/people?role_id=${roleId}`],
    ['people, many at once', '/people/onboard'],
    ['people, a new one', `/people/new?at=${nodeId}`],
    ['person', person],
    ['person, places', `${person}/access`],
    ['person, sign-in', `${person}/sign-in`],
    ['person, sessions', `${person}/sessions`],
    ['person, token', `${person}/token?client_id=${clientId}&scope=openid+roles`],
    ['person, history', `${person}/history`],
    ['person, a role given', `${person}/access/give?at=${nodeId}`],
    ['person, stopped', `${person}/deactivate`],
    ['organisation', '/organisation'],
    ['organisation, found by name', '/organisation?q=ranch+1234'],
    ['node', node],
    ['node, holders', `${node}/holders`],
    ['node, switched off', `${node}/deactivate`],
    ['place', '/place?back=/console'],
    ['roles', '/roles'],
    ['roles, matrix', '/roles/matrix'],
    ['role', `/roles/${roleId}`],
    ['role, holders', `/roles/${roleId}/holders`],
    ['roles, who can', `/roles/who-can?capability=users.read&at=${nodeId}`],
    ['search', '/search?q=erson+123'],
  ];
}

async function walk(app: TestApp, db: Database, who: string, browser: Browserless, things: Things): Promise<void> {
  console.log(`\nas ${who}`);
  const { slug } = (await firstRow<{ slug: string }>(
    db,
    'select t.slug from users u join tenants t on t.id = u.tenant_id where u.id = :userId',
    { userId: things.userId },
  )) as { slug: string };
  for (const [name, path] of pagesOf(things).filter(([name]) => name.includes(wanted))) {
    await db.raw('delete from rate_limits');
    const statuses = new Set<number>();
    await measure(
      name,
      times,
      async () => {
        const { status, body } = await browser.open(`${app.issuer}/console/${slug}${path}`);
        statuses.add(status);
        return status === 200 ? [body.length] : [];
      },
      db,
    );
    if (![...statuses].every((status) => status === 200)) console.log(`  answered ${[...statuses].join(', ')}`);
  }
}

async function run(app: TestApp, db: Database): Promise<void> {
  const tenant = await app.tenant();
  const { id: tenantId, rootNodeId } = tenant;
  await fillLargeTenant(db, tenant);
  const owner = await worker(app, tenantId, tenant.systemRoleIds.owner, rootNodeId);
  const branch = await branchOf(db);
  const head = await createRole(db, { tenantId, name: 'Head' });
  const capabilities = [
    'users.read',
    'users.manage',
    'sessions.manage',
    'org.read',
    'org.manage',
    'roles.read',
    'roles.assign',
  ];
  for (const capability of capabilities)
    await grantCapabilityToRole(db, { tenantId, roleId: head.id, capability }, systemCaller);
  const delegate = await worker(app, tenantId, head.id, branch.id);
  const { clientId } = await app.relyingParty({ tenantId });
  const held = await firstRow<{ userId: string; email: string; roleId: string; nodeId: string }>(
    db,
    `select a.user_id, u.email, a.role_id, a.org_node_id as node_id
       from org_node_paths p
       join org_assignments a on a.org_node_id = p.descendant_id and a.ends_at is null
       join users u on u.id = a.user_id
      where p.ancestor_id = :id and p.depth between 1 and 3
      order by a.id limit 1`,
    branch,
  );
  if (!held) throw new Error('nobody holds anything in the branch');
  console.log(`a branch of ${branch.size} nodes for the delegate`);
  const inside = { ...held, nodeId: branch.id, clientId };
  await walk(app, db, 'owner', owner, { ...inside, nodeId: rootNodeId });
  await walk(app, db, 'delegate', delegate, inside);
}

await onTestServer(run);
