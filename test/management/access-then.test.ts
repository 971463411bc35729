/** Questions about the past, asked as somebody: what was answered then is answered again, and nobody sees more than they reach now. */
import assert from 'node:assert/strict';
import { revokeCapabilityFromRole, updateRole } from '../../src/domain/access/roles.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser, deleteUser } from '../../src/domain/lifecycle/end-person.ts';
import { erasePerson } from '../../src/domain/lifecycle/erase-person.ts';
import { assignRole, endAssignment } from '../../src/domain/organisation/org-assignments.ts';
import { deleteOrgNode, moveOrgNode, updateOrgNode } from '../../src/domain/organisation/org-nodes.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { firstRow } from '../../src/platform/database.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import { give, performAs } from '../support/management.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are read by tests, which say what they expect
type Body = any;

const resource = 'https://books.example/';

describe('what could be done then', () => {
  let app: TestApp;
  let tenantId: string;
  let rootNodeId: string;
  let north: string;
  let school: string;
  let south: string;
  let ada: string;
  let bo: string;
  let owner: string;
  let delegate: string;
  let clientId: string;
  let nurseId: string;
  let delegated: string;
  let asked: (by: string, id: string, input: object) => Promise<Body>;

  async function moment(): Promise<Date> {
    await app.db.raw('select pg_sleep(0.002)');
    const row = await firstRow<{ now: Date }>(app.db, `select date_trunc('milliseconds', clock_timestamp()) as now`);
    await app.db.raw('select pg_sleep(0.002)');
    return (row as { now: Date }).now;
  }

  before(async () => {
    app = await startTestApp({ runJobs: false });
    ({ id: tenantId, rootNodeId } = await app.tenant());
    const node = async (name: string, parentId: string) =>
      (await make.createNode(app.db, { tenantId, parentId, name })).id;
    north = await node('North', rootNodeId);
    school = await node('School', north);
    south = await node('South', rootNodeId);
    await createResourceServer(app.db, { tenantId: null, identifier: resource, name: 'Books' }, systemCaller);
    ({ clientId } = await app.relyingParty());
    const role = (name: string, ...capabilities: string[]) => make.createRole(app.db, { tenantId, name, capabilities });
    const nurse = await role('Nurse', 'health.read', 'health.write');
    const reader = await role('Reader', 'books.read');
    const watcher = await role('Watcher', 'users.read');
    nurseId = nurse.id;
    const person = async () => (await app.person({ tenantId })).id;
    [owner, delegate, ada, bo] = [await person(), await person(), await person(), await person()];
    await give(app, { tenantId, userId: owner, role: 'owner' });
    const hold = async (userId: string, roleId: string, orgNodeId: string) =>
      (await assignRole(app.db, { tenantId, userId, roleId, orgNodeId }, { type: 'user', id: owner })).id;
    delegated = await hold(delegate, watcher.id, north);
    await hold(ada, nurse.id, school);
    await hold(ada, reader.id, south);
    await hold(bo, nurse.id, north);
    asked = async (by, id, input) => (await performAs(app, { tenantId, userId: by })(id, input)).body;
  });
  after(() => app?.stop());

  const questions = (): [string, Body][] => [
    ['users.access', { params: { user_id: ada } }],
    ['users.access', { params: { user_id: bo } }],
    ['users.why', { params: { user_id: ada }, query: { limit: 50 } }],
    ['users.why', { params: { user_id: bo }, query: { org_node_id: school, capability: 'health.write' } }],
    ['org_nodes.holders', { params: { org_node_id: school }, query: { capability: 'health.write' } }],
    ['org_nodes.holders', { params: { org_node_id: school }, query: { capability: 'users.read' } }],
    ...[ada, bo].map((user_id): [string, Body] => [
      'users.token_preview',
      { params: { user_id }, query: { client_id: clientId, scope: 'openid roles capabilities org', resource } },
    ]),
  ];

  /** Without what is of the very second, or of chance. */
  const steady = (body: Body) =>
    JSON.parse(JSON.stringify(body, (name, value) => (/^(iat|exp|auth_time|jti|at_hash)$/.test(name) ? 0 : value)));

  it('is answered as it was answered then, whatever became of it', async () => {
    const before: Body[] = [];
    for (const [id, input] of questions()) before.push(steady(await asked(owner, id, input)));
    const at = (await moment()).toISOString();
    assert.ok(before.every((body) => JSON.stringify(body).length > 100));

    const by = systemCaller;
    await updateOrgNode(app.db, { tenantId, orgNodeId: north, name: 'Polar' }, by);
    await moveOrgNode(app.db, { tenantId, orgNodeId: school, parentId: south }, by);
    await revokeCapabilityFromRole(app.db, { tenantId, roleId: nurseId, capability: 'health.write' }, by);
    await updateRole(app.db, { tenantId, roleId: nurseId, name: 'Carer' }, by);
    await deactivateUser(app.db, { tenantId, userId: bo }, by);
    const { items } = await asked(owner, 'users.why', { params: { user_id: ada } });
    await endAssignment(app.db, { tenantId, assignmentId: items[0].assignment_id }, by);
    for (const [index, [id, input]] of questions().entries()) {
      const now = await asked(owner, id, input).catch((error: { code: string }) => ({ code: error.code }));
      if (index !== 5) assert.notDeepEqual(steady(now), before[index], `${id} changed`);
      const then = await asked(owner, id, { ...input, query: { ...input.query, at } });
      assert.deepEqual(steady(then), before[index], `${id} of ${JSON.stringify(input)}`);
    }

    await deleteOrgNode(app.db, { tenantId, orgNodeId: school }, by);
    await deleteUser(app.db, { tenantId, userId: bo }, by);
    for (const [index, [id, input]] of questions().entries()) {
      const then = await asked(owner, id, { ...input, query: { ...input.query, at } });
      assert.deepEqual(steady(then), before[index], `${id} of what is gone`);
    }
    // Without a time they are not there, as before.
    await assert.rejects(asked(owner, 'users.access', { params: { user_id: bo } }), { code: 'NOT_FOUND' });
    const holders = { params: { org_node_id: school }, query: { capability: 'users.read' } };
    await assert.rejects(asked(owner, 'org_nodes.holders', holders), { code: 'NOT_FOUND' });
    const past = (await asked(owner, 'users.token_preview', withTime(questions()[6] as [string, Body], at))) as Body;
    assert.equal(past.access_token.claims.iat, Math.floor(Date.parse(at) / 1000));
  });

  const withTime = ([, input]: [string, Body], at: string) => ({ ...input, query: { ...input.query, at } });

  it('is told to the person, and keeps an erased one as an id that could do something', async () => {
    const { id: userId } = await app.person({ tenantId, fullName: 'Cy Young' });
    const held = { tenantId, userId, roleId: nurseId, orgNodeId: north };
    const { id: assignmentId } = await assignRole(app.db, held, systemCaller);
    const at = (await moment()).toISOString();
    await endAssignment(app.db, { tenantId, assignmentId }, systemCaller);
    const { earlier_access: earlier } = await asked(owner, 'users.export', { params: { user_id: userId } });
    assert.deepEqual([earlier.states, earlier.visibility_grants], [[], []]);
    assert.deepEqual(
      earlier.assignments.map(({ id, ends_at }: Body) => [id, ends_at]),
      [[assignmentId, null]],
      'what was so before it was ended is told',
    );
    await erasePerson(app.db, { tenantId, userId }, { secrets: app.secrets, sealedAbove: [], caller: systemCaller });
    const query = { capability: 'health.read', at };
    const { items } = await asked(owner, 'org_nodes.holders', { params: { org_node_id: north }, query });
    const found = items.find(({ user }: Body) => user.id === userId);
    assert.deepEqual(found?.user, { id: userId, full_name: null, email: null });
  });

  it('is shown as far as one reaches now, not as far as one did then', async () => {
    const { id: userId } = await app.person({ tenantId });
    const held = { tenantId, userId, roleId: nurseId };
    const node = (await make.createNode(app.db, { tenantId, parentId: south, name: 'Wing' })).id;
    const { id: southern } = await assignRole(app.db, { ...held, orgNodeId: south }, systemCaller);
    await assignRole(app.db, { ...held, orgNodeId: node }, systemCaller);
    const at = (await moment()).toISOString();
    const question = { params: { user_id: userId }, query: { at } };
    await assert.rejects(asked(delegate, 'users.access', question), { code: 'NOT_FOUND' });

    // The wing comes to the north, and with it what was held there; not what was held in the south.
    await moveOrgNode(app.db, { tenantId, orgNodeId: node, parentId: north }, systemCaller);
    await endAssignment(app.db, { tenantId, assignmentId: southern }, systemCaller);
    const places = async (by: string) =>
      (await asked(by, 'users.access', question)).assignments.map((held: Body) => held.org_node_id).sort();
    assert.deepEqual(await places(owner), [node, south].sort());
    assert.deepEqual(await places(delegate), [node]);
    const chains = await asked(delegate, 'users.why', question);
    assert.ok(!JSON.stringify(chains).includes(south));
    // All that they hold now is within reach, and not all that they held.
    const token = (when: object) => ({
      params: { user_id: userId },
      query: { client_id: clientId, scope: 'openid roles org', ...when },
    });
    assert.equal((await asked(delegate, 'users.token_preview', token({}))).refused, null);
    await assert.rejects(asked(delegate, 'users.token_preview', token({ at })), { code: 'PRIVILEGE_EXCEEDED' });
    assert.equal((await asked(owner, 'users.token_preview', token({ at }))).refused, null);
  });

  it('is not looked back at by who was let go', async () => {
    const at = (await moment()).toISOString();
    const question = { params: { user_id: ada }, query: { at } };
    assert.ok(await asked(owner, 'users.access', question));
    await endAssignment(app.db, { tenantId, assignmentId: delegated }, systemCaller);
    await assert.rejects(asked(delegate, 'users.access', question), { code: 'FORBIDDEN' });
  });

  it('is nothing of another tenant, not even that it is there', async () => {
    const { id: other } = await app.tenant();
    const { id: stranger } = await app.person({ tenantId: other });
    await give(app, { tenantId: other, userId: stranger, role: 'owner' });
    const at = (await moment()).toISOString();
    const asStranger = performAs(app, { tenantId: other, userId: stranger });
    for (const question of questions())
      await assert.rejects(asStranger(question[0], withTime(question, at)), { code: 'NOT_FOUND' }, question[0]);
  });

  it('is refused of a time before anything is known, by the API in words', async () => {
    const at = new Date(Date.now() - 86_400_000).toISOString();
    for (const question of questions())
      await assert.rejects(asked(owner, question[0], withTime(question, at)), (error: Body) => {
        assert.equal(error.code, 'BEFORE_HISTORY');
        assert.ok(Date.parse(error.params.since) <= Date.now());
        return true;
      });
  });
});
