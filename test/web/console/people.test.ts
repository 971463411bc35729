import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { grantVisibility } from '../../../src/domain/organisation/visibility-grants.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { ageSessions } from '../../support/aged-session.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless, type Reply } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('people at the console', () => {
  let app: TestApp;
  let tenant: NewTenant;
  let owner: Person;
  let browser: Browserless;
  let north: string;
  let teacher: string;

  before(async () => {
    app = await startTestApp({ mailbox: true });
    tenant = await app.tenant({ slug: 'here', name: 'Here' });
    owner = await app.person({ tenantId: tenant.id, fullName: 'Olive Owner' });
    await give(app, { tenantId: tenant.id, userId: owner.id, role: 'owner' });
    browser = await signInToConsole(app, owner);
    north = (await make.createNode(app.db, { tenantId: tenant.id, name: 'North' })).id;
    teacher = (await make.createRole(app.db, { tenantId: tenant.id, name: 'Teacher', capabilities: ['grades.read'] }))
      .id;
  });

  after(() => app?.stop());

  const person = (fullName: string, more: object = {}) => app.person({ tenantId: tenant.id, fullName, ...more });
  const at = (path: string) => `${app.issuer}/console/here/people${path}`;
  /** The page's own form: the first belongs to the bar. */
  const submit = (page: Reply, values: Record<string, string> = {}) => browser.submit(page, values, { form: 1 });

  it('are found by what is typed, and by filters that stand in the address', async () => {
    const anna = await person('Anna Filtered');
    await make.assign(app.db, { tenantId: tenant.id, userId: anna.id, roleId: teacher, orgNodeId: north });
    await person('Bert Filtered');
    const names = async (query: string) =>
      [...(await browser.open(at(`?${query}`))).body.matchAll(/class="cell-link"[^>]*>([^<]+)</g)].map(
        ([, name]) => name,
      );
    assert.deepEqual((await names('q=filtered&sort=name')).sort(), ['Anna Filtered', 'Bert Filtered']);
    assert.deepEqual(await names(`q=filtered&role_id=${teacher}`), ['Anna Filtered']);
    assert.deepEqual(await names(`q=filtered&at=${north}`), ['Anna Filtered']);
    assert.deepEqual(await names('q=filtered&last_login=within_7_days'), []);
    const { body } = await browser.open(at(`?q=filtered&role_id=${teacher}`));
    assert.match(body, new RegExp(`<input type="hidden" name="role_id" value="${teacher}">`));
    const asked = ['q=filtered', `role_id=${teacher}`, 'sort=name'];
    const hrefs = [...body.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href);
    assert.ok(hrefs.some((href) => asked.every((part) => href.includes(part))));
    assert.match((await browser.open(at('?q=filtered&last_login=never&state=inactive'))).body, /Nothing fits/);
  });

  it('are told apart from those of other tenants, by address, for who runs the server alone', async () => {
    const platform = await app.tenant({ slug: 'platform-here', name: 'Platform' });
    await app.db('tenants').update({ isPlatform: false });
    await app.db('tenants').where({ id: platform.id }).update({ isPlatform: true });
    const other = await app.tenant({ slug: 'contoso', name: 'Contoso' });
    await app.person({ tenantId: other.id, email: 'lost@example.test' });
    const own = await browser.open(at('?q=lost%40example.test'));
    assert.match(own.body, /Nobody here has the address lost@example\.test/);
    assert.doesNotMatch(own.body, /Contoso/);
    assert.match(own.body, /people\/new\?email=lost%40example\.test/);
    const operator = await app.person({ tenantId: platform.id });
    await give(app, { tenantId: platform.id, userId: operator.id, role: 'owner' });
    const theirs = await signInToConsole(app, operator);
    const { body } = await theirs.open(at('?q=Lost%40Example.test'));
    assert.match(body, /href="\/console\/contoso\/people\?q=lost%40example\.test">Contoso/);
    assert.match((await browser.open(at('/new?email=lost%40example.test'))).body, /value="lost@example\.test"/);
  });

  it('go on by pages of fifty, and a position that has ended leads to the first', async () => {
    for (let index = 0; index < 51; index += 1)
      await make.createUser(app.db, { tenantId: tenant.id, fullName: `Paged ${index}` });
    const first = await browser.open(at('?q=paged'));
    assert.equal(first.body.match(/class="cell-link"/g)?.length, 50);
    const next = /href="([^"]+)" rel="next"/.exec(first.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const second = await browser.open(`${app.issuer}${next}`);
    assert.equal(second.body.match(/class="cell-link"/g)?.length, 1);
    assert.match(second.body, /First page/);
    const ended = await browser.open(at('?q=paged&after=forged'));
    assert.equal(ended.url, at('?q=paged'));
  });

  it('say why somebody cannot sign in, and lead to what would change it', async () => {
    const locked = await person('Lotte Locked');
    const before = await browser.open(at(`/${locked.id}/sign-in`));
    assert.match(before.body, /Lotte Locked can sign in/);
    const stop = await browser.open(at(`/${locked.id}/deactivate`));
    await submit(stop);
    const { body } = await browser.open(at(`/${locked.id}/sign-in`));
    assert.match(body, /Lotte Locked cannot sign in/);
    assert.match(
      body,
      new RegExp(`The person is stopped\\.[\\s\\S]{0,80}href="/console/here/people/${locked.id}/activate"`),
    );
    const unlocked = await submit(await browser.open(at(`/${locked.id}/sign-in/unlock`)));
    assert.match(unlocked.body, /Failed attempts are forgotten/);
  });

  it('get a password, and are signed out by it', async () => {
    const somebody = await person('Petra Password');
    const theirs = await signInAs(somebody);
    assert.equal((await theirs.send(`${app.issuer}/account`)).status, 200);
    const form = await browser.open(at(`/${somebody.id}/sign-in/password`));
    const weak = await submit(form, { password: 'x' });
    assert.equal(weak.status, 422);
    assert.doesNotMatch(weak.body, /value="x"/);
    const done = await submit(weak, { password: 'lanterns over quiet water' });
    assert.match(done.body, /have a new password/);
    assert.notEqual((await theirs.send(`${app.issuer}/account`)).status, 200);
  });

  async function signInAs(somebody: { email: string; password: string }): Promise<Browserless> {
    const theirs = new Browserless();
    const page = await theirs.open(`${app.issuer}/account`);
    await theirs.submit(page, { login: somebody.email, password: somebody.password });
    return theirs;
  }

  it('get a link to choose a password by', async () => {
    const somebody = await person('Lena Link');
    const sent = await submit(await browser.open(at(`/${somebody.id}/sign-in/recovery`)), { channel: 'email' });
    assert.match(sent.body, /A link is on its way/);
    await app.mailbox.waitFor(somebody.email);
  });

  it('get a role at a place that is chosen first, until a moment that is changed, and lose it', async () => {
    const somebody = await person('Rolf Role');
    const page = await browser.open(at(`/${somebody.id}/access`));
    assert.match(page.body, /They hold nothing/);
    const chosen = await browser.open(at(`/${somebody.id}/access/give`));
    assert.match(chosen.url, /\/console\/here\/place\?back=/);
    assert.match(chosen.body, new RegExp(`href="/console/here/people/${somebody.id}/access/give\\?at=${north}"`));
    const form = await browser.open(at(`/${somebody.id}/access/give?at=${north}`));
    const given = await submit(form, { role_id: teacher, starts_at: '', ends_at: '2099-01-31T08:00' });
    assert.match(given.body, /The role is given/);
    assert.match(given.body, /Teacher[\s\S]*North[\s\S]*31 January 2099/);
    const dates = /href="([^"]+\/dates[^"]*)"/.exec(given.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const dated = await submit(await browser.open(`${app.issuer}${dates}`), { ends_at: '2098-06-01T00:00' });
    assert.match(dated.body, /1 June 2098/);
    const end = /href="([^"]+\/roles\/[^"]+\/end[^"]*)"/.exec(dated.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const ended = await submit(await browser.open(`${app.issuer}${end}`));
    assert.match(ended.body, /It has ended/);
    assert.match(ended.body, /held-ended/);
  });

  it('are shown a place, and no longer', async () => {
    const somebody = await person('Siri Sight');
    const form = await browser.open(at(`/${somebody.id}/access/show?at=${north}`));
    const shown = await submit(form, { access_scope: 'read', starts_at: '', ends_at: '' });
    assert.match(shown.body, /can see the place/);
    const end = /href="([^"]+\/sight\/[^"]+\/end[^"]*)"/.exec(shown.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    assert.match((await submit(await browser.open(`${app.issuer}${end}`))).body, /It has ended/);
  });

  it('show a delegate what stands within reach, and give by them no more than they hold', async () => {
    const { db } = app;
    const capabilities = ['users.read', 'org.read', 'roles.read', 'roles.assign', 'grades.read'];
    const lead = await make.createRole(db, { tenantId: tenant.id, name: 'Lead', capabilities });
    const greater = await make.createRole(db, { tenantId: tenant.id, name: 'Greater', capabilities: ['users.manage'] });
    const south = await make.createNode(db, { tenantId: tenant.id, name: 'Southern secret' });
    const delegate = await person('Dag Delegate');
    await make.assign(db, { tenantId: tenant.id, userId: delegate.id, roleId: lead.id, orgNodeId: north });
    const both = await person('Both Places');
    for (const orgNodeId of [north, south.id])
      await make.assign(db, { tenantId: tenant.id, userId: both.id, roleId: teacher, orgNodeId });
    const seen = { tenantId: tenant.id, userId: both.id, orgNodeId: south.id, accessScope: 'read' } as const;
    await grantVisibility(db, seen, systemCaller);
    const theirs = await signInToConsole(app, delegate);
    const page = await theirs.open(at(`/${both.id}/access`));
    assert.match(page.body, /Teacher[\s\S]*North/);
    assert.doesNotMatch(page.body, /Southern secret/);
    assert.doesNotMatch(page.body, new RegExp(south.id));
    const token = await theirs.open(at(`/${both.id}/token?client_id=x`));
    assert.doesNotMatch(token.body, /Southern secret/);
    assert.match(token.body, /more than is within your reach/);
    const form = await theirs.open(at(`/${both.id}/access/give?at=${north}`));
    const refused = await theirs.submit(form, { role_id: greater.id, starts_at: '', ends_at: '' }, { form: 1 });
    assert.equal(refused.status, 403);
    assert.equal((await theirs.open(at(`/${both.id}/access/give?at=${south.id}`))).status, 404);
    for (const tab of ['sessions', 'history', 'export', 'sign-in/password', 'erase'])
      assert.ok([403, 404].includes((await theirs.open(at(`/${both.id}/${tab}`))).status), tab);
    assert.equal((await theirs.open(at(`/${owner.id}/sign-in`))).status, 404);
  });

  it('are signed out at one place and everywhere, counted first', async () => {
    const somebody = await person('Sven Sessions');
    const [one, two] = [await signInAs(somebody), await signInAs(somebody)];
    const page = await browser.open(at(`/${somebody.id}/sessions`));
    assert.match(page.body, /Signed in at 2 places/);
    const end = /href="([^"]+\/sessions\/[0-9a-f-]+\/end)"/.exec(page.body)?.[1] ?? '';
    await submit(await browser.open(`${app.issuer}${end}`));
    const all = await browser.open(at(`/${somebody.id}/sessions/end-all`));
    assert.match(all.body, /1 session ends/);
    const done = await submit(all);
    assert.match(done.body, /signed in nowhere/);
    for (const theirs of [one, two]) assert.notEqual((await theirs.send(`${app.issuer}/account`)).status, 200);
  });

  it('show what their token would say, and why', async () => {
    const somebody = await person('Tora Token');
    await make.assign(app.db, { tenantId: tenant.id, userId: somebody.id, roleId: teacher, orgNodeId: north });
    const { clientId } = await app.relyingParty({ tenantId: tenant.id, name: 'Portal' });
    const { body } = await browser.open(at(`/${somebody.id}/token?client_id=${clientId}&scope=openid+roles`));
    assert.match(body, /ID token[\s\S]*\d+ bytes[\s\S]*&#34;Teacher&#34;/);
    assert.match(body, /Teacher at North/);
    assert.match(body, new RegExp(`href="/console/here/people/${somebody.id}/access"`));
    const before = await app.db('oidc_payloads').where({ accountId: somebody.id }).first('idHash');
    assert.equal(before, undefined, 'nothing was issued');
  });

  it('show what happened to them, and by whom', async () => {
    const somebody = await person('Hugo History');
    const form = await browser.open(at(`/${somebody.id}/edit`));
    await submit(form, { full_name: 'Hugo Historic' });
    const { body } = await browser.open(at(`/${somebody.id}/history`));
    assert.match(body, /profile\.updated[\s\S]*Olive Owner/);
  });

  it('are exported as a file, after a fresh sign-in, and erased by name', async () => {
    const somebody = await person('Erik Erased');
    const page = await browser.open(at(`/${somebody.id}/export`));
    const file = await browser.submit(page, {}, { form: 1 });
    assert.match(String(file.headers['content-disposition']), /attachment; filename="Erik-Erased\.json"/);
    assert.equal(JSON.parse(file.body).person.id, somebody.id);
    const other = await person('Olga Other');
    await give(app, { tenantId: tenant.id, userId: other.id, role: 'owner' });
    const late = await signInToConsole(app, other);
    await ageSessions(app, other.id, 600);
    for (const path of ['export', 'erase'])
      assert.match(
        String((await late.send(at(`/${somebody.id}/${path}`), { typed: 'Erik Erased' })).location),
        /authorize/,
      );
    const erase = await browser.open(at(`/${somebody.id}/erase`));
    assert.match((await submit(erase, { typed: 'Erik Erased' })).body, /Everything personal is gone/);
    const { fullName } = await app.db('users').where({ id: somebody.id }).first('fullName');
    assert.equal(fullName, null);
  });
});
