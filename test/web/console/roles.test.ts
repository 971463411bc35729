import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

describe('the console: roles', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant({ slug: 'here', name: 'Here' });
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
  });
  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/here${path}`;

  it('makes one, fills it, shows who holds it and who can do what by it, and deletes it', async () => {
    const browser = await signInToConsole(app, owner);
    const made = await browser.submit(await browser.open(at('/roles/new')), { name: 'Examiner' }, { form: 1 });
    assert.match(made.url, /\/roles\/[0-9a-f-]{36}\/capabilities\?notice=created/);
    const filled = await browser.submit(made, { 'items:users.read': 'yes', 'items:org.read': 'yes' }, { form: 1 });
    assert.match(filled.body, /The role carries what you chose/);
    const path = new URL(filled.url).pathname;
    const roleId = path.split('/').at(-1) as string;
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const person = await make.createUser(app.db, { tenantId, fullName: 'Edda Examiner' });
    await make.assign(app.db, { tenantId, userId: person.id, roleId, orgNodeId: north.id });

    const holders = await browser.open(at(`/roles/${roleId}/holders`));
    assert.match(holders.body, /Edda Examiner[\s\S]*North/);
    const matrix = await browser.open(at('/roles/matrix'));
    assert.match(matrix.body, /Examiner/);
    const asked = await browser.open(at(`/roles/who-can?at=${north.id}&capability=org.read`));
    assert.match(asked.body, /Edda Examiner[\s\S]*Examiner[\s\S]*North/);
    assert.match(asked.body, /Olive Owner/);
    const above = await browser.open(at(`/roles/who-can?at=${rootId}&capability=org.read`));
    assert.doesNotMatch(above.body, /Edda Examiner/);

    const deed = await browser.open(at(`/roles/${roleId}/delete`));
    assert.match(deed.body, /1 person holds it now/);
    const wrong = await browser.submit(deed, { typed: 'something else' }, { form: 1 });
    assert.equal(wrong.status, 422);
    const gone = await browser.submit(deed, { typed: 'Examiner' }, { form: 1 });
    assert.match(gone.body, /The role is deleted/);
    assert.equal((await browser.open(at(`/roles/${roleId}`))).status, 404);
  });

  it('tells what somebody else put into it meanwhile, and loses neither', async () => {
    const role = await make.createRole(app.db, { tenantId, capabilities: ['org.read'] });
    const browser = await signInToConsole(app, owner);
    const page = await browser.open(at(`/roles/${role.id}/capabilities`));
    const other = await browser.open(at(`/roles/${role.id}/capabilities`));
    await browser.submit(other, { 'items:org.read': 'yes', 'items:audit.read': 'yes' }, { form: 1 });
    const late = await browser.submit(page, { 'items:org.read': 'yes', 'items:users.read': 'yes' }, { form: 1 });
    assert.equal(late.status, 412);
    assert.match(late.body, /Somebody else changed this meanwhile/);
    const carried = await app.db('role_capabilities').where({ roleId: role.id });
    assert.equal(carried.length, 2);
  });

  it('shows a delegate what roles carry, and lets them change none', async () => {
    const north = await make.createNode(app.db, { tenantId, name: 'North again' });
    const role = await make.createRole(app.db, { tenantId, capabilities: ['roles.read', 'users.read'] });
    const delegate = await app.person({ tenantId, fullName: 'Dag Delegate' });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    const browser = await signInToConsole(app, delegate);
    const list = await browser.open(at('/roles'));
    assert.equal(list.status, 200);
    assert.doesNotMatch(list.body, /Make a role/);
    const one = await browser.open(at(`/roles/${role.id}`));
    assert.doesNotMatch(one.body, /Danger zone|>Change<|>Edit</);
    assert.equal((await browser.send(at(`/roles/${role.id}/capabilities`), { 'items:users.read': 'yes' })).status, 403);
    const holders = await browser.open(at(`/roles/${role.id}/holders`));
    assert.match(holders.body, /Dag Delegate/);
    const can = await browser.open(at('/roles/who-can?capability=users.read'));
    assert.match(can.body, /Dag Delegate/);
    assert.doesNotMatch(can.body, /Olive Owner/);
  });
});
