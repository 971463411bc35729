import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

describe('the console: invitations', () => {
  let app: TestApp;
  let tenantId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp({ mailbox: true });
    tenantId = (await app.tenant({ slug: 'here', name: 'Here' })).id;
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
  });
  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/here/invitations${path}`;

  it('are made at a place, listed, sent again and withdrawn', async () => {
    const browser = await signInToConsole(app, owner);
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const role = await make.createRole(app.db, { tenantId, name: 'Teacher', capabilities: ['grades.read'] });
    assert.match((await browser.open(at(''))).body, /place\?back=[^"]*invitations%2Fnew/);
    const form = await browser.open(at(`/new?at=${north.id}`));
    const empty = await browser.submit(form, { email: '', role_id: role.id, locale: 'en' }, { form: 1 });
    assert.equal(empty.status, 422);
    const made = await browser.submit(form, { email: 'kim@example.org', role_id: role.id, locale: 'en' }, { form: 1 });
    assert.match(made.body, /The invitation is on its way[\s\S]*kim@example\.org[\s\S]*Waiting/);
    assert.match(made.body, new RegExp(`/roles/${role.id}[^>]*>Teacher[\\s\\S]*/organisation/${north.id}[^>]*>North`));
    await app.mailbox.waitFor('kim@example.org');
    const path = new URL(made.url).pathname;
    const list = await browser.open(at('?state=open'));
    assert.match(list.body, /kim@example\.org[\s\S]*Teacher[\s\S]*North/);
    assert.doesNotMatch((await browser.open(at('?state=accepted'))).body, /kim@example\.org/);
    const resend = await browser.open(`${app.issuer}${path}/resend`);
    await app
      .db('invitations')
      .where({ email: 'kim@example.org' })
      .update({ sentAt: new Date(Date.now() - 86_400_000) });
    const again = await browser.submit(resend, { locale: 'fr' }, { form: 1 });
    assert.match(again.body, /The invitation is on its way[\s\S]*<dd><span>2<\/span>/);
    const deed = await browser.open(`${app.issuer}${path}/revoke`);
    assert.match(deed.body, /The link in the message works no more/);
    const gone = await browser.submit(deed, {}, { form: 1 });
    assert.match(gone.body, /The invitation is withdrawn/);
    assert.doesNotMatch(gone.body, /Send again|Danger zone/);
  });

  it('are narrowed to the place that one looks at, and what is below it', async () => {
    const browser = await signInToConsole(app, owner);
    const upper = await make.createNode(app.db, { tenantId, name: 'Upper' });
    const lower = await make.createNode(app.db, { tenantId, name: 'Lower', parentId: upper.id });
    const beside = await make.createNode(app.db, { tenantId, name: 'Beside' });
    const role = await make.createRole(app.db, { tenantId, name: 'Helper', capabilities: ['grades.read'] });
    for (const node of [upper, lower, beside]) {
      const sent = { email: `at-${node.name}@example.org`.toLowerCase(), role_id: role.id, locale: 'en' };
      const made = await browser.submit(await browser.open(at(`/new?at=${node.id}`)), sent, { form: 1 });
      assert.match(made.body, /on its way/);
    }
    const shown = async (query: string) =>
      [...(await browser.open(at(query))).body.matchAll(/>at-(\w+)@example\.org/g)].map(([, name]) => name);
    assert.deepEqual(await shown(`?at=${upper.id}`), ['upper', 'lower']);
    assert.deepEqual(await shown(`?at=${lower.id}&state=open`), ['lower']);
    assert.deepEqual(await shown(''), ['upper', 'lower', 'beside']);
  });

  it('show a delegate those of their part alone, and refuse a role that they may not give', async () => {
    const south = await make.createNode(app.db, { tenantId, name: 'South' });
    const east = await make.createNode(app.db, { tenantId, name: 'East' });
    const mighty = await make.createRole(app.db, { tenantId, name: 'Mighty', capabilities: ['tenant.manage'] });
    const small = await make.createRole(app.db, {
      tenantId,
      name: 'Small',
      capabilities: ['invitations.manage', 'org.read', 'roles.read'],
    });
    const browser = await signInToConsole(app, owner);
    for (const [email, node] of [
      ['south@example.org', south],
      ['east@example.org', east],
    ] as const)
      await browser.submit(
        await browser.open(at(`/new?at=${node.id}`)),
        { email, role_id: small.id, locale: 'en' },
        { form: 1 },
      );
    const eastern = /invitations\/([0-9a-f-]{36})"[^>]*>east@/.exec((await browser.open(at(''))).body)?.[1];
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: small.id, orgNodeId: south.id });
    const theirs = await signInToConsole(app, delegate);
    const list = await theirs.open(at(''));
    assert.match(list.body, /south@example\.org/);
    assert.doesNotMatch(list.body, /east@example\.org/);
    for (const path of ['', '/resend', '/revoke'])
      assert.equal((await theirs.open(at(`/${eastern}${path}`))).status, 404, path);
    const form = await theirs.open(at(`/new?at=${south.id}`));
    const refused = await theirs.submit(
      form,
      { email: 'x@example.org', role_id: mighty.id, locale: 'en' },
      { form: 1 },
    );
    assert.equal(refused.status, 403);
    assert.equal((await theirs.open(at(`/new?at=${east.id}`))).status, 404);
  });
});
