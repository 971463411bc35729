import assert from 'node:assert/strict';
import type { Browserless, Reply } from '../support/browserless.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';

type Person = Awaited<ReturnType<MessagingApp['app']['person']>>;

describe('verifying one’s own address', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  let tenant: Awaited<ReturnType<MessagingApp['app']['tenant']>>;
  before(async () => {
    stage = await startMessagingApp();
    tenant = await stage.app.tenant({ settings: { countryList: ['CH'] } });
  });
  after(() => stage?.stop());

  async function signedIn(person: Person): Promise<{ browser: Browserless; home: Reply }> {
    const browser = stage.visitor();
    const page = await browser.open(`${stage.app.issuer}/account`);
    const home = await browser.submit(page, { login: person.email, password: person.password });
    assert.equal(home.url, `${stage.app.issuer}/account`, home.body);
    return { browser, home };
  }

  const isVerified = async ({ id }: Person, column: 'emailVerifiedAt' | 'phoneVerifiedAt') =>
    (await stage.app.db('users').where({ id }).first(column))[column] !== null;

  it('works for the email address', async () => {
    const person = await stage.app.person({ tenantId: tenant.id, emailVerified: false });
    const { browser, home } = await signedIn(person);
    assert.match(home.body, /href="\/account\/verify\/email"/);
    const page = await browser.open(`${stage.app.issuer}/account/verify/email`);
    assert.equal(page.status, 200);
    const sent = await browser.submit(page, {});
    assert.match(sent.body, /autocomplete="one-time-code"/);
    const { code = '' } = await stage.mailbox.waitFor(person.email);
    const wrong = await browser.submit(sent, { code: String((Number(code) + 1) % 1_000_000).padStart(6, '0') });
    assert.equal(wrong.status, 401);
    assert.ok(!(await isVerified(person, 'emailVerifiedAt')));
    const done = await browser.submit(wrong, { code });
    assert.equal(done.url, `${stage.app.issuer}/account?notice=address_verified`, done.body);
    assert.ok(await isVerified(person, 'emailVerifiedAt'));
    assert.doesNotMatch(done.body, /verify\/email/);
    assert.equal(
      (await browser.send(`${stage.app.issuer}/account/verify/email`)).location,
      `${stage.app.issuer}/account`,
    );
    const again = await signedIn(person);
    assert.equal(again.home.status, 200, 'the password stays: its owner proved both');
  });

  it('works for the phone, by SMS or WhatsApp', async () => {
    for (const channel of ['sms', 'whatsapp'] as const) {
      const phone = stage.phone();
      const person = await stage.app.person({ tenantId: tenant.id, phone });
      const { browser } = await signedIn(person);
      const page = await browser.open(`${stage.app.issuer}/account/verify/phone`);
      const sent = await browser.submit(page, { channel });
      const message = await stage.twilio.waitFor(phone);
      assert.equal(message.channel, channel);
      const done = await browser.submit(sent, { code: message.code ?? '' });
      assert.equal(done.status, 200);
      assert.ok(await isVerified(person, 'phoneVerifiedAt'));
    }
  });

  it('does no harm by forms that are sent twice', async () => {
    const person = await stage.app.person({ tenantId: tenant.id, emailVerified: false });
    const { browser } = await signedIn(person);
    const base = `${stage.app.issuer}/account/verify/email`;
    const sends = await Promise.all([browser.send(`${base}/send`, {}), browser.send(`${base}/send`, {})]);
    assert.deepEqual(sends.map(({ status }) => status).sort(), [303, 429]);
    for (const reply of sends) {
      const page = await browser.follow(reply, 'none:');
      assert.match(page.body, /name="code"/, 'either leads to where the code is typed');
    }
    const { code = '' } = await stage.mailbox.waitFor(person.email);
    const entered = await Promise.all([browser.send(`${base}/code`, { code }), browser.send(`${base}/code`, { code })]);
    assert.deepEqual(
      entered.map(({ status }) => status),
      [303, 303],
    );
    await stage.settled();
    assert.equal(stage.mailbox.to(person.email).length, 1);
  });

  it('binds the code to the sign-in that asked for it', async () => {
    const person = await stage.app.person({ tenantId: tenant.id, emailVerified: false });
    const [one, two] = [await signedIn(person), await signedIn(person)];
    await one.browser.send(`${stage.app.issuer}/account/verify/email/send`, {});
    const { code = '' } = await stage.mailbox.waitFor(person.email);
    const elsewhere = await two.browser.send(`${stage.app.issuer}/account/verify/email/code`, { code });
    assert.equal(elsewhere.status, 410);
    const neighbour = await stage.app.person({ tenantId: tenant.id, emailVerified: false });
    const theirs = await signedIn(neighbour);
    assert.equal((await theirs.browser.send(`${stage.app.issuer}/account/verify/email/code`, { code })).status, 410);
    const here = await one.browser.send(`${stage.app.issuer}/account/verify/email/code`, { code });
    assert.equal(here.status, 303);
    assert.ok(!(await isVerified(neighbour, 'emailVerifiedAt')));
  });

  it('is for a person who is signed in, for addresses there are, by ways there are', async () => {
    const stranger = stage.visitor();
    const base = `${stage.app.issuer}/account/verify`;
    assert.match((await stranger.send(`${base}/email`)).location ?? '', /\/authorize\?/);
    assert.equal((await stranger.send(`${base}/email/send`, {})).status, 401);
    assert.equal((await stranger.send(`${base}/email/code`, { code: '123456' })).status, 401);

    const verified = await stage.app.person({ tenantId: tenant.id });
    const { browser, home } = await signedIn(verified);
    assert.doesNotMatch(home.body, /account\/verify/);
    for (const kind of ['email', 'phone'])
      for (const [path, form] of [
        [kind, undefined],
        [`${kind}/send`, {}],
        [`${kind}/code`, { code: '123456' }],
      ] as const)
        assert.equal((await browser.send(`${base}/${path}`, form)).location, `${stage.app.issuer}/account`, path);
    assert.equal((await browser.send(`${base}/fax`)).status, 404);
    assert.equal((await browser.send(`${base}/fax/send`, {})).status, 404);

    const person = await stage.app.person({ tenantId: tenant.id, emailVerified: false });
    const own = (await signedIn(person)).browser;
    for (const [form, status] of [
      [{ channel: 'sms' }, 422],
      [{ channel: 'fax' }, 422],
      ['channel=email&channel=email', 400],
    ] as [Record<string, string> | string, number][])
      assert.equal((await own.send(`${base}/email/send`, form)).status, status, JSON.stringify(form));
    for (const query of ['?again=x', '?again=99999999999', '?again=1&again=2', '?again='])
      assert.equal((await own.send(`${base}/email${query}`)).status, 200, query);
    for (const form of ['', 'code=', 'code[]=1'])
      assert.equal((await own.send(`${base}/email/code`, form)).status, 422, JSON.stringify(form));
    const foreign = await own.send(`${base}/email/send`, {}, { 'sec-fetch-site': 'cross-site' });
    assert.equal(foreign.status, 403);
  });
});
