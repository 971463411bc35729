/**
 * Whole jobs at the console, in a browser, as those who run a tenant do them: a school is onboarded, a teacher leaves, a
 * regional delegate works, somebody cannot sign in.
 */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { changeTenantSettings } from '../../src/domain/methods/tenant-methods.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { accountKey, doorKey } from '../../src/domain/sign-in/sign-in-failures.ts';
import { userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import * as make from '../support/factories.ts';
import { give } from '../support/management.ts';
import { accessibilityFaults } from '../support/page-checks.ts';
import { backAtClient, enterPassword, expectFocus, onStage, type Person } from '../support/pages.ts';
import { discover, type RelyingParty, signIn } from '../support/relying-party.ts';

describe('whole jobs at the console', function () {
  this.timeout(600_000);
  let tenant: NewTenant;
  let owner: Person;
  let portal: RelyingParty;
  let north: string;
  let south: string;

  const stage = onStage(
    async () => {
      const { app } = stage();
      tenant = await app.tenant({ slug: 'here', name: 'Here' });
      const { id: tenantId } = tenant;
      owner = await app.person({ tenantId, fullName: 'Olive Owner' });
      await give(app, { tenantId, userId: owner.id, role: 'owner' });
      portal = await stage().client({ tenantId, name: 'Portal' });
      north = (await make.createNode(app.db, { tenantId, type: 'region', name: 'North' })).id;
      south = (await make.createNode(app.db, { tenantId, type: 'region', name: 'South' })).id;
      await make.createRole(app.db, { tenantId, name: 'Examiner', capabilities: ['grades.read', 'lessons.read'] });
    },
    { mailbox: true },
  );

  // Everybody here comes from one address; limits are another test's.
  beforeEach(async () => {
    await stage().app.db('rate_limits').delete();
  });

  const at = (path: string) => `${stage().app.issuer}/console/here${path}`;
  const person = (overrides: Parameters<ReturnType<typeof stage>['app']['person']>[0] = {}) =>
    stage().app.person({ tenantId: tenant.id, ...overrides });

  /** Opens a page of the console as somebody who has to sign in first: by its address, as from a link in a mail. */
  async function work(who: Person, path: string, options: Parameters<ReturnType<typeof stage>['newPage']>[0] = {}) {
    const page = await stage().newPage(options);
    await page.goto(at(path));
    await enterPassword(page, who);
    await page.waitForURL((url) => url.pathname.startsWith('/console/here'));
    return page;
  }

  const seen = new Set<string>();

  /** The page has this heading, and everybody can use it; looked at closely when it is met for the first time. */
  async function look(page: Page, heading: string): Promise<void> {
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    if (seen.has(heading)) return;
    seen.add(heading);
    await page.emulateMedia({ colorScheme: seen.size % 2 ? 'light' : 'dark', reducedMotion: 'reduce' });
    const faults = await accessibilityFaults(page);
    if (await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth))
      faults.push('scrolls sideways');
    assert.deepEqual(faults, [], heading);
  }

  const follow = (page: Page, name: string | RegExp) =>
    page
      .locator('main')
      .getByRole('link', { name, exact: typeof name === 'string' })
      .first()
      .click();
  const press = (page: Page, name: string | RegExp) => page.locator('main').getByRole('button', { name }).click();
  const told = (page: Page, text: string | RegExp) => page.locator('main').getByText(text).first().waitFor();

  /** By the keyboard, from the bar, as who does it every day. */
  async function find(page: Page, text: string, name: string): Promise<void> {
    await page.keyboard.press('/');
    await expectFocus(page, 'console-search');
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
    await look(page, 'Search');
    await page.locator('.hit', { hasText: name }).first().focus();
    await page.keyboard.press('Enter');
  }

  /** Signs in at the portal by a code to the address; answers the claims of the ID token. */
  async function signInByCode(address: string): Promise<openid.IDToken> {
    const page = await stage().newPage();
    const { address: request, checks } = await stage().request(portal, { scope: 'openid roles' });
    await page.goto(request.href);
    await page.getByRole('button', { name: /^Email/ }).click();
    await page.locator('#address').fill(address);
    await page.getByRole('button', { name: 'Send code', exact: true }).click();
    const { code = '' } = await stage().app.mailbox.waitFor(address);
    await page.locator('#code').fill(code);
    await page.keyboard.press('Enter');
    const tokens = await openid.authorizationCodeGrant(portal.config, await backAtClient(page, stage()), checks);
    return tokens.claims() as openid.IDToken;
  }

  /** From the portal's request to the portal. */
  async function signInByPassword(who: Person, client = portal): Promise<void> {
    const page = await stage().newPage();
    await page.goto((await stage().request(client)).address.href);
    await enterPassword(page, who);
    await backAtClient(page, stage());
  }

  it('onboards a school of two hundred', async () => {
    const page = await work(owner, '/organisation');
    await look(page, 'Organisation');
    await follow(page, 'North');
    await look(page, 'North');
    await follow(page, 'Add a place');
    await look(page, 'Add a place');
    await page.getByLabel('Name').fill('Harbour School');
    await page.getByLabel('What it is').fill('school');
    await page.keyboard.press('Enter');
    await look(page, 'Harbour School');
    for (const name of ['Class 1', 'Class 2']) {
      await follow(page, 'Add a place');
      await page.getByLabel('Name').fill(name);
      await page.getByLabel('What it is').fill('class');
      await page.keyboard.press('Enter');
      await look(page, name);
      await follow(page, 'Harbour School');
      await look(page, 'Harbour School');
    }
    for (const [name, capability] of [
      ['Teacher', 'grades.read'],
      ['Pupil', 'lessons.read'],
    ] as const) {
      await page.goto(at('/roles'));
      await look(page, 'Roles');
      await follow(page, 'Make a role');
      await page.getByLabel('Name').fill(name);
      await press(page, 'Make this role');
      await look(page, `What ${name} carries`);
      await page.getByLabel(capability).check();
      await press(page, 'Save what it carries');
      await told(page, 'carries what you chose');
    }
    await page.getByRole('navigation').getByRole('link', { name: 'People' }).first().click();
    await look(page, 'People');
    await follow(page, 'Add many');
    await look(page, 'Add many people');
    const pupils = Array.from(
      { length: 194 },
      (_, n) => `Pupil ${n},pupil-${n}@school.test,Pupil,Class ${(n % 2) + 1},2026-01-01,2099-06-30`,
    );
    const teachers = Array.from(
      { length: 6 },
      (_, n) => `Teacher ${n},teacher-${n}@school.test,Teacher,Harbour School,,`,
    );
    await page.getByLabel('The table').focus();
    await page.keyboard.insertText(['name,address,role,place,from,until', ...pupils, ...teachers].join('\n'));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await told(page, '200 rows with a new account');
    await look(page, 'Add many people');
    await page.getByRole('button', { name: 'Do this: 200 rows' }).focus();
    await page.keyboard.press('Enter');
    await told(page, 'This is what happened');
    assert.equal(await page.locator('tbody tr').count(), 200);
    assert.deepEqual(await accessibilityFaults(page), []);
    const downloading = page.waitForEvent('download');
    await press(page, 'Download the report');
    assert.equal((await downloading).suggestedFilename(), 'onboarding.csv');

    await follow(page, 'Pupil 7');
    await look(page, 'Pupil 7');
    const address = page.url();
    await page.goBack();
    await look(page, 'Add many people');
    const deep = await work(owner, new URL(address).pathname.replace('/console/here', ''));
    await look(deep, 'Pupil 7');
    assert.equal(deep.url(), address);

    const claims = await signInByCode('pupil-7@school.test');
    assert.deepEqual(claims.roles, ['Pupil']);
    const { id } = await stage().app.db('users').where({ email: 'pupil-7@school.test' }).first('id');
    assert.equal(claims.sub, id);
    const [held] = await stage()
      .app.db('org_assignments as a')
      .join('org_nodes as n', 'n.id', 'a.org_node_id')
      .where({ userId: id })
      .select('n.name');
    assert.equal(held.name, 'Class 2');
  });

  it('lets a teacher go: what ends is said first, and has ended on another process within a second', async () => {
    const { app } = stage();
    const elsewhere = await app.startProcess();
    const teacher = await person({ fullName: 'Tilda Teacher' });
    const { id: roleId } = await make.createRole(app.db, {
      tenantId: tenant.id,
      name: 'Form teacher',
      capabilities: ['grades.read'],
    });
    await make.assign(app.db, { tenantId: tenant.id, userId: teacher.id, roleId, orgNodeId: north });
    const party = await discover(app, await app.relyingParty({ tenantId: tenant.id, name: 'Gradebook' }));
    const { tokens } = await signIn(party, teacher, { parameters: { scope: 'openid roles' } });
    assert.deepEqual(tokens.claims()?.roles, ['Form teacher']);
    assert.equal(await userinfoStatus(elsewhere, tokens.access_token), 200);

    const page = await work(owner, '/people');
    await find(page, 'tilda', 'Tilda Teacher');
    await look(page, 'Tilda Teacher');
    await follow(page, 'Places');
    await told(page, 'Form teacher');
    await follow(page, 'End …');
    await look(page, 'End a role of Tilda Teacher');
    await told(page, 'What the role allows ends at once');
    await press(page, 'End this role now');
    await told(page, 'It has ended');
    await follow(page, 'Details');
    await follow(page, 'Stop …');
    await look(page, 'Stop Tilda Teacher');
    await told(page, '1 session ends');
    await page.getByRole('button', { name: 'Stop Tilda Teacher' }).focus();
    await page.keyboard.press('Enter');
    await told(page, 'stopped and signed out everywhere');
    const stoppedAt = performance.now();
    await eventually(async () => {
      const askedAt = performance.now();
      if ((await userinfoStatus(elsewhere, tokens.access_token)) !== 200) return true;
      assert.ok(askedAt - stoppedAt < 1_000, 'served a second after it had ended');
      return false;
    }, 'the token is refused');
    await page.goBack();
    await look(page, 'Stop Tilda Teacher');
    await told(page, 'They are signed in nowhere');
    const again = await stage().newPage({ statuses: [400, 401, 403, 422] });
    await again.goto((await stage().request(portal)).address.href);
    await enterPassword(again, teacher);
    await again.locator('#error-summary').waitFor();
  });

  it('lets a delegate work in their region, and nowhere else', async () => {
    const { app } = stage();
    const { id: tenantId } = tenant;
    const capabilities = ['users.read', 'users.manage', 'org.read', 'roles.read', 'roles.assign', 'grades.read'];
    const lead = await make.createRole(app.db, { tenantId, name: 'Regional lead', capabilities });
    const delegate = await person({ fullName: 'Dag Delegate' });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: lead.id, orgNodeId: north });
    const [inside, outside] = [await person({ fullName: 'Ines Inside' }), await person({ fullName: 'Otto Outside' })];
    const { id: plain } = await make.createRole(app.db, {
      tenantId,
      name: 'Reader of grades',
      capabilities: ['grades.read'],
    });
    await make.assign(app.db, { tenantId, userId: inside.id, roleId: plain, orgNodeId: north });
    await make.assign(app.db, { tenantId, userId: outside.id, roleId: plain, orgNodeId: south });

    const page = await work(delegate, '/people', { statuses: [403, 404] });
    await look(page, 'People');
    await told(page, 'Ines Inside');
    assert.equal(await page.getByText('Otto Outside').count(), 0);
    assert.equal(await page.getByText('Olive Owner').count(), 0);
    const rail = page.locator('nav.rail');
    for (const hidden of ['Settings', 'Audit', 'Services'])
      assert.equal(await rail.getByText(hidden).count(), 0, hidden);
    await rail.getByRole('link', { name: 'Organisation' }).click();
    await look(page, 'Organisation');
    assert.equal(await page.locator('main').getByText('South').count(), 0);

    await find(page, 'ines', 'Ines Inside');
    await follow(page, 'Places');
    await follow(page, 'Give a role');
    await look(page, 'Choose a place');
    await follow(page, /^North/);
    await look(page, 'Give Ines Inside a role');
    await page.getByLabel('Role').selectOption({ label: 'Regional lead' });
    await press(page, 'Give this role');
    await told(page, 'The role is given');
    await follow(page, 'Give a role');
    const examiner = await page.getByLabel('Role').locator('option', { hasText: 'Examiner' }).getAttribute('value');
    await page.getByLabel('Role').selectOption(examiner ?? '');
    await press(page, 'Give this role');
    await page.locator('#error-summary').waitFor();

    for (const path of [
      `/people/${outside.id}`,
      `/people/${outside.id}/access`,
      `/people/${owner.id}/sign-in`,
      `/organisation/${south}`,
      `/people?at=${south}`,
      `/people/${inside.id}/access/give?at=${south}`,
      '/audit',
    ]) {
      await page.goto(at(path));
      await look(page, 'There is nothing at this address');
    }
    await page.goto(at(`/people/${delegate.id}/access/give?at=${north}`));
    const roles = await page.getByLabel('Role').locator('option').allTextContents();
    const risen = roles.find((role) => /owner/i.test(role));
    if (risen !== undefined) {
      await page.getByLabel('Role').selectOption({ label: risen });
      await press(page, 'Give this role');
      await page.locator('#error-summary').waitFor();
    }
    const held = await app.db('org_assignments').where({ userId: delegate.id }).select('roleId');
    assert.deepEqual(held, [{ roleId: lead.id }]);
  });

  describe('when somebody cannot sign in', () => {
    /** From the address that the person gives on the phone to the page that says why. */
    async function ask(who: Person, at?: Page): Promise<Page> {
      const page = at ?? (await work(owner, '/people'));
      await find(page, who.email, who.email);
      await follow(page, 'Sign-in');
      return page;
    }

    /** Goes to where the cause can be changed. */
    const mend = (page: Page, cause: string) =>
      page.locator('.checks-failed li', { hasText: cause }).first().getByRole('link', { name: 'Change this' }).click();

    /** They try, and are refused. */
    async function isRefused(who: Person): Promise<void> {
      const page = await stage().newPage({ statuses: [400, 401, 403, 422, 429] });
      await page.goto((await stage().request(portal)).address.href);
      await enterPassword(page, who);
      await page.locator('#error-summary').waitFor();
    }

    it('because the account is locked', async () => {
      const { app } = stage();
      const somebody = await person({ fullName: 'Lo Locked' });
      // A hundred failures, at the account and at the tenant's door.
      const keys = [
        ...accountKey(app.secrets, 'password', somebody.id),
        ...doorKey(app.secrets, 'password', tenant.id, somebody.email),
      ];
      for (const subjectHash of keys)
        await app.db('sign_in_failures').insert({ subjectHash, failures: 100, lastFailedAt: new Date() });
      await isRefused(somebody);
      const page = await ask(somebody);
      await told(page, 'Locked after too many failed attempts.');
      await mend(page, 'Locked after too many failed attempts.');
      await look(page, 'Unlock Lo Locked');
      await press(page, 'Unlock Lo Locked');
      await told(page, 'Failed attempts are forgotten');
      assert.equal(await page.getByText('Locked after').count(), 0);
      await signInByPassword(somebody);
    });

    it('because they are stopped', async () => {
      const somebody = await person({ fullName: 'Stina Stopped' });
      await stage().app.db('users').where({ id: somebody.id }).update({ state: 'inactive' });
      await isRefused(somebody);
      const page = await ask(somebody);
      await told(page, 'Stina Stopped cannot sign in.');
      await told(page, 'The person is stopped.');
      await mend(page, 'The person is stopped.');
      await look(page, 'Let Stina Stopped in again');
      await press(page, 'Let Stina Stopped in');
      await told(page, 'They can sign in again');
      await signInByPassword(somebody);
    });

    it('because their address is not proved', async () => {
      const somebody = await person({ fullName: 'Una Unproved', phone: '+41791234599', phoneVerified: true });
      await stage().app.db('users').where({ id: somebody.id }).update({ emailVerifiedAt: null });
      const page = await ask(somebody);
      await told(page, 'The address is not verified.');
      await mend(page, 'The address is not verified.');
      await look(page, 'Change the addresses of Una Unproved');
      await page.getByLabel('The email address is known to be theirs').check();
      await press(page, 'Save the addresses');
      await told(page, 'Saved.');
      assert.equal((await signInByCode(somebody.email)).sub, somebody.id);
    });

    it('because their tenant does not offer the way any longer', async () => {
      const { app } = stage();
      const somebody = await person({ fullName: 'Olof Offered' });
      const offer = (signInMethods: string[]) =>
        changeTenantSettings(app.db, tenant.id, { signInMethods: signInMethods as never }, systemCaller);
      // The owner signs in by a password as well.
      const here = await work(owner, '/people');
      await offer(['otp']);
      try {
        const page = await ask(somebody, here);
        await told(page, 'The tenant does not offer this way.');
        const why = page.url();
        await mend(page, 'The tenant does not offer this way.');
        await page.waitForURL('**/console/here/sign-in');
        await page.locator('a[href="/console/here/sign-in/methods"]').click();
        await look(page, 'Ways to sign in');
        await page.getByLabel('Password', { exact: true }).check();
        await press(page, 'Save the ways');
        await page.waitForURL((url) => url.pathname === '/console/here/sign-in');
        await page.goto(why);
        await told(page, 'Olof Offered can sign in.');
        await page.locator('.rows .row-title', { hasText: 'Password' }).getByText('open', { exact: true }).waitFor();
        await signInByPassword(somebody);
      } finally {
        await offer(['password', 'otp']);
      }
    });

    it('because they belong to another tenant', async () => {
      const { app } = stage();
      const other = await app.tenant({ slug: 'contoso', name: 'Contoso' });
      const somebody = await app.person({ tenantId: other.id, fullName: 'Aron Away' });
      await isRefused(somebody);
      const own = await work(owner, `/people?q=${encodeURIComponent(somebody.email)}`);
      await told(own, `Nobody here has the address ${somebody.email}`);
      assert.equal(await own.getByText('Contoso').count(), 0, 'who runs one tenant learns of no other');

      const platform = await app.tenant({ slug: 'operators', name: 'Operators' });
      await app.db('tenants').update({ isPlatform: false });
      await app.db('tenants').where({ id: platform.id }).update({ isPlatform: true });
      const operator = await app.person({ tenantId: platform.id, fullName: 'Petra Platform' });
      await give(app, { tenantId: platform.id, userId: operator.id, role: 'owner' });
      const page = await stage().newPage();
      await page.goto(`${app.issuer}/console`);
      await enterPassword(page, operator);
      await page.waitForURL('**/console/operators/**');
      await page.goto(at(`/people?q=${encodeURIComponent(somebody.email)}`));
      await look(page, 'People');
      await told(page, 'It is somebody’s in another tenant');
      await follow(page, 'Contoso');
      await page.waitForURL('**/console/contoso/people?*');
      await follow(page, 'Aron Away');
      await follow(page, 'Sign-in');
      await told(page, 'Aron Away can sign in.');
      await signInByPassword(somebody, await stage().client({ tenantId: other.id, name: 'Contoso portal' }));
    });
  });
});
