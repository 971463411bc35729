/**
 * What a configuration file costs at 10^5 nodes: the export, a plan and an apply of it that find nothing to do, as the command does
 * it (reading the file included), and a plan that says who loses what where a role of 10^5 people carries less. Run it with
 * `node bench/configuration.ts`.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration } from '../src/commands/configuration/read-configuration.ts';
import { writeYaml } from '../src/commands/configuration/write-yaml.ts';
import { defineCapability } from '../src/domain/access/capabilities.ts';
import { createRole, grantCapabilityToRole } from '../src/domain/access/roles.ts';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { createTenant } from '../src/domain/setup/create-tenant.ts';
import { systemActor } from '../src/management/actor.ts';
import { applyConfiguration } from '../src/management/configuration/apply-configuration.ts';
import { exportConfiguration } from '../src/management/configuration/export-configuration.ts';
import type { ManagementDependencies } from '../src/management/operation.ts';
import { createDatabase, type Database } from '../src/platform/database.ts';
import { mochaGlobalTeardown } from '../test/support/cluster.ts';
import { createTestDatabase } from '../test/support/database.ts';

const nodes = Number(process.env.N ?? 100_000);
const people = nodes;

/** Ten children each, and a person at every node. */
async function grow(db: Database, tenantId: string, rootId: string, roleId: string): Promise<void> {
  await db.raw(
    `insert into org_nodes (id, tenant_id, parent_id, type, name, external_id)
     select overlay(md5(:rootId || n) placing '4' from 13)::uuid, :tenantId,
            case when n <= 10 then :rootId::uuid else overlay(md5(:rootId || (n - 1) / 10) placing '4' from 13)::uuid end,
            'branch', 'Branch ' || n, 'branch-' || n
       from generate_series(1, :nodes) n`,
    { tenantId, rootId, nodes },
  );
  await db.raw(
    `with made as (
       insert into users (id, tenant_id, email)
       select gen_random_uuid(), :tenantId, 'person-' || n || '@example.com' from generate_series(1, :people) n
       returning id, email
     )
     insert into org_assignments (id, tenant_id, user_id, role_id, org_node_id, starts_at)
     select gen_random_uuid(), :tenantId, id, :roleId,
            overlay(md5(:rootId || substring(email from '[0-9]+')) placing '4' from 13)::uuid, now()
       from made`,
    { tenantId, rootId, roleId, people },
  );
  console.log('filled');
  await db.raw('analyze');
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  console.log(`${what}: ${((performance.now() - began) / 1000).toFixed(2)} s`);
  return result;
}

async function run(db: Database): Promise<void> {
  const { id: tenantId, rootNodeId } = await createTenant(db, { slug: 'large', name: 'Large' }, systemCaller);
  const role = await createRole(db, { tenantId, name: 'Teacher' }, systemCaller);
  for (const key of ['grades.read', 'grades.write']) {
    await defineCapability(db, { key }, systemCaller);
    await grantCapabilityToRole(db, { tenantId, roleId: role.id, capability: key }, systemCaller);
  }
  await grow(db, tenantId, rootNodeId, role.id);
  const deps = { db } as ManagementDependencies;
  const around = { deps, actor: systemActor(systemCaller), secretOf: () => '' };
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  const file = join(directory, 'gatehouse.yaml');
  const options = { prune: true, rotateSecrets: false };
  try {
    await timed('export', async () => {
      await writeFile(file, writeYaml(await exportConfiguration({ withServer: true }, around)));
    });
    for (const isRehearsal of [true, false])
      await timed(isRehearsal ? 'plan, nothing differs' : 'apply, nothing differs', async () => {
        const { document } = await readConfiguration(file);
        const { changes } = await applyConfiguration(document, { ...options, isRehearsal }, around);
        if (changes.length > 0) throw new Error(`${changes.length} changes`);
      });
    const { document } = await readConfiguration(file);
    const entry = document.tenants.get('large')?.sections.get('roles')?.Teacher;
    if (entry) entry.capabilities = ['grades.read'];
    await timed('plan, 10^5 people lose something', async () => {
      const { access } = await applyConfiguration(document, { ...options, isRehearsal: true }, around);
      if (access[0]?.losses.length !== people) throw new Error(`${access[0]?.losses.length} lose something`);
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

// The connections of the test server keep no process alive.
const alive = setInterval(() => {}, 1000);
const database = await createTestDatabase();
const db = createDatabase({ url: database.url, poolMax: 2, statementTimeoutMs: 30 * 60_000 });
try {
  await run(db);
} finally {
  await db.destroy();
  await database.drop();
  await mochaGlobalTeardown();
  clearInterval(alive);
}
