import assert from 'node:assert/strict';
import type { Browserless, Reply } from '../support/browserless.ts';
import { type Begun, type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { discover, type RelyingParty, redirectUri } from '../support/relying-party.ts';

describe('a code and a link for a username, in the pages', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  let party: RelyingParty;
  let tenantId: string;
  before(async () => {
    stage = await startMessagingApp();
    tenantId = (await stage.app.tenant({ name: 'School', settings: { usernames: true } })).id;
    party = await discover(stage.app, await stage.app.relyingParty({ tenantId }));
  });
  after(() => stage?.stop());

  let number = 0;
  const pupil = () => stage.app.person({ tenantId, username: `Pupil-${++number}` });
  /** From the sign-in page, by the button for it. */
  async function ask(browser: Browserless, { page }: Begun, to: 'email' | 'recovery', name: string): Promise<Reply> {
    const form = await browser.submit(page, { login: name, to });
    assert.match(form.body, /Email or username/);
    assert.ok(form.body.includes(`value="${name}"`), 'what was typed has come along');
    return browser.submit(form, { address: name });
  }
  /** Without what differs between two visits. */
  const bare = ({ body }: Reply, name: string) =>
    body.replaceAll(name.toLowerCase(), 'NAME').replace(/interaction\/[\w-]+/g, 'interaction/UID');

  it('signs in, and tells the address to nobody', async () => {
    const { id, email } = await pupil();
    const name = `Pupil-${number}`;
    const browser = stage.visitor();
    const begun = await stage.begin(party, browser);
    const page = await ask(browser, begun, 'email', name);
    assert.match(page.body, /If <strong>pupil-\d+<\/strong> is an account here with a confirmed email address/);
    assert.ok(!page.body.replaceAll('<wbr>', '').includes(email), page.body);
    const { code } = await stage.mailbox.waitFor(email);
    const reply = await browser.submit(page, { code: code as string }, { until: redirectUri });
    assert.ok(reply.location?.startsWith(redirectUri), reply.body);
    const [row] = await stage.app.db('user_sessions').where({ userId: id });
    assert.deepEqual(row.amr, ['otp']);
  });

  it('shows the same for a name that nobody has, again when it is sent again, and when the code is wrong', async () => {
    await pupil();
    const pages: string[][] = [];
    for (const name of [`Pupil-${number}`, 'Nobody-here']) {
      const browser = stage.visitor();
      const begun = await stage.begin(party, browser);
      const entry = await ask(browser, begun, 'email', name);
      const wrong = await browser.submit(entry, { code: '000000' });
      const again = await browser.submit(await browser.open(`${begun.base}/code`), { address: name });
      const soon = await browser.submit(again, {}, { form: 1 });
      pages.push([entry, wrong, again, soon].map((reply) => `${reply.status} ${bare(reply, name)}`));
    }
    const seconds = (text: string) => text.replace(/\d+(?= seconds?)|(?<=data-countdown=")\d+/g, 'N');
    assert.deepEqual(pages[1]?.map(seconds), pages[0]?.map(seconds));
  });

  it('recovers an account, and says the same for a name that nobody has', async () => {
    const { email } = await pupil();
    const name = `Pupil-${number}`;
    const [browser, other] = [stage.visitor(), stage.visitor()];
    const sent = await ask(browser, await stage.begin(party, browser), 'recovery', name);
    assert.match(sent.body, /with a confirmed email address, a link to choose a new password/);
    const nobody = await ask(other, await stage.begin(party, other), 'recovery', 'nobody-there');
    assert.equal(bare(sent, name), bare(nobody, 'nobody-there'));
    const mail = await stage.mailbox.waitFor(email);
    const link = mail.links.find((found) => found.includes('/recovery/')) as string;
    const form = await browser.open(link);
    const changed = await browser.submit(form, { password: 'a walk along the quiet river' });
    assert.match(changed.body, /Your password is changed/);
  });
});
