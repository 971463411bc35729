/** A tree with many new nodes is made by sets of them: as one by one, with the same events and the same refusals. */
import assert from 'node:assert/strict';
import { findTreeFaults } from '../../../src/domain/organisation/tree-faults.ts';
import type { ConfigurationFault } from '../../../src/management/configuration/fault.ts';
import { type ConfigurationBench, createConfigurationBench } from '../../support/configuration.ts';

const count = 1_203;

interface Entry {
  name: string;
  type: string;
  key: string;
  parent?: string;
  active?: boolean;
}

/** Three below each; some are switched off, with nodes below them. */
function treeOf(nodes: number): Entry[] {
  return Array.from({ length: nodes }, (_, index) => {
    const n = index + 1;
    return {
      ...{ name: `Place ${n}`, type: 'place', key: `n${n}` },
      ...(n > 3 && { parent: `n${Math.floor((n - 1) / 3)}` }),
      ...(n % 400 === 7 && { active: false }),
    };
  });
}

const fileOf = (slug: string, tree: Entry[]) => ({ gatehouse: 1, tenants: { [slug]: { name: 'Large', tree } } });

describe('a large new tree', function () {
  this.timeout(120_000);
  let bench: ConfigurationBench;
  before(async () => {
    bench = await createConfigurationBench();
  });
  after(() => bench?.close());

  const tenantOf = async (slug: string) => (await bench.db('tenants').where({ slug }).first('id'))?.id as string;

  it('is there with its closure, and with an event of each node that names the operation', async () => {
    const { changes } = await bench.apply(fileOf('large', treeOf(count)));
    assert.equal(changes.filter(({ noun }) => noun === 'node').length, count);
    const tenantId = await tenantOf('large');
    assert.deepEqual(await findTreeFaults(bench.db, tenantId), []);
    const nodes = await bench.db('orgNodes').where({ tenantId }).whereNotNull('parentId');
    assert.equal(nodes.length, count);
    assert.deepEqual(
      nodes
        .filter(({ active }) => !active)
        .map(({ externalId }) => externalId)
        .sort(),
      treeOf(count)
        .filter(({ active }) => active === false)
        .map(({ key }) => key)
        .sort(),
    );
    const events = await bench.db('auditEvents').where({ tenantId, entityType: 'org_node' });
    const made = new Map(
      events.filter(({ action }) => action === 'org_node.created').map((event) => [event.entityId, event]),
    );
    for (const { id, name, type, parentId } of nodes) {
      const { payload, actorType } = made.get(id) ?? {};
      assert.deepEqual([payload, actorType], [{ name, type, parentId, cause: 'org_nodes.create' }, 'system']);
    }
    assert.deepEqual((await bench.apply(fileOf('large', treeOf(count)))).changes, []);
  });

  it('is refused as a whole by the place of the one node that is not to be', async () => {
    const tree = treeOf(700);
    // The form of the file has nothing against it, and the rule does.
    (tree[620] as Entry).name = 'Place \u202e621';
    await assert.rejects(bench.apply(fileOf('other', tree)), (error: ConfigurationFault) => {
      assert.deepEqual([error.path.join('.'), error.message], ['tenants.other.tree.620', 'INVALID_INPUT']);
      return true;
    });
    assert.equal(await tenantOf('other'), undefined);
  });

  it('leaves nothing as a plan', async () => {
    const { changes } = await bench.plan(fileOf('planned', treeOf(600)));
    assert.equal(changes.filter(({ noun }) => noun === 'node').length, 600);
    assert.equal(await tenantOf('planned'), undefined);
  });
});
