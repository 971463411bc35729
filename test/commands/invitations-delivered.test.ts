import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { type Mailbox, startMailbox } from '../support/mailbox.ts';
import { discover, signIn } from '../support/relying-party.ts';
import { type Run, runGatehouse } from './run-gatehouse.ts';

describe('an invitation from the command line', function () {
  this.timeout(120_000);
  let mailbox: Mailbox;
  let app: TestApp;
  before(async () => {
    mailbox = await startMailbox();
    app = await startTestApp({ env: { SMTP_URL: mailbox.url }, runJobs: true });
    await app.tenant({ slug: 'acme', name: 'Acme' });
  });
  after(async () => {
    await app?.stop();
    await mailbox?.stop();
  });

  async function run(...words: string[]): Promise<Run> {
    const done = await runGatehouse([...words, '--tenant', 'acme', '--json'], {
      NODE_ENV: 'test',
      DATABASE_URL: app.databaseUrl,
      DATA_DIR: app.config.dataDirectory,
      ISSUER: app.issuer,
      SECRET_KEY: app.config.secretKeys[0] ?? '',
      SMTP_URL: mailbox.url,
    });
    assert.equal(done.code, 0, done.stderr);
    return done;
  }

  /** The link in the last of so many mails to an address. */
  async function linkTo(email: string, count = 1): Promise<string> {
    const mail = await mailbox.waitFor(email, { count });
    const link = mail.links.find((one) => one.startsWith(`${app.issuer}/invitations/`));
    assert.ok(link, mail.text);
    return link;
  }

  it('is mailed by the running server, opened as often as one likes, and taken up once by a new person', async () => {
    const email = 'ada@example.test';
    const created = await run('invitations', 'create', '--email', email, '--role', 'admin');
    const link = await linkTo(email);
    assert.ok(!`${created.stdout}${created.stderr}`.includes(link.slice(-43)));
    const scanner = new Browserless();
    for (let times = 0; times < 3; times++) assert.equal((await scanner.open(link)).status, 200);

    const browser = new Browserless();
    const page = await browser.open(link);
    assert.match(page.body, /Acme/);
    const password = 'lantern orbit velvet';
    const done = await browser.submit(page, { full_name: 'Ada Quill', password, role_id: 'owner' });
    assert.equal(done.status, 200, done.body);
    const again = await browser.submit(page, { full_name: 'Eve', password });
    assert.equal(again.status, 410, again.body);

    const { tokens } = await signIn(await discover(app, await app.relyingParty()), { email, password });
    const user = await app.db('users').where({ email }).first();
    assert.equal(tokens.claims()?.sub, user.id);
    assert.ok(user.emailVerifiedAt instanceof Date);
    const held = await app
      .db('org_assignments as a')
      .join('roles as r', 'r.id', 'a.role_id')
      .where('a.user_id', user.id);
    assert.deepEqual(
      held.map(({ name }) => name),
      ['admin'],
    );
  });

  it('replaces the link when it is sent again, and signs nobody in who accepts', async () => {
    const person = await app.person({ tenantId: (await app.db('tenants').where({ slug: 'acme' }).first()).id });
    const { json } = await run('invitations', 'create', '--email', person.email, '--role', 'admin');
    const first = await linkTo(person.email);
    await app
      .db('invitations')
      .where({ id: json.id })
      .update({ sentAt: new Date(0) });
    await run('invitations', 'resend', json.id);
    const second = await linkTo(person.email, 2);
    assert.notEqual(first, second);
    const browser = new Browserless();
    assert.equal((await browser.open(first)).status, 404);
    const page = await browser.open(second);
    assert.doesNotMatch(page.body, /name="password"/);
    assert.equal((await browser.submit(page, {})).status, 200);
    assert.equal((await app.db('org_assignments').where({ userId: person.id })).length, 1);
    assert.deepEqual(await app.db('user_sessions').where({ userId: person.id }), []);
    assert.ok(!browser.cookies.some(({ name }) => name.startsWith('gh_session')));
  });
});
