/**
 * How fast the management API is in a large tenant (large-tenant.ts: 10^5 people, 10^5 nodes, 3 x 10^5 assignments) with 10^6
 * audit events: p50 and p99 of operations as an owner and as a delegate of a branch ask, through the frame around every
 * operation (management/perform.ts), without HTTP, with the processor time of each; then pages of lists, at their beginning, in the middle and at the end. Run it
 * with `node bench/management.ts`.
 */
import { grantCapabilityToRole } from '../src/domain/access/roles.ts';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { assignRole } from '../src/domain/organisation/org-assignments.ts';
import { type Database, firstRow, rows } from '../src/platform/database.ts';
import type { TestApp } from '../test/support/app.ts';
import { createRole } from '../test/support/factories.ts';
import { performAs } from '../test/support/management.ts';
import { fillLargeTenant } from './large-tenant.ts';
import { measure } from './measure.ts';
import { onTestServer } from './test-server.ts';

const events = 1_000_000;

async function fillTrail(db: Database, tenantId: string): Promise<void> {
  await db.transaction(async (trx) => {
    await trx.raw('set local statement_timeout = 0');
    await trx.raw(
      `insert into audit_events (id, tenant_id, actor_type, actor_id, action, entity_type, entity_id, payload, occurred_at)
     select gen_random_uuid(), :tenantId, 'system', null, 'role.assigned', 'org_assignment', md5(n::text)::uuid::text,
            '{"cause": "assignments.create"}', now() - make_interval(secs => n)
       from generate_series(1, :events) n`,
      { tenantId, events },
    );
  });
  await db.raw('vacuum analyze audit_events');
}

/** A person of ours with a role in the large tenant. */
async function actor(app: TestApp, tenantId: string, roleId: string, orgNodeId: string) {
  const { id: userId } = await app.person({ tenantId });
  await assignRole(app.db, { tenantId, userId, roleId, orgNodeId }, systemCaller);
  return performAs(app, { tenantId, userId });
}

const itemsOf = ({ body }: { body: unknown }) => (body as { items: object[] }).items;

async function pages(name: string, ask: ReturnType<typeof performAs>, id: string, query: object = {}): Promise<void> {
  const took: number[] = [];
  let after: string | null = null;
  let count = 0;
  do {
    const began = performance.now();
    const { body } = await ask(id, { query: { ...query, limit: '200', ...(after !== null && { after }) } });
    took.push(performance.now() - began);
    const page = body as { items: object[]; next: string | null };
    count += page.items.length;
    after = page.next;
  } while (after !== null);
  const median = (part: number[]) => (part.toSorted((a, b) => a - b)[Math.floor(part.length / 2)] ?? 0).toFixed(2);
  const tenth = Math.max(1, Math.floor(took.length / 10));
  const middle = Math.floor(took.length / 2 - tenth / 2);
  const parts = [took.slice(0, tenth), took.slice(middle, middle + tenth), took.slice(-tenth)].map(median);
  console.log(`${name.padEnd(46)} ${count} rows; a page of 200: ${parts.join(' ms, ')} ms (first, middle, last tenth)`);
}

async function run(app: TestApp, db: Database): Promise<void> {
  const tenant = await app.tenant();
  const { id: tenantId, rootNodeId } = tenant;
  await fillLargeTenant(db, tenant);
  await fillTrail(db, tenantId);
  const owner = await actor(app, tenantId, tenant.systemRoleIds.owner, rootNodeId);
  const branch = await firstRow<{ id: string; size: number }>(
    db,
    `select b.ancestor_id as id, count(*)::integer as size
       from org_node_paths b
      where not exists (select from org_node_paths up join org_nodes n on n.id = up.ancestor_id
                         where up.descendant_id = b.ancestor_id and not n.active)
      group by 1 having count(*) between 500 and 2000
      order by 1 limit 1`,
  );
  if (!branch) throw new Error('no branch');
  const head = await createRole(db, { tenantId, name: 'Head' });
  for (const capability of ['users.read', 'users.manage', 'org.read', 'org.manage', 'roles.read', 'roles.assign'])
    await grantCapabilityToRole(db, { tenantId, roleId: head.id, capability }, systemCaller);
  const delegate = await actor(app, tenantId, head.id, branch.id);
  const users = await rows<{ id: string; email: string }>(db, 'select id, email from users order by id limit 2000');
  const inside = await rows<{ id: string }>(
    db,
    `select descendant_id as id from org_node_paths where ancestor_id = :id order by 1`,
    branch,
  );
  const user = (n: number) => users[(n * 7) % users.length] as { id: string; email: string };
  const node = (n: number) => (inside[(n * 11) % inside.length] as { id: string }).id;
  const list = async (ask: typeof owner, id: string, query: object) => itemsOf(await ask(id, { query }));
  const { member } = tenant.systemRoleIds;
  console.log(`a branch of ${branch.size} nodes for the delegate\n\nreads`);

  const read = (name: string, ask: (n: number) => Promise<object[] | object>) => measure(name, 100, ask, db);
  await read('users.get', (n) => owner('users.get', { params: { user_id: user(n).id } }));
  await read('users.access', (n) => owner('users.access', { params: { user_id: user(n).id } }));
  for (const sort of ['created_at', 'name', 'email', 'last_login_at'])
    await read(`users.list by ${sort}`, () => list(owner, 'users.list', { sort }));
  await read('users.list q of one', (n) => list(owner, 'users.list', { q: user(n).email }));
  await read('users.list q of few (erson 123)', () => list(owner, 'users.list', { q: 'erson 123' }));
  await read('users.list q of all (Person)', () => list(owner, 'users.list', { q: 'Person' }));
  await read('users.list q of none', (n) => list(owner, 'users.list', { q: `nobody ${n}` }));
  await read('users.list q of two letters', () => list(owner, 'users.list', { q: 'zz' }));
  await read('users.list as delegate', () => list(delegate, 'users.list', {}));
  await read('users.list by name as delegate', () => list(delegate, 'users.list', { sort: 'name' }));
  await read('users.list q as delegate', (n) => list(delegate, 'users.list', { q: user(n).email }));
  await read('org_nodes.list', () => list(owner, 'org_nodes.list', {}));
  await read('org_nodes.list q of few', () => list(owner, 'org_nodes.list', { q: 'ranch 1234' }));
  await read('org_nodes.list q of none', (n) => list(owner, 'org_nodes.list', { q: `nowhere ${n}` }));
  await read('org_nodes.list below, as delegate', (n) => list(delegate, 'org_nodes.list', { below: node(n) }));
  await read('org_nodes.list as delegate', () => list(delegate, 'org_nodes.list', {}));
  await read('assignments.list of a person', (n) => list(owner, 'assignments.list', { user_id: user(n).id }));
  await read('assignments.list', () => list(owner, 'assignments.list', {}));
  await read('assignments.list as delegate', () => list(delegate, 'assignments.list', {}));
  await read('audit_events.list', () => list(owner, 'audit_events.list', {}));

  console.log('\nwrites');
  const write = (name: string, ask: (n: number) => Promise<object>) => measure(name, 100, ask, db);
  let made = 0;
  const unique = () => `bench-${++made}`;
  await write('users.create', () => owner('users.create', { body: { email: `${unique()}@example.test` } }));
  await write('users.create with a role, as delegate', (n) =>
    delegate('users.create', {
      body: { email: `${unique()}@example.test`, assignments: [{ role_id: head.id, org_node_id: node(n) }] },
    }),
  );
  await write('users.update', (n) =>
    owner('users.update', { params: { user_id: user(n).id }, body: { full_name: unique() } }),
  );
  await write('org_nodes.create', (n) =>
    owner('org_nodes.create', { body: { parent_id: node(n), type: 'room', name: unique() } }),
  );
  await write('assignments.create', (n) =>
    owner('assignments.create', {
      body: { user_id: user(made++).id, role_id: member, org_node_id: node(n) },
    }).catch(() => []),
  );
  await write('roles.create', () => owner('roles.create', { body: { name: unique() } }));

  console.log('\npages');
  await pages('audit_events.list', owner, 'audit_events.list');
  await pages('assignments.list', owner, 'assignments.list');
  for (const sort of ['created_at', 'name', 'email'])
    await pages(`users.list by ${sort}`, owner, 'users.list', { sort });
  await pages('org_nodes.list', owner, 'org_nodes.list');
  await pages('users.list by name as delegate', delegate, 'users.list', { sort: 'name' });
}

await onTestServer(run);
