/**
 * What it takes to apply a large new file to an empty server: a tenant of so many nodes, ten below each. Run it with
 * `node bench/new-configuration.ts [nodes]`; 10,000 unless it says otherwise.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration } from '../src/commands/configuration/read-configuration.ts';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { systemActor } from '../src/management/actor.ts';
import { applyConfiguration } from '../src/management/configuration/apply-configuration.ts';
import type { ManagementDependencies } from '../src/management/operation.ts';
import { createDatabase, type Database, rows } from '../src/platform/database.ts';
import { mochaGlobalTeardown } from '../test/support/cluster.ts';
import { createTestDatabase } from '../test/support/database.ts';
import { processorSeconds } from './processor-time.ts';

const count = Number(process.argv[2] ?? 10_000);

/** Ten below each, as flat entries that name their parents. */
function fileOf(nodes: number): string {
  const lines = ['gatehouse: 1', 'tenants:', '  large:', '    name: Large', '    tree:'];
  for (let n = 1; n <= nodes; n += 1) {
    const parent = n <= 10 ? '' : `, parent: n${Math.floor((n - 1) / 10)}`;
    lines.push(`      - {name: Branch ${n}, type: branch, key: n${n}${parent}}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Of the connections that are open: what they have spent so far. */
async function databaseSeconds(db: Database): Promise<number> {
  const found = await rows<{ pid: number }>(db, 'select pid from pg_stat_activity where datname = current_database()');
  return found.reduce((sum, { pid }) => sum + processorSeconds(pid), 0);
}

async function run(db: Database): Promise<void> {
  const deps = { db } as ManagementDependencies;
  const around = { deps, actor: systemActor(systemCaller), secretOf: () => '' };
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  const file = join(directory, 'gatehouse.yaml');
  try {
    await writeFile(file, fileOf(count));
    for (const [what, isRehearsal] of [
      ['plan', true],
      ['apply', false],
      ['apply again', false],
    ] as const) {
      const began = performance.now();
      const used = process.cpuUsage();
      const before = await databaseSeconds(db);
      const { document } = await readConfiguration(file);
      const { changes } = await applyConfiguration(
        document,
        { prune: false, rotateSecrets: false, isRehearsal },
        around,
      );
      const { user, system } = process.cpuUsage(used);
      const seconds = (performance.now() - began) / 1000;
      console.log(
        `${what} of ${count} nodes: ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of processor, ${((await databaseSeconds(db)) - before).toFixed(1)} s of the database’s, ${changes.length} changes`,
      );
    }
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
