import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give, performAs } from '../../support/management.ts';
import { askingScim } from '../../support/scim.ts';

describe('the console: provisioning', () => {
  let app: TestApp;
  let tenantId: string;
  let northId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant({ slug: 'here', name: 'Here' });
    tenantId = tenant.id;
    northId = (await make.createNode(app.db, { tenantId, name: 'North', parentId: tenant.rootNodeId })).id;
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    await make.createRole(app.db, { tenantId, name: 'Teacher', capabilities: ['users.read'] });
  });
  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/here${path}`;

  it('says the address, makes the credential, shows it once, and then what became of its requests', async () => {
    const browser = await signInToConsole(app, owner);
    const page = await browser.open(at('/provisioning'));
    assert.ok(page.body.includes(`${app.issuer}/scim/v2`));
    assert.match(page.body, /No directory has asked yet[\s\S]*|No groups yet/);
    const form = await browser.open(at('/provisioning/credential'));
    const chosen = [...form.body.matchAll(/name="(capabilities:[^"]+)"[^>]*checked/g)].map(
      ([, name]) => name as string,
    );
    assert.ok(chosen.includes('capabilities:users.manage'), 'what it needs is chosen already');
    const values = { name: 'Entra ID', ...Object.fromEntries(chosen.map((name) => [name, 'yes'])) };
    const made = await browser.submit(form, values, { form: 1 });
    const [, token] = /([A-Za-z0-9]{20}\.ghs_[A-Za-z0-9_-]{43})/.exec(made.body) ?? [];
    assert.ok(token, made.body.slice(0, 200));
    const scim = askingScim(app, token);
    assert.equal((await scim('POST', '/Users', { userName: 'by-the-console' })).status, 201);
    assert.equal((await scim('POST', '/Users', { userName: 'by-the-console' })).status, 409);
    const after = await browser.open(at('/provisioning'));
    assert.match(after.body, /POST \/Users[\s\S]*409[\s\S]*uniqueness[\s\S]*Entra ID/);
    assert.ok(!after.body.includes(token), 'it is shown again');
  });

  it('names a group at a place, which the directory then finds, and removes it', async () => {
    const browser = await signInToConsole(app, owner);
    assert.match((await browser.open(at('/provisioning/groups/new'))).url, /\/place\?/);
    const form = await browser.open(at(`/provisioning/groups/new?at=${northId}`));
    const [, roleId] = /<option value="([0-9a-f-]{36})"[^>]*>Teacher/.exec(form.body) ?? [];
    const named = await browser.submit(form, { display_name: 'SG-Teachers', role_id: roleId as string }, { form: 1 });
    assert.match(named.body, /stands for the role there/);
    assert.match(named.body, /SG-Teachers[\s\S]*Teacher[\s\S]*North/);
    const anew = await browser.open(at(`/provisioning/groups/new?at=${northId}`));
    const again = await browser.submit(anew, { display_name: 'SG-Teachers', role_id: roleId as string }, { form: 1 });
    assert.equal(again.status, 409);
    const [, path] = /href="(\/console\/here\/provisioning\/groups\/[0-9a-f-]{36}\/remove)/.exec(named.body) ?? [];
    const deed = await browser.open(`${app.issuer}${path}`);
    assert.match(deed.body, /0 people keep the role/);
    const removed = await browser.submit(deed, {}, { form: 1 });
    assert.match(removed.body, /stands for nothing any more/);
    assert.equal((await browser.open(`${app.issuer}${path}`)).status, 404);
  });

  it('is not there for a delegate, nor for another tenant’s groups', async () => {
    const delegate = await app.person({ tenantId });
    const role = await make.createRole(app.db, {
      tenantId,
      capabilities: ['services.manage', 'users.read', 'roles.assign'],
    });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: northId });
    const browser = await signInToConsole(app, delegate);
    assert.doesNotMatch((await browser.open(at('/people'))).body, /href="\/console\/here\/provisioning"/);
    for (const path of ['/provisioning', '/provisioning/credential'])
      assert.ok([403, 404].includes((await browser.open(at(path))).status), path);

    const other = await app.tenant();
    const theirs = await app.person({ tenantId: other.id });
    await give(app, { tenantId: other.id, userId: theirs.id, role: 'owner' });
    const member = await app.db('roles').where({ tenantId: other.id, name: 'member' }).first();
    const { body } = await performAs(app, { tenantId: other.id, userId: theirs.id })('groups.create', {
      body: { display_name: 'Theirs', role_id: member.id, org_node_id: other.rootNodeId },
    });
    const own = await signInToConsole(app, owner);
    const { id } = body as { id: string };
    assert.equal((await own.open(at(`/provisioning/groups/${id}/remove`))).status, 404);
  });
});
