import assert from 'node:assert/strict';
import { ageSessions } from '../../support/aged-session.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import type { Reply } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { asking, give, performAs } from '../../support/management.ts';

const keyForm = /\bgk_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}\b/;

describe('the console: API keys', () => {
  let app: TestApp;
  let tenantId: string;
  let northId: string;
  let schoolId: string;
  let southId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant({ slug: 'here', name: 'Here' });
    tenantId = tenant.id;
    const add = async (name: string, parentId: string) =>
      (await make.createNode(app.db, { tenantId, name, parentId })).id;
    northId = await add('North', tenant.rootNodeId);
    schoolId = await add('Lakeside', northId);
    southId = await add('South', tenant.rootNodeId);
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
  });
  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/here${path}`;
  const keyIn = (page: Reply) => keyForm.exec(page.body)?.[0] ?? '';
  const soon = () => new Date(Date.now() + 86_400_000).toISOString().slice(0, 16);
  const status = async (key: string) => (await asking(app, key)('GET', '/org-nodes')).status;
  const owned = (body: object) =>
    performAs(app, { tenantId, userId: owner.id })('api_keys.create', {
      body: { org_node_id: northId, capabilities: ['org.read'], ...body },
    });

  it('makes one at a place, shows it once, pauses it, lets it work again and revokes it', async () => {
    const browser = await signInToConsole(app, owner);
    const choosing = await browser.open(at('/api-keys/new'));
    assert.match(choosing.url, /\/place\?/);
    const form = await browser.open(at(`/api-keys/new?at=${northId}`));
    assert.match(form.body, /Make an API key at North/);
    const values = { name: 'Nightly export', whose: 'place', 'capabilities:org.read': 'yes', expires_at: soon() };
    const made = await browser.submit(form, values, { form: 1 });
    const key = keyIn(made);
    assert.equal(await status(key), 200);

    const list = await browser.open(at('/api-keys'));
    assert.match(list.body, /Nightly export[\s\S]*Works[\s\S]*North[\s\S]*The place’s own/);
    const [, path] = /href="(\/console\/here\/api-keys\/[0-9a-f-]{36})"/.exec(list.body) ?? [];
    const page = await browser.open(`${app.issuer}${path}`);
    assert.ok(!page.body.includes(key), 'it is shown again');
    const press = async (deed: string) =>
      browser.submit(await browser.open(`${app.issuer}${path}/${deed}`), {}, { form: 1 });
    await press('pause');
    assert.equal(await status(key), 401);
    assert.match((await press('resume')).body, /The key works again/);
    assert.equal(await status(key), 200);
    assert.match((await press('revoke')).body, /The key has ended/);
    assert.equal(await status(key), 401);
    const ended = await browser.open(`${app.issuer}${path}`);
    assert.doesNotMatch(ended.body, /Danger zone|>Edit</);
  });

  it('asks for a name and for what it is good for, and keeps what was typed', async () => {
    const browser = await signInToConsole(app, owner);
    const form = await browser.open(at(`/api-keys/new?at=${northId}`));
    const refused = await browser.submit(form, { name: 'Kept', whose: 'place', expires_at: soon() }, { form: 1 });
    assert.equal(refused.status, 422);
    assert.match(refused.body, /href="#capabilities"[\s\S]*value="Kept"/);
    const far = { name: 'Far', whose: 'own', 'capabilities:org.read': 'yes', expires_at: '2090-01-01T00:00' };
    const late = await browser.submit(form, far, { form: 1 });
    assert.doesNotMatch(late.body, keyForm);
    assert.ok(late.status >= 400);
  });

  it('changes what one is good for, not with an old sign-in', async () => {
    const { id } = (await owned({ name: 'Changed' })).body as { id: string };
    const browser = await signInToConsole(app, owner);
    const form = await browser.open(at(`/api-keys/${id}/edit`));
    const values = { name: 'Renamed', 'capabilities:users.read': 'yes', expires_at: soon() };
    await ageSessions(app, owner.id, 3600);
    assert.match((await browser.submit(form, values, { form: 1 })).body, /Sign in once more/);
    const fresh = await signInToConsole(app, owner);
    const saved = await fresh.submit(await fresh.open(at(`/api-keys/${id}/edit`)), values, { form: 1 });
    assert.match(saved.body, /Renamed[\s\S]*users\.read/);
  });

  it('shows a delegate the keys of their part of the tree, and lets them make keys there of what they hold', async () => {
    const far = (await owned({ name: 'Of the south', org_node_id: southId })).body as { id: string };
    await owned({ name: 'Of the school', org_node_id: schoolId });
    const capabilities = ['api_keys.manage', 'org.read', 'roles.read'];
    const role = await make.createRole(app.db, { tenantId, capabilities });
    const delegate = await app.person({ tenantId, fullName: 'Dag Delegate' });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: northId });
    const browser = await signInToConsole(app, delegate);
    const list = await browser.open(at('/api-keys'));
    assert.match(list.body, /Of the school/);
    assert.doesNotMatch(list.body, /Of the south/);
    assert.match((await browser.open(at(`/api-keys?at=${northId}`))).body, /Of the school/);
    for (const path of ['', '/edit', '/revoke', '/pause'])
      assert.equal((await browser.open(at(`/api-keys/${far.id}${path}`))).status, 404, path);

    const form = await browser.open(at(`/api-keys/new?at=${schoolId}`));
    assert.match(form.body, /capabilities:org\.read/);
    assert.doesNotMatch(form.body, /capabilities:audit\.read/);
    const values = { name: 'Theirs', whose: 'own', 'capabilities:org.read': 'yes', expires_at: soon() };
    const made = await browser.submit(form, values, { form: 1 });
    assert.equal(await status(keyIn(made)), 200);
    const elsewhere = await browser.send(at(`/api-keys/new?at=${southId}`), values);
    assert.equal(elsewhere.status, 404);
  });

  it("lets others stop a person's key, and make it good for nothing more", async () => {
    const capabilities = ['api_keys.manage', 'org.read'];
    const role = await make.createRole(app.db, { tenantId, capabilities });
    const person = await app.person({ tenantId, fullName: 'Pia Person' });
    await make.assign(app.db, { tenantId, userId: person.id, roleId: role.id, orgNodeId: northId });
    const body = { name: 'Of Pia', org_node_id: northId, user_id: person.id, capabilities: ['org.read'] };
    const made = await performAs(app, { tenantId, userId: person.id })('api_keys.create', { body });
    const { id, key } = made.body as { id: string; key: string };
    const browser = await signInToConsole(app, owner);
    const page = await browser.open(at(`/api-keys/${id}`));
    assert.match(page.body, /Pia Person/);
    assert.doesNotMatch((await browser.open(at(`/api-keys/${id}/edit`))).body, /name="expires_at"/);
    await browser.submit(await browser.open(at(`/api-keys/${id}/pause`)), {}, { form: 1 });
    assert.equal(await status(key), 401);
    assert.doesNotMatch((await browser.open(at(`/api-keys/${id}`))).body, /Let it work again/);
    assert.match((await browser.open(at(`/api-keys/${id}/resume`))).body, /may not do this/);
  });
});
