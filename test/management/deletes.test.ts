import assert from 'node:assert/strict';
import { operations } from '../../src/management/operations.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { Ask } from '../support/management.ts';
import { aboutNothing, type Sample, samples } from '../support/management-samples.ts';
import { makeDelegates, makeStrangers, makeWorld, type World } from '../support/management-world.ts';

const deletes = operations.filter(({ method }) => method === 'DELETE');

describe('deleting what is deleted already', () => {
  let app: TestApp;
  let world: World;
  let as: Awaited<ReturnType<typeof makeStrangers>> & Awaited<ReturnType<typeof makeDelegates>>;

  beforeEach(async () => {
    app = await startTestApp({ mailbox: true, runJobs: false });
    world = await makeWorld(app);
    await app.db('tenants').where({ id: world.tenantId }).update({ isPlatform: true });
    as = { ...(await makeStrangers(app, world)), ...(await makeDelegates(app, world)) };
  });
  afterEach(() => app?.stop());

  const statusOf = async (ask: Ask, id: string, sample: Sample): Promise<number> => {
    const operation = operations.find((one) => one.id === id);
    assert.ok(operation);
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => sample.params?.[name] ?? name);
    const ifMatch = operation.guards && { 'if-match': '*' };
    return (await ask('DELETE', `${path}?${new URLSearchParams(sample.query)}`, sample.body, ifMatch)).status;
  };
  const events = async (action: string): Promise<number> =>
    Number((await app.db('audit_events').where({ action }).count('* as n').first())?.n);

  // Of one thing after the other: a deleted person's sessions, and a deleted client's secrets, are gone with them.
  const partsFirst = (id: string) =>
    -id.split('.').length - Number(id.startsWith('sessions') || id.includes('service_'));
  const inOrder = () => [...deletes].sort((left, right) => partsFirst(left.id) - partsFirst(right.id));

  it('answers 204 again to a caller who could delete it, and 404 to everybody else', async () => {
    for (const { id } of inOrder()) {
      const sample = samples[id]?.(world) as Sample;
      assert.equal(await statusOf(as.owner, id, sample), 204, `${id}: first`);
      assert.equal(await statusOf(as.owner, id, sample), 204, `${id}: again`);
      assert.ok([403, 404].includes(await statusOf(as.anotherOwner, id, sample)), `${id}: another tenant`);
      assert.ok([403, 404].includes(await statusOf(as.outside, id, sample)), `${id}: a delegate elsewhere`);
      assert.equal(await statusOf(as.member, id, sample), 403, `${id}: a member`);
      // A capability is nobody's; to take one from a role that is not there exceeds what anybody may.
      if (/^capabilities|^roles.capabilities/.test(id)) continue;
      assert.equal(await statusOf(as.owner, id, aboutNothing(sample, world)), 404, `${id}: what never was`);
    }
  });

  it('writes one event, and refuses none of ten at once', async () => {
    for (const { id } of inOrder()) {
      const sample = samples[id]?.(world) as Sample;
      const statuses = await Promise.all(Array.from({ length: 10 }, () => statusOf(as.owner, id, sample)));
      assert.deepEqual([...new Set(statuses)], [204], id);
    }
    for (const action of ['user.deleted', 'resource_server.deleted', 'identity_provider.removed', 'role.deleted'])
      assert.equal(await events(action), 1, action);
  });

  it('knows where a node hangs that is deleted while that is looked for', async () => {
    const sample = samples['org_nodes.delete']?.(world) as Sample;
    const operation = operations.find(({ id }) => id === 'org_nodes.delete');
    assert.ok(operation);
    const { at } = operation.needs as unknown as {
      at(input: unknown, lookup: unknown): Promise<string | undefined>;
    };
    let looks = 0;
    const raw = async (...asked: [string]) => {
      const answer = await app.db.raw(...asked);
      looks += 1;
      if (looks === 1) assert.equal(await statusOf(as.owner, 'org_nodes.delete', sample), 204);
      return answer;
    };
    const db = new Proxy(app.db, { get: (target, key) => (key === 'raw' ? raw : Reflect.get(target, key)) });
    const { id } = (await app.db('org_nodes').where({ id: sample.params?.org_node_id }).first('parent_id as id')) as {
      id: string;
    };
    assert.equal(await at({ params: sample.params }, { db, tenantId: world.tenantId }), id);
    assert.ok(looks > 0);
  });

  it('reaches a deleted person as far as the person could be changed', async () => {
    const sample = { params: { user_id: world.personId } };
    assert.equal(await statusOf(as.inside, 'users.delete', sample), 204);
    assert.equal(await statusOf(as.inside, 'users.delete', sample), 204);
    assert.equal(await statusOf(as.outside, 'users.delete', sample), 404);
    const { status } = await as.owner('GET', `/users/${world.personId}`);
    assert.equal(status, 404, 'it is read by nobody');
  });
});
