/** Lists of somebody who reaches a branch: small, large, and large with few of the first rows in it. */
import assert from 'node:assert/strict';
import { listAssignments } from '../../../src/domain/organisation/org-assignments.ts';
import { listOrgNodes } from '../../../src/domain/organisation/org-nodes.ts';
import { listPeople, peopleOrders } from '../../../src/domain/organisation/people.ts';
import { listVisibilityGrants } from '../../../src/domain/organisation/visibility-grants.ts';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { everyItem, type Page } from '../../../src/platform/paging.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createRole, createTenant } from '../../support/factories.ts';

const inside = 90;
const outside = 1700;

describe('lists of a branch of the tree', () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  let rootNodeId: string;
  /** More nodes than are made a set of; the people in it were the first to be made, and the first by name are all elsewhere. */
  const large = newId();
  const small = newId();

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 2 });
    const tenant = await createTenant(db, {});
    ({ id: tenantId, rootNodeId } = tenant);
    const role = await createRole(db, { tenantId, name: 'Head' });
    const gone = await createRole(db, { tenantId, name: 'Gone' });
    await db('roles').where({ id: gone.id }).update({ deletedAt: new Date() });
    const values = {
      tenantId,
      rootNodeId,
      large,
      small,
      role: role.id,
      gone: gone.id,
      inside,
      people: inside + outside,
    };
    for (const statement of fill.split(/;\n/)) await db.raw(statement, values);
    await db.raw('analyze');
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const fill = `
    insert into org_nodes (id, tenant_id, parent_id, type, name)
    values (:large, :tenantId, :rootNodeId, 'branch', 'Large'), (:small, :tenantId, :large, 'branch', 'Small');
    insert into org_nodes (tenant_id, parent_id, type, name)
    select :tenantId, case when n % 4 = 0 then :small else :large end::uuid, 'room', 'Room ' || n
      from generate_series(1, 2100) n;
    insert into org_nodes (tenant_id, parent_id, type, name)
    select :tenantId, :rootNodeId, 'room', 'Elsewhere ' || n from generate_series(1, 50) n;
    insert into users (id, tenant_id, email, full_name, last_login_at)
    select (lpad(to_hex(n), 8, '0') || '-0000-4000-8000-000000000000')::uuid, :tenantId, 'p' || n || '@example.test',
           case when n <= :inside::integer then 'Z inside ' else 'A outside ' end || n,
           case when n % 3 = 0 then now() - make_interval(mins => n) end
      from generate_series(1, :people::integer) n;
    insert into org_assignments (tenant_id, user_id, role_id, org_node_id, starts_at, ends_at)
    select :tenantId, u.id, case when p.n % 10 = 0 then :gone else :role end::uuid, o.id, now() - interval '2 days',
           case when p.n % 7 = 0 then now() - interval '1 day' end
      from (select id, row_number() over (order by id) as n from users where tenant_id = :tenantId and email ~ '^p[0-9]') u
      join generate_series(1, :people::integer) p(n) on p.n = u.n
      join (select id, row_number() over (order by id) as n from org_nodes where name ~ '^Room') o on o.n = u.n * 20
     where u.n <= :inside::integer;
    insert into org_assignments (tenant_id, user_id, role_id, org_node_id)
    select :tenantId, u.id, :role, n.id
      from users u cross join lateral (select id from org_nodes where name ~ '^Elsewhere' and u.id is not null
                                        order by md5(id::text || u.id::text) limit 1) n
     where u.tenant_id = :tenantId and u.email ~ '^p[0-9]';
    insert into visibility_grants (tenant_id, user_id, org_node_id, access_scope)
    select :tenantId, u.id, n.id, 'read'
      from users u join org_nodes n on n.name = 'Room ' || ('x' || substr(u.id::text, 6, 3))::bit(12)::integer
     where u.tenant_id = :tenantId and u.full_name ~ '5$'`;

  const reached = (column: string, within: string) =>
    `exists (select from org_node_paths p where p.descendant_id = ${column} and p.ancestor_id = '${within}')`;

  async function idsOf(
    list: (page: { limit: number; after: string | null }) => Promise<Page<{ id: string }>>,
    limit: number,
  ) {
    const ids: string[] = [];
    for await (const { id } of everyItem((page) => list({ ...page, limit }))) ids.push(id);
    return ids;
  }

  /** What is asked for row by row, as plainly as it can be. */
  const expected = async (sql: string) => (await rows<{ id: string }>(db, sql)).map(({ id }) => id);

  for (const [name, branch] of [
    ['small', () => small],
    ['large', () => large],
  ] as const) {
    it(`has the people of a ${name} one in every order, on pages of any size`, async () => {
      const lasts = (t: string) => `(${t}.ends_at is null or ${t}.ends_at > now())`;
      const held = `exists (select from org_assignments a join roles r on r.id = a.role_id and r.deleted_at is null
                             where a.user_id = u.id and ${lasts('a')} and ${reached('a.org_node_id', branch())})
                 or exists (select from visibility_grants v
                             where v.user_id = u.id and ${lasts('v')} and ${reached('v.org_node_id', branch())})`;
      const orderOf = {
        name: `lower(coalesce(full_name, '')), id`,
        email: `lower(coalesce(email, '')), id`,
        created_at: 'id desc',
        last_login_at: `coalesce(last_login_at, 'epoch') desc, id desc`,
      };
      for (const sort of peopleOrders) {
        const all = await expected(
          `select id from users u where tenant_id = '${tenantId}' and (${held}) order by ${orderOf[sort]}`,
        );
        assert.ok(all.length > 0);
        for (const limit of [11, 50, 200])
          assert.deepEqual(
            await idsOf((page) => listPeople(db, { tenantId, sort, within: [branch()], ...page }), limit),
            all,
          );
      }
    });

    it(`finds who is called so in a ${name} one`, async () => {
      const search = (text: string) => listPeople(db, { tenantId, search: text, within: [branch()] });
      assert.deepEqual((await search('A outside 1790')).items, []);
      assert.deepEqual((await search('nobody of that name')).items, []);
      const named = (await search('z inside')).items;
      assert.ok(named.length > 0 && named.every(({ fullName }) => fullName?.startsWith('Z inside')));
    });

    it(`has what is held and the nodes of a ${name} one`, async () => {
      for (const limit of [50, 200]) {
        const within = [branch(), branch()];
        assert.deepEqual(
          await idsOf((page) => listAssignments(db, { tenantId, within, ...page }), limit),
          await expected(`select id from org_assignments where ${reached('org_node_id', branch())} order by id`),
        );
        assert.deepEqual(
          await idsOf((page) => listVisibilityGrants(db, { tenantId, within, ...page }), limit),
          await expected(`select id from visibility_grants where ${reached('org_node_id', branch())} order by id`),
        );
        for (const below of [undefined, rootNodeId, small])
          assert.deepEqual(
            await idsOf((page) => listOrgNodes(db, { tenantId, within, below, search: 'room', ...page }), limit),
            await expected(
              `select id from org_nodes where name ilike '%room%' and ${reached('id', branch())}
                  and ${reached('id', below ?? rootNodeId)} order by id`,
            ),
          );
      }
    });
  }

  it('has nothing of another place, whoever names it', async () => {
    const [elsewhere] = await expected(`select id from org_nodes where name = 'Elsewhere 1'`);
    for (const within of [[large], [small]]) {
      const held = await listAssignments(db, { tenantId, orgNodeId: elsewhere, within });
      assert.deepEqual(held.items, []);
      assert.deepEqual((await listOrgNodes(db, { tenantId, below: elsewhere, within })).items, []);
    }
  });
});
