import assert from 'node:assert/strict';
import type { Browserless } from '../support/browserless.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { discover, type RelyingParty, redirectUri } from '../support/relying-party.ts';

const chosen = 'a walk along the quiet river';
const home = 'https://portal.northwind.example/';

describe('the way back after recovering an account', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  let tenant: Awaited<ReturnType<MessagingApp['app']['tenant']>>;
  let party: RelyingParty;
  let withoutHome: RelyingParty;
  before(async () => {
    stage = await startMessagingApp();
    const branding = { accentColor: '#6b2fa0', logoUrl: 'https://northwind.example/logo.svg' };
    tenant = await stage.app.tenant({ name: 'Northwind', settings: { branding } });
    const client = { name: 'Northwind Portal', tenantId: tenant.id, metadata: { client_uri: home } };
    party = await discover(stage.app, await stage.app.relyingParty(client));
    withoutHome = await discover(stage.app, await stage.app.relyingParty({ name: 'Tide Tables' }));
  });
  after(() => stage?.stop());

  /** Asks for a link on the sign-in page of an application. */
  async function ask(browser: Browserless, address: string, client = party) {
    const { base, page } = await stage.begin(client, browser);
    const form = await browser.submit(page, { login: address, to: 'recovery' });
    assert.match(form.url, /\/recovery$/);
    assert.ok(form.body.includes(`value="${address}"`), 'what was typed has come along');
    assert.match((await browser.submit(form, { address })).url, /\/recovery\/sent$/);
    const link = (await stage.mailbox.waitFor(address)).links.find((found) => found.includes('/recovery/'));
    return { base, link: link as string };
  }

  const person = (overrides = {}) => stage.app.person({ tenantId: tenant.id, ...overrides });

  it('is the sign-in that waits in this browser, with the address, and then the application', async () => {
    const { email } = await person();
    const browser = stage.visitor();
    const { base, link } = await ask(browser, email);
    const form = await browser.open(link);
    for (const look of ['6b2fa0.css', 'https://northwind.example/logo.svg', '· Northwind</title>'])
      assert.ok(form.body.includes(look), `the link's page has no ${look}`);
    const changed = await browser.submit(form, { password: chosen });
    assert.ok(changed.body.includes('6b2fa0.css') && changed.body.includes('Northwind Portal'), changed.body);
    const [, way] = /class="button way-on" href="([^"]+)"/.exec(changed.body) ?? [];
    assert.equal(way, new URL(base).pathname);

    const page = await browser.open(base);
    assert.ok(page.body.includes(`value="${email}"`), page.body);
    const back = await browser.submit(page, { login: email, password: chosen }, { until: redirectUri });
    assert.ok(new URL(back.location as string).searchParams.has('code'), back.location);
  });

  it('is the start page of the application on another device, and an ended sign-in is none', async () => {
    const { email } = await person();
    const { link } = await ask(stage.visitor(), email);
    const phone = stage.visitor();
    const changed = await phone.submit(await phone.open(link), { password: chosen });
    assert.match(changed.body, /Go back to <strong>Northwind Portal<\/strong>/);
    assert.ok(changed.body.includes(`class="button way-on" href="${home}"`), changed.body);
    assert.doesNotMatch(changed.body, /\/interaction\//);

    const again = await person();
    const browser = stage.visitor();
    const asked = await ask(browser, again.email);
    await stage.app.db('oidc_payloads').where({ model: 'Interaction' }).delete();
    const late = await browser.submit(await browser.open(asked.link), { password: chosen });
    assert.ok(late.body.includes(`class="button way-on" href="${home}"`), late.body);
  });

  it('is said in words where the application has no start page, and is our own page for our own', async () => {
    const one = await person();
    const { link } = await ask(stage.visitor(), one.email, withoutHome);
    const phone = stage.visitor();
    const changed = await phone.submit(await phone.open(link), { password: chosen });
    assert.match(changed.body, /Go back to <strong>Tide Tables<\/strong>/);
    assert.doesNotMatch(changed.body, /class="button way-on"/);
    assert.match(changed.body, /href="\/account"/);

    const two = await person();
    const visitor = stage.visitor();
    const signIn = await visitor.open(`${stage.app.issuer}/account`);
    const form = await visitor.submit(signIn, { login: two.email, to: 'recovery' });
    await visitor.submit(form, { address: two.email });
    const mail = await stage.mailbox.waitFor(two.email);
    const elsewhere = stage.visitor();
    const page = await elsewhere.open(mail.links.find((found) => found.includes('/recovery/')) as string);
    const done = await elsewhere.submit(page, { password: chosen });
    assert.ok(done.body.includes('class="button way-on" href="/account"'), done.body);
  });

  it('is never what a cookie says that somebody else has set, nor another application than the one of the link', async () => {
    const stranger = stage.visitor();
    const other = await stage.begin(withoutHome, stranger);
    for (const value of [new URL(other.base).pathname.split('/').at(-1) as string, '../../evil', '//evil.example']) {
      const { link } = await ask(stage.visitor(), (await person()).email);
      const victim = stage.visitor();
      victim.cookies.push({ name: 'gh_recovery', value, path: '/recovery' });
      const page = await victim.open(link);
      const changed = await victim.submit(page, { password: chosen });
      assert.ok(changed.body.includes(`href="${home}"`), changed.body);
      assert.doesNotMatch(changed.body, /evil|\/interaction\//);
    }
  });

  it('keeps the look of the server where a link is for accounts of several organisations', async () => {
    const other = await stage.app.tenant({ name: 'Fjällräven' });
    const email = 'two.places@example.test';
    await person({ email });
    await stage.app.person({ tenantId: other.id, email });
    const { link } = await ask(stage.visitor(), email, withoutHome);
    const page = await stage.visitor().open(link);
    assert.match(page.body, /· Gatehouse<\/title>/);
    assert.doesNotMatch(page.body, /6b2fa0/);
    const mail = await stage.mailbox.waitFor(email);
    assert.equal(mail.header('from'), 'Gatehouse <no-reply@localhost>');
    assert.doesNotMatch(mail.html, /6b2fa0|<img/);
  });
});
