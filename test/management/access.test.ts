import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { assignRole } from '../../src/domain/organisation/org-assignments.ts';
import { deactivateOrgNode } from '../../src/domain/organisation/org-nodes.ts';
import { grantVisibility } from '../../src/domain/organisation/visibility-grants.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import { askAsService, give, performAs } from '../support/management.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are read by tests, which say what they expect
type Body = any;

describe('what a person holds, and why', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let north: string;
  let school: string;
  let south: string;
  let ada: string;
  let head: string;
  let asOwner: (id: string, input?: object) => Promise<Body>;
  let asDelegate: (id: string, input?: object) => Promise<Body>;
  const ends = new Date('2090-01-01T00:00:00Z');
  const roles: Record<string, string> = {};

  before(async () => {
    app = await startTestApp({ mailbox: true, runJobs: false });
    const tenant = await app.tenant();
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    const node = async (name: string, parentId: string) =>
      (await make.createNode(app.db, { tenantId, parentId, name })).id;
    north = await node('North', rootId);
    school = await node('School', north);
    south = await node('South', rootId);
    for (const [name, ...capabilities] of [
      ['Reader', 'books.read'],
      ['Nurse', 'health.read', 'health.write'],
      ['Delegate', 'users.read'],
      ['Late', 'night.watch'],
    ] as const)
      roles[name] = (await make.createRole(app.db, { tenantId, name, capabilities: [...capabilities] })).id;
    const person = async () => (await app.person({ tenantId })).id;
    const owner = await person();
    await give(app, { tenantId, userId: owner, role: 'owner' });
    head = await person();
    const delegate = await person();
    ada = await person();
    const hold = (userId: string, role: string, orgNodeId: string, by: object = systemCaller, more: object = {}) =>
      assignRole(
        app.db,
        { tenantId, userId, roleId: roles[role] as string, orgNodeId, ...more },
        by as typeof systemCaller,
      );
    await hold(delegate, 'Delegate', north);
    await hold(ada, 'Reader', rootId);
    await hold(ada, 'Nurse', north, { type: 'user', id: head }, { endsAt: ends });
    await hold(ada, 'Late', south, systemCaller, { startsAt: ends });
    const seen = { tenantId, userId: ada, orgNodeId: south, accessScope: 'read' } as const;
    await grantVisibility(app.db, seen, systemCaller);
    const by = (userId: string) => {
      const perform = performAs(app, { tenantId, userId });
      return async (id: string, input: object = {}) =>
        (await perform(id, { params: { user_id: ada }, ...input })).body as Body;
    };
    asOwner = by(owner);
    asDelegate = by(delegate);
  });
  after(() => app?.stop());

  it('shows all of it to a person who reaches all of it', async () => {
    const body = await asOwner('users.access');
    assert.deepEqual(body.roles, ['Nurse', 'Reader']);
    assert.deepEqual(body.capabilities, ['books.read', 'health.read', 'health.write']);
    assert.deepEqual(
      body.assignments.map((held: Body) => [held.role, held.org_node, held.ends_at, held.assigned_by]),
      [
        ['Reader', (await app.db('org_nodes').where({ id: rootId }).first('name')).name, null, null],
        ['Nurse', 'North', ends.toISOString(), head],
      ],
    );
    assert.deepEqual(
      body.visibility_grants.map((grant: Body) => [grant.org_node, grant.access_scope]),
      [['South', 'read']],
    );
    assert.deepEqual([body.may_act, body.more], [true, false]);
  });

  it('shows a delegate what stands in their part, with the roles and capabilities of that alone', async () => {
    const body = await asDelegate('users.access');
    assert.deepEqual([body.roles, body.capabilities], [['Nurse'], ['health.read', 'health.write']]);
    assert.deepEqual(
      body.assignments.map((held: Body) => held.org_node_id),
      [north],
    );
    assert.deepEqual(body.visibility_grants, []);
    for (const hidden of [rootId, south, roles.Reader]) assert.ok(!JSON.stringify(body).includes(hidden as string));
  });

  it('tells of another moment', async () => {
    const later = await asOwner('users.access', { query: { at: '2090-06-01T00:00:00Z' } });
    assert.deepEqual(later.roles, ['Late', 'Reader']);
    for (const id of ['users.access', 'users.why'])
      await assert.rejects(asOwner(id, { query: { at: '2001-01-01T00:00:00Z' } }), { code: 'BEFORE_HISTORY' });
  });

  it('names the chain of each: the assignment, its node, who gave it, until when', async () => {
    const { items } = await asOwner('users.why');
    const [reader, nurse] = items;
    assert.equal(items.length, 2);
    assert.deepEqual([reader.role.name, reader.org_node.id, reader.ends_at], ['Reader', rootId, null]);
    assert.deepEqual(reader.given_by, { type: 'system', id: null });
    assert.deepEqual([nurse.role.name, nurse.org_node.name, nurse.ends_at], ['Nurse', 'North', ends.toISOString()]);
    assert.deepEqual(nurse.given_by, { type: 'user', id: head });
    assert.deepEqual(
      nurse.capabilities.map(({ key }: Body) => key),
      ['health.read', 'health.write'],
    );
  });

  it('answers why about one capability at one place', async () => {
    const why = async (query: object) => (await asOwner('users.why', { query })).items;
    const [only, ...others] = await why({ capability: 'health.write', org_node_id: school });
    assert.deepEqual(others, []);
    assert.equal(only.role.name, 'Nurse');
    assert.deepEqual(
      only.capabilities.map(({ key }: Body) => key),
      ['health.write'],
    );
    assert.deepEqual(await why({ capability: 'health.write', org_node_id: south }), []);
    assert.equal((await why({ org_node_id: south })).length, 1, 'what is held above counts there');
    assert.equal((await why({ role_id: roles.Nurse })).length, 1);
  });

  it('shows a delegate no chain that stands outside of their part', async () => {
    const { items } = await asDelegate('users.why');
    assert.deepEqual(
      items.map((chain: Body) => chain.role.name),
      ['Nurse'],
    );
    // Held at the root, it counts at the school; it is no business of the delegate.
    const query = { capability: 'books.read' };
    assert.deepEqual((await asDelegate('users.why', { query: { ...query, org_node_id: school } })).items, []);
    const holders = await asDelegate('org_nodes.holders', { params: { org_node_id: school }, query });
    assert.deepEqual(holders.items, []);
    await assert.rejects(asDelegate('org_nodes.holders', { params: { org_node_id: south }, query }), {
      code: 'NOT_FOUND',
    });
  });

  it('lists who may do something at a node, of each person every chain, page by page', async () => {
    const { id: bo } = await app.person({ tenantId });
    for (const [role, orgNodeId] of [
      ['Nurse', north],
      ['Nurse', school],
      ['Reader', school],
    ] as const)
      await assignRole(app.db, { tenantId, userId: bo, roleId: roles[role] as string, orgNodeId }, systemCaller);
    const params = { org_node_id: school };
    const found: [string, string][] = [];
    let after: string | undefined;
    do {
      const query: Record<string, string> = { capability: 'health.read', limit: '1', ...(after && { after }) };
      const { items, next } = await asOwner('org_nodes.holders', { params, query });
      found.push(...items.map((chain: Body) => [chain.user.id, chain.org_node.name]));
      after = next ?? undefined;
    } while (after);
    assert.deepEqual(
      found.toSorted(),
      [
        [ada, 'North'],
        [bo, 'North'],
        [bo, 'School'],
      ].toSorted(),
    );
    assert.deepEqual(
      found.map(([userId]) => userId),
      found.map(([userId]) => userId).toSorted(),
    );
  });

  it('knows the capabilities of the API itself, by which people administer', async () => {
    const { items } = await asOwner('org_nodes.holders', {
      params: { org_node_id: school },
      query: { capability: 'users.read' },
    });
    assert.ok(items.some((chain: Body) => chain.role.name === 'Delegate'));
    assert.ok(items.some((chain: Body) => chain.role.name === 'owner'));
  });

  it('names a service that gave a role', async () => {
    const ask = await askAsService(app, { tenantId, capabilities: ['roles.assign', 'users.read', 'books.read'] });
    const { id: cy } = await app.person({ tenantId });
    const given = await ask('POST', '/assignments', { user_id: cy, role_id: roles.Reader, org_node_id: south });
    assert.equal(given.status, 201);
    const [chain] = (await ask('GET', `/users/${cy}/access/why`)).body.items;
    assert.equal(chain.given_by.type, 'client');
    assert.match(chain.given_by.id, /./);
  });

  it('has nothing of somebody who may not act, nor at a node that is switched off', async () => {
    const { id: dan } = await app.person({ tenantId });
    const closed = (await make.createNode(app.db, { tenantId, parentId: south, name: 'Closed' })).id;
    const held = { tenantId, userId: dan, roleId: roles.Reader as string, orgNodeId: closed };
    await assignRole(app.db, held, systemCaller);
    const access = () => asOwner('users.access', { params: { user_id: dan } });
    assert.deepEqual((await access()).roles, ['Reader']);
    await deactivateOrgNode(app.db, { tenantId, orgNodeId: closed }, systemCaller);
    assert.deepEqual([(await access()).roles, (await access()).may_act], [[], true]);
    await deactivateUser(app.db, { tenantId, userId: dan }, systemCaller);
    assert.equal((await access()).may_act, false);
    assert.deepEqual((await asOwner('users.why', { params: { user_id: dan } })).items, []);
  });
});
