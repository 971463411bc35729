import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import type { Browserless } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

describe('the console: the organisation', () => {
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
  const open = (browser: Browserless, path: string) => browser.open(at(path));
  const node = (name: string, parentId = rootId) => make.createNode(app.db, { tenantId, name, parentId });

  async function send(browser: Browserless, path: string, values: Record<string, string>) {
    return browser.submit(await open(browser, path), values, { form: 1 });
  }

  it('adds a place, shows it in the tree, and finds it by its name', async () => {
    const browser = await signInToConsole(app, owner);
    const made = await send(browser, `/organisation/${rootId}/new`, { name: 'Lakeside', type: 'school' });
    assert.match(made.body, /The place is made/);
    const id = new URL(made.url).pathname.split('/').at(-1) as string;
    await node('Library', id);
    const tree = await open(browser, '/organisation');
    assert.match(tree.body, /Lakeside[\s\S]*school[\s\S]*1 place below/);
    assert.match(tree.body, /Show what is below Lakeside/);
    assert.match((await open(browser, `/organisation/${id}`)).body, /class="branches"[\s\S]*Library/);
    const found = await open(browser, '/organisation?q=librar');
    assert.match(found.body, /Lakeside[\s\S]*Library/);
    assert.match((await open(browser, '/organisation?q=nothing-of-this-name')).body, /Nothing fits/);
    const saved = await send(browser, `/organisation/${id}/edit`, { name: 'Lakeside School', type: 'school' });
    assert.match(saved.body, /Saved[\s\S]*Lakeside School/);
  });

  it('says who gains and loses what before a place is moved or switched off, and does it', async () => {
    const browser = await signInToConsole(app, owner);
    const [north, south] = [await node('North'), await node('South')];
    const school = await node('Moving School', north.id);
    const role = await make.createRole(app.db, { tenantId, capabilities: ['org.read'] });
    const [nora, sam] = await Promise.all(
      ['Nora North', 'Sam South'].map((fullName) => make.createUser(app.db, { tenantId, fullName })),
    );
    await make.assign(app.db, { tenantId, userId: nora?.id as string, roleId: role.id, orgNodeId: north.id });
    await make.assign(app.db, { tenantId, userId: sam?.id as string, roleId: role.id, orgNodeId: south.id });

    const chosen = await open(browser, `/organisation/${school.id}/move?q=south`);
    assert.match(chosen.body, new RegExp(`/organisation/${school.id}/move/${south.id}`));
    const deed = await open(browser, `/organisation/${school.id}/move/${south.id}`);
    assert.match(deed.body, /hangs below South[\s\S]*1 person loses[\s\S]*1 person gains[\s\S]*Nora North/);
    const moved = await browser.submit(deed, {}, { form: 1 });
    assert.match(moved.body, /The place hangs where you wanted it/);
    assert.equal((await app.db('org_nodes').where({ id: school.id }).first('parentId')).parentId, south.id);
    const circle = await open(browser, `/organisation/${south.id}/move/${school.id}`);
    assert.match(circle.body, /This cannot be done now/);

    const off = await open(browser, `/organisation/${south.id}/deactivate`);
    assert.match(off.body, /1 person loses[\s\S]*Sam South/);
    await browser.submit(off, {}, { form: 1 });
    assert.match(
      (await open(browser, `/organisation/${south.id}`)).body,
      /Switched off[\s\S]*Switch this place on again/,
    );
    assert.match((await send(browser, `/organisation/${south.id}/activate`, {})).body, /switched on again/);

    const full = await open(browser, `/organisation/${south.id}/delete`);
    assert.match(full.body, /This cannot be done now/);
    const gone = await send(browser, `/organisation/${school.id}/delete`, { typed: 'Moving School' });
    assert.match(gone.body, /The place is deleted/);
  });

  it('shows who holds what at a place, and what is held above it', async () => {
    const browser = await signInToConsole(app, owner);
    const ward = await node('Ward');
    const role = await make.createRole(app.db, { tenantId, name: 'warden', capabilities: ['org.read'] });
    const person = await make.createUser(app.db, { tenantId, fullName: 'Wanda Ward' });
    await make.assign(app.db, { tenantId, userId: person.id, roleId: role.id, orgNodeId: ward.id });
    const page = await open(browser, `/organisation/${ward.id}/holders`);
    assert.match(page.body, /Held here[\s\S]*Wanda Ward[\s\S]*warden[\s\S]*Held above[\s\S]*Olive Owner/);
    assert.match((await open(browser, `/organisation/${ward.id}/holders?state=ended`)).body, /Nothing fits/);
    const choice = await open(browser, `/organisation/${ward.id}/give?q=wanda`);
    assert.match(choice.body, new RegExp(`/people/${person.id}/access/give\\?at=${ward.id}`));
  });

  it('makes a company, has somebody join it and leave', async () => {
    const browser = await signInToConsole(app, owner);
    const made = await send(browser, `/organisation/${rootId}/new-company`, { name: 'Northwind Foods' });
    const path = new URL(made.url).pathname.slice('/console/here'.length);
    const person = await make.createUser(app.db, { tenantId, fullName: 'Mia Member' });
    assert.match((await open(browser, `${path}/members/join?q=mia`)).body, /Mia Member/);
    const joined = await send(browser, `${path}/members/join/${person.id}`, {});
    assert.match(joined.body, /They are a member now[\s\S]*Mia Member[\s\S]*Still a member/);
    const left = await send(browser, `${path}/members/${person.id}/leave`, {});
    assert.match(left.body, /They are no member any more/);
    assert.doesNotMatch(left.body, /Still a member/);
  });

  it('shows a delegate their own branch, as far as they may, and nothing above or beside it', async () => {
    const [mine, other] = [await node('My Region'), await node('Other Region')];
    const below = await node('My School', mine.id);
    const role = await make.createRole(app.db, { tenantId, capabilities: ['org.read', 'users.read'] });
    const delegate = await app.person({ tenantId, fullName: 'Dag Delegate' });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: mine.id });
    const browser = await signInToConsole(app, delegate);
    const tree = await open(browser, '/organisation');
    assert.match(tree.body, /My Region[\s\S]*My School/);
    assert.doesNotMatch(tree.body, /Other Region/);
    const one = await open(browser, `/organisation/${below.id}`);
    assert.equal(one.status, 200);
    assert.doesNotMatch(one.body, /Danger zone|Add a place|>Edit</);
    const holders = await open(browser, `/organisation/${below.id}/holders`);
    assert.match(holders.body, /Held above[\s\S]*Dag Delegate/);
    assert.doesNotMatch(holders.body, /Olive Owner|Give a role here/);
    for (const path of [other.id, rootId, `${other.id}/holders`, `${other.id}/members`])
      assert.equal((await open(browser, `/organisation/${path}`)).status, 404, path);
    assert.equal((await browser.send(at(`/organisation/${below.id}/deactivate`), {})).status, 403);
  });
});
