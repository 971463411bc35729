/** Another phone number of one's own: proved by a code by SMS before it counts, told to the old one, and taken back. */
import assert from 'node:assert/strict';
import type { Browserless, Reply } from '../support/browserless.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';

type Person = Awaited<ReturnType<MessagingApp['app']['person']>>;

describe('another phone number', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  let tenantId: string;
  before(async () => {
    stage = await startMessagingApp();
    tenantId = (await stage.app.tenant({ settings: { countryList: ['CH'] } })).id;
  });
  after(() => stage?.stop());

  const at = (path: string) => `${stage.app.issuer}/account${path}`;
  const userRow = ({ id }: Person) => stage.app.db('users').where({ id }).first();
  const other = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

  async function personWithPhone(): Promise<{ person: Person; phone: string }> {
    const phone = stage.phone();
    const person = await stage.app.person({ tenantId, phone });
    await stage.app.db('users').where({ id: person.id }).update({ phoneVerifiedAt: new Date() });
    return { person, phone };
  }

  async function signedIn({ email, password }: Person): Promise<Browserless> {
    const browser = stage.visitor();
    const page = await browser.submit(await browser.open(at('')), { login: email, password });
    assert.equal(page.url, at(''), page.body);
    return browser;
  }

  /** @returns the code that was sent, and the page that waits for it */
  async function askFor(browser: Browserless, phone: string): Promise<{ page: Reply; code: string }> {
    const page = await browser.submit(await browser.open(at('/change-phone')), { address: phone, channel: 'sms' });
    assert.match(page.body, /autocomplete="one-time-code"/, page.body);
    const { code = '' } = await stage.twilio.waitFor(phone);
    await stage.settled();
    return { page, code };
  }

  async function changed(browser: Browserless, phone: string): Promise<void> {
    const { page, code } = await askFor(browser, phone);
    const done = await browser.submit(page, { code });
    assert.equal(done.url, at('?notice=address_changed'), done.body);
  }

  async function linksTo(address: string): Promise<string[]> {
    await stage.settled();
    const texts = address.includes('@')
      ? stage.mailbox.to(address).map(({ text }) => text)
      : stage.twilio.to(address).map(({ body }) => body);
    return texts.flatMap((text) => text.match(/http\S+\/safety\/[\w-]+/g) ?? []);
  }

  const use = async (links: string[]) => (await stage.visitor().send(links.at(-1) ?? '', {})).status;

  it('is proved before anything changes; the old one is told by SMS, and takes it back once', async () => {
    const { person, phone: old } = await personWithPhone();
    const browser = await signedIn(person);
    const phone = stage.phone();
    const { page, code } = await askFor(browser, phone);
    assert.equal((await userRow(person)).phone, old);
    assert.deepEqual(await linksTo(old), [], 'nobody is told before it is changed');
    assert.equal((await browser.submit(page, { code: other(code) })).status, 401);
    assert.equal((await userRow(person)).phone, old);
    const done = await browser.submit(page, { code });
    assert.equal(done.url, at('?notice=address_changed'), done.body);
    const after = await userRow(person);
    assert.equal(after.phone, phone);
    assert.ok(after.phoneVerifiedAt);
    assert.deepEqual(await linksTo(phone), [], 'the new number has no say');

    const links = await linksTo(old);
    assert.equal(links.length, 1);
    const page2 = await stage.visitor().open(links[0] as string);
    assert.equal(page2.status, 200);
    assert.equal((await userRow(person)).phone, phone, 'opening it changes nothing');
    const used = await Promise.all(Array.from({ length: 10 }, () => use(links)));
    assert.deepEqual(used.sort(), [200, ...Array(9).fill(404)], 'once, of ten at once');
    const back = await userRow(person);
    assert.deepEqual([back.phone, back.email], [old, person.email]);
    assert.ok(back.phoneVerifiedAt && back.emailVerifiedAt);
    assert.equal((await browser.send(at(''))).status, 303, 'whoever changed it is signed out');
  });

  it('counts wrong codes, and takes none after five', async () => {
    const { person, phone: old } = await personWithPhone();
    const browser = await signedIn(person);
    const phone = stage.phone();
    const { page, code } = await askFor(browser, phone);
    const attempts = async () => (await stage.app.db('otp_codes').where({ destination: phone }).first()).attemptCount;
    for (const count of [1, 2]) {
      assert.equal((await browser.submit(page, { code: other(code) })).status, 401);
      assert.equal(await attempts(), count);
    }
    // Many at once are counted each, before any is compared.
    await Promise.all(Array.from({ length: 20 }, () => browser.submit(page, { code: other(code) })));
    const late = await browser.submit(page, { code });
    assert.ok(late.status >= 400, late.body);
    assert.equal((await userRow(person)).phone, old);
    assert.deepEqual(await linksTo(old), []);
  });

  it('of somebody else is refused to whoever proved it, and looks like any other before', async () => {
    const [{ person, phone: old }, neighbour] = [await personWithPhone(), await personWithPhone()];
    const browser = await signedIn(person);
    const { page, code } = await askFor(browser, neighbour.phone);
    const free = await askFor(browser, stage.phone());
    const shape = ({ body }: Reply) =>
      body.replace(/(?:\+|%2B)?41[\d\u00a0 ]{9,}/g, 'X').replace(/[0-9a-f-]{36}|\d+ seconds|data-countdown="\d+"/g, '');
    assert.equal(shape(page), shape(free.page));
    assert.equal((await browser.submit(page, { code: other(code) })).status, 401);
    const refused = await browser.submit(page, { code });
    assert.equal(refused.status, 409);
    assert.equal((await userRow(person)).phone, old);
    assert.equal((await userRow(neighbour.person)).phone, neighbour.phone);
    assert.deepEqual([await linksTo(old), await linksTo(neighbour.phone)], [[], []]);
  });

  it('is not taken back after 72 hours', async () => {
    const { person, phone: old } = await personWithPhone();
    const phone = stage.phone();
    await changed(await signedIn(person), phone);
    const links = await linksTo(old);
    const [row] = await stage.app.db('safety_links').where({ userId: person.id });
    const hours = (row.expiresAt - row.createdAt) / 3_600_000;
    assert.ok(hours > 71 && hours < 73, `${hours} hours`);
    await stage.app.db('safety_links').where({ id: row.id }).update({ expiresAt: new Date() });
    assert.equal(await use(links), 410);
    assert.equal((await userRow(person)).phone, phone);
  });

  it('goes with the “not me” of a sign-in, in which a thief gave it', async () => {
    for (const hadOne of [true, false]) {
      const { person, phone: old } = hadOne
        ? await personWithPhone()
        : { person: await stage.app.person({ tenantId }), phone: null };
      await signedIn(person);
      const thief = await signedIn(person);
      await changed(thief, stage.phone());
      assert.equal(await use(await linksTo(person.email)), 200);
      const { email, phone, phoneVerifiedAt } = await userRow(person);
      assert.deepEqual([email, phone, phoneVerifiedAt !== null], [person.email, old, hadOne]);
    }
  });

  for (const by of ['phone', 'email'] as const)
    it(`and the email address that was changed after it are both taken back by the link to the old ${by}`, async () => {
      const { person, phone: old } = await personWithPhone();
      const browser = await signedIn(person);
      await changed(browser, stage.phone());
      const address = `thief-of-${person.email}`;
      const page = await browser.submit(await browser.open(at('/change-email')), { address });
      const { code = '' } = await stage.mailbox.waitFor(address);
      assert.equal((await browser.submit(page, { code })).url, at('?notice=address_changed'));
      assert.equal(await use(await linksTo(by === 'phone' ? old : person.email)), 200);
      const back = await userRow(person);
      assert.deepEqual([back.phone, back.email], [old, person.email]);
      assert.ok(back.emailVerifiedAt && back.phoneVerifiedAt);
    });

  it('does not come back where it is somebody else’s by now: the account has none', async () => {
    const { person, phone: old } = await personWithPhone();
    await signedIn(person);
    const thief = await signedIn(person);
    await changed(thief, stage.phone());
    await stage.app.person({ tenantId, phone: old });
    assert.equal(await use(await linksTo(person.email)), 200);
    const { email, phone } = await userRow(person);
    assert.deepEqual([email, phone], [person.email, null]);
    assert.equal((await thief.send(at(''))).status, 303);
  });
});
