import assert from 'node:assert/strict';
import { grantVisibility } from '../../../src/domain/organisation/visibility-grants.ts';
import { createDatabase, type Database, firstRow, rows } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';

interface Reference {
  tableName: string;
  name: string;
  columns: string[];
  target: string;
  /** Whether the target's rows belong to tenants. */
  targetIsOwned: boolean;
}

/** Where a row of one tenant of each table of the tree can be tried on a row of another. */
const owned = [
  'org_assignments',
  'org_node_paths',
  'org_nodes',
  'role_capabilities',
  'roles',
  'users',
  'visibility_grants',
];

describe('the boundary between tenants', () => {
  let database: TestDatabase;
  let db: Database;
  let references: Reference[];

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url });
    references = await rows<Reference>(
      db,
      `select c.conrelid::regclass::text as table_name, c.conname as name, c.confrelid::regclass::text as target,
              (select array_agg(a.attname::text order by k.place)
                 from unnest(c.conkey) with ordinality k (number, place)
                 join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number) as columns,
              exists (select from pg_attribute a
                       where a.attrelid = c.confrelid and a.attname = 'tenant_id' and a.attnotnull) as target_is_owned
         from pg_constraint c
        where c.contype = 'f'
          and exists (select from pg_attribute a
                       where a.attrelid = c.conrelid and a.attname = 'tenant_id' and a.attnotnull)
        order by 1, 2`,
    );
  });

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  it('is in every reference between rows that belong to tenants', () => {
    const crossing = references.filter(({ targetIsOwned, columns }) => targetIsOwned && !columns.includes('tenant_id'));
    assert.deepEqual(crossing, []);
  });

  it('is refused by the database wherever a row names one of another tenant', async () => {
    async function fill(): Promise<{ tenantId: string }> {
      const tenant = await make.createTenant(db);
      const tenantId = tenant.id;
      const person = await make.createUser(db, { tenantId });
      const caller = { type: 'user', id: person.id } as const;
      const node = await make.createNode(db, { tenantId });
      const role = await make.createRole(db, { tenantId, capabilities: ['boundary.test'] });
      await make.assign(db, { tenantId, userId: person.id, roleId: role.id, orgNodeId: node.id });
      const grant = { tenantId, userId: person.id, orgNodeId: node.id, accessScope: 'read' } as const;
      await grantVisibility(db, grant, caller);
      return { tenantId };
    }
    const [ours, theirs] = [await fill(), await fill()];

    const tried: string[] = [];
    for (const { tableName, name, columns, target } of references.filter(({ targetIsOwned }) => targetIsOwned)) {
      if (!owned.includes(tableName)) continue;
      const column = columns.find((it) => it !== 'tenant_id');
      assert.ok(column, tableName);
      const key = target === 'users' || target === 'org_nodes' || target === 'roles' ? 'id' : undefined;
      assert.ok(key, `${tableName} refers to ${target}`);
      const before = await firstRow<{ rows: number }>(
        db,
        `select count(*) as rows from ${tableName} where tenant_id = :tenantId`,
        ours,
      );
      assert.ok((before?.rows ?? 0) > 0, `a row of ${tableName}`);
      // Rows that nothing else keeps as they are: the root stays in place, a node is its own ancestor, and the roles of
      // the system carry many things, of which one role cannot carry two.
      const changeable =
        {
          org_nodes: 'parent_id is not null',
          org_node_paths: 'depth > 0',
          role_capabilities: `capability_id = (select id from capabilities where key = 'boundary.test')`,
        }[tableName] ?? 'true';
      const change = db.raw(
        `update ${tableName}
            set ${column} = (select ${key} from ${target} where tenant_id = :theirs order by ${key} desc limit 1)
          where tenant_id = :ours and ${changeable}`,
        { ours: ours.tenantId, theirs: theirs.tenantId },
      );
      // The parent of a node is looked at before its foreign key is.
      const constraint = name === 'org_nodes_parent_fk' ? 'org_nodes_parent_is_live' : name;
      await assert.rejects(async () => change, { constraint }, `${tableName}.${column}`);
      tried.push(`${tableName}.${column}`);
    }
    for (const reference of [
      'org_assignments.assigned_by',
      'org_assignments.org_node_id',
      'org_assignments.role_id',
      'org_assignments.user_id',
      'org_node_paths.ancestor_id',
      'org_node_paths.descendant_id',
      'org_nodes.created_by',
      'org_nodes.parent_id',
      'role_capabilities.granted_by',
      'role_capabilities.role_id',
      'roles.created_by',
      'users.created_by',
      'visibility_grants.granted_by',
      'visibility_grants.org_node_id',
      'visibility_grants.user_id',
    ])
      assert.ok(tried.includes(reference), reference);
    assert.deepEqual([...new Set(tried.map((name) => name.split('.')[0]))].sort(), owned);
  });

  it('holds for a row that would change its tenant', async () => {
    const [ours, theirs] = [await make.assign(db), await make.createTenant(db)];
    for (const [tableName, id] of [
      ['org_assignments', ours.id],
      ['users', ours.userId],
      ['roles', ours.roleId],
      ['org_nodes', ours.orgNodeId],
    ] as const)
      await assert.rejects(
        async () => db(tableName).where({ id }).update({ tenantId: theirs.id }),
        (error: { code?: string }) => /^23/.test(error.code ?? ''),
      );
  });
});
