import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { setFirstPlatformTenant } from '../../../src/domain/tenants/platform-tenant.ts';
import { ageSessions } from '../../support/aged-session.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless } from '../../support/browserless.ts';
import { consolePostRoutes, signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

describe('the console', () => {
  let app: TestApp;
  let tenant: NewTenant;
  let elsewhere: NewTenant;
  let owner: Awaited<ReturnType<TestApp['person']>>;
  let anna: { id: string; email: string | null };

  before(async () => {
    app = await startTestApp();
    tenant = await app.tenant({ slug: 'here', name: 'Here' });
    elsewhere = await app.tenant({ slug: 'elsewhere', name: 'Elsewhere' });
    owner = await app.person({ tenantId: tenant.id, fullName: 'Olive Owner' });
    await give(app, { tenantId: tenant.id, userId: owner.id, role: 'owner' });
    anna = await make.createUser(app.db, { tenantId: tenant.id, fullName: 'Anna Larsson' });
  });

  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/${path}`;

  it('leads who is not signed in to the sign-in, and back to the very page', async () => {
    const browser = new Browserless();
    const page = await browser.open(at(`here/people?q=anna&sort=name`));
    assert.match(page.url, /\/interaction\//);
    const back = await browser.submit(page, { login: owner.email, password: owner.password });
    assert.equal(back.url, at('here/people?q=anna&sort=name'));
    assert.match(back.body, /Anna Larsson/);
    assert.doesNotMatch(back.body, /Olive Owner<\/a>/);
  });

  it('leads from its own address to the tenant of who comes', async () => {
    const browser = await signInToConsole(app, owner);
    const home = await browser.open(at('').slice(0, -1));
    assert.match(home.url, /\/console\/here/);
    assert.equal(home.status, 200);
  });

  it('keeps its pages from caches, and lets scripts ask us alone', async () => {
    const browser = await signInToConsole(app, owner);
    const { headers } = await browser.open(at('here/people'));
    assert.equal(headers['cache-control'], 'no-store');
    assert.match(
      String(headers['content-security-policy']),
      /default-src 'none';.*script-src 'self';.*connect-src 'self'$/,
    );
  });

  it('takes no sign-in back to anything but its own pages', async () => {
    const browser = await signInToConsole(app, owner);
    const states = [
      '//evil.example/',
      '/console/../account',
      'https://evil.example/',
      '/console\\evil',
      '/consoleevil',
    ];
    for (const page of states) {
      const state = `x~${Buffer.from(page).toString('base64url')}`;
      const { location } = await browser.send(at(`_signed-in?state=${state}`));
      assert.match(String(location), /^http:\/\/localhost:\d+\/console$/, page);
    }
  });

  it('answers the same for a tenant out of reach, one that is not there, and ids that are none', async () => {
    const browser = await signInToConsole(app, owner);
    const bodies = [];
    for (const path of ['elsewhere/people', 'nowhere/people', 'nowhere/people/new']) {
      const { status, body } = await browser.open(at(path));
      assert.equal(status, 404, path);
      bodies.push(body.replace(/[0-9a-f-]{36}/g, '').replaceAll(path, ''));
    }
    assert.equal(new Set(bodies).size, 1);
    const { id } = await make.createUser(app.db, { tenantId: elsewhere.id });
    for (const person of [id, 'x', '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3401'])
      for (const page of ['', '/edit', '/deactivate'])
        assert.equal((await browser.open(at(`here/people/${person}${page}`))).status, 404, `${person}${page}`);
  });

  it('lets who runs the server into every tenant', async () => {
    const platform = await app.tenant({ slug: 'platform', name: 'Platform' });
    await app.db.transaction((trx) => setFirstPlatformTenant(trx, platform.id, systemCaller));
    const operator = await app.person({ tenantId: platform.id });
    await give(app, { tenantId: platform.id, userId: operator.id, role: 'owner' });
    const browser = await signInToConsole(app, operator);
    const page = await browser.open(at('here/people'));
    assert.equal(page.status, 200);
    assert.match(page.body, /Anna Larsson/);
    assert.match(page.body, /Back to your own tenant/);
  });

  it('says plainly that there is nothing for who runs nothing', async () => {
    const somebody = await app.person({ tenantId: tenant.id });
    const browser = await signInToConsole(app, somebody);
    const page = await browser.open(at('here'));
    assert.equal(page.status, 403);
    assert.match(page.body, /There is nothing here for you/);
    assert.doesNotMatch(page.body, /class="rail-link"/);
  });

  describe('what one may not do', () => {
    it('is refused at every address that takes a form, to who holds nothing', async () => {
      const nobody = await signInToConsole(app, await app.person({ tenantId: tenant.id }));
      const routes = consolePostRoutes();
      assert.ok(routes.length > 4);
      for (const route of routes) {
        const path = route.replace(':tenant', 'here').replace(/:\w+/g, anna.id);
        const { status, location } = await nobody.send(`${app.issuer}${path}`, { typed: 'Anna Larsson' });
        assert.equal(status, 403, `${path} -> ${location}`);
      }
    });

    it('has a page at every address that takes a form', async () => {
      const browser = await signInToConsole(app, owner);
      for (const route of consolePostRoutes()) {
        const path = route.replace(':tenant', 'here').replace(/:\w+/g, anna.id);
        const { status } = await browser.send(`${app.issuer}${path}`);
        assert.ok(status !== 405 && status < 500, `${path} has no page: ${status}`);
      }
    });

    it('is neither shown to a delegate nor done for one', async () => {
      const north = await make.createNode(app.db, { tenantId: tenant.id, name: 'North' });
      const role = await make.createRole(app.db, { tenantId: tenant.id, capabilities: ['users.read', 'org.read'] });
      const delegate = await app.person({ tenantId: tenant.id });
      const near = await make.createUser(app.db, { tenantId: tenant.id, fullName: 'Nils Near' });
      for (const userId of [delegate.id, near.id])
        await make.assign(app.db, { tenantId: tenant.id, userId, roleId: role.id, orgNodeId: north.id });
      const browser = await signInToConsole(app, delegate);
      const list = await browser.open(at('here/people'));
      assert.match(list.body, /Nils Near/);
      assert.doesNotMatch(list.body, /Anna Larsson|Olive Owner|Add a person|Applications/);
      const one = await browser.open(at(`here/people/${near.id}`));
      assert.equal(one.status, 200);
      assert.doesNotMatch(one.body, /Danger zone|>Edit</);
      assert.equal((await browser.open(at(`here/people/${anna.id}`))).status, 404);
      const done = await browser.send(at(`here/people/${near.id}/deactivate`), {});
      assert.equal(done.status, 403);
      const { state } = await app.db('users').where({ id: near.id }).first('state');
      assert.equal(state, 'active');
    });
  });

  it('changes a person, and tells a change that came in between', async () => {
    const browser = await signInToConsole(app, owner);
    const person = await make.createUser(app.db, { tenantId: tenant.id, fullName: 'Berta Before' });
    const page = await browser.open(at(`here/people/${person.id}/edit`));
    const other = await signInToConsole(app, owner);
    const theirs = await other.open(at(`here/people/${person.id}/edit`));
    const saved = await other.submit(theirs, { full_name: 'Berta Between', external_id: 'x-1' }, { form: 1 });
    assert.equal(saved.status, 200);
    assert.match(saved.body, /Berta Between[\s\S]*x-1/);
    assert.match(saved.body, /Saved\./);
    const lost = await browser.submit(page, { full_name: 'Berta Mine' }, { form: 1 });
    assert.equal(lost.status, 412);
    assert.match(lost.body, /Somebody else changed this meanwhile/);
    assert.match(lost.body, /value="Berta Mine"/);
    assert.match(lost.body, /Berta Between/);
    const again = await browser.submit(lost, { full_name: 'Berta Mine', external_id: 'x-1' }, { form: 1 });
    assert.match(again.body, /Berta Mine[\s\S]*x-1/);
  });

  it('keeps what was typed, with each fault at its field', async () => {
    const browser = await signInToConsole(app, owner);
    const page = await browser.open(at('here/people/new'));
    const refused = await browser.submit(
      page,
      { full_name: 'x'.repeat(201), email: 'no address', phone: '', username: '', external_id: '' },
      { form: 1 },
    );
    assert.equal(refused.status, 422);
    assert.match(refused.body, /value="no address"/);
    assert.match(refused.body, /<a href="#full_name">/);
    const made = await browser.submit(refused, { full_name: 'New One', email: 'new.one@example.test' }, { form: 1 });
    assert.match(made.body, /<h1>New One/);
    assert.match(made.body, /has an account now/);
    const [event] = await app.db('audit_events').where({ action: 'user.created', actorId: owner.id });
    assert.match(JSON.stringify(event), /users\.create/);
  });

  it('makes one person of a form that is sent twice', async () => {
    const browser = await signInToConsole(app, owner);
    const page = await browser.open(at('here/people/new'));
    const typed = { full_name: 'Twice', email: 'twice@example.test' };
    const [first, second] = [
      await browser.submit(page, typed, { form: 1 }),
      await browser.submit(page, typed, { form: 1 }),
    ];
    assert.equal(first.url.replace(/\?.*/, ''), second.url.replace(/\?.*/, ''));
  });

  it('says what a deed will do, and does it once it is pressed', async () => {
    const browser = await signInToConsole(app, owner);
    const person = await app.person({ tenantId: tenant.id, fullName: 'Stan Stopped' });
    await signInToConsole(app, person);
    const page = await browser.open(at(`here/people/${person.id}/deactivate`));
    assert.match(page.body, /1 session ends/);
    assert.equal((await app.db('users').where({ id: person.id }).first('state')).state, 'active');
    const done = await browser.submit(page, {}, { form: 1 });
    assert.match(done.body, /stopped and signed out everywhere/);
    assert.equal((await app.db('users').where({ id: person.id }).first('state')).state, 'inactive');
  });

  it('says before anybody presses that a deed would be refused', async () => {
    const browser = await signInToConsole(app, owner);
    const page = await browser.open(at(`here/people/${owner.id}/deactivate`));
    assert.equal(page.status, 200);
    assert.match(page.body, /This cannot be done now/);
    assert.doesNotMatch(page.body, /<form class="form/);
    assert.equal((await browser.send(at(`here/people/${owner.id}/deactivate`), {})).status, 409);
  });

  describe('a sign-in that is too old', () => {
    it('is renewed before the page of what asks for it, and leads back there', async () => {
      const somebody = await app.person({ tenantId: tenant.id });
      await give(app, { tenantId: tenant.id, userId: somebody.id, role: 'owner' });
      const browser = await signInToConsole(app, somebody);
      await ageSessions(app, somebody.id, 600);
      const address = at(`here/people/${anna.id}/delete`);
      const asked = await browser.open(address);
      assert.match(asked.url, /\/interaction\//);
      const page = await browser.submit(asked, { login: somebody.email, password: somebody.password });
      assert.equal(page.url, address);
      await ageSessions(app, somebody.id, 600);
      const late = await browser.send(address, { typed: 'Anna Larsson' });
      assert.match(String(late.location), /\/authorize\?/);
      assert.ok(await app.db('users').where({ id: anna.id, deletedAt: null }).first('id'));
    });
  });

  it('deletes only who is named', async () => {
    const browser = await signInToConsole(app, owner);
    const person = await make.createUser(app.db, { tenantId: tenant.id, fullName: 'Dora Deleted' });
    const page = await browser.open(at(`here/people/${person.id}/delete`));
    const wrong = await browser.submit(page, { typed: 'Dora' }, { form: 1 });
    assert.equal(wrong.status, 422);
    const done = await browser.submit(wrong, { typed: 'Dora Deleted' }, { form: 1 });
    assert.match(done.body, /The account is deleted/);
  });

  it('takes no form from a page of another site', async () => {
    const browser = await signInToConsole(app, owner);
    const { status } = await browser.send(
      at(`here/people/${anna.id}/deactivate`),
      {},
      { 'sec-fetch-site': 'cross-site' },
    );
    assert.equal(status, 403);
    assert.equal((await app.db('users').where({ id: anna.id }).first('state')).state, 'active');
  });

  it('looks at a place, and narrows lists to it', async () => {
    const south = await make.createNode(app.db, { tenantId: tenant.id, name: 'South' });
    const browser = await signInToConsole(app, owner);
    const page = await browser.open(at(`here/people?at=${south.id}`));
    assert.match(page.body, /Look everywhere, not at South alone/);
    assert.match(page.body, new RegExp(`/console/here/people/new\\?at=${south.id}`));
    assert.equal((await browser.open(at('here/people?at=x'))).status, 404);
    const chosen = await browser.open(at(`here/place?back=${encodeURIComponent('//evil.example/')}&q=South`));
    assert.match(chosen.body, new RegExp(`href="/console/here\\?at=${south.id}"`));
    assert.doesNotMatch(chosen.body, /href="(?:https?:)?\/\/evil/);
  });

  it('finds people and places from the bar', async () => {
    const browser = await signInToConsole(app, owner);
    const { body } = await browser.open(at('here/search?q=anna'));
    assert.match(body, new RegExp(`href="/console/here/people/${anna.id}"`));
  });

  it('leads a script to the whole page where there is a sign-in in between', async () => {
    const { status, headers } = await new Browserless().send(at('here/people'), undefined, { 'hx-request': 'true' });
    assert.equal(status, 204);
    assert.equal(headers['hx-redirect'], '/console/here/people');
  });
});
