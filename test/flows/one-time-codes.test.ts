import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { Browserless, Reply } from '../support/browserless.ts';
import {
  type Begun,
  groupedPhone,
  type MessagingApp,
  normalHeaders,
  normalPage,
  startMessagingApp,
} from '../support/messaging-app.ts';
import { discover, type RelyingParty, redirectUri } from '../support/relying-party.ts';

type Channel = 'email' | 'sms' | 'whatsapp';

describe('signing in with a one-time code', function () {
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

  async function personWithPhone() {
    return stage.app.person({ tenantId: tenant.id, phone: stage.phone(), phoneVerified: true });
  }

  /** From the sign-in page to the page that takes the code. */
  async function ask(browser: Browserless, { base }: Begun, channel: Channel, address: string): Promise<Reply> {
    const page = await browser.open(`${base}/code?channel=${channel}`);
    assert.equal(page.status, 200, page.body);
    return browser.submit(page, { address });
  }

  async function redeem(begun: Begun, reply: Reply) {
    assert.ok(reply.location?.startsWith(redirectUri), `${reply.status} ${reply.body}`);
    return openid.authorizationCodeGrant(party.config, new URL(String(reply.location)), begun.checks);
  }

  const codeOf = (message: { code: string | undefined }): string => {
    assert.match(message.code ?? '', /^\d{6}$/);
    return message.code as string;
  };

  const otherThan = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

  it('works by email', async () => {
    const person = await stage.app.person({ tenantId: tenant.id });
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    assert.match(begun.page.body, /name="to" value="email"/);
    const page = await ask(browser, begun, 'email', ` ${person.email.toUpperCase()} `);
    assert.equal(page.url, `${begun.base}/code/enter`);
    assert.ok(page.body.replaceAll('<wbr>', '').includes(person.email), 'in its canonical form');
    assert.match(page.body, /autocomplete="one-time-code"/);
    const mail = await stage.mailbox.waitFor(person.email);
    const tokens = await redeem(begun, await browser.submit(page, { code: codeOf(mail) }, { until: redirectUri }));
    assert.equal(tokens.claims()?.sub, person.id);
    assert.deepEqual(tokens.claims()?.amr, ['otp']);
    assert.ok(Math.abs(Number(tokens.claims()?.auth_time) - Date.now() / 1000) < 120);
  });

  it('works by SMS, with the number as people write it and a code as they type it', async () => {
    const person = await personWithPhone();
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const national = `0${person.phone?.slice(3, 5)} ${person.phone?.slice(5, 8)} ${person.phone?.slice(8)}`;
    const page = await ask(browser, begun, 'sms', national);
    assert.ok(page.body.includes(groupedPhone(person.phone as string)), page.body);
    const message = await stage.twilio.waitFor(person.phone as string);
    assert.equal(message.channel, 'sms');
    const code = codeOf(message);
    assert.equal(message.body.split('\n').at(-1), `@${new URL(stage.app.issuer).host} #${code}`);
    const typed = ` ${code.slice(0, 3)}-${code.slice(3)} `.replace(/\d/g, (digit) =>
      String.fromCharCode(0xff10 + Number(digit)),
    );
    const tokens = await redeem(begun, await browser.submit(page, { code: typed }, { until: redirectUri }));
    assert.equal(tokens.claims()?.sub, person.id);
    assert.deepEqual(tokens.claims()?.amr, ['otp', 'sms']);
  });

  it('works by WhatsApp', async () => {
    const person = await personWithPhone();
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const page = await ask(browser, begun, 'whatsapp', person.phone as string);
    const message = await stage.twilio.waitFor(person.phone as string);
    assert.equal(message.channel, 'whatsapp');
    const tokens = await redeem(begun, await browser.submit(page, { code: codeOf(message) }, { until: redirectUri }));
    assert.deepEqual(tokens.claims()?.amr, ['otp']);
  });

  it('goes on by SMS where WhatsApp cannot deliver', async () => {
    const person = await personWithPhone();
    const phone = person.phone as string;
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    stage.twilio.fail({ status: 400, code: 63024, message: 'Invalid message recipient', channel: 'whatsapp' });
    let page: Reply;
    try {
      page = await ask(browser, begun, 'whatsapp', phone);
      assert.equal(page.status, 200);
      assert.match(page.body, /<button[^>]*name="channel" value="sms"/);
      await stage.settled();
    } finally {
      stage.twilio.fail(undefined);
    }
    assert.deepEqual(stage.twilio.to(phone), []);
    const tooSoon = await browser.submit(page, { channel: 'sms' }, { form: 1 });
    assert.equal(tooSoon.status, 429);
    assert.match(String(tooSoon.headers['retry-after']), /^[1-9]\d?$/);
    assert.match(tooSoon.body, /<button[^>]*name="channel" value="sms"/);
    await stage.letTimePass(phone, 31);
    const again = await browser.submit(tooSoon, { channel: 'sms' }, { form: 1 });
    assert.equal(again.status, 200, again.body);
    const message = await stage.twilio.waitFor(phone);
    assert.equal(message.channel, 'sms');
    const tokens = await redeem(begun, await browser.submit(again, { code: codeOf(message) }, { until: redirectUri }));
    assert.deepEqual(tokens.claims()?.amr, ['otp', 'sms']);
  });

  it('works in the browser that asked for the code, and in no other', async () => {
    const person = await stage.app.person({ tenantId: tenant.id });
    const owner = stage.visitor();
    const begun = await stage.begin(party, owner);
    const page = await ask(owner, begun, 'email', person.email);
    const code = codeOf(await stage.mailbox.waitFor(person.email));

    const stranger = stage.visitor();
    const elsewhere = await stranger.send(page.url, { code });
    assert.equal(elsewhere.status, 409, 'not in the interaction of another browser');
    const theirs = await stage.begin(party, stranger);
    await stage.letTimePass(person.email, 31);
    const asked = await ask(stranger, theirs, 'email', person.email);
    const newer = codeOf(await stage.mailbox.waitFor(person.email, { count: 2 }));
    if (newer !== code) {
      const refused = await stranger.submit(asked, { code });
      assert.equal(refused.status, 401, 'and not in their own');
    }
    const tokens = await redeem(begun, await owner.submit(page, { code }, { until: redirectUri }));
    assert.equal(tokens.claims()?.sub, person.id);
  });

  it('takes the newest code alone', async () => {
    const person = await stage.app.person({ tenantId: tenant.id });
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const page = await ask(browser, begun, 'email', person.email);
    const early = await browser.submit(page, {}, { form: 1 });
    assert.equal(early.status, 200, 'two clicks are one');
    const first = codeOf(await stage.mailbox.waitFor(person.email));
    await stage.letTimePass(person.email, 31);
    await waitOutDoubleClick();
    const again = await browser.submit(page, {}, { form: 1 });
    assert.equal(again.url, `${begun.base}/code/enter`);
    const second = codeOf(await stage.mailbox.waitFor(person.email, { count: 2 }));
    if (first !== second) assert.equal((await browser.submit(again, { code: first })).status, 401);
    await redeem(begun, await browser.submit(again, { code: second }, { until: redirectUri }));
  });

  /** Longer than two clicks are apart. */
  const waitOutDoubleClick = () => new Promise((resolve) => setTimeout(resolve, 5_100));

  it('sends one message and signs in once where forms are sent twice', async () => {
    const person = await stage.app.person({ tenantId: tenant.id });
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const asking = `${begun.base}/code`;
    const form = { channel: 'email', address: person.email };
    const both = await Promise.all([browser.send(asking, form), browser.send(asking, form)]);
    assert.deepEqual(
      both.map(({ status, location }) => [status, location]),
      Array(2).fill([303, `${begun.base}/code/enter`]),
    );
    const third = await browser.send(asking, form);
    assert.equal(third.location, `${begun.base}/code/enter`, 'nor by going back');
    const code = codeOf(await stage.mailbox.waitFor(person.email));
    await stage.settled();
    assert.equal(stage.mailbox.to(person.email).length, 1);

    const entering = `${begun.base}/code/enter`;
    const entered = await Promise.all([browser.send(entering, { code }), browser.send(entering, { code })]);
    assert.deepEqual(
      entered.map(({ status }) => status),
      [303, 303],
      entered.map(({ body }) => body).join(),
    );
    assert.equal(entered[0].location, entered[1].location);
    await redeem(begun, await browser.follow(entered[1], redirectUri));
    const late = await browser.send(entering, { code });
    assert.equal(late.location, new URL('/', redirectUri).href, 'a third finds the sign-in over');
  });

  it('says the same of an address that nobody has: status, body, cookies, waits', async () => {
    const person = await personWithPhone();
    const unverified = await stage.app.person({ tenantId: tenant.id, emailVerified: false });
    const elsewhere = await stage.app.person({ tenantId: (await stage.app.tenant()).id });
    for (const [channel, addresses] of [
      ['email', [person.email, unverified.email, elsewhere.email, 'nobody.at.all@example.test']],
      ['sms', [person.phone as string, stage.phone()]],
      ['whatsapp', [(await personWithPhone()).phone as string, stage.phone()]],
    ] as const) {
      const answers = [];
      for (const address of addresses) {
        const browser = stage.visitor();
        const begun = await stage.begin(party, browser);
        const asked = await browser.send(`${begun.base}/code`, { channel, address });
        const page = await browser.open(asked.location as string);
        const wrong = await browser.send(page.url, { code: '12345' });
        const tooSoon = await browser.send(`${begun.base}/code`, { channel, address: ` ${address}` });
        const other = stage.visitor();
        const theirs = await stage.begin(party, other);
        const refused = await other.send(`${theirs.base}/code`, { channel, address });
        const replies = [asked, page, wrong, tooSoon, refused];
        assert.deepEqual(
          replies.map(({ status }) => status),
          [303, 200, 401, 303, 429],
        );
        answers.push(
          replies.map((reply) => ({
            status: reply.status,
            headers: normalHeaders(reply),
            body: normalPage(reply, address),
          })),
        );
      }
      for (const answer of answers.slice(1)) assert.deepEqual(answer, answers[0], channel);
    }
    await stage.settled();
    assert.deepEqual(stage.mailbox.to('nobody.at.all@example.test'), []);
    assert.deepEqual(stage.mailbox.to(elsewhere.email), []);
  });

  it('says the same of wrong codes, and evaluates five', async () => {
    const person = await stage.app.person({ tenantId: tenant.id });
    const answers = [];
    for (const address of [person.email, 'nobody.either@example.test']) {
      const browser = stage.visitor();
      const begun = await stage.begin(party, browser);
      const page = await ask(browser, begun, 'email', address);
      const code = address === person.email ? codeOf(await stage.mailbox.waitFor(address)) : '123456';
      const replies: Reply[] = [];
      for (let guess = 0; guess < 5; guess++) replies.push(await browser.send(page.url, { code: otherThan(code) }));
      replies.push(await browser.send(page.url, { code }));
      assert.deepEqual(
        replies.map(({ status }) => status),
        [401, 401, 401, 401, 401, 410],
        'the right one comes too late',
      );
      answers.push(replies.map((reply) => [normalHeaders(reply), normalPage(reply, address)]));
    }
    assert.deepEqual(answers[1], answers[0]);
  });

  it('lets a person of several tenants choose after the code, and keeps how they proved themselves', async () => {
    const [first, second] = [await stage.app.tenant({ name: 'First' }), await stage.app.tenant({ name: 'Second' })];
    const one = await stage.app.person({ tenantId: first.id, email: 'both@example.test' });
    await stage.app.person({ tenantId: second.id, email: 'both@example.test' });
    const shared = await discover(stage.app, await stage.app.relyingParty());
    const browser = stage.visitor();
    const begun = await stage.begin(shared, browser);
    const page = await ask(browser, begun, 'email', 'both@example.test');
    const mail = await stage.mailbox.waitFor('both@example.test');
    const choice = await browser.submit(page, { code: codeOf(mail) }, { until: redirectUri });
    assert.equal(choice.url, `${begun.base}/tenant`);
    assert.ok(choice.body.includes('First') && choice.body.includes('Second'));
    const twice = await browser.send(page.url, { code: codeOf(mail) });
    assert.equal(twice.location, begun.base, 'sent twice, the form leads to the choice too');
    const done = await browser.submit(choice, { account: one.id }, { until: redirectUri });
    const tokens = await openid.authorizationCodeGrant(shared.config, new URL(done.location as string), begun.checks);
    assert.equal(tokens.claims()?.sub, one.id);
    assert.deepEqual(tokens.claims()?.amr, ['otp']);
  });

  it('offers the channels that the tenant allows, and takes no others', async () => {
    for (const [settings, channels] of [
      [{ codeChannels: ['email'] }, ['email']],
      [{ countryList: [], codeChannels: ['email', 'sms', 'whatsapp'] }, ['email']],
      [{ countryList: ['FR'], codeChannels: ['sms'] }, ['sms']],
      [{ countryList: ['DE'] }, ['email']],
      [{ signInMethods: ['password'] }, []],
    ] as const) {
      const own = await stage.app.tenant({ settings: settings as never });
      const client = await discover(stage.app, await stage.app.relyingParty({ tenantId: own.id }));
      const browser = stage.visitor();
      const { page, base } = await stage.begin(client, browser);
      const offered = [...page.body.matchAll(/name="to" value="(email|sms|whatsapp)"/g)].map(([, channel]) => channel);
      assert.deepEqual(offered, channels, JSON.stringify(settings));
      for (const channel of ['email', 'sms', 'whatsapp'] as const) {
        if ((channels as readonly Channel[]).includes(channel)) continue;
        const sent = await browser.send(`${base}/code`, { channel, address: 'somebody@example.test' });
        if (channels.length === 0) assert.equal(sent.location, base);
        else assert.equal(sent.status, 422, sent.body);
      }
    }
  });

  it('has pages without passwords for tenants without passwords', async () => {
    const own = await stage.app.tenant({ settings: { signInMethods: ['otp'] } });
    const client = await discover(stage.app, await stage.app.relyingParty({ tenantId: own.id }));
    const { page, base } = await stage.begin(client, stage.visitor());
    assert.doesNotMatch(page.body, /name="password"/);
    assert.match(page.body, /\/code\?channel=email/);
    assert.doesNotMatch(page.body, /\/recovery/);
    assert.equal(page.url, `${base}/sign-in`);
  });

  it('answers whatever is typed or sent with a page, keeps what was typed, and never fails', async () => {
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const asking = `${begun.base}/code`;
    const attempts: [Record<string, string> | string, number][] = [
      [{ channel: 'email', address: '' }, 422],
      [{ channel: 'email' }, 422],
      [{}, 422],
      [{ channel: 'email', address: 'no address' }, 422],
      [{ channel: 'email', address: 'a@example.test\r\nbcc: b@example.test' }, 422],
      [{ channel: 'email', address: `${'a'.repeat(320)}@example.test` }, 422],
      [{ channel: 'email', address: '"quoted"@example.test' }, 422],
      [{ channel: 'email', address: '+41791234567' }, 422],
      [{ channel: 'sms', address: '0900 123 456' }, 422],
      [{ channel: 'sms', address: '+1 212 555 0100' }, 422],
      [{ channel: 'sms', address: 'x' }, 422],
      [{ channel: 'pigeon', address: 'a@example.test' }, 422],
      ['channel=email&address=a%00b@example.test', 400],
      ['channel=email&address=a@example.test&address=b@example.test', 400],
      ['channel=email&channel=sms&address=a@example.test', 400],
      ['address[]=a@example.test&address[]=b', 400],
      ['address=%FF', 400],
    ];
    for (const [form, status] of attempts) {
      const reply = await browser.send(asking, form);
      assert.equal(reply.status, status, `${JSON.stringify(form)}: ${reply.body}`);
      assert.match(reply.body, /<h1>/);
    }
    const kept = await browser.send(asking, { channel: 'email', address: 'Anna at example.test' });
    assert.match(kept.body, /value="Anna at example.test"/);
    for (const query of ['?channel=email&channel=sms', '?channel[]=sms', '?channel=', '?channel=fax'])
      assert.equal((await browser.send(`${asking}${query}`)).status, 200, query);

    assert.equal((await browser.send(`${asking}/enter`)).location, asking, 'nothing was sent yet');
    assert.equal((await browser.send(`${asking}/enter`, { code: '123456' })).location, asking);
    assert.equal((await browser.send(`${asking}/resend`, {})).location, asking);
    const page = await ask(browser, begun, 'email', 'anybody@example.test');
    for (const [form, status] of [
      [{}, 422],
      [{ code: '' }, 422],
      [{ code: 'abcdef' }, 401],
      [{ code: '1'.repeat(500) }, 401],
      ['code=123456&code=654321', 400],
      ['code[]=123456', 422],
    ] as [Record<string, string> | string, number][])
      assert.equal((await browser.send(page.url, form)).status, status, JSON.stringify(form));
    assert.equal((await browser.send(`${asking}/resend`, { channel: 'fax' })).status, 422);
    assert.equal((await browser.send(`${asking}/resend`, { channel: 'sms' })).status, 422, 'another kind of address');
  });

  it('asks an address that asks for too many codes to wait', async () => {
    const few = await stage.app.tenant({ settings: { addressLimits: { codes: 10 } } });
    const client = await discover(stage.app, await stage.app.relyingParty({ tenantId: few.id }));
    const browser = stage.visitor();
    const { base } = await stage.begin(client, browser);
    const statuses: number[] = [];
    let last: Reply | undefined;
    for (let n = 0; n < 11; n++) {
      last = await browser.send(`${base}/code`, { channel: 'email', address: `flood${n}@example.test` });
      statuses.push(last.status);
    }
    assert.deepEqual(statuses, [...Array(10).fill(303), 429]);
    assert.match(String(last?.headers['retry-after']), /^[1-9]\d*$/);
  });

  it('knows a phone number in the form of its country beside the password, too', async () => {
    const person = await personWithPhone();
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const login = `0${person.phone?.slice(3, 5)}/${person.phone?.slice(5)}`;
    const done = await browser.submit(begun.page, { login, password: person.password }, { until: redirectUri });
    const tokens = await redeem(begun, done);
    assert.equal(tokens.claims()?.sub, person.id);
    assert.deepEqual(tokens.claims()?.amr, ['pwd']);
  });

  it('shows the page in the language that was chosen, and writes in it', async () => {
    const browser = stage.visitor({ 'accept-language': 'fr' });
    const person = await stage.app.person({ tenantId: tenant.id });
    const begun = await stage.begin(party, browser);
    const page = await ask(browser, begun, 'email', person.email);
    assert.match(page.body, /<html lang="fr"/);
    const mail = await stage.mailbox.waitFor(person.email);
    assert.match(mail.text, /ignorez|minutes/i);
    assert.match(mail.html, /<html lang="fr"/);
  });

  it('counts sign-ins by how they were done', async () => {
    const { registry } = stage.app.server.metrics;
    const text = await registry.getSingleMetricAsString('gatehouse_sign_ins_total');
    assert.match(text, /method="otp",result="succeeded"\} [1-9]/);
    assert.match(text, /method="otp",result="refused"\} [1-9]/);
  });

  it('writes no code, address or token into the log', async () => {
    const person = await personWithPhone();
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const page = await ask(browser, begun, 'sms', person.phone as string);
    const code = codeOf(await stage.twilio.waitFor(person.phone as string));
    await browser.submit(page, { code }, { until: redirectUri });
    for (const secret of [`"${code}"`, `#${code}`, person.phone as string, person.email, begun.base.slice(-43)])
      assert.ok(!stage.app.logs().includes(secret), secret);
  });
});
