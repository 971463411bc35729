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
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { createTenant } from '../src/domain/setup/create-tenant.ts';
import { systemActor } from '../src/management/actor.ts';
import { applyConfiguration } from '../src/management/configuration/apply-configuration.ts';
import { exportConfiguration } from '../src/management/configuration/export-configuration.ts';
import type { ManagementDependencies } from '../src/management/operation.ts';
import { createDatabase, type Database } from '../src/platform/database.ts';
import { mochaGlobalTeardown } from '../test/support/cluster.ts';
import { createTestDatabase } from '../test/support/database.ts';
import { fillLargeTenant } from './large-tenant.ts';

const size = { nodes: 100_000, users: 100_000, assignments: 200_000, roles: 100, capabilities: 200 };

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  console.log(`${what}: ${((performance.now() - began) / 1000).toFixed(2)} s`);
  return result;
}

async function run(db: Database): Promise<void> {
  await fillLargeTenant(db, await createTenant(db, { slug: 'large', name: 'Large' }, systemCaller), size);
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
    const entry = document.tenants.get('large')?.sections.get('roles')?.member;
    if (entry) entry.capabilities = [];
    await timed('plan, 10^5 people lose something', async () => {
      const { access } = await applyConfiguration(document, { ...options, isRehearsal: true }, around);
      if (access[0]?.losses.length !== size.users) throw new Error(`${access[0]?.losses.length} lose something`);
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
