/** Codes that are sent as a second factor: where the tenant counts them, for whom, and never beside the same mailbox or phone. */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import type { TenantSettingsInput } from '../../src/domain/tenants/tenant-settings.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import type { Browserless, Reply } from '../support/browserless.ts';
import { eventually } from '../support/eventually.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { discover, enterPassword, type RelyingParty, redirectUri } from '../support/relying-party.ts';
import { asksForFactor, asksToEnrol, enrolled } from '../support/second-factor.ts';

const aal2 = 'urn:gatehouse:acr:aal2';
const chosen = 'quiet-lantern-harbour-51';

describe('a code that is sent, as a second factor', function () {
  this.timeout(300_000);
  let stage: MessagingApp;
  before(async () => {
    stage = await startMessagingApp();
  });
  after(() => stage?.stop());

  type Person = Awaited<ReturnType<MessagingApp['app']['person']>>;

  async function guest(settings: TenantSettingsInput = {}, more: object = {}) {
    const { id: tenantId } = await stage.app.tenant({ settings: { countryList: ['CH'] } });
    const counted: TenantSettingsInput = {
      secondFactorFor: 'everyone',
      secondFactorChannels: ['email', 'sms'],
      ...settings,
    };
    await updateTenantSettings(stage.app.db, tenantId, counted, systemCaller);
    const party = await discover(stage.app, await stage.app.relyingParty({ tenantId }));
    return { party, tenantId, person: await stage.app.person({ tenantId, ...more }) };
  }

  async function withPassword(party: RelyingParty, person: Person, browser = stage.visitor()) {
    const begun = await stage.begin(party, browser);
    return { ...begun, browser, page: await enterPassword(browser, begun.page, person) };
  }

  const asksToSend = ({ body }: Reply, kind: string) => new RegExp(`action="[^"]*/factor/${kind}"`).test(body);

  /** Has a code sent on the page that offers it. */
  async function send(browser: Browserless, page: Reply): Promise<Reply> {
    const reply = await browser.submit(page, {});
    assert.match(reply.body, /name="code"/, reply.body);
    return reply;
  }

  const newestCode = (address: string, before: number) =>
    eventually(async () => {
      const { code } =
        stage.mailbox
          .to(address)
          .slice(before)
          .findLast((mail) => mail.code !== undefined) ?? {};
      assert.ok(code, `no code to ${address}`);
      return code;
    });

  it('is sent when the person asks for it, and proves a second factor once', async () => {
    const { party, person } = await guest();
    const { browser, page, checks } = await withPassword(party, person);
    assert.ok(asksToSend(page, 'email'), page.body);
    assert.ok(!page.body.includes(person.email), 'says no address');
    await browser.open(page.url);
    assert.equal((await stage.app.db('otp_codes').where({ userId: person.id })).length, 0, 'looking sends nothing');
    const entry = await send(browser, page);
    assert.ok(!entry.body.includes(person.email));
    const code = await newestCode(person.email, 0);
    const wrong = await browser.submit(entry, { code: code === '000000' ? '000001' : '000000' });
    assert.equal(wrong.status, 401);
    const reply = await browser.submit(wrong, { code }, { until: redirectUri });
    const tokens = await openid.authorizationCodeGrant(party.config, new URL(reply.location as string), checks);
    assert.deepEqual([tokens.claims()?.acr, tokens.claims()?.amr], [aal2, ['pwd', 'otp', 'mfa']]);
    // Not again, and in no other browser.
    const other = await withPassword(party, person);
    const direct = await other.browser.send(other.page.url, { code });
    assert.ok(!direct.location?.startsWith(redirectUri) && !direct.location?.includes('/authorize'));
  });

  it('goes to a phone as well, and says so', async () => {
    const phone = stage.phone();
    const { party, person } = await guest({ secondFactorChannels: ['sms'] }, { phone, phoneVerified: true });
    const { browser, page, checks } = await withPassword(party, person);
    assert.ok(asksToSend(page, 'phone'), page.body);
    const entry = await send(browser, page);
    const code = await eventually(async () => {
      const [, found] = /(\d{6})/.exec(stage.twilio.to(phone).at(-1)?.body ?? '') ?? [];
      assert.ok(found);
      return found;
    });
    const reply = await browser.submit(entry, { code }, { until: redirectUri });
    const tokens = await openid.authorizationCodeGrant(party.config, new URL(reply.location as string), checks);
    assert.deepEqual(tokens.claims()?.amr, ['pwd', 'otp', 'sms', 'mfa']);
  });

  it('is none beside a code to the same mailbox, nor a password that was recovered through it', async () => {
    const { party, person, tenantId } = await guest();
    const browser = stage.visitor();
    const { base } = await stage.begin(party, browser);
    const page = await browser.submit(await browser.open(`${base}/code?channel=email`), { address: person.email });
    const code = await newestCode(person.email, 0);
    const reply = await browser.submit(page, { code }, { until: redirectUri });
    assert.ok(asksToEnrol(reply), reply.body);
    const forced = await browser.open(reply.url.replace(/factor\/.*$/, 'factor/email'));
    assert.ok(asksToEnrol(forced), 'nor by its address');

    await stage.letTimePass(person.email, 600);
    const other = stage.visitor();
    const begun = await stage.begin(party, other);
    const before = stage.mailbox.to(person.email).length;
    await other.submit(await other.open(`${begun.base}/recovery?channel=email`), { address: person.email });
    const link = await eventually(async () => {
      const found = stage.mailbox
        .to(person.email)
        .slice(before)
        .flatMap(({ links }) => links);
      const recovery = found.find((one) => one.includes('/recovery/'));
      assert.ok(recovery);
      return recovery;
    });
    await other.submit(await other.open(link), { password: chosen });
    const recovered = await withPassword(party, { ...person, password: chosen });
    assert.ok(asksToEnrol(recovered.page), recovered.page.body);
    // Another kind of address is another factor.
    const phone = stage.phone();
    await stage.app.db('users').where({ id: person.id, tenantId }).update({ phone, phoneVerifiedAt: new Date() });
    const further = await withPassword(party, { ...person, password: chosen });
    assert.ok(asksToSend(further.page, 'phone'), further.page.body);
    assert.ok(!further.page.body.includes('/factor/email'));
  });

  it('is nothing for who has something stronger, whose address was never proved, and where it is not counted', async () => {
    const strong = await guest();
    await enrolled(stage.app, strong.person);
    const { browser, page } = await withPassword(strong.party, strong.person);
    assert.ok(asksForFactor(page));
    assert.doesNotMatch(page.body, /factor\/email/);
    const forced = await browser.send(page.url.replace(/factor\/.*$/, 'factor/email'), {});
    assert.match(forced.location ?? '', /\/factor$/);
    assert.equal((await stage.app.db('otp_codes').where({ userId: strong.person.id })).length, 0);

    const unproved = await guest({}, { emailVerified: false });
    assert.ok(asksToEnrol((await withPassword(unproved.party, unproved.person)).page));
    const uncounted = await guest({ secondFactorChannels: [] });
    assert.ok(asksToEnrol((await withPassword(uncounted.party, uncounted.person)).page));
  });

  it('counts no longer once the tenant has changed its mind, or the address is another', async () => {
    for (const change of [
      (tenantId: string) => updateTenantSettings(stage.app.db, tenantId, { secondFactorChannels: [] }, systemCaller),
      (tenantId: string) => stage.app.db('users').where({ tenantId }).update({ email: 'another@example.test' }),
    ]) {
      const { party, person, tenantId } = await guest();
      const { browser, page } = await withPassword(party, person);
      const entry = await send(browser, page);
      const code = await newestCode(person.email, 0);
      await change(tenantId);
      const reply = await browser.submit(entry, { code }, { until: redirectUri });
      assert.ok(!reply.location?.startsWith(redirectUri), `${reply.status} ${reply.location}`);
      assert.equal((await stage.app.db('user_sessions').where({ userId: person.id })).length, 0);
    }
  });

  it('is compared five times at the most, however many guess at once at two processes', async () => {
    const { party, person } = await guest();
    const other = await stage.app.startProcess();
    const { browser, page } = await withPassword(party, person);
    const entry = await send(browser, page);
    const code = await newestCode(person.email, 0);
    const wrong = code === '000000' ? '000001' : '000000';
    const addresses = [entry.url, `${other}${new URL(entry.url).pathname}`];
    const guesses = Array.from({ length: 1000 }, (_, index) =>
      browser.send(addresses[index % 2] as string, { code: wrong }),
    );
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    assert.deepEqual(
      statuses.filter((status) => ![401, 410, 429, 503].includes(status)),
      [],
    );
    const [{ attemptCount }] = await stage.app.db('otp_codes').where({ userId: person.id });
    assert.ok(attemptCount <= 5, `${attemptCount}`);
    await stage.app.db('rate_limits').delete();
    const right = await browser.send(entry.url, { code });
    assert.ok(right.status === 410 || right.status === 429, `${right.status}`);
  });
});
