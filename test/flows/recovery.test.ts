import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { Browserless, Reply } from '../support/browserless.ts';
import { eventually } from '../support/eventually.ts';
import { type MessagingApp, normalHeaders, normalPage, startMessagingApp } from '../support/messaging-app.ts';
import { discover, enterPassword, type RelyingParty, redirectUri, signIn } from '../support/relying-party.ts';

const chosen = 'a walk along the quiet river';

describe('recovering an account', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  let party: RelyingParty;
  let tenant: Awaited<ReturnType<MessagingApp['app']['tenant']>>;
  before(async () => {
    stage = await startMessagingApp();
    tenant = await stage.app.tenant({ name: 'Northwind', settings: { countryList: ['CH'] } });
    party = await discover(stage.app, await stage.app.relyingParty({ tenantId: tenant.id }));
  });
  after(() => stage?.stop());

  const newPerson = (overrides: Parameters<MessagingApp['app']['person']>[0] = {}) =>
    stage.app.person({ tenantId: tenant.id, ...overrides });

  async function ask(browser: Browserless, address: string, channel = 'email', client = party) {
    const { base } = await stage.begin(client, browser);
    const page = await browser.open(`${base}/recovery?channel=${channel}`);
    assert.equal(page.status, 200, page.body);
    return { base, sent: await browser.submit(page, { address }) };
  }

  async function linkTo(address: string, count = 1): Promise<string> {
    const messages = address.startsWith('+') ? stage.twilio : stage.mailbox;
    // Among others, such as that of a browser never seen before.
    return eventually(() => {
      const links = messages.to(address).flatMap((message) => message.links);
      const found = links.filter((link) => link.includes('/recovery/'));
      return found.length >= count ? found.at(-1) : undefined;
    }, `${count} links to ${address}`);
  }

  const isError = (reply: Reply, status: number, words: RegExp): void => {
    assert.equal(reply.status, status, reply.body);
    assert.match(reply.body, words);
    assert.match(reply.body, /class="request-id"/);
    assert.match(reply.body, /href="\/account"/, 'a way on');
  };

  it('leads from the sign-in page to signing in with a new password, and ends everything else', async () => {
    const person = await newPerson();
    const before = await signIn(party, person);
    const owner = await signIn(party, person);
    assert.equal((await owner.browser.send(`${stage.app.issuer}/account`)).status, 200);

    const browser = stage.visitor();
    const { base, page } = await stage.begin(party, browser);
    assert.match(page.body, /name="to" value="recovery" formnovalidate/);
    assert.ok(base);
    const { sent } = await ask(browser, ` ${person.email.toUpperCase()}`);
    assert.equal(sent.status, 200);
    assert.match(sent.url, /\/recovery\/sent$/);
    const link = await linkTo(person.email);
    assert.ok(link.startsWith(`${stage.app.issuer}/recovery/`), link);

    const reader = stage.visitor();
    const form = await reader.open(link);
    assert.equal(form.status, 200);
    assert.ok(form.body.includes('Northwind'));
    assert.match(form.body, /autocomplete="new-password"/);
    const changed = await reader.submit(form, { password: chosen });
    assert.equal(changed.status, 200, changed.body);
    assert.match(changed.body, /href="\/account"/);
    assert.ok(!reader.cookies.some(({ name }) => name.includes('session')), 'nobody is signed in by it');

    const again = await reader.open(`${stage.app.issuer}/account`);
    const home = await reader.submit(again, { login: person.email, password: chosen });
    assert.equal(home.status, 200);
    assert.ok(home.body.includes(person.fullName as string));
    assert.deepEqual((await signIn(party, { email: person.email, password: chosen })).tokens.claims()?.amr, ['pwd']);

    assert.equal((await owner.browser.send(`${stage.app.issuer}/account`)).status, 303, 'the old session is over');
    await assert.rejects(
      openid.refreshTokenGrant(party.config, before.tokens.refresh_token as string),
      (error: { error?: string }) => error.error === 'invalid_grant',
    );
    const old = stage.visitor();
    const refused = await enterPassword(old, (await stage.begin(party, old)).page, person);
    assert.equal(refused.status, 401);
    const isNotice = ({ subject }: { subject: string }) => /^Your password .* was changed$/.test(subject);
    const notice = await eventually(() => stage.mailbox.to(person.email).find(isNotice), 'the change is told');
    assert.ok(!notice.source.includes(link.split('/').at(-1) as string));
  });

  it('ends a sign-in that was proved with the old password and stands before its session', async () => {
    const person = await newPerson();
    const parked = stage.visitor();
    const begun = await stage.begin(party, parked);
    const proved = await parked.send(begun.page.url, { login: person.email, password: person.password });
    assert.equal(proved.status, 303);
    await ask(stage.visitor(), person.email);
    const reader = stage.visitor();
    await reader.submit(await reader.open(await linkTo(person.email)), { password: chosen });
    const late = await parked.follow(proved, redirectUri);
    assert.ok(!late.location?.startsWith(redirectUri), late.location);
    assert.equal((await parked.send(`${stage.app.issuer}/account`)).status, 303, 'signed in nowhere');
  });

  it('ends a proof with the old password that waits for the choice of a tenant', async () => {
    const [first, second] = [await stage.app.tenant(), await stage.app.tenant()];
    const email = 'waits.for.choice@example.test';
    const person = await stage.app.person({ tenantId: first.id, email });
    await stage.app.person({ tenantId: second.id, email, password: person.password });
    const shared = await discover(stage.app, await stage.app.relyingParty());
    const parked = stage.visitor();
    const choice = await enterPassword(parked, (await stage.begin(shared, parked)).page, person);
    assert.match(choice.url, /\/tenant$/);

    await ask(stage.visitor(), email, 'email', shared);
    const reader = stage.visitor();
    const form = await reader.open(await linkTo(email));
    const unchosen = await reader.submit(form, { password: chosen });
    assert.equal(unchosen.status, 422, 'of two accounts one has to be chosen');
    const stranger = await newPerson();
    const wrong = await reader.submit(form, { password: chosen, account: stranger.id });
    assert.equal(wrong.status, 404, 'and not somebody else’s');
    const changed = await reader.submit(form, { password: chosen, account: person.id });
    assert.equal(changed.status, 200, changed.body);

    const late = await parked.submit(choice, { account: person.id }, { until: redirectUri });
    assert.equal(late.status, 410, late.location);
  });

  it('survives a program that opens the link before the person does', async () => {
    const person = await newPerson();
    await ask(stage.visitor(), person.email);
    const link = await linkTo(person.email);
    for (let scan = 0; scan < 3; scan++) {
      const scanned = await stage.visitor({ 'user-agent': 'MailScanner/1.0' }).send(link);
      assert.equal(scanned.status, 200);
      assert.equal(scanned.headers['cache-control'], 'no-store');
      assert.equal(scanned.headers['referrer-policy'], 'no-referrer');
      assert.equal(scanned.headers['set-cookie'], undefined);
    }
    const reader = stage.visitor();
    const form = await reader.open(link);
    const weak = await reader.submit(form, { password: 'short' });
    assert.equal(weak.status, 422, 'a refused password uses nothing up');
    assert.ok(!weak.body.includes('value="short"'));
    assert.equal((await reader.submit(weak, { password: chosen })).status, 200);
    isError(await reader.submit(form, { password: 'another walk along the river' }), 404, /already used/);
    isError(await reader.open(link), 404, /already used/);
  });

  it('works once, of ten at the same moment', async () => {
    const person = await newPerson();
    await ask(stage.visitor(), person.email);
    const link = await linkTo(person.email);
    const reader = stage.visitor();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => reader.send(link, { account: person.id, password: chosen })),
    );
    const statuses = answers.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join());
    assert.deepEqual(
      [...new Set(statuses)].filter((status) => ![200, 404, 503].includes(status)),
      [],
    );
  });

  it('works by SMS, with the number as people write it', async () => {
    const phone = stage.phone();
    const person = await newPerson({ phone, phoneVerified: true });
    await ask(stage.visitor(), `0${phone.slice(3)}`, 'sms');
    const reader = stage.visitor();
    const changed = await reader.submit(await reader.open(await linkTo(phone)), { password: chosen });
    assert.equal(changed.status, 200, changed.body);
    const { tokens } = await signIn(party, { email: phone, password: chosen });
    assert.equal(tokens.claims()?.sub, person.id);
  });

  it('tells of the new password in the language of the page, where the person has set none', async () => {
    const person = await newPerson();
    await ask(stage.visitor(), person.email);
    const reader = stage.visitor();
    const form = await reader.open(`${await linkTo(person.email)}?lang=fr`);
    assert.equal((await reader.submit(form, { password: chosen })).status, 200);
    const notice = await stage.mailbox.waitFor(person.email, { count: 2 });
    assert.match(notice.subject, /mot de passe/i);
  });

  it('frees an account that too many tries have locked', async () => {
    const person = await newPerson();
    await stage.app.db.raw('delete from sign_in_failures');
    const browser = stage.visitor();
    const { page } = await stage.begin(party, browser);
    await browser.send(page.url, { login: person.email, password: 'wrong' });
    await stage.app.db.raw('update sign_in_failures set failures = 100');
    const locked = await browser.send(page.url, { login: person.email, password: person.password });
    assert.equal(locked.status, 429);
    await ask(stage.visitor(), person.email);
    const reader = stage.visitor();
    await reader.submit(await reader.open(await linkTo(person.email)), { password: chosen });
    const { tokens } = await signIn(party, { email: person.email, password: chosen });
    assert.equal(tokens.claims()?.sub, person.id);
  });

  it('says the same of an address that nobody has, and of two clicks', async () => {
    const person = await newPerson();
    const answers = [];
    for (const address of [person.email, 'nobody.to.recover@example.test']) {
      const browser = stage.visitor();
      const { base } = await stage.begin(party, browser);
      const form = { channel: 'email', address };
      const both = await Promise.all([browser.send(`${base}/recovery`, form), browser.send(`${base}/recovery`, form)]);
      const page = await browser.open(both[0].location as string);
      const stranger = stage.visitor();
      const theirs = await stage.begin(party, stranger);
      const tooSoon = await stranger.send(`${theirs.base}/recovery`, form);
      assert.deepEqual(
        [...both, page, tooSoon].map(({ status }) => status),
        [303, 303, 200, 429],
      );
      answers.push([...both, page, tooSoon].map((reply) => [normalHeaders(reply), normalPage(reply, address)]));
    }
    assert.deepEqual(answers[1], answers[0]);
    await stage.settled();
    assert.equal(stage.mailbox.to(person.email).length, 1);
    assert.equal(stage.mailbox.to('nobody.to.recover@example.test').length, 0);
  });

  it('is not there for tenants without passwords', async () => {
    const own = await stage.app.tenant({ settings: { signInMethods: ['otp'] } });
    const client = await discover(stage.app, await stage.app.relyingParty({ tenantId: own.id }));
    const browser = stage.visitor();
    const { base } = await stage.begin(client, browser);
    assert.equal((await browser.send(`${base}/recovery`)).location, base);
    assert.equal((await browser.send(`${base}/recovery`, { address: 'a@example.test' })).location, base);
    assert.equal((await browser.send(`${base}/recovery/sent`)).location, base);
  });

  it('answers links and forms that are wrong with a page', async () => {
    const reader = stage.visitor();
    for (const token of ['x', 'A'.repeat(43), '%00', `${'%2e'.repeat(2)}%2f`, 'x'.repeat(2000)]) {
      const reply = await reader.send(`${stage.app.issuer}/recovery/${token}`);
      isError(reply, 404, /incomplete/);
      assert.equal(reply.headers['cache-control'], 'no-store');
      const posted = await reader.send(`${stage.app.issuer}/recovery/${token}`, { account: 'x', password: chosen });
      isError(posted, 404, /incomplete/);
    }
    const person = await newPerson();
    await ask(stage.visitor(), person.email);
    const link = await linkTo(person.email);
    for (const [form, status] of [
      [{}, 422],
      [{ account: person.id }, 422],
      [{ account: person.id, password: ' ' }, 422],
      [{ account: "x' or 1=1", password: chosen }, 404],
      [`account=${person.id}&password=one&password=two`, 400],
      [`account[]=${person.id}&password=${chosen}`, 422],
    ] as [Record<string, string> | string, number][])
      assert.equal((await reader.send(link, form)).status, status, JSON.stringify(form));
    const foreign = await reader.send(
      link,
      { account: person.id, password: chosen },
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    );
    assert.equal(foreign.status, 403);
    assert.equal((await reader.open(link)).status, 200, 'and it still works');

    await stage.app.db.raw(`update otp_codes set expires_at = now() where destination = ?`, [person.email]);
    isError(await reader.open(link), 410, /30 minutes/);
    assert.ok(!stage.app.logs().includes(link.split('/').at(-1) as string), 'no token in the log');
  });

  it('makes an address wait that tries many links', async () => {
    const guesser = stage.visitor();
    assert.equal((await guesser.send(`${stage.app.issuer}/recovery/first`)).status, 404);
    await stage.app.db.raw(`update rate_limits set hits = 1000 where key like 'recoveryLinkPerIp:%'`);
    const held = await guesser.send(`${stage.app.issuer}/recovery/second`);
    assert.equal(held.status, 429);
    assert.match(String(held.headers['retry-after']), /^[1-9]\d*$/);
    await stage.app.db.raw(`delete from rate_limits where key like 'recoveryLinkPerIp:%'`);
  });
});
