/**
 * What moving a subtree of 10,000 nodes costs, beside a plain update of as many rows of `org_node_paths` as the move
 * writes, in the same run: the ratio says more than milliseconds of one machine. Both before and after statistics know
 * the tenant, because a plan that is right in one case may be wrong in the other. Run it with `node bench/move-subtree.ts`.
 */
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { createOrgNode, moveOrgNode } from '../src/domain/organisation/org-nodes.ts';
import { createTenant } from '../src/domain/setup/create-tenant.ts';
import { createDatabase, type Database, firstRow } from '../src/platform/database.ts';
import { mochaGlobalTeardown } from '../test/support/cluster.ts';
import { createTestDatabase } from '../test/support/database.ts';

const nodes = 10_000;
const rounds = 5;

/** Ten children each. */
async function grow(db: Database, tenantId: string, rootId: string, count: number): Promise<void> {
  await db.raw(
    `insert into org_nodes (id, tenant_id, parent_id, type, name)
     select overlay(md5(:rootId || n) placing '4' from 13)::uuid, :tenantId,
            case when n <= 10 then :rootId::uuid else overlay(md5(:rootId || (n - 1) / 10) placing '4' from 13)::uuid end,
            'branch', 'Branch ' || n
       from generate_series(1, :count) n`,
    { tenantId, rootId, count },
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function run(db: Database): Promise<void> {
  const known = await createTenant(db, { slug: 'known', name: 'Known' }, systemCaller);
  await grow(db, known.id, known.rootNodeId, 2_000);
  await db.raw('analyze');
  const { id: tenantId, rootNodeId } = await createTenant(db, { slug: 'large', name: 'Large' }, systemCaller);
  // Two branches three levels deep; the subtree goes from the end of one to the end of the other.
  const ends: string[] = [];
  for (const name of ['From', 'To']) {
    let parentId = rootNodeId;
    for (let depth = 0; depth < 3; depth += 1)
      parentId = (await createOrgNode(db, { tenantId, parentId, type: 'branch', name }, systemCaller)).id;
    ends.push(parentId);
  }
  const [from = '', to = ''] = ends;
  const top = (await createOrgNode(db, { tenantId, parentId: from, type: 'branch', name: 'Top' }, systemCaller)).id;
  await grow(db, tenantId, top, nodes - 1);

  const move = (parentId: string) => timed(() => moveOrgNode(db, { tenantId, orgNodeId: top, parentId }, systemCaller));
  // Each node of the subtree loses and gets one row for each of the four above it.
  const rows = nodes * 4;
  const update = () =>
    timed(() =>
      db.raw(
        `update org_node_paths set depth = depth
          where tenant_id = :tenantId and descendant_id in
                (select descendant_id from org_node_paths where ancestor_id = :top)
            and ancestor_id in (select ancestor_id from org_node_paths where descendant_id = :top and depth > 0)`,
        { tenantId, top },
      ),
    );

  for (const statistics of ['none of the tenant', 'of where the subtree was']) {
    if (statistics !== 'none of the tenant') await db.raw('analyze');
    const moves: number[] = [];
    const updates: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      moves.push(await move(round % 2 ? from : to));
      updates.push(await update());
    }
    const ratio = median(moves) / median(updates);
    console.log(
      `statistics: ${statistics.padEnd(26)} move ${median(moves).toFixed(0)} ms, update of ${rows} rows ` +
        `${median(updates).toFixed(0)} ms: ${ratio.toFixed(1)} times`,
    );
  }
  const counted = await firstRow<{ count: number }>(
    db,
    'select count(*)::integer as count from org_node_paths where ancestor_id = ?',
    [top],
  );
  if (counted?.count !== nodes) throw new Error(`${counted?.count} nodes below the top`);
}

// The connections of the test server keep no process alive.
const alive = setInterval(() => {}, 1000);
const database = await createTestDatabase();
const db = createDatabase({ url: database.url, poolMax: 2 });
try {
  await run(db);
} finally {
  await db.destroy();
  await mochaGlobalTeardown();
  clearInterval(alive);
}
