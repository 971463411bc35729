/** Another address of one's own, a sign-in from a browser that is new, and taking both back. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { newId } from '../../src/platform/ids.ts';
import { ageSessions } from '../support/aged-session.ts';
import type { Browserless, Reply } from '../support/browserless.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';

type Person = Awaited<ReturnType<MessagingApp['app']['person']>>;

let count = 0;
const newAddress = () => `new-address-${++count}@example.test`;

describe('the safety of an account', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  before(async () => {
    stage = await startMessagingApp();
  });
  after(() => stage?.stop());

  const at = (path: string) => `${stage.app.issuer}/account${path}`;

  async function signedIn(
    person: Person,
    path = '',
    browser = stage.visitor(),
  ): Promise<{ browser: Browserless; page: Reply }> {
    const form = await browser.open(at(path));
    const page = await browser.submit(form, { login: person.email, password: person.password });
    assert.equal(page.url, at(path), page.body);
    return { browser, page };
  }

  const userRow = ({ id }: Person) => stage.app.db('users').where({ id }).first();
  const liveSessions = async ({ id }: Person) =>
    (await stage.app.db('user_sessions').where({ userId: id }).whereNull('revokedAt')).length;

  /** Of the newest mail to the address that has one. */
  async function linkTo(address: string): Promise<string> {
    await stage.settled();
    const links = stage.mailbox.to(address).flatMap(({ text }) => text.match(/http\S+\/safety\/\S+/g) ?? []);
    const link = links.at(-1);
    assert.ok(link, `no link to ${address}`);
    return link;
  }

  /** @returns the code that was sent, and the page that waits for it */
  async function askFor(browser: Browserless, address: string): Promise<{ page: Reply; code: string }> {
    const page = await browser.submit(await browser.open(at('/change-email')), { address });
    assert.match(page.body, /autocomplete="one-time-code"/, page.body);
    await stage.settled();
    const { code = '' } = await stage.mailbox.waitFor(address);
    return { page, code };
  }

  async function changed(browser: Browserless, address: string): Promise<void> {
    const { page, code } = await askFor(browser, address);
    const done = await browser.submit(page, { code });
    assert.equal(done.url, at('?notice=address_changed'), done.body);
  }

  describe('another email address', () => {
    it('is proved before anything changes; the old one is told, and takes it back for good', async () => {
      const person = await stage.app.person();
      const { browser } = await signedIn(person);
      const address = newAddress();
      const { page, code } = await askFor(browser, address);
      assert.equal((await userRow(person)).email, person.email);
      const wrong = await browser.submit(page, { code: String((Number(code) + 1) % 1_000_000).padStart(6, '0') });
      assert.equal(wrong.status, 401);
      const done = await browser.submit(wrong, { code });
      assert.equal(done.url, at('?notice=address_changed'), done.body);
      const { email, emailVerifiedAt } = await userRow(person);
      assert.equal(email, address);
      assert.ok(emailVerifiedAt);

      const link = await linkTo(person.email);
      const anybody = stage.visitor();
      for (let scan = 0; scan < 3; scan++)
        assert.equal((await anybody.open(link)).status, 200, 'opening changes nothing');
      assert.equal((await userRow(person)).email, email);
      const all = await Promise.all(Array.from({ length: 50 }, () => stage.visitor().send(link, {})));
      assert.equal(all.filter(({ status }) => status === 200).length, 1, 'once, of 50 at once');
      assert.deepEqual([...new Set(all.map(({ status }) => status))].sort(), [200, 404]);
      const restored = await userRow(person);
      assert.equal(restored.email, person.email);
      assert.ok(restored.emailVerifiedAt);
      assert.equal(await liveSessions(person), 0);
      assert.equal((await browser.send(at(''))).status, 303);
      const login = await stage.visitor().open(at(''));
      const refused = await stage.visitor().submit(login, { login: person.email, password: person.password });
      assert.notEqual(refused.url, at(''), 'whoever knows the password does not come in again');
      await stage.settled();
      assert.ok(stage.mailbox.to(person.email).some(({ text }) => text.includes('/recovery/')));
      assert.equal((await anybody.send(link, {})).status, 404);
      assert.equal((await anybody.send(link)).status, 404);
    });

    it('cannot be made to stay by changing it twice: the first link counts, and the later ones end with it', async () => {
      const person = await stage.app.person();
      const { browser } = await signedIn(person);
      const [second, third] = [newAddress(), newAddress()];
      await changed(browser, second);
      const first = await linkTo(person.email);
      await changed(browser, third);
      const later = await linkTo(second);
      assert.equal((await stage.visitor().send(later, {})).status, 200);
      assert.equal((await userRow(person)).email, second);
      assert.equal((await stage.visitor().send(first, {})).status, 200, 'what came before still works');
      assert.equal((await userRow(person)).email, person.email);

      const again = await stage.app.person();
      const theirs = await signedIn(again);
      const [fourth, fifth] = [newAddress(), newAddress()];
      await changed(theirs.browser, fourth);
      const undo = await linkTo(again.email);
      await changed(theirs.browser, fifth);
      const attacker = await linkTo(fourth);
      assert.equal((await stage.visitor().send(undo, {})).status, 200);
      assert.equal(
        (await stage.visitor().send(attacker, {})).status,
        404,
        'whoever took the account takes nothing back',
      );
      assert.equal((await userRow(again)).email, again.email);
    });

    it('says that it has an account to nobody but whoever proves it', async () => {
      const [person, other] = [await stage.app.person(), await stage.app.person()];
      const { browser } = await signedIn(person);
      const { page, code } = await askFor(browser, other.email);
      const free = await askFor(browser, newAddress());
      const shape = ({ body }: Reply) =>
        body
          .replaceAll('<wbr>', '')
          .replace(/[\w.-]+@example\.test/g, 'X')
          .replace(/[0-9a-f-]{36}|\d+ seconds/g, '');
      assert.equal(shape(page), shape(free.page));
      const refused = await browser.submit(page, { code });
      assert.equal(refused.status, 409);
      assert.equal((await userRow(person)).email, person.email);
      assert.equal((await userRow(other)).email, other.email);
    });

    it('is changed by a code for that very address, in that very sign-in, soon after it', async () => {
      const person = await stage.app.person();
      const { browser } = await signedIn(person);
      const { code } = await askFor(browser, newAddress());
      const post = (to: Browserless, address: string) => to.send(at('/change-email/code'), { address, code });
      assert.equal((await post(browser, newAddress())).status, 410, 'another address');
      const elsewhere = await signedIn(person);
      const address = `new-address-${count - 1}@example.test`;
      assert.equal((await post(elsewhere.browser, address)).status, 410, 'another sign-in of the same person');
      assert.equal((await post(stage.visitor(), address)).status, 401, 'nobody');
      await ageSessions(stage.app, person.id, 301);
      const stale = await post(browser, address);
      assert.equal(stale.status, 303);
      assert.match(String(stale.location), /\/authorize\?.*prompt=login/);
      assert.equal((await userRow(person)).email, person.email);
    });

    it('is not taken back after 72 hours', async () => {
      const person = await stage.app.person();
      const { browser } = await signedIn(person);
      const address = newAddress();
      await changed(browser, address);
      const link = await linkTo(person.email);
      await stage.app.db('safety_links').where({ userId: person.id }).update({ expiresAt: new Date() });
      assert.equal((await stage.visitor().send(link, {})).status, 410);
      assert.equal((await stage.visitor().send(link)).status, 410);
      assert.equal((await userRow(person)).email, address);
      const [row] = await stage.app.db('safety_links').where({ userId: person.id });
      assert.ok(!row.sealed.includes(person.email) && !row.tokenHash.includes(link.slice(-43)), 'nothing in the clear');
    });
  });

  describe('a sign-in from a new browser', () => {
    const told = async ({ email }: Person) => {
      await stage.settled();
      return stage.mailbox.to(email).filter(({ text }) => text.includes('/safety/')).length;
    };

    it('is told, but for the first of all and for a browser that is known', async () => {
      const person = await stage.app.person();
      const { browser } = await signedIn(person);
      assert.equal(await told(person), 0, 'the very first');
      browser.cookies.splice(
        0,
        browser.cookies.length,
        ...browser.cookies.filter(({ name }) => name.startsWith('gh_device')),
      );
      await signedIn(person, '', browser);
      assert.equal(await told(person), 0, 'the same browser');
      await signedIn(person);
      assert.equal(await told(person), 1);
      const { text, subject } = await stage.mailbox.waitFor(person.email);
      assert.match(text, /Firefox, Linux/);
      assert.match(text, /198\.51\./);
      assert.match(subject, /new sign-in/i);
    });

    it('that was somebody else ends everything and starts recovery', async () => {
      const person = await stage.app.person();
      const own = await signedIn(person);
      const thief = await signedIn(person);
      const link = await linkTo(person.email);
      // The thief is quick, and gives the account another address.
      await changed(thief.browser, newAddress());
      // What was there for long stays; what the thief adds to come back by does not.
      const { db } = stage.app;
      const { id: userId, tenantId } = person;
      const identity = (provider: string, createdAt: Date) => ({
        ...{ id: newId(), tenantId, userId, provider, issuer: 'https://idp.example', createdAt },
        subject: `${provider}-${userId}`,
      });
      const longAgo = new Date(Date.now() - 30 * 86_400_000);
      await db('user_identities').insert([identity('longknown', longAgo), identity('thiefs', new Date())]);
      await db('user_factors').insert({
        id: newId(),
        tenantId,
        userId,
        kind: 'totp',
        secret: Buffer.alloc(40),
        lastStep: 1,
      });
      await db('passkeys').insert({
        ...{ id: newId(), tenantId, userId, name: 'Phone', signCount: 0, backupEligible: false, backedUp: false },
        credentialId: randomBytes(16),
        publicKey: randomBytes(77),
      });
      const page = await stage.visitor().open(link);
      assert.match(page.body, /This was not me/);
      const done = await stage.visitor().submit(page, {});
      assert.equal(done.status, 200, done.body);
      assert.equal(await liveSessions(person), 0);
      for (const { browser } of [own, thief]) assert.equal((await browser.send(at(''))).status, 303);
      assert.equal((await userRow(person)).email, person.email, 'the address is theirs again');
      const left = await db('user_identities').where({ userId }).pluck('provider');
      assert.deepEqual(left, ['longknown']);
      assert.deepEqual(await db('user_factors').where({ userId }), []);
      assert.deepEqual(await db('passkeys').where({ userId }), []);
      await stage.settled();
      const recovery = stage.mailbox
        .to(person.email)
        .flatMap(({ text }) => text.match(/http\S+\/recovery\/\S+/g) ?? []);
      const password = 'a new and longer phrase 7';
      const form = await stage.visitor().open(recovery.at(-1) ?? '');
      assert.equal((await stage.visitor().submit(form, { password })).status, 200);
      await signedIn({ ...person, password });
    });

    it('is told once where one new browser signs in many times at the same moment', async () => {
      const person = await stage.app.person();
      await signedIn(person);
      const first = stage.visitor();
      await signedIn(person, '', first);
      const [device] = first.cookies.filter(({ name }) => name === 'gh_device');
      // As new as it was before: the sign-in that knows it is gone.
      await stage.app.db('user_sessions').where({ userId: person.id }).update({ deviceFingerprint: null });
      const before = await told(person);
      const others = Array.from({ length: 8 }, () => {
        const browser = stage.visitor();
        browser.cookies.push(...first.cookies.filter(({ name }) => name.startsWith('gh_device')));
        return browser;
      });
      assert.ok(device);
      await Promise.all(others.map((browser) => signedIn(person, '', browser)));
      assert.equal(await told(person), before + 1);
      assert.equal(await liveSessions(person), 10);
    });

    it('floods nobody', async () => {
      const person = await stage.app.person();
      for (let n = 0; n < 9; n++) await signedIn(person);
      assert.equal(await told(person), 5);
      assert.equal(await liveSessions(person), 9, 'signing in goes on');
    });

    it('is told in the person’s language, and not where the tenant wants none told', async () => {
      const { id } = await stage.app.tenant();
      const person = await stage.app.person({ tenantId: id, locale: 'fr' });
      for (let n = 0; n < 2; n++) await signedIn(person);
      assert.equal(await told(person), 1);
      assert.match(stage.mailbox.to(person.email).at(-1)?.text ?? '', /Ce n’était pas moi/);
      await updateTenantSettings(stage.app.db, id, { newDeviceNotices: false }, systemCaller);
      await signedIn(person);
      assert.equal(await told(person), 1);
    });
  });
});
