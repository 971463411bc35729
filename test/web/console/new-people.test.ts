import assert from 'node:assert/strict';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless, type Reply } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { addProvider } from '../../support/federation.ts';
import { give } from '../../support/management.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

const idIn = ({ url }: Reply) => /people\/([0-9a-f-]{36})/.exec(url)?.[1] ?? '';

describe('new people at the console', () => {
  let app: TestApp;
  let tenant: NewTenant;
  let owner: Person;
  let browser: Browserless;
  let north: string;
  let teacher: string;
  let delegate: Person;
  let theirs: Browserless;

  before(async () => {
    app = await startTestApp({ mailbox: true });
    const { db } = app;
    tenant = await app.tenant({ slug: 'here', name: 'Here' });
    const { id: tenantId } = tenant;
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    browser = await signInToConsole(app, owner);
    north = (await make.createNode(db, { tenantId, name: 'North' })).id;
    teacher = (await make.createRole(db, { tenantId, name: 'Teacher', capabilities: ['grades.read'] })).id;
    const capabilities = ['users.read', 'users.manage', 'org.read', 'roles.read', 'roles.assign', 'grades.read'];
    const lead = await make.createRole(db, { tenantId, name: 'Lead', capabilities });
    delegate = await app.person({ tenantId, fullName: 'Dag Delegate' });
    await make.assign(db, { tenantId, userId: delegate.id, roleId: lead.id, orgNodeId: north });
    theirs = await signInToConsole(app, delegate);
  });

  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/here/people${path}`;
  const submit = (who: Browserless, page: Reply, values: Record<string, string>) =>
    who.submit(page, values, { form: 1 });
  const held = (userId: string) => app.db('orgAssignments').where({ userId }).select('roleId', 'orgNodeId', 'endsAt');

  it('are made with a first password, and sign in with it', async () => {
    const page = await browser.open(at('/new'));
    const typed = { full_name: 'Pia Password', email: 'pia@example.test', password: 'short' };
    const weak = await submit(browser, page, typed);
    assert.equal(weak.status, 422);
    assert.match(weak.body, /value="Pia Password"/);
    assert.doesNotMatch(weak.body, /value="short"/);
    const made = await submit(browser, weak, { ...typed, password: 'lanterns over quiet water' });
    assert.match(made.body, /Pia Password can sign in/);
    const person = new Browserless();
    const login = { login: 'pia@example.test', password: 'lanterns over quiet water' };
    const account = await person.submit(await person.open(`${app.issuer}/account`), login);
    assert.match(account.body, /Pia Password/);
  });

  it('are made with a role at the place that one looks at, and get a link by which they choose a password', async () => {
    const page = await browser.open(at(`/new?at=${north}`));
    assert.match(page.body, /No role yet/);
    const typed = { full_name: 'Rita Role', email: 'rita@example.test', 'assignments.0.role_id': teacher };
    const made = await submit(browser, page, { ...typed, 'assignments.0.ends_at': '2099-07-31T00:00' });
    assert.match(made.body, /has an account now/);
    const [role] = await held(idIn(made));
    assert.equal(role.orgNodeId, north);
    assert.equal(role.endsAt.getUTCFullYear(), 2099);
    const link = await browser.open(at(`/${idIn(made)}/sign-in/recovery`));
    await submit(browser, link, { channel: 'email' });
    await app.mailbox.waitFor('rita@example.test');
  });

  it('are made by a delegate at a place of theirs, which is chosen first, and at no other', async () => {
    const place = await theirs.open(at('/new'));
    assert.match(place.url, /\/console\/here\/place\?back=/);
    const page = await theirs.open(at(`/new?at=${north}`));
    assert.doesNotMatch(page.body, /No role yet/);
    const typed = { full_name: 'Nils New', email: 'nils@example.test', 'assignments.0.role_id': teacher };
    const made = await submit(theirs, page, typed);
    assert.match(made.body, /Nils New/);
    assert.equal((await held(idIn(made))).length, 1);
    const south = await make.createNode(app.db, { tenantId: tenant.id, name: 'South' });
    assert.equal((await theirs.open(at(`/new?at=${south.id}`))).status, 404);
  });

  it('are given by a delegate no more than the delegate holds, and nothing at the root', async () => {
    const { id: greater } = await make.createRole(app.db, {
      tenantId: tenant.id,
      name: 'Greater',
      capabilities: ['sessions.manage'],
    });
    const page = await theirs.open(at(`/new?at=${north}`));
    const typed = { full_name: 'Rosa Risen', email: 'rosa@example.test' };
    for (const role of [greater, tenant.systemRoleIds.owner, 'none']) {
      const refused = await submit(theirs, page, { ...typed, 'assignments.0.role_id': role });
      assert.ok([403, 404].includes(refused.status), `${role}: ${refused.status}`);
    }
    assert.equal(await app.db('users').where({ email: typed.email }).first('id'), undefined);
  });

  describe('an account elsewhere', () => {
    let provider: string;

    before(async () => {
      const { id: tenantId } = tenant;
      const issuer = 'https://login.contoso.example';
      provider = (
        await addProvider(app, { tenantId, key: 'contoso', name: 'Contoso', issuer, clientId: 'here' } as never)
      ).key;
    });

    it('is linked by hand, tells the person, and is one way in', async () => {
      const person = await app.person({ tenantId: tenant.id, fullName: 'Lia Linked' });
      const page = await browser.open(at(`/${person.id}/sign-in`));
      assert.match(page.body, /No account there is linked[\s\S]{0,120}providers\/add/);
      const form = await browser.open(at(`/${person.id}/sign-in/providers/add`));
      const empty = await submit(browser, form, { provider, subject: '' });
      assert.equal(empty.status, 422);
      const done = await submit(browser, empty, { provider, subject: 'sub-1' });
      assert.match(done.body, /signs them in from now on/);
      assert.doesNotMatch(done.body, /providers\/add/);
      await app.mailbox.waitFor(person.email);
      const taken = await browser.open(at(`/${owner.id}/sign-in/providers/add`));
      assert.equal((await submit(browser, taken, { provider, subject: 'sub-1' })).status, 409);
    });

    it('is taken away where it is the last way in only by who says so', async () => {
      const { id: userId } = await make.createUser(app.db, {
        tenantId: tenant.id,
        username: 'ulla',
        fullName: 'Ulla Unlinked',
        email: null,
      });
      const form = await browser.open(at(`/${userId}/sign-in/providers/add`));
      await submit(browser, form, { provider, subject: 'sub-2' });
      const refused = await browser.open(at(`/${userId}/sign-in/providers/${provider}/remove`));
      assert.match(refused.body, /This cannot be done now/);
      const insist = /href="([^"]+remove-last)"/.exec(refused.body)?.[1] ?? '';
      const page = await browser.open(`${app.issuer}${insist}`);
      assert.match(page.body, /no other way to sign in/);
      assert.match((await submit(browser, page, {})).body, /signs nobody in any longer/);
      assert.equal(await app.db('userIdentities').where({ userId }).first('id'), undefined);
    });

    it('is linked by nobody who could not become the person', async () => {
      const person = await app.person({ tenantId: tenant.id });
      await make.assign(app.db, { tenantId: tenant.id, userId: person.id, roleId: teacher, orgNodeId: north });
      const { id: stronger } = await make.createRole(app.db, {
        tenantId: tenant.id,
        name: 'Stronger',
        capabilities: ['clients.manage'],
      });
      await make.assign(app.db, { tenantId: tenant.id, userId: person.id, roleId: stronger, orgNodeId: north });
      const answer = await theirs.open(at(`/${person.id}/sign-in/providers/add`));
      assert.equal(answer.status, 403);
      assert.doesNotMatch((await theirs.open(at(`/${person.id}/sign-in`))).body, /providers\/add/);
    });
  });

  it('find the console from their own pages where they administer something, and not else', async () => {
    for (const [who, isShown] of [
      [browser, true],
      [theirs, true],
    ] as const) {
      const { body } = await who.open(`${app.issuer}/account/security`);
      assert.equal(/href="\/console\/here"/.test(body), isShown);
    }
    const nobody = new Browserless();
    const person = await app.person({ tenantId: tenant.id });
    const page = await nobody.open(`${app.issuer}/account`);
    const { body } = await nobody.submit(page, { login: person.email, password: person.password });
    assert.doesNotMatch(body, /href="\/console/);
  });
});
